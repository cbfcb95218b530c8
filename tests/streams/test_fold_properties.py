"""The laws of the fold: batches, repeats and restarts change nothing; needs open once and end once."""

from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.envelope import Event
from schemas.events import orders
from schemas.needs import (
    AccountEffect,
    AccountStanding,
    Effect,
    OpenNeed,
    ProposeReorder,
    WithdrawNeed,
    WithdrawReorder,
)
from streams import workspace
from tests.streams.harness import START, Partition, comparable, in_force, said, tick, without_places
from tests.streams.strategies import ACCOUNTS, ORDER_IDS, lines, logs

settings.register_profile("ours", deadline=None, max_examples=60)
settings.load_profile("ours")


def play(events: list[Event], cuts: list[int], *, restart: bool = False) -> tuple[Partition, list[Effect]]:
    """Fold a log, cut into batches at these places."""
    partition, effects = Partition(), []
    records = [partition.record(event) for event in events]
    edges = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
    for start, end in pairwise(edges):
        if restart:
            partition.restart()
        effects += partition.feed_records(records[start:end])
    return partition, effects


@given(logs(), st.lists(st.integers(1, 60)))
def test_any_split_into_batches_gives_the_same_bytes_and_effects(events: list[Event], cuts: list[int]) -> None:
    whole, told_whole = play(events, [])
    split, told_split = play(events, cuts)
    assert split.store.rows == whole.store.rows
    assert told_split == told_whole


@given(logs(max_events=25))
def test_a_restart_before_every_record_changes_nothing(events: list[Event]) -> None:
    whole, told_whole = play(events, [])
    shaken, told_shaken = play(events, list(range(len(events))), restart=True)
    assert shaken.store.rows == whole.store.rows
    assert told_shaken == told_whole


@given(logs(), st.data())
def test_events_delivered_again_change_nothing(events: list[Event], data: st.DataObject) -> None:
    twice = list(events)
    for event in data.draw(st.lists(st.sampled_from(events), max_size=10)):
        first = next(place for place, one in enumerate(twice) if one is event)
        twice.insert(data.draw(st.integers(first + 1, len(twice))), event)
    once, told_once = play(events, [])
    again, told_again = play(twice, [])
    assert again.store.rows == once.store.rows
    assert without_places(told_again) == without_places(told_once)


@given(st.data())
def test_order_events_swapped_between_two_ticks_leave_the_same_state(data: st.DataObject) -> None:
    placed = data.draw(st.lists(st.sampled_from(ORDER_IDS[:5]), min_size=1, max_size=5, unique=True))
    day = st.integers(0, 9).map(lambda days: START - timedelta(days=days))
    events = [
        said(orders.OrderPlaced(order_id=one, lines=data.draw(lines)), data.draw(day), f"p-{one}") for one in placed
    ]
    for one in data.draw(st.lists(st.sampled_from(placed), unique=True)):
        after = data.draw(st.booleans())
        fact = (
            orders.OrderCancelled(order_id=one) if after else orders.OrderChanged(order_id=one, lines=data.draw(lines))
        )
        events.append(said(fact, data.draw(day), f"then-{one}"))
    swapped = data.draw(st.permutations(events))
    frame = [*in_force(), tick(START)]
    end = [tick(START + timedelta(hours=1)), tick(START + timedelta(days=2))]
    straight, _ = play([*frame, *events, *end[:1]], [])
    mixed, _ = play([*frame, *swapped, *end[:1]], [])
    assert comparable(mixed.accounts()["acme"]) == comparable(straight.accounts()["acme"])
    assert without_places(straight.feed(end[1])) == without_places(mixed.feed(end[1]))


@given(logs(max_events=60))
def test_a_need_opens_once_and_ends_once(events: list[Event]) -> None:
    _, effects = play(events, [])
    opened = [effect.need_id for effect in effects if isinstance(effect, OpenNeed | ProposeReorder)]
    assert len(opened) == len(set(opened))
    ended = [effect.need_id for effect in effects if isinstance(effect, WithdrawNeed | WithdrawReorder)]
    assert all(ended.count(need) == 1 for need in opened if need in ended)


@given(logs())
def test_versions_never_go_back_for_an_account(events: list[Event]) -> None:
    _, effects = play(events, [])
    for account in ACCOUNTS:
        versions = [
            one.account_version for one in effects if isinstance(one, AccountEffect) and one.account_id == account
        ]
        assert versions == sorted(versions)


@given(logs())
def test_nothing_due_is_left_behind_by_a_tick(events: list[Event]) -> None:
    partition, _ = play(events, [])
    as_of = partition.folder.partition.as_of
    assert as_of is not None
    partition.feed(tick(START + timedelta(seconds=as_of - int(START.timestamp()), hours=2)))
    hour = (partition.folder.partition.as_of or 0) // 3600
    assert all(account.due_hour is None or account.due_hour > hour for account in partition.accounts().values())


def test_a_frequent_buyer_who_falls_silent_is_called_and_an_order_withdraws_it() -> None:
    partition = Partition()
    line = (orders.OrderLine(sku="argon", quantity=Decimal(2)),)
    days = range(140, 6, -7)
    history = [
        said(orders.OrderPlaced(order_id=f"w{ago}", lines=line), START - timedelta(days=ago), f"w{ago}") for ago in days
    ]
    partition.feed(*history, *in_force())
    opened = [effect for effect in partition.feed(tick(START)) if isinstance(effect, OpenNeed)]
    assert [(need.group, need.kind.value) for need in opened] == [("argon", "expected_reorder")]
    assert opened[0].evidence.order_days == 20
    assert "every 7 days" in opened[0].evidence.sentence
    order = said(orders.OrderPlaced(order_id="now", lines=line), START, "now")
    withdrawn = [effect for effect in partition.feed(order) if isinstance(effect, WithdrawNeed)]
    assert [(need.need_id, need.cause, need.order_id) for need in withdrawn] == [(opened[0].need_id, "covered", "now")]


def test_the_desk_hears_of_every_order_day_as_it_calls_nobody_who_ordered_today() -> None:
    partition = Partition()
    line = (orders.OrderLine(sku="argon", quantity=Decimal(2)),)
    told = []
    for day in range(6):
        placed = orders.OrderPlaced(order_id=f"d{day}", lines=line)
        effects = partition.feed(said(placed, START + timedelta(days=day), f"d{day}"))
        told += [effect.last_order_at for effect in effects if isinstance(effect, AccountStanding)]
    assert [at.date() for at in told if at] == [(START + timedelta(days=day)).date() for day in range(6)]


@given(logs(), st.lists(st.integers(1, 60)))
def test_accounts_kept_between_batches_are_those_that_would_be_read(events: list[Event], cuts: list[int]) -> None:
    cached, told_cached = play(events, cuts)
    usual, workspace.KEPT_ACCOUNTS = workspace.KEPT_ACCOUNTS, 0
    try:
        uncached, told_uncached = play(events, cuts)
    finally:
        workspace.KEPT_ACCOUNTS = usual
    assert cached.store.rows == uncached.store.rows
    assert told_cached == told_uncached
