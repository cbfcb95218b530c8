"""What each account did, read from the log of record: what reports count. Fed with events in the order of the log.

Amounts are in the reporting currency. Personal data never stand in the log, so none stand here.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeVar

from outreach.profiles import cell_name
from schemas.envelope import Event
from schemas.events.accounts import (
    AccountClosed,
    AccountMerged,
    AccountRegistered,
    LossExplained,
    Size,
)
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine, OrderPlaced, OrderReturned
from schemas.events.ours import (
    CallEnded,
    Phase,
    PhaseChanged,
    ProfilesChanged,
    RatesChanged,
    RecoveryEnded,
    SizeChanged,
    TimePassed,
)

T = TypeVar("T")


@dataclass(slots=True)
class AccountBook:
    """One account."""

    orders: dict[str, tuple[datetime, float]] = field(default_factory=dict)
    """By order id: when it was placed, and what it is worth now."""
    returns: list[tuple[datetime, float]] = field(default_factory=list)
    """When goods came back, and their worth."""
    phases: list[tuple[datetime, Phase]] = field(default_factory=list)
    """Since when, which; oldest first."""
    sizes: list[tuple[datetime, Size]] = field(default_factory=list)
    calls: list[tuple[datetime, CallEnded]] = field(default_factory=list)
    losses: list[tuple[datetime, str]] = field(default_factory=list)
    """When somebody found out why it buys no more, and the reason."""
    mended: list[tuple[datetime, RecoveryEnded]] = field(default_factory=list)
    closed_at: datetime | None = None
    merged_at: datetime | None = None

    def cell_at(self, at: datetime) -> str:
        """Name of the profile cell at an instant; a new account is small and in ignition."""
        size, phase = _last(self.sizes, at, Size.SMALL), _last(self.phases, at, Phase.IGNITION)
        return cell_name(size, phase)

    def is_there(self, at: datetime) -> bool:
        """Neither closed nor merged by then."""
        return all(end is None or end > at for end in (self.closed_at, self.merged_at))

    def bought(self, since: datetime, until: datetime) -> tuple[int, float]:
        """Order days (UTC) and revenue, less what came back, from ``since`` (included) to ``until`` (not)."""
        within = [(at, worth) for at, worth in self.orders.values() if since <= at < until]
        back = sum(worth for at, worth in self.returns if since <= at < until)
        return len({at.date() for at, _ in within}), sum(worth for _, worth in within) - back


class Ledger:
    """Everybody, and what concerned all."""

    def __init__(self, reporting_currency: str = "GBP") -> None:
        self.accounts: dict[str, AccountBook] = {}
        self.profiles: list[tuple[datetime, str, str]] = []
        """When a set was announced, its version and digest; oldest first."""
        self.as_of: datetime | None = None
        """Business time."""
        self._currency = reporting_currency
        self._rates: dict[str, dict[date, float]] = {}

    def add(self, events: Iterable[Event]) -> None:
        """Take in what reports count; everything else is passed over."""
        for event in events:
            match event.fact:
                case OrderPlaced() | OrderChanged() | OrderCancelled() | OrderReturned():
                    self._order(event)
                case PhaseChanged() | SizeChanged() | CallEnded() | RecoveryEnded():
                    self._ours(event)
                case AccountRegistered() | AccountClosed() | AccountMerged() | LossExplained():
                    self._account(event)
                case TimePassed(as_of=as_of):
                    self.as_of = as_of if self.as_of is None else max(self.as_of, as_of)
                case ProfilesChanged(version=version, digest=digest):
                    self.profiles.append((event.time, version, digest))
                case RatesChanged(rate_date=day, rates=rates):
                    for currency, rate in rates.items():
                        self._rates.setdefault(currency, {})[day] = float(rate)
                case _:
                    pass

    def calls(self) -> Iterator[tuple[str, datetime, CallEnded]]:
        """Account, instant and outcome of every call."""
        for account_id, book in self.accounts.items():
            yield from ((account_id, at, call) for at, call in book.calls)

    def book(self, account_id: str) -> AccountBook:
        """The account's, made where there is none."""
        found = self.accounts.get(account_id)
        if found is None:
            found = self.accounts[account_id] = AccountBook()
        return found

    def _order(self, event: Event) -> None:
        orders = self.book(event.subject).orders
        match event.fact:
            case OrderPlaced(order_id=order_id, lines=lines, currency=currency):
                orders[order_id] = (event.time, self._worth(lines, currency, event.time))
            case OrderChanged(order_id=order_id, lines=lines, currency=currency):
                placed = orders.get(order_id, (event.time, 0.0))[0]  # a change moves no order
                orders[order_id] = (placed, self._worth(lines, currency, event.time))
            case OrderCancelled(order_id=order_id):
                orders.pop(order_id, None)
            case OrderReturned(lines=lines, currency=currency):
                worth = self._worth(lines, currency, event.time)
                self.book(event.subject).returns.append((event.time, worth))

    def _ours(self, event: Event) -> None:
        book = self.book(event.subject)
        match event.fact:
            case PhaseChanged(phase=phase):
                book.phases.append((event.time, phase))
            case SizeChanged(size=size):
                book.sizes.append((event.time, size))
            case RecoveryEnded() as ended:
                book.mended.append((event.time, ended))
            case CallEnded() as call:
                book.calls.append((event.time, call))
                if call.loss_reason is not None:
                    book.losses.append((event.time, call.loss_reason.value))

    def _account(self, event: Event) -> None:
        book = self.book(event.subject)
        match event.fact:
            case AccountClosed(cause=cause):
                book.closed_at = event.time
                if cause is not None:
                    book.losses.append((event.time, cause))
            case AccountMerged():
                book.merged_at = event.time
            case LossExplained(reason=reason):
                book.losses.append((event.time, reason.value))
            case AccountRegistered():
                book.closed_at = None if book.closed_at is not None and event.time > book.closed_at else book.closed_at

    def _worth(self, lines: Iterable[OrderLine], currency: str | None, at: datetime) -> float:
        """In the reporting currency, by the newest rate known on the day; 0 where there is none: a dead letter."""
        total = sum(float(line.quantity) * float(line.unit_price) for line in lines if line.unit_price is not None)
        if currency is None or currency == self._currency:
            return total
        by_day = self._rates.get(currency, {})
        known = max((day for day in by_day if day <= at.date()), default=None)
        return total * by_day[known] if known is not None else 0.0


def _last(words: list[tuple[datetime, T]], at: datetime, otherwise: T) -> T:
    found = otherwise
    for since, word in words:
        if since > at:
            break
        found = word
    return found
