"""One account's story over a partition: short words for events, and what was told of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import TypeVar

from outreach.profiles import ProfileSet
from schemas.base import Fact
from schemas.decisions import Reason
from schemas.envelope import Event
from schemas.events.accounts import AccountChanged, Channel, CreditChanged
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.events.ours import ProfilesChanged
from schemas.needs import AccountEffect, Effect, OpenNeed, ProposeReorder, RefuseNeed, WithdrawNeed, WithdrawReorder
from streams.state import Account, Pair
from tests.streams.harness import START, Partition, in_force, profiles, said, tick

Told = TypeVar("Told", bound=Effect)
DAY = timedelta(days=1)


def lines(**units: float | str) -> tuple[OrderLine, ...]:
    """Order lines: argon=2."""
    return tuple(OrderLine(sku=sku, quantity=Decimal(str(many))) for sku, many in units.items())


def placed(order_id: str, **units: float | str) -> OrderPlaced:
    """An order of these units."""
    return OrderPlaced(order_id=order_id, lines=lines(**units))


class Scene:
    """What happens to accounts, and what the desk is told."""

    def __init__(self, *, deciding: bool = True) -> None:
        self.partition = Partition()
        self.now = START
        self._names = count()
        if deciding:
            self.hear(*in_force())
        self.hear(tick(START))

    def hear(self, *events: Event) -> list[Effect]:
        """Fold events; what the desk is told."""
        return self.partition.feed(*events)

    def tell(self, *facts: Fact, at: datetime | None = None, account: str = "acme", name: str = "") -> list[Effect]:
        """Facts of an account, now unless said otherwise."""
        told: list[Effect] = []
        for fact in facts:
            event = said(fact, at or self.now, name or f"event-{next(self._names)}", account)
            told += self.hear(event)
        return told

    def pass_time(self, **span: float) -> list[Effect]:
        """Business time moves on, in one tick."""
        self.now += timedelta(**span)
        return self.hear(tick(self.now))

    def buys_weekly(
        self, sku: str = "argon", *, until_days_ago: int = 7, account: str = "acme", every_days: int = 7
    ) -> None:
        """Twenty orders, a week apart unless said otherwise: at the next tick the account is due."""
        for ago in range(until_days_ago + 19 * every_days, until_days_ago - 1, -every_days):
            self.tell(placed(f"{account}-{sku}-{ago}", **{sku: 2}), at=self.now - ago * DAY, account=account)

    def settle(self, account: str = "acme") -> None:
        """Credit and channel of a new account are known: nobody calls about them."""
        self.tell(CreditChanged(hold=False, terms_days=30), account=account)
        self.tell(AccountChanged(preferred_channel=Channel.PHONE), account=account)

    def profiles(self, **changes: object) -> list[Effect]:
        """Other profiles come into force, in every cell."""
        base = profiles()
        cells = {name: cell.model_copy(update=changes) for name, cell in base.cells.items()}
        changed = ProfileSet(version="changed", effective_from=START - DAY, cells=cells)
        self.partition.artefacts.put(changed.digest, changed.dumps())
        return self.tell(ProfilesChanged(version=changed.version, digest=changed.digest))

    def account(self, name: str = "acme") -> Account:
        """The account as it was written."""
        return self.partition.accounts()[name]

    def pair(self, group: str = "argon", account: str = "acme") -> Pair:
        """A pair as it was written."""
        return self.account(account).pairs[group]

    def units(self, group: str = "argon", account: str = "acme") -> list[float]:
        """Units of the pair's orders, oldest first."""
        return [mark.quantity for mark in self.pair(group, account).orders.ring]


def of(kind: type[Told], effects: Sequence[Effect]) -> list[Told]:
    """Effects of a kind."""
    return [effect for effect in effects if isinstance(effect, kind)]


def opened(effects: Sequence[Effect]) -> list[str]:
    """Groups for which a need or a proposal was opened."""
    return [effect.group for effect in effects if isinstance(effect, OpenNeed | ProposeReorder)]


def ended(effects: Sequence[Effect]) -> list[tuple[str, str]]:
    """(group, cause) of what was withdrawn."""
    return [(effect.group, effect.cause) for effect in effects if isinstance(effect, WithdrawNeed | WithdrawReorder)]


def refused(effects: Sequence[Effect]) -> list[tuple[str, tuple[Reason, ...]]]:
    """(group, reasons) of needs that nobody acts on."""
    return [(effect.group, effect.reasons) for effect in of(RefuseNeed, effects)]


def about(effects: Sequence[Effect], account: str) -> list[Effect]:
    """Effects of one account."""
    return [one for one in effects if isinstance(one, AccountEffect) and one.account_id == account]
