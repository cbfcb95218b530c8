"""The log that every stream job of the benchmark folds: orders, ticks of business time, a model, profiles."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from forecasting.learn import prior_model
from ops.embedded.writer import tick_event
from outreach.profiles import standard_profiles
from schemas.envelope import Event
from schemas.events.orders import OrderLine, OrderPlaced
from streams import learning
from streams.artefacts import ArtefactsInMemory

START = datetime(2026, 1, 5, tzinfo=UTC)
CHANCE_A_DAY = 0.15
SKUS = 200
SKUS_OF_AN_ACCOUNT = 5


@dataclass(frozen=True, slots=True)
class MadeLog:
    """Events in their order, and the artefacts that some of them name."""

    events: list[Event]
    artefacts: dict[str, bytes]
    """By digest."""

    def source(self) -> ArtefactsInMemory:
        """The artefacts as a fold reads them."""
        return _source(self.artefacts)

    def keep(self, folder: Path) -> None:
        """One file an artefact, for jobs that run as processes of their own."""
        folder.mkdir(parents=True, exist_ok=True)
        for digest, raw in self.artefacts.items():
            (folder / digest).write_bytes(raw)


def artefacts_in(folder: Path) -> ArtefactsInMemory:
    """What ``MadeLog.keep`` wrote."""
    return _source({path.name: path.read_bytes() for path in folder.iterdir()})


def made_log(accounts: int, days: int, *, decided: bool = True) -> MadeLog:
    """A model and profiles come in the middle, if ``decided``: decisions are taken from then on, at each day's tick."""
    at = START + timedelta(days=days // 2)
    profiles = standard_profiles("benchmark-1", at)
    model = prior_model()
    named = tuple(map(_at_once, (learning.published(model, at), learning.profiles_event(profiles, at))))
    events = [event for day in _days(accounts, days) for event in day]
    half = len(events) // 2
    if not decided:
        named = ()
    return MadeLog(
        [*events[:half], *named, *events[half:]],
        {model.digest: model.artefact, profiles.digest: profiles.dumps()},
    )


def _at_once(event: Event) -> Event:
    """Everybody is judged by the publication itself: a fold without a log would have to feed itself its slices."""
    return replace(event, fact=event.fact.model_copy(update={"slice_accounts": None}))


def _days(accounts: int, days: int) -> Iterator[list[Event]]:
    chance = random.Random(1)
    for day in range(days):
        at = START + timedelta(days=day)
        orders = [order_of(chance, account, at) for account in range(accounts) if chance.random() < CHANCE_A_DAY]
        yield [*orders, tick_event(at + timedelta(hours=20))]


def order_of(chance: random.Random, account: int, at: datetime) -> Event:
    """One to three lines of the few products that the account buys."""
    bought = chance.sample(range(SKUS_OF_AN_ACCOUNT), chance.randint(1, 3))
    lines = tuple(
        OrderLine(
            sku=f"sku-{(account * 7 + each) % SKUS}", quantity=Decimal(chance.randint(1, 20)), unit_price=Decimal(5)
        )
        for each in bought
    )
    order = f"{account}-{at:%j}"
    return Event(order, "benchmark", f"account-{account}", at, OrderPlaced(order_id=order, lines=lines))


def _source(artefacts: dict[str, bytes]) -> ArtefactsInMemory:
    source = ArtefactsInMemory()
    for digest, raw in artefacts.items():
        source.put(digest, raw)
    return source
