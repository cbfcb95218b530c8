"""What became of tasks, by profile cell: conversion, misses, tries that were given up; and why customers were lost."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from outreach.ledger import Ledger
from outreach.task import OPEN, TaskState
from schemas.decisions import TaskClass
from schemas.events.ours import Disposition

ORDERED_BEFORE = "covered"
"""Outcome of a task that an order overtook before anybody called."""


@dataclass(slots=True)
class Fates:
    """Tasks of a cell and class."""

    opened: int = 0
    called: int = 0
    """At least one call was made."""
    ordered: int = 0
    """An order was taken on the phone and came."""
    promised: int = 0
    """An order was taken, and its event is awaited."""
    overtaken: int = 0
    """They ordered before anybody called: no miss, and no success of a call."""
    expired: int = 0
    """Nobody called in time, or nobody was reached: a miss."""
    never_called: int = 0
    """Of the expired: no call was made."""
    exhausted: int = 0
    """Given up after the last attempt that is allowed."""
    resolved: int = 0
    """A service call that mended something."""
    open: int = 0
    others: Counter[str] = field(default_factory=Counter)
    """All other ends, by outcome."""

    @property
    def conversion(self) -> float | None:
        """Share of the tasks in which somebody was called that ended with an order; None without a call."""
        return (self.ordered + self.promised) / self.called if self.called else None

    def add(self, state: TaskState, outcome: str | None, attempts: int) -> None:
        """Count a task."""
        self.opened += 1
        self.called += attempts > 0
        if state is TaskState.EXPIRED:
            self.expired += 1
            self.never_called += attempts == 0
        elif state is TaskState.EXHAUSTED:
            self.exhausted += 1
        elif state is TaskState.AWAITING_ORDER:
            self.promised += 1
        elif state in OPEN:
            self.open += 1
        elif outcome == Disposition.ORDER_TAKEN:
            self.ordered += 1
        elif outcome == Disposition.RESOLVED:
            self.resolved += 1
        elif outcome == ORDERED_BEFORE:
            self.overtaken += 1
        else:
            self.others[outcome or state] += 1


@dataclass(frozen=True, slots=True)
class Loss:
    """Customers who were lost in a time."""

    reasons: Mapping[str, int]
    """By the newest word on each account."""
    fell_silent: int
    """Accounts that entered reactivation."""
    unexplained: int
    """Of these and the closed ones: nobody found out why."""


@dataclass(frozen=True, slots=True)
class Mending:
    """How long it took to mend what went wrong, of one kind."""

    count: int
    median_hours: float
    longest_hours: float


def by_cell(
    fates: Iterable[tuple[str, TaskClass, TaskState, str | None, int, datetime]], ledger: Ledger
) -> dict[tuple[str, TaskClass], Fates]:
    """Fates of tasks (account, class, state, outcome, attempts, opened at) by the account's cell when it was opened."""
    found: dict[tuple[str, TaskClass], Fates] = {}
    for account_id, task_class, state, outcome, attempts, at in fates:
        key = ledger.book(account_id).cell_at(at), task_class
        found.setdefault(key, Fates()).add(state, outcome, attempts)
    return dict(sorted(found.items()))


def losses(ledger: Ledger, since: datetime, until: datetime) -> Loss:
    """Why customers were lost in a time, by the newest word on each; and of how many nobody knows."""
    reasons: Counter[str] = Counter()
    silent, unexplained = 0, 0
    for book in ledger.accounts.values():
        told = [reason for at, reason in book.losses if since <= at < until]
        fell = any(phase == "reactivation" and since <= at < until for at, phase in book.phases)
        gone = book.closed_at is not None and since <= book.closed_at < until
        silent += fell
        if told:
            reasons[told[-1]] += 1
        elif fell or gone:
            unexplained += 1
    return Loss(dict(reasons.most_common()), silent, unexplained)


def mendings(ledger: Ledger, since: datetime, until: datetime) -> dict[str, Mending]:
    """Hours from a complaint, late delivery or disputed invoice to its end, by kind."""
    hours: dict[str, list[float]] = {}
    for book in ledger.accounts.values():
        for at, ended in book.mended:
            if since <= at < until:
                hours.setdefault(ended.kind, []).append(ended.hours)
    return {kind: Mending(len(some), median(some), max(some)) for kind, some in sorted(hours.items())}
