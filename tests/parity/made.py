"""The wholesaler's orders and returns as an unkind world delivers them: twice, out of order, with poison among them."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

from forecasting.artefact import PopulationModel
from forecasting.learn import fit_population
from ops.demo.play import calendar_of
from ops.embedded.writer import tick_event
from outreach.profiles import ProfileSet, standard_profiles
from schemas.envelope import Event, broadcast, encode
from schemas.events.ours import ModelPublished, ProfilesChanged
from schemas.topics import Topic
from streams.history import OrderHistory
from streams.microbatch.ports import Record

POISON_SHARE = 0.01
TWICE_SHARE = 0.02
LEAD_TIME_DAYS = 10.0


def deliveries(events: Sequence[Event], seed: int = 3) -> list[Record]:
    """Records of ringahead.orders: 2 % twice, neighbours swapped, 1 % poison of every kind."""
    chance = random.Random(seed)
    sent: list[tuple[bytes | None, bytes]] = []
    for event in events:
        good = (event.subject.encode(), encode(event))
        sent += [good] * (2 if chance.random() < TWICE_SHARE else 1)
        if chance.random() < POISON_SHARE:
            sent.append(chance.choice(POISONS)(*good))
    for place in range(0, len(sent) - 1, 2):
        if chance.random() < 0.2:
            sent[place], sent[place + 1] = sent[place + 1], sent[place]
    return [Record(Topic.ORDERS.value, 0, number, 0, key, raw) for number, (key, raw) in enumerate(sent)]


POISONS = (
    lambda key, raw: (key, raw[:-7]),
    lambda key, raw: (key, b"\xff\xfe not json"),
    lambda key, raw: (key, raw.replace(b'"data"', b'"dta"')),
    lambda key, raw: (key, raw.replace(b"ringahead.Order", b"ringahead.Odor")),
    lambda key, raw: (key, raw.replace(b'"time":"2', b'"time":"9')),
    lambda key, raw: (key, raw.replace(b'"quantity":"', b'"quantity":"-')),
    lambda key, raw: (key, raw.replace(b'"quantity":"', b'"quantity":NaN,"x":"')),
    lambda key, raw: (key, raw.replace(b"OrderPlaced", b"TimePassed")),
    lambda key, raw: (key, b"[" * 1000 + b"]" * 1000),
    lambda key, raw: (key, b'{"specversion":"1.0","pad":"' + b"x" * 2_000_000 + b'"}'),
    lambda key, raw: (b"", raw),
    lambda key, raw: (key + b"0", raw),
)


def decided_log(events: Sequence[Event]) -> tuple[list[Event], list[PopulationModel], ProfileSet]:
    """One log: the events with business time between them, two models and the profiles; and what these name."""
    calendar = calendar_of(events[0].time, events[-1].time)
    learn_at = {calendar.decisions_from, calendar.decisions_from + timedelta(weeks=4)}
    profiles = _profiles(calendar.decisions_from)
    history, models, log, place = OrderHistory("Europe/London"), [], [], 0
    for tick in calendar.ticks:
        start = place
        while place < len(events) and events[place].time < tick:
            place += 1
        log += events[start:place]
        history.add(events[start:place])
        if tick in learn_at:
            models.append(fit_population(history.order_days(), tick.toordinal()))
            fact = ModelPublished(version=models[-1].version, digest=models[-1].digest)
            log.append(broadcast(fact, source="parity", id=f"model-{tick:%F}", time=tick))
        if tick == calendar.decisions_from:
            told = ProfilesChanged(version=profiles.version, digest=profiles.digest)
            log.append(broadcast(told, source="parity", id="profiles", time=tick))
        log.append(tick_event(tick))
    return log, models, profiles


def _profiles(at: object) -> ProfileSet:
    """The standard profiles with the lead time of a wholesaler, as these events bring no product master."""
    standard = standard_profiles("parity-1", at)  # type: ignore[arg-type]
    cells = {name: cell.model_copy(update={"lead_time_days": LEAD_TIME_DAYS}) for name, cell in standard.cells.items()}
    return standard.model_copy(update={"cells": cells})


def by_account(pairs: Sequence[tuple[bytes, bytes]] | Iterator[tuple[bytes, bytes]]) -> dict[bytes, list[bytes]]:
    """Values of each key, in order."""
    found: dict[bytes, list[bytes]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
