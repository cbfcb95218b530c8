"""The generator: the same seed gives the same demo, all of it is marked, and no personal data enters the log."""

import re
from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from ops.importers import online_retail
from ops.importers.generator import Generated, generate, in_order
from ops.importers.invented import ORIGIN, SOURCE
from ops.importers.invented.numbers import RESERVED, Numbers
from ops.importers.invented.places import PLACES, place_of
from ops.importers.invented.products import category_of
from schemas.envelope import Event, decode, encode
from schemas.events.accounts import AccountChanged, AccountRegistered, ContactChanged, CreditChanged
from schemas.events.orders import OrderDelivered
from schemas.events.ours import ProductChanged
from schemas.events.usage import UsageKind, UsageReported

COUNTRIES = ("United Kingdom", "USA", "Japan", "Unspecified", "France")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Event], pd.DataFrame]:
    """60 accounts in five countries; each orders its product every 20 days, give or take three."""
    random = np.random.default_rng(1)
    rows = [
        {
            "InvoiceNo": f"{account:03d}{number:02d}",
            "StockCode": f"{10000 + account % 7}",
            "Description": "RED MUG" if number else "MUG RED",
            "Quantity": 12,
            "InvoiceDate": pd.Timestamp(2011, 1, 4, 9) + pd.Timedelta(days=20 * number + int(random.integers(0, 3))),
            "UnitPrice": 1.25,
            "CustomerID": float(account),
            "Country": COUNTRIES[account % len(COUNTRIES)],
        }
        for account in range(1, 61)
        for number in range(12)
    ]
    path = tmp_path_factory.mktemp("world") / "raw.parquet"
    pd.DataFrame(rows).to_parquet(path)
    lines = online_retail.read(path)
    return online_retail.convert(lines).events, lines


@pytest.fixture(scope="module")
def generated(world: tuple[list[Event], pd.DataFrame]) -> Generated:
    return generate(*world)


def test_same_seed_same_result_other_seed_another(
    world: tuple[list[Event], pd.DataFrame], generated: Generated
) -> None:
    assert generate(*world) == generated
    assert generate(*world, seed=2).contacts != generated.contacts


def test_everything_is_marked(generated: Generated) -> None:
    assert {event.source for event in generated.events} == {SOURCE}
    assert {getattr(event.fact, "origin", None) for event in generated.events} == {ORIGIN}
    assert {contact.origin for contact in generated.contacts} == {ORIGIN}


def test_mark_survives_the_log(generated: Generated) -> None:
    for event in generated.events:
        assert b'"origin":"generated"' in encode(event)
        assert decode(encode(event)) == event


def test_events_are_in_order_with_unique_ids(generated: Generated, world: tuple[list[Event], pd.DataFrame]) -> None:
    orders, _ = world
    times = [event.time for event in generated.events]
    assert times == sorted(times)
    assert times[-1] <= orders[-1].time, "nothing happens after the data end"
    assert len({event.id for event in generated.events}) == len(generated.events)
    merged = [event.time for event in in_order(generated.events, orders)]
    assert merged == sorted(merged)
    assert len(merged) == len(times) + len(orders)


def test_account_and_products_are_known_before_the_first_order(
    generated: Generated, world: tuple[list[Event], pd.DataFrame]
) -> None:
    orders, _ = world
    registered = {event.subject: event.time for event in generated.events if type(event.fact) is AccountRegistered}
    products = {event.fact.sku: event.time for event in generated.events if isinstance(event.fact, ProductChanged)}
    assert len(registered) == 60
    assert len(products) == 7
    assert all(registered[event.subject] < event.time for event in orders)
    assert max(products.values()) < min(registered.values())


def test_most_accounts_have_terms_and_a_channel_and_a_few_are_asked(generated: Generated) -> None:
    facts = [(event.subject, event.fact) for event in generated.events]
    with_terms = {account for account, fact in facts if isinstance(fact, CreditChanged) and fact.terms_days}
    with_channel = {account for account, fact in facts if isinstance(fact, AccountChanged) and fact.preferred_channel}
    for known in (with_terms, with_channel):
        assert 40 < len(known) < 60


def test_no_personal_data_in_the_log(generated: Generated) -> None:
    log = b"\n".join(encode(event) for event in generated.events).decode()
    for contact in generated.contacts:
        assert contact.person not in log
        assert contact.number is None or contact.number not in log


def test_contacts_and_their_events_agree(generated: Generated) -> None:
    told = {event.fact.contact_id: event for event in generated.events if isinstance(event.fact, ContactChanged)}
    assert set(told) == {contact.contact_id for contact in generated.contacts}
    for contact in generated.contacts:
        assert told[contact.contact_id].subject == contact.account_id
        fact = told[contact.contact_id].fact
        assert isinstance(fact, ContactChanged)
        assert fact.channels == (contact.channel,)


FICTION = (
    r"\+441632960\d{3}|\+447700900\d{3}|\+442079460\d{3}|\+441(1[3-8]|[2-6]1)4960\d{3}"
    r"|\+1\d{3}55501\d{2}|\+61[238]5550\d{4}|\+3319900\d{4}|\+3363998\d{4}"
    r"|\+46(313900[6]|406280[4]|846500[4])\d{2}|\+49(3023125|6990009|4066969|8999998)\d{3}"
)


def test_every_number_is_reserved_for_fiction_and_unique() -> None:
    every = [number for ranges in RESERVED.values() for reserved in ranges for number in reserved.numbers()]
    assert len(every) == len(set(every))
    assert [number for number in every if not re.fullmatch(FICTION, number)] == []
    assert len([number for number in every if number.startswith("+44")]) > 5_000, "more than the data's UK accounts"


def test_numbers_run_out_instead_of_repeating() -> None:
    numbers = Numbers(np.random.default_rng(0))
    handed_out = [numbers.next("US") for _ in range(801)]
    assert len(set(handed_out[:800])) == 800
    assert handed_out[800] is None
    assert numbers.next("JP") is None
    assert numbers.next(None) is None


def test_account_without_a_reserved_range_has_no_number(generated: Generated) -> None:
    zones = {contact.zone for contact in generated.contacts if contact.number is None}
    assert zones == {"Asia/Tokyo", None}


def test_places_have_real_zones_and_nowhere_has_none() -> None:
    for places in PLACES.values():
        for place in places:
            assert place.country
            assert len(place.country) == 2
            assert place.zone
            assert ZoneInfo(place.zone)
    assert place_of("Unspecified", np.random.default_rng(0)).zone is None


def test_few_are_on_the_do_not_call_list(generated: Generated) -> None:
    numbers = {contact.number for contact in generated.contacts}
    assert 1 <= len(generated.do_not_call) <= 3
    assert {number for number, _ in generated.do_not_call} <= numbers


def test_commonest_name_and_its_category(generated: Generated) -> None:
    facts = [event.fact for event in generated.events if isinstance(event.fact, ProductChanged)]
    assert {(fact.name, fact.category) for fact in facts} == {("RED MUG", "kitchen")}
    assert category_of("SET OF 6 SPICE TINS") == "gifts"


def readings(generated: Generated) -> dict[str, list[UsageReported]]:
    found: dict[str, list[UsageReported]] = defaultdict(list)
    for event in generated.events:
        if isinstance(event.fact, UsageReported):
            found[str(event.fact.asset_id)].append(event.fact)
    return found


def test_meters_follow_consumption(generated: Generated) -> None:
    by_asset = readings(generated)
    assert len(by_asset) == 20
    assert {facts[0].kind for facts in by_asset.values()} == set(UsageKind)
    bought = 12 * 12
    for facts in by_asset.values():
        values = [float(fact.value) for fact in facts]
        match facts[0].kind:
            case UsageKind.LEVEL:
                assert max(values) < 3 * 12
                assert min(values) < 12 / 2
            case UsageKind.CONSUMED:
                assert 0.7 * bought < sum(values) <= bought
            case UsageKind.METER_TOTAL:
                (reset,) = [index for index, fact in enumerate(facts) if fact.reset]
                assert values[:reset] == sorted(values[:reset])
                assert values[reset:] == sorted(values[reset:])
                assert values[reset] < values[reset - 1]


def test_metered_orders_are_delivered_once(generated: Generated) -> None:
    delivered = Counter(event.fact.order_id for event in generated.events if isinstance(event.fact, OrderDelivered))
    assert set(delivered.values()) == {1}
    assert len(delivered) >= 20 * 11
