"""A wholesaler's days for the matrix: orders and what follows them, and business time; as records to be sent.

Every order is placed, shipped, delivered, invoiced and paid. Accounts order at their own pace, so that needs open and
are covered all the time once a model is in force.
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from forecasting.learn import prior_model
from ops.events_to_kafka import topic_of
from outreach.profiles import ProfileSet, standard_profiles
from schemas.base import Fact
from schemas.envelope import Event, broadcast, encode
from schemas.events.accounts import InvoiceIssued, InvoicePaid, PartnerTouchpoint
from schemas.events.orders import OrderDelivered, OrderLine, OrderPlaced, OrderShipped
from schemas.events.ours import ModelPublished, ProfilesChanged, TimePassed
from streams.kafka.processors import event_outputs
from streams.microbatch.ports import Output

SKUS = ("argon", "wire", "gloves", "acetylene")
SOURCE = "urn:faults"
DAYS_BACK = 1500
"""The story begins so long before today, and ends there at the latest: events from the future are dead letters."""
SHORTEST_PACE_DAYS, LONGEST_PACE_DAYS = 2.0, 8.0


class Sent(NamedTuple):
    """A record to be sent, and what it is."""

    output: Output
    event_id: str | None
    """None: not an event of an account."""


class Story:
    """Endless days; the same seed and start give the same records."""

    def __init__(
        self, accounts: int = 300, *, partitions: int = 4, seed: int = 7, start: datetime | None = None
    ) -> None:
        self._chance = random.Random(seed)
        self._partitions = partitions
        today = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
        self.start = today - timedelta(days=DAYS_BACK)
        self.day = 0
        self._paces = {
            f"account-{number}": self._chance.uniform(SHORTEST_PACE_DAYS, LONGEST_PACE_DAYS)
            for number in range(accounts)
        }
        self._later: defaultdict[int, list[tuple[Fact, str, str]]] = defaultdict(list)

    @property
    def now(self) -> datetime:
        """The morning of the day that comes next."""
        return self.start + timedelta(days=self.day)

    def days(self, count: int) -> Iterator[Sent]:
        """The next days, each with a tick at noon."""
        for _ in range(count):
            yield from self._day()

    def endless(self) -> Iterator[Sent]:
        """One day after the other."""
        while self.day < DAYS_BACK:
            yield from self._day()
        raise AssertionError("the story has reached today: ask for less")

    def put_in_force(self) -> list[Sent]:
        """The model and the profiles that decisions are taken by from now on."""
        model, chosen = prior_model(), profiles(self.start)
        facts = (
            ModelPublished(version=model.version, digest=model.digest),
            ProfilesChanged(version=chosen.version, digest=chosen.digest),
        )
        return [one for fact in facts for one in self._broadcast(fact, f"{type(fact).__name__}-{self.day}", self.now)]

    def artefacts(self) -> list[bytes]:
        """What these name."""
        return [prior_model().artefact, profiles(self.start).dumps()]

    def _day(self) -> Iterator[Sent]:
        at = self.now
        for account, pace in self._paces.items():
            if self._chance.random() < 1 / pace:
                self._order(account)
        today = self._later.pop(self.day, [])
        self._chance.shuffle(today)
        for fact, event_id, account in today:
            event = Event(event_id, SOURCE, account, at, fact)
            yield Sent(Output(topic_of(event).value, account.encode(), encode(event)), event_id)
        yield from self._broadcast(TimePassed(as_of=at + timedelta(hours=3)), f"tick-{self.day}", at)
        self.day += 1

    def _order(self, account: str) -> None:
        order = f"{account}-{self.day}"
        sku, units = self._chance.choice(SKUS), Decimal(self._chance.randint(1, 9))
        facts: tuple[tuple[int, Fact], ...] = (
            (0, OrderPlaced(order_id=order, lines=(OrderLine(sku=sku, quantity=units),))),
            (1, OrderShipped(order_id=order)),
            (1, PartnerTouchpoint(partner_id="carrier")),
            (2, OrderDelivered(order_id=order)),
            (2, InvoiceIssued(invoice_id=order, order_id=order, amount=units * 10)),
            (7, InvoicePaid(invoice_id=order)),
        )
        for days, fact in facts:
            self._later[self.day + days].append((fact, f"{order}-{type(fact).__name__}", account))

    def _broadcast(self, fact: Fact, name: str, at: datetime) -> list[Sent]:
        event = broadcast(fact, source=SOURCE, id=name, time=at)
        return [Sent(output, None) for output in event_outputs(event, self._partitions)]


def profiles(start: datetime) -> ProfileSet:
    """The standard profiles, nobody held out, lead time long enough for needs to arise soon."""
    standard = standard_profiles("faults-1", start - timedelta(days=1))
    eager = {"holdout_share": 0.0, "lead_time_days": 20.0, "service_level": 0.4}
    cells = {name: cell.model_copy(update=eager) for name, cell in standard.cells.items()}
    return standard.model_copy(update={"cells": cells})
