"""The fold of one partition of the log of record, in batches: what both runtimes run.

A batch is a list of records of the log. Account events are folded one by one. A broadcast event is folded into the
partition, and then passing time, a new model or new profiles judge the accounts that are due, many at once. States,
effects and letters are the same however the log is cut into batches.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.base import EARLIEST, LATEST
from schemas.dead_letters import DeadLetter, dead_letter
from schemas.envelope import Event
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events import BROADCAST, EVERYBODY
from schemas.events.ours import ProductChanged, RolloutContinued, TimePassed
from schemas.needs import AccountEffect, ClockMoved, Effect, ProductTold
from streams import rollouts
from streams.artefacts import ArtefactSource
from streams.codec import decode_partition, encode_partition
from streams.core.broadcast import fold_broadcast
from streams.core.context import Context, Folding, Installation
from streams.core.fold import fold_event
from streams.core.outcomes import RECORDED_EFFECTS
from streams.core.passing import look_at
from streams.core.standing import tell_standing
from streams.decoding import read
from streams.in_force import InForce
from streams.microbatch.ports import PartitionStore, Record, Write
from streams.resting import collector_resting
from streams.state import Partition, moment
from streams.telemetry.context import Trace, carried
from streams.workspace import PARTITION_KEY, Workspace

SLICE_ACCOUNTS = 1000
"""Accounts judged together when time passes; bounds the memory, changes no result."""


@dataclass(slots=True)
class Folded:
    """What a batch causes, in the order of the log."""

    effects: list[Effect] = field(default_factory=list)
    recorded: list[Event] = field(default_factory=list)
    """Facts that the fold itself writes to the log."""
    letters: list[DeadLetter] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """folded, duplicate, broadcast, judged, slices."""


class LogFolder:
    """One partition: its state in memory is only what can be built again from the store."""

    def __init__(
        self, number: int, store: PartitionStore, installation: Installation, artefacts: ArtefactSource
    ) -> None:
        self._workspace = Workspace(store, installation.state_layout)
        raw = store.get(PARTITION_KEY)
        partition = Partition() if raw is None else decode_partition(raw)
        self._context = Context(installation, number, partition)
        self._in_force = InForce(artefacts)
        self.trace: Trace = carried
        self._in_force.put_into(self._context)

    @property
    def partition(self) -> Partition:
        """What concerns every account, as of the last record folded."""
        return self._context.partition

    def read_artefacts_from(self, artefacts: ArtefactSource) -> None:
        """Use this source from now on."""
        self._in_force.source = artefacts

    def fold(self, records: Sequence[Record]) -> Folded:
        """Fold records that follow each other in the log. Raises Unavailable while a published artefact is missing."""
        with collector_resting():
            return self._fold(records)

    def _fold(self, records: Sequence[Record]) -> Folded:
        out = Folded()
        partition_changed = False
        for record in records:
            event = None
            try:
                event = read_event(record)
                if type(event.fact) in BROADCAST:
                    partition_changed |= self._broadcast(event, record.offset, out)
                else:
                    self._account_event(event, record.offset, out)
            except BadEvent as error:
                out.letters.append(letter_of(record, error, None if event is None else event.replay_of))
        out.writes = list(self._workspace.take_writes())
        if partition_changed:
            out.writes.append(
                (PARTITION_KEY, encode_partition(self._context.partition, self._context.installation.state_layout))
            )
        return out

    def _account_event(self, event: Event, offset: int, out: Folded) -> None:
        if isinstance(event.fact, RECORDED_EFFECTS):
            return
        account = self._workspace.get(event.subject)
        late = account.late_events
        folding = fold_event(account, event, self._context, offset)
        if folding is None:
            out.counts["duplicate"] += 1
            return
        self._workspace.changed(event.subject)
        out.counts["folded"] += 1
        if account.late_events > late:
            out.counts["late"] += 1
        if event.traceparent is not None:
            _trace(folding, self.trace(event.traceparent))
        _collect(folding, out)

    def _broadcast(self, event: Event, offset: int, out: Folded) -> bool:
        if isinstance(event.fact, RolloutContinued):
            return self._slice(event.fact, offset, out)
        self._in_force.check(event)
        if not fold_broadcast(self._context.partition, event):
            out.counts["duplicate"] += 1
            return False
        out.counts["broadcast"] += 1
        self._in_force.put_into(self._context)
        self._judge(event, offset, out)
        partition = self._context.partition
        if isinstance(event.fact, ProductChanged):
            out.effects.append(_product_told(event.fact, event.time))
        if partition.as_of is not None:
            out.effects.append(clock_of(self._context.number, partition))
        return True

    def _judge(self, event: Event, offset: int, out: Folded) -> None:
        """Decide what is due; after a change of what is in force, everything: at once, or from here on in slices."""
        partition, workspace = self._context.partition, self._workspace
        if self._context.in_force is None or partition.as_of is None:
            return
        changed = not partition.decided_once
        partition.decided_once = True
        workspace.settle()
        everything = changed and partition.slice_accounts is None
        if everything:
            rollouts.give_up(partition)
            self._judge_all(workspace.account_ids(), everything, offset, out)
            return
        if changed:
            rollouts.begin(partition, workspace.accounts)
        due = workspace.due.due(partition.as_of // 3600)
        self._judge_all([one for one in due if rollouts.is_reached(partition, one)], everything, offset, out)
        if changed or isinstance(event.fact, TimePassed):  # passing time asks again, should a slice have been lost
            self._ask_for_slice(out)

    def _slice(self, fact: RolloutContinued, offset: int, out: Folded) -> bool:
        """Judge the accounts of a slice by what is in force now, and ask for the next."""
        partition = self._context.partition
        if self._context.in_force is None or not rollouts.is_next(self._context.number, partition, fact):
            out.counts["duplicate"] += 1
            return False
        ids = self._workspace.ids_between(fact.after, fact.until)
        self._judge_all(ids, True, offset, out)
        rollouts.advance(partition, fact, len(ids))
        out.counts["slices"] += 1
        self._ask_for_slice(out)
        out.effects.append(clock_of(self._context.number, partition))
        return True

    def _ask_for_slice(self, out: Folded) -> None:
        partition = self._context.partition
        if not rollouts.is_running(partition) or partition.rollout is None:
            return
        ids = self._workspace.ids_between(partition.rollout.after, None, rollouts.slice_accounts(partition) + 1)
        asked = rollouts.next_slice(self._context.number, partition, ids)
        if asked is not None:
            out.recorded.append(asked)

    def _judge_all(self, ids: Sequence[str], everything: bool, offset: int, out: Folded) -> None:
        for start in range(0, len(ids), SLICE_ACCOUNTS):
            self._judge_slice(ids[start : start + SLICE_ACCOUNTS], everything, offset, out)

    def _judge_slice(self, ids: Sequence[str], everything: bool, offset: int, out: Folded) -> None:
        at = moment(self._context.partition.as_of or 0)
        foldings = [Folding(self._workspace.get(one), self._context, offset, at) for one in ids]
        look_at(foldings, everything=everything)
        for folding in foldings:
            self._workspace.changed(folding.account.account_id)
            tell_standing(folding)
            _collect(folding, out)
        self._workspace.settle()
        out.counts["judged"] += len(foldings)


def read_event(record: Record) -> Event:
    """The event of a log record; raises BadEvent also where key and subject disagree."""
    if record.value is None:
        raise BadEvent(DeadLetterReason.NOT_JSON, "the record has no value")
    event = read(record.value)
    if record.key != event.subject.encode():
        raise BadEvent(DeadLetterReason.KEY_MISMATCH, "the record's key is not the event's subject")
    if (event.subject == EVERYBODY) != (type(event.fact) in BROADCAST):
        raise BadEvent(DeadLetterReason.BAD_ENVELOPE, f"subject: {event.type} is not said of {event.subject!r}")
    return event


def letter_of(record: Record, error: BadEvent, replay_of: str | None = None) -> DeadLetter:
    """The dead letter of a record."""
    return dead_letter(
        source=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        raw=record.value or b"",
        reason=error.reason,
        detail=error.detail,
        first_seen=_record_time(record),
        replay_of=replay_of,
        headers=record.headers,
    )


def _record_time(record: Record) -> datetime:
    """When the broker or the sender stamped it; a stamp outside of all reason becomes the nearest that is not."""
    earliest, latest = int(EARLIEST.timestamp()), int(LATEST.timestamp()) - 1
    return moment(min(max(record.timestamp_ms // 1000, earliest), latest))


def _trace(folding: Folding, traceparent: str | None) -> None:
    """Effects and facts of a traced event go on with its trace."""
    context = {"traceparent": traceparent}
    folding.effects[:] = [
        one.model_copy(update=context) if isinstance(one, AccountEffect) else one for one in folding.effects
    ]
    folding.recorded[:] = [replace(one, traceparent=traceparent) for one in folding.recorded]


def _collect(folding: Folding, out: Folded) -> None:
    out.effects += folding.effects
    out.recorded += folding.recorded


def _product_told(fact: ProductChanged, at: datetime) -> ProductTold:
    return ProductTold(
        sku=fact.sku,
        group=fact.group or fact.sku,
        name=fact.name,
        available=fact.available,
        lead_time_days=fact.lead_time_days,
        unit_price=fact.unit_price,
        currency=fact.currency,
        as_of=at,
        unit_factor=float(fact.unit_factor),
    )


def clock_of(number: int, partition: Partition) -> ClockMoved:
    """What the desk hears of a partition that has a business time."""
    published = partition.model_published
    return ClockMoved(
        partition=number,
        as_of=moment(partition.as_of or 0),
        model_version=partition.model_version,
        model_published_at=None if published is None else moment(published),
        profiles_version=partition.profiles_version,
        profiles_digest=partition.profiles_digest,
        rollout=rollouts.told(partition),
    )
