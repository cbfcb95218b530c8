"""The hold-out as an experiment: who was held out in which quarter, and what became of both arms.

An account is drawn by hash(account, quarter, salt) under the share of its profile cell, before anything else is asked.
Here an account counts in the arm, and under the cell, into which it fell when the quarter began, whatever became of it
later: called or not, reachable or not. That is what makes the arms comparable; the report tells what it means *to be
among those who may be called*, not to be called.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np

from outreach.ledger import AccountBook, Ledger
from outreach.uplift import Estimate, Panel, estimate
from schemas import ids

METRICS = ("orders", "revenue", "retention")
"""Order days, revenue in the reporting currency, and whether there was an order at all: in the quarter, an account."""
ACTIVE_DAYS = 365
"""Who ordered within this time before the quarter is a customer when it begins."""
ALL_CELLS = "all"

ShareOf = Callable[[str, datetime], float]
"""Hold-out share of a profile cell, by the profiles in force at an instant."""


@dataclass(frozen=True, slots=True)
class Quarter:
    """A calendar quarter in UTC."""

    name: str
    start: datetime
    end: datetime
    complete: bool = True
    """False: business time has not reached its end."""


@dataclass(frozen=True, slots=True)
class Row:
    """An account in a quarter."""

    account_id: str
    quarter: str
    cell: str
    held_out: bool
    outcome: Mapping[str, float]
    before: Mapping[str, float]
    """The same of the year before, a quarter."""


def quarter(name: str, as_of: datetime | None = None) -> Quarter:
    """The quarter of a name like ``2011Q4``, cut at business time. Raises ValueError for anything else."""
    year, _, number = name.partition("Q")
    if not (len(year) == 4 and year.isdigit() and number in {"1", "2", "3", "4"}):
        raise ValueError(f"{name!r} is not a quarter; write it like 2011Q4")
    first = 3 * int(number) - 2
    start = datetime(int(year), first, 1, tzinfo=UTC)
    end = datetime(int(year) + (first == 10), 1 if first == 10 else first + 3, 1, tzinfo=UTC)
    if as_of is not None and as_of < end:
        return Quarter(name, start, max(as_of, start), complete=False)
    return Quarter(name, start, end)


def quarters_of_calls(ledger: Ledger) -> list[str]:
    """Quarters in which somebody was called, in order: before the first one no difference can be expected."""
    return sorted({ids.quarter_of(at) for _, at, _ in ledger.calls()})


def rows_of(ledger: Ledger, quarters: Sequence[Quarter], share_of: ShareOf, salt: str) -> list[Row]:
    """Every account that was a customer when a quarter began, in its arm."""
    return [
        row
        for period in quarters
        for account_id, book in sorted(ledger.accounts.items())
        if (row := _row(account_id, book, period, share_of, salt)) is not None
    ]


def panel(rows: Sequence[Row], metric: str) -> Panel:
    """The rows as columns; strata are cell and quarter."""
    return Panel(
        account=_numbers([row.account_id for row in rows]),
        stratum=_numbers([f"{row.cell} {row.quarter}" for row in rows]),
        held_out=np.array([row.held_out for row in rows], bool),
        outcome=np.array([row.outcome[metric] for row in rows], float),
        before=np.array([row.before[metric] for row in rows], float),
    )


def estimates(rows: Sequence[Row], confidence: float = 0.95) -> dict[tuple[str, str], Estimate | None]:
    """By (cell, metric), ``all`` cells together first; None where there is nothing to compare."""
    found: dict[tuple[str, str], Estimate | None] = {}
    for cell in (ALL_CELLS, *sorted({row.cell for row in rows})):
        of_cell = [row for row in rows if cell in (ALL_CELLS, row.cell)]
        for metric in METRICS:
            found[cell, metric] = estimate(panel(of_cell, metric), confidence) if of_cell else None
    return found


def _row(account_id: str, book: AccountBook, period: Quarter, share_of: ShareOf, salt: str) -> Row | None:
    if not book.is_there(period.start):
        return None
    days, revenue = book.bought(period.start - timedelta(days=ACTIVE_DAYS), period.start)
    if not days:
        return None
    cell = book.cell_at(period.start)
    orders, worth = book.bought(period.start, period.end)
    return Row(
        account_id=account_id,
        quarter=period.name,
        cell=cell,
        held_out=ids.is_held_out(account_id, period.start, salt, share_of(cell, period.start)),
        outcome={"orders": float(orders), "revenue": worth, "retention": float(orders > 0)},
        before={"orders": days / 4, "revenue": revenue / 4, "retention": float(np.log1p(days))},
    )


def _numbers(words: Sequence[str]) -> np.ndarray:
    return np.unique(np.array(words, object), return_inverse=True)[1].astype(np.int64)
