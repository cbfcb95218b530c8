"""Arms, quarters and what is counted; from events of the log to the report's rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from outreach.holdout import METRICS, estimates, panel, quarter, quarters_of_calls, rows_of
from outreach.ledger import Ledger
from schemas import ids
from schemas.base import Fact
from schemas.envelope import Event
from schemas.events.accounts import AccountClosed, AccountMerged, AccountRegistered, LossExplained, LossReason, Size
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine, OrderPlaced, OrderReturned
from schemas.events.ours import CallEnded, Disposition, Phase, PhaseChanged, RatesChanged, SizeChanged, TimePassed

Q2 = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def said(fact: Fact, at: datetime, account: str = "a") -> Event:
    return Event(id=f"{account}{at}{type(fact).__name__}", source="t", subject=account, time=at, fact=fact)


def line(quantity: int, price: str) -> tuple[OrderLine, ...]:
    return (OrderLine(sku="argon", quantity=Decimal(quantity), unit_price=Decimal(price)),)


def order(order_id: str, quantity: int = 1, price: str = "10", currency: str | None = None) -> OrderPlaced:
    return OrderPlaced(order_id=order_id, lines=line(quantity, price), currency=currency)


def read(*events: Event) -> Ledger:
    ledger = Ledger("GBP")
    ledger.add(events)
    return ledger


def test_what_was_bought() -> None:
    book = read(
        said(order("1", 2), Q2 - DAY),
        said(order("2", 3), Q2),
        said(order("3", 1), Q2 + DAY / 2),
        said(order("4", 100), Q2 + 5 * DAY),
        said(OrderCancelled(order_id="4"), Q2 + 6 * DAY),
        said(OrderChanged(order_id="2", lines=line(4, "10")), Q2 + 7 * DAY),
        said(OrderReturned(lines=line(1, "10")), Q2 + 8 * DAY),
    ).accounts["a"]
    assert book.bought(Q2 - 30 * DAY, Q2) == (1, 20.0)
    assert book.bought(Q2, Q2 + 90 * DAY) == (1, 40.0), "two orders of one day, one returned"


def test_foreign_money_by_the_rate_of_the_day() -> None:
    ledger = read(
        said(RatesChanged(rate_date=Q2.date(), rates={"EUR": Decimal("0.8")}), Q2, "*"),
        said(RatesChanged(rate_date=(Q2 + 9 * DAY).date(), rates={"EUR": Decimal("0.5")}), Q2, "*"),
        said(order("1", 1, "100", "EUR"), Q2 + DAY),
        said(order("2", 1, "100", "USD"), Q2 + DAY),
    )
    assert ledger.accounts["a"].bought(Q2, Q2 + 90 * DAY) == (1, 80.0)


def test_the_cell_is_that_of_the_instant() -> None:
    book = read(
        said(PhaseChanged(previous=Phase.IGNITION, phase=Phase.MAINTENANCE), Q2 - 9 * DAY),
        said(SizeChanged(previous=Size.SMALL, size=Size.LARGE), Q2),
        said(PhaseChanged(previous=Phase.MAINTENANCE, phase=Phase.REACTIVATION), Q2 + DAY),
    ).accounts["a"]
    cells = [book.cell_at(at) for at in (Q2 - 10 * DAY, Q2 - DAY, Q2, Q2 + DAY)]
    assert cells == ["small-ignition", "small-maintenance", "large-maintenance", "large-reactivation"]


def test_quarters() -> None:
    assert (quarter("2026Q2").start, quarter("2026Q2").end) == (Q2, datetime(2026, 7, 1, tzinfo=UTC))
    assert quarter("2026Q4").end == datetime(2027, 1, 1, tzinfo=UTC)
    cut = quarter("2026Q2", Q2 + 9 * DAY)
    assert (cut.end, cut.complete) == (Q2 + 9 * DAY, False)
    assert quarter("2026Q2", Q2 - DAY).end == Q2
    for wrong in ("2026", "2026Q5", "26Q1", "Q1", "2026q1"):
        with pytest.raises(ValueError, match="is not a quarter"):
            quarter(wrong)


def everybody(accounts: int) -> Ledger:
    """Customers who ordered before the quarter; all order twice in it, unless they are held out: then once."""
    events = [said(TimePassed(as_of=Q2 + 200 * DAY), Q2, "*")]
    for number in range(accounts):
        name = f"a{number}"
        held = ids.is_held_out(name, Q2, "salt", 0.3)
        events += [said(order(f"{name}-{n}"), Q2 - (n + 1) * 20 * DAY, name) for n in range(3)]
        events += [said(order(f"{name}+{n}"), Q2 + (n + 1) * 20 * DAY, name) for n in range(1 if held else 2)]
    return read(*events)


def share(_cell: str, _at: datetime) -> float:
    return 0.3


def test_rows_are_drawn_as_the_fold_draws() -> None:
    ledger = everybody(200)
    rows = rows_of(ledger, [quarter("2026Q2")], share, "salt")
    assert len(rows) == 200
    assert all(row.held_out == ids.is_held_out(row.account_id, Q2 + 50 * DAY, "salt", 0.3) for row in rows)
    assert {row.outcome["orders"] for row in rows if row.held_out} == {1.0}
    assert {row.outcome["orders"] for row in rows if not row.held_out} == {2.0}
    assert {row.before["orders"] for row in rows} == {0.75}


def test_the_report_finds_the_second_order() -> None:
    found = estimates(rows_of(everybody(200), [quarter("2026Q2")], share, "salt"))
    assert {cell for cell, _ in found} == {"all", "small-ignition"}
    whole = found["all", "orders"]
    assert whole is not None
    assert (whole.difference, whole.held_out_mean, whole.proves) == (pytest.approx(1.0), 1.0, True)
    money, kept = found["all", "revenue"], found["all", "retention"]
    assert money is not None
    assert kept is not None
    assert (money.difference, kept.difference) == (pytest.approx(10.0), 0.0)


def test_another_salt_draws_others() -> None:
    ledger = everybody(200)
    first, second = (rows_of(ledger, [quarter("2026Q2")], share, salt) for salt in ("salt", "pepper"))
    assert [row.held_out for row in first] != [row.held_out for row in second]


def test_who_counts() -> None:
    ledger = read(
        said(order("1"), Q2 - 366 * DAY, "long ago"),
        said(order("2"), Q2 - 364 * DAY, "a year ago"),
        said(order("3"), Q2 + DAY, "new"),
        said(order("4"), Q2 - DAY, "closed"),
        said(AccountClosed(), Q2 - DAY, "closed"),
        said(order("5"), Q2 - DAY, "merged"),
        said(AccountMerged(into_account_id="x"), Q2 - DAY / 2, "merged"),
        said(order("6"), Q2 - 9 * DAY, "back"),
        said(AccountClosed(), Q2 - 8 * DAY, "back"),
        said(AccountRegistered(), Q2 - 7 * DAY, "back"),
        said(order("7"), Q2 - 9 * DAY, "lost in it"),
        said(AccountClosed(), Q2 + DAY, "lost in it"),
    )
    rows = rows_of(ledger, [quarter("2026Q2")], share, "salt")
    assert [row.account_id for row in rows] == ["a year ago", "back", "lost in it"]


def test_strata_are_cell_and_quarter() -> None:
    ledger = everybody(40)
    rows = rows_of(ledger, [quarter("2026Q2"), quarter("2026Q3")], share, "salt")
    assert {row.quarter for row in rows} == {"2026Q2", "2026Q3"}
    columns = panel(rows, METRICS[0])
    assert len(set(columns.stratum.tolist())) == 2
    assert len(set(columns.account.tolist())) == 40


def test_quarters_in_which_were_calls() -> None:
    def call(at: datetime) -> Event:
        fact = CallEnded(task_id="t", attempt_id=f"{at}", task_class="selling", disposition=Disposition.NO_ANSWER)
        return said(fact, at)

    ledger = read(call(Q2 + DAY), call(Q2 - DAY), call(Q2 + 2 * DAY))
    assert quarters_of_calls(ledger) == ["2026Q1", "2026Q2"]


def test_why_accounts_were_lost_is_kept() -> None:
    ledger = read(
        said(LossExplained(reason=LossReason.PRICE), Q2),
        said(AccountClosed(cause="moved"), Q2 + DAY),
        said(order("1"), Q2),
    )
    assert [reason for _, reason in ledger.accounts["a"].losses] == ["price", "moved"]
