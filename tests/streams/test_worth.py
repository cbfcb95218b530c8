"""What the fold says of an account's money, and of the quantity of a reorder."""

from decimal import Decimal

import pytest

from outreach.value import AccountSpend, Terms, live_value
from schemas.events.accounts import AccountChanged, AccountMerged
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.events.ours import ProductChanged, RatesChanged
from schemas.needs import AccountStanding, ProposeReorder
from tests.streams.scene import DAY, Scene

ECONOMICS = Terms(margin_share=0.25, retention_share=0.8, capital_cost_share=0.07, years=5, headroom_share=0.1)


def bought(scene: Scene, order_id: str, *, at_days_ago: int, account: str = "acme", **cents: str) -> None:
    """An order of one unit each: argon="10.00"."""
    told = tuple(OrderLine(sku=sku, quantity=Decimal(1), unit_price=Decimal(price)) for sku, price in cents.items())
    scene.tell(OrderPlaced(order_id=order_id, lines=told), at=scene.now - at_days_ago * DAY, account=account)


def newest(effects: list[object]) -> AccountStanding:
    return [effect for effect in effects if isinstance(effect, AccountStanding)][-1]


def product(sku: str, margin: float | None, **more: object) -> ProductChanged:
    return ProductChanged(sku=sku, margin_share=margin, **more)  # type: ignore[arg-type]


def test_value_comes_with_its_parts() -> None:
    scene = Scene()
    scene.tell(product("argon", 0.5), product("wire", None))
    for ago in range(400, 0, -40):
        bought(scene, f"o{ago}", at_days_ago=ago, argon="30", wire="70")
    told = newest(scene.pass_time(hours=1)).value
    assert told is not None
    assert (told.margin_share, told.margin_known) == (0.5, True), "of the lines whose product says a margin"
    assert told.yearly_spend == pytest.approx(900, rel=0.2)
    again = live_value(AccountSpend(told.yearly_spend, 400, told.p_alive, told.margin_share), ECONOMICS)
    assert told.value == pytest.approx(again.value, rel=1e-4)


def test_without_a_known_margin_the_profiles_say_it() -> None:
    scene = Scene()
    bought(scene, "o1", at_days_ago=20, argon="100")
    told = newest(scene.pass_time(hours=1)).value
    assert told is not None
    assert (told.margin_share, told.margin_known, told.wallet_share) == (0.25, False, None)


def test_the_wallet_is_told_and_counts() -> None:
    scene = Scene()
    bought(scene, "o1", at_days_ago=200, argon="100")
    before = newest(scene.pass_time(hours=1)).value
    (after,) = [
        one for one in scene.tell(AccountChanged(wallet_yearly=Decimal(1000))) if isinstance(one, AccountStanding)
    ]
    assert before is not None
    assert after.value is not None
    assert after.value.wallet_yearly == 1000
    assert after.value.wallet_share == pytest.approx(after.value.yearly_spend / 1000)
    assert after.value.value > before.value


def test_a_margin_of_long_ago_is_forgotten() -> None:
    scene = Scene()
    scene.tell(product("argon", 0.9), product("wire", 0.1))
    bought(scene, "old", at_days_ago=500, argon="1000")
    bought(scene, "new", at_days_ago=10, wire="10")
    told = newest(scene.pass_time(hours=1)).value
    assert told is not None
    assert told.margin_share == 0.1


def test_a_merged_account_brings_its_margin() -> None:
    scene = Scene()
    scene.tell(product("argon", 0.6), product("wire", 0.2))
    bought(scene, "o1", at_days_ago=9, argon="100", account="loser")
    bought(scene, "o2", at_days_ago=9, wire="100")
    scene.tell(AccountMerged(into_account_id="acme"), account="loser")
    scene.hear(*[event for event in scene.partition.recorded if event.subject == "acme"])
    told = newest(scene.pass_time(hours=1)).value
    assert told is not None
    assert told.margin_share == pytest.approx(0.4)


def reorder(scene: Scene) -> ProposeReorder:
    told = scene.profiles(automation="propose", lead_time_days=20.0, service_level=0.4, holdout_share=0.0)
    told += scene.pass_time(days=1)
    (one,) = [effect for effect in told if isinstance(effect, ProposeReorder)]
    return one


def test_a_proposal_says_where_its_quantity_comes_from() -> None:
    scene = Scene()
    scene.buys_weekly()
    told = reorder(scene)
    parts = told.evidence.quantity
    assert parts is not None
    assert parts.units_a_day == pytest.approx(2 / 7, abs=1e-6)
    assert (parts.cover_days, parts.lead_time_days, parts.service_level, parts.stock_known) == (7, 20, 0.6, False)
    assert parts.stock_units == 0.0, "the last order is eight days old"
    assert parts.demand_units == pytest.approx(2 / 7 * 27, abs=1e-5)
    assert told.quantity_units == parts.quantity_units == 8.0


def test_minimum_and_multiple_are_the_products() -> None:
    scene = Scene()
    scene.tell(product("argon", None, minimum_quantity=Decimal(9), quantity_multiple=Decimal(6)))
    scene.buys_weekly()
    assert reorder(scene).quantity_units == 12.0


def test_units_of_a_sku_become_units_of_its_group() -> None:
    scene = Scene()
    scene.tell(product("argon", None, unit_factor=Decimal("0.5"), quantity_multiple=Decimal(10)))
    scene.buys_weekly()
    parts = reorder(scene).evidence.quantity
    assert parts is not None
    assert parts.multiple_units == 5.0


def test_the_same_proposal_is_made_once() -> None:
    scene = Scene()
    scene.buys_weekly()
    reorder(scene)
    later = [effect for _ in range(30) for effect in scene.pass_time(days=1)]
    assert not [effect for effect in later if isinstance(effect, ProposeReorder)]


def test_what_lies_in_stock_is_not_proposed_again() -> None:
    """A last order of many times the usual: the forecast may say due, what is left says wait."""
    scene = Scene()
    scene.buys_weekly(until_days_ago=14)
    scene.tell(
        OrderPlaced(order_id="much", lines=(OrderLine(sku="argon", quantity=Decimal(60)),)), at=scene.now - 7 * DAY
    )
    told = scene.profiles(automation="propose", lead_time_days=20.0, service_level=0.4, holdout_share=0.0)
    told += [effect for _ in range(20) for effect in scene.pass_time(days=1)]
    assert not [effect for effect in told if isinstance(effect, ProposeReorder)]
    much_later = [effect for _ in range(40) for effect in scene.pass_time(days=7)]
    assert len([effect for effect in much_later if isinstance(effect, ProposeReorder)]) <= 1


def test_an_order_in_a_currency_that_is_worth_next_to_nothing_is_kept() -> None:
    scene = Scene()
    scene.tell(RatesChanged(rate_date=scene.now.date(), rates={"ZWL": Decimal("1e-12")}), product("argon", 0.5))
    line = OrderLine(sku="argon", quantity=Decimal(1_000_000_000), unit_price=Decimal(1_000_000_000))
    scene.tell(OrderPlaced(order_id="o1", lines=(line,), currency="ZWL"))
    assert scene.account().margin_cents == {}
    assert scene.units() == [1e9]
