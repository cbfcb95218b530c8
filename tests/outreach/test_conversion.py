"""What became of tasks, by cell; why customers were lost."""

from datetime import UTC, datetime, timedelta

from outreach.conversion import Fates, by_cell, losses, mendings
from outreach.ledger import Ledger
from outreach.task import CLOSED, TaskState
from schemas.decisions import TaskClass
from schemas.events.accounts import AccountClosed, LossExplained, LossReason
from schemas.events.ours import Phase, PhaseChanged, RecoveryEnded
from tests.outreach.test_holdout import read, said

AT = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)
SELLING = TaskClass.SELLING


def test_each_end_is_counted_once() -> None:
    found = Fates()
    ends = [
        (TaskState.DONE, "order_taken", 1),
        (TaskState.AWAITING_ORDER, "order_taken", 2),
        (TaskState.DONE, "not_interested", 1),
        (TaskState.SUPERSEDED, "covered", 0),
        (TaskState.EXPIRED, "expired", 0),
        (TaskState.EXPIRED, "expired", 2),
        (TaskState.EXHAUSTED, "no_answer", 3),
        (TaskState.READY, None, 0),
        (TaskState.CANCELLED, "do_not_call", 1),
        (TaskState.CANCELLED, None, 0),
    ]
    for end in ends:
        found.add(*end)
    assert (found.opened, found.called, found.ordered, found.promised, found.overtaken) == (10, 6, 1, 1, 1)
    assert (found.expired, found.never_called, found.exhausted, found.open) == (2, 1, 1, 1)
    assert dict(found.others) == {"not_interested": 1, "do_not_call": 1, "cancelled": 1}
    assert found.conversion == 2 / 6


def test_without_a_call_there_is_no_conversion() -> None:
    assert Fates(opened=3).conversion is None


def test_every_closed_state_is_somewhere() -> None:
    for state in CLOSED:
        found = Fates()
        found.add(state, None, 0)
        places = (
            found.ordered,
            found.overtaken,
            found.expired,
            found.exhausted,
            found.resolved,
            sum(found.others.values()),
        )
        assert sum(places) == 1, state


def test_by_the_cell_at_the_opening() -> None:
    ledger = read(said(PhaseChanged(previous=Phase.IGNITION, phase=Phase.MAINTENANCE), AT))
    rows = [("a", SELLING, TaskState.DONE, "order_taken", 1, AT + shift) for shift in (-DAY, DAY, 2 * DAY)]
    found = by_cell([*rows, ("b", TaskClass.SERVICE, TaskState.DONE, "resolved", 1, AT)], ledger)
    assert {key: one.opened for key, one in found.items()} == {
        ("small-ignition", SELLING): 1,
        ("small-ignition", TaskClass.SERVICE): 1,
        ("small-maintenance", SELLING): 2,
    }
    assert found["small-ignition", TaskClass.SERVICE].resolved == 1


def fell(at: datetime, account: str) -> object:
    return said(PhaseChanged(previous=Phase.MAINTENANCE, phase=Phase.REACTIVATION), at, account)


def test_losses_with_and_without_a_reason() -> None:
    ledger = read(
        fell(AT, "silent"),
        fell(AT, "asked"),
        said(LossExplained(reason=LossReason.PRICE), AT + DAY, "asked"),
        said(LossExplained(reason=LossReason.DELIVERY), AT + 2 * DAY, "asked"),
        said(AccountClosed(), AT, "closed"),
        said(AccountClosed(cause="delivery"), AT, "told"),
        fell(AT - 99 * DAY, "before"),
    )
    found = losses(ledger, AT - DAY, AT + 9 * DAY)
    assert (found.reasons, found.fell_silent, found.unexplained) == ({"delivery": 2}, 2, 2)


def test_how_long_mending_took() -> None:
    def ended(hours: float, account: str) -> object:
        fact = RecoveryEnded(kind="recovery", reference="c", opened_at=AT, hours=hours, how="resolved")
        return said(fact, AT, account)

    found = mendings(read(ended(2, "a"), ended(10, "b"), ended(4, "c")), AT, AT + DAY)
    assert (found["recovery"].count, found["recovery"].median_hours, found["recovery"].longest_hours) == (3, 4, 10)
    assert mendings(Ledger(), AT, AT + DAY) == {}
