"""The model: a plain fold of the log of record, and a desk in memory. It says what states and tasks must be.

It folds the log with every repeated event left out, so that an event that was counted twice shows as a difference.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import zip_longest

from outreach.desk import Desk, rules_from
from outreach.memory import MemoryStore as MemoryDesk
from schemas.dead_letters import DeadLetter
from schemas.envelope import decode
from schemas.errors import BadEvent
from schemas.events.ours import TimePassed
from schemas.needs import Effect, encode_effect
from schemas.settings import Settings
from streams.artefacts import ArtefactsInMemory
from streams.core.context import Installation
from streams.microbatch.ports import Record
from streams.processor import LogFolder
from tests.comparing import Work, work
from tests.streams.harness import MemoryStore

CHUNK = 50


@dataclass(slots=True)
class Model:
    """What must be."""

    states: dict[bytes, bytes] = field(default_factory=dict)
    effects: Counter[bytes] = field(default_factory=Counter)
    letters: list[DeadLetter] = field(default_factory=list)
    tasks: Work = ([], [], [])
    events: set[str] = field(default_factory=set)
    """Ids of the account events in the log."""
    repeats: int = 0
    """Events that are in the log more than once; the fold passes over them."""


def fold_log(log: Iterable[Record], artefacts: Sequence[bytes], settings: Settings) -> Model:
    """Fold every partition, then apply the effects day by day over all partitions."""
    model, days = Model(), []
    by_partition: defaultdict[int, list[Record]] = defaultdict(list)
    for record in log:
        by_partition[record.partition].append(record)
    for number, records in sorted(by_partition.items()):
        days.append(_fold_partition(model, number, records, artefacts, settings))
    model.tasks = _desk_work([[*day] for day in zip_longest(*days, fillvalue=())], artefacts, settings)
    return model


def _fold_partition(
    model: Model, number: int, records: list[Record], artefacts: Sequence[bytes], settings: Settings
) -> list[list[Effect]]:
    """The effects of each business day."""
    store, source = MemoryStore(), ArtefactsInMemory()
    for raw in artefacts:
        source.put(hashlib.sha256(raw).hexdigest(), raw)
    rules = Installation(settings.default_zone or "UTC", settings.holdout_salt, settings.reporting_currency)
    folder = LogFolder(number, store, rules, source)
    days: list[list[Effect]] = []
    for day in _days(model, records):
        effects: list[Effect] = []
        for start in range(0, len(day), CHUNK):
            folded = folder.fold(day[start : start + CHUNK])
            store.write(folded.writes)
            effects += folded.effects
            model.letters += folded.letters
        model.effects.update(map(encode_effect, effects))
        days.append(effects)
    model.states.update(store.items(b"a:"))
    return days


def _days(model: Model, records: Iterable[Record]) -> Iterator[list[Record]]:
    """The log cut after each word of business time, without what was there before."""
    seen: set[tuple[str, str]] = set()
    day: list[Record] = []
    for record in records:
        try:
            event = decode(record.value or b"")
        except BadEvent:
            day.append(record)
            continue
        if (event.source, event.id) in seen:
            model.repeats += 1
            continue
        seen.add((event.source, event.id))
        if event.subject != "*":
            model.events.add(event.id)
        day.append(record)
        if isinstance(event.fact, TimePassed):
            yield day
            day = []
    yield day


def _desk_work(days: Iterable[Sequence[Sequence[Effect]]], artefacts: Sequence[bytes], settings: Settings) -> Work:
    store, desk = MemoryDesk(lambda: datetime.now(UTC)), Desk(rules_from(settings))
    with store.begin() as tx:
        for raw in artefacts:
            tx.artefacts.put(raw)
    for day in days:
        with store.begin() as tx:
            desk.apply_effects(tx, [effect for partition in day for effect in partition])
    return work(store, settings)
