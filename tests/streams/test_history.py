"""What the population's loop learns from: every order once, under the account that it belongs to now."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from schemas.base import Fact
from schemas.envelope import Event
from schemas.events.accounts import AccountClosed, AccountMerged
from schemas.events.orders import OrderCancelled, OrderChanged, OrderReturned
from streams.history import OrderHistory
from tests.streams.harness import START, said
from tests.streams.scene import DAY, Scene, lines, placed

Row = tuple[str, str, int, float]


def told(facts: Sequence[tuple[str, Fact, int]]) -> list[Event]:
    """(account, fact, days after the start) as events of a log."""
    return [said(fact, START + day * DAY, f"e{n}", account) for n, (account, fact, day) in enumerate(facts)]


def learnt(events: Sequence[Event]) -> list[Row]:
    """(account, SKU, day after the start, units) of everything that is learnt from."""
    history = OrderHistory()
    history.add(events)
    days = history.order_days()
    rows = zip(days.account, days.sku, days.day, days.quantity, strict=True)
    return [(days.account_ids[a], days.skus[s], int(d) - START.toordinal(), q) for a, s, d, q in rows]


def test_orders_of_a_merged_account_are_its_survivors() -> None:
    facts = [("acme", placed("a", argon=2), 0), ("bolt", placed("b", argon=3), 9)]
    merged = [("acme", AccountMerged(into_account_id="bolt"), 10)]
    assert learnt(told([*facts, *merged])) == [("bolt", "argon", 0, 2.0), ("bolt", "argon", 9, 3.0)]


def test_what_the_fold_forwards_is_counted_once() -> None:
    scene, log = Scene(deciding=False), []
    for n, (fact, day) in enumerate(
        [
            (placed("before", argon=2), 1),
            (AccountMerged(into_account_id="bolt"), 2),
            (placed("after", argon=4), 3),
            (OrderChanged(order_id="before", lines=lines(argon=5)), 4),
        ]
    ):
        event = said(fact, START + day * DAY, f"m{n}")
        scene.hear(event)
        log.append(event)
        written, scene.partition.recorded = scene.partition.recorded, []
        scene.hear(*written)
        log += written
    assert learnt(log) == [("bolt", "argon", 1, 5.0), ("bolt", "argon", 3, 4.0)]


def test_a_cancellation_after_the_merger_reaches_the_order_before_it() -> None:
    facts = [
        ("acme", placed("a", argon=2), 0),
        ("acme", AccountMerged(into_account_id="bolt"), 1),
        ("acme", OrderCancelled(order_id="a"), 2),
        ("bolt", OrderCancelled(order_id="a"), 2),
    ]
    assert learnt(told(facts)) == []


def test_merged_into_each_other_nothing_is_lost_or_doubled() -> None:
    facts = [
        ("acme", placed("a", argon=2), 0),
        ("bolt", placed("b", argon=3), 0),
        ("acme", AccountMerged(into_account_id="bolt"), 1),
        ("bolt", AccountMerged(into_account_id="acme"), 2),
    ]
    assert learnt(told(facts)) == [("bolt", "argon", 0, 5.0)]


def test_who_is_merged_into_its_own_alias_stays_and_its_later_orders_count() -> None:
    facts = [
        ("acme", AccountMerged(into_account_id="bolt"), 1),
        ("bolt", AccountMerged(into_account_id="acme"), 2),
        ("bolt", placed("b", argon=3), 3),
    ]
    assert learnt(told(facts)) == [("bolt", "argon", 3, 3.0)]


def test_a_closed_account_is_not_merged() -> None:
    facts = [
        ("acme", AccountClosed(), 0),
        ("acme", AccountMerged(into_account_id="bolt"), 1),
        ("acme", placed("a", argon=2), 2),
    ]
    assert learnt(told(facts)) == [("acme", "argon", 2, 2.0)]


def test_returns_without_an_order_are_taken_from_the_newest_before_them() -> None:
    facts = [
        ("acme", placed("a", argon=2), 0),
        ("acme", placed("b", argon=2), 1),
        ("acme", placed("c", argon=2), 9),
        ("acme", OrderReturned(lines=lines(argon=3)), 5),
    ]
    assert learnt(told(facts)) == [("acme", "argon", 0, 1.0), ("acme", "argon", 9, 2.0)]


def test_a_return_that_is_told_twice_counts_once() -> None:
    events = told([("acme", placed("a", argon=5), 0), ("acme", OrderReturned(order_id="a", lines=lines(argon=2)), 1)])
    assert learnt([*events, events[-1]]) == [("acme", "argon", 0, 3.0)]


@given(st.data())
def test_the_order_of_arrival_does_not_matter(data: st.DataObject) -> None:
    units = st.integers(1, 9)
    facts: list[tuple[str, Fact, int]] = []
    for name in data.draw(st.lists(st.sampled_from("abcd"), min_size=1, unique=True)):
        facts.append(("acme", placed(name, argon=data.draw(units)), data.draw(st.integers(0, 9))))
        later = [OrderCancelled(order_id=name), OrderReturned(order_id=name, lines=lines(argon=data.draw(units)))]
        facts += [("acme", fact, 12) for fact in data.draw(st.lists(st.sampled_from(later), max_size=2))]
    events = told(facts)
    assert learnt(data.draw(st.permutations(events))) == learnt(events)


def test_a_change_that_came_first_moves_no_order() -> None:
    events = told([("acme", OrderChanged(order_id="a", lines=lines(argon=1)), 5), ("acme", placed("a", argon=9), 0)])
    assert learnt(events) == [("acme", "argon", 0, 1.0)]
