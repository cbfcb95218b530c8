"""Which records of a partition come next: pure bookkeeping, no Kafka.

A fetch *covers* a range of offsets, also those at which there is nothing to see (transaction markers, aborted records,
compacted ones). Coverage that does not continue where the last one ended means that fetched records were thrown away
on the way, as happens in a rebalance: they are asked for again. Only where the log itself begins later are they passed
over, and the batch says how many offsets that were.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple, Protocol

from streams.microbatch.errors import LogReplaced
from streams.microbatch.ports import Record


class Partition(NamedTuple):
    """A topic and the number of one of its partitions; equal to the tuples that Kafka clients use."""

    topic: str
    partition: int


class Fetched(Protocol):
    """What is used of a Kafka client's record."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Everything visible in [start, end) of one partition."""

    start: int
    end: int
    records: Sequence[Fetched]

    def split(self, most: int) -> list["Chunk"]:
        """Cut into chunks of at most that many records, which together cover the same range."""
        if len(self.records) <= most:
            return [self]
        parts = [self.records[i : i + most] for i in range(0, len(self.records), most)]
        ends = [part[-1].offset + 1 for part in parts[:-1]] + [self.end]
        starts = [self.start, *ends[:-1]]
        return [Chunk(start, end, part) for start, end, part in zip(starts, ends, parts, strict=True)]


@dataclass(frozen=True, slots=True)
class RecordBatch:
    """Records of one partition that follow the offset `start` without a hole."""

    place: Partition
    epoch: int
    start: int
    records: Sequence[Record]
    missing: int = 0
    """Offsets that the log no longer has, before the first record."""

    @property
    def end(self) -> int:
        """The offset after the last record."""
        return self.records[-1].offset + 1

    def since(self, position: int) -> Sequence[Record]:
        """The records at or after a position."""
        if self.records[0].offset >= position:
            return self.records
        return [record for record in self.records if record.offset >= position]


class Refetch(NamedTuple):
    """Fetched records were thrown away: seek here and ask again."""

    offset: int
    asked_before: bool = False
    """Then the log may begin later; if so, `Cursor.skip_to` its start."""


@dataclass(slots=True)
class Cursor:
    """How far one partition has been handed out since it was placed."""

    place: Partition
    epoch: int
    covered: int
    handed: int
    asked: bool = False
    missing: int = 0
    ahead: int = 0
    """Batches handed out that nobody has taken yet."""

    def admit(self, chunk: Chunk) -> RecordBatch | Refetch | None:
        """Take over a fetched chunk: a batch to hand out, a place to seek to, or None where nothing is new.

        Raises LogReplaced where the fetch went back by itself: the log no longer reaches as far as it was read.
        """
        if chunk.start < self.covered:
            raise LogReplaced(
                f"{self.place.topic}[{self.place.partition}] was read up to offset {self.covered} and now begins "
                f"again at {chunk.start}: the topic was replaced or truncated"
            )
        if chunk.start > self.covered:
            again, self.asked = self.asked, True
            return Refetch(self.covered, again)
        records = [to_record(self.place, fetched) for fetched in chunk.records]
        self.covered, self.asked = chunk.end, False
        return self._hand_out(records) if records else None

    def reached(self, position: int | None) -> int | None:
        """How far a lane at this position has come; over what cannot be seen, too, once it applied all it was given."""
        return self.covered if position == self.handed else position

    def skip_to(self, log_start: int) -> None:
        """Pass over what the log no longer has."""
        self.missing += log_start - self.covered
        self.covered, self.asked = log_start, False

    def _hand_out(self, records: Sequence[Record]) -> RecordBatch:
        batch = RecordBatch(self.place, self.epoch, self.handed, records, self.missing)
        self.handed, self.missing = batch.end, 0
        self.ahead += 1
        return batch


def to_record(place: Partition, fetched: Fetched) -> Record:
    """The client's record as ours."""
    return Record(
        place.topic,
        place.partition,
        fetched.offset,
        fetched.timestamp,
        fetched.key,
        fetched.value,
        tuple(fetched.headers),
    )


class Cursors:
    """The cursors of all partitions that are being read; each placing starts a new epoch."""

    def __init__(self) -> None:
        self._cursors: dict[Partition, Cursor] = {}
        self._epochs = count(1)

    def __contains__(self, place: Partition) -> bool:
        return place in self._cursors

    def get(self, place: Partition) -> Cursor | None:
        """The cursor of a partition that is being read."""
        return self._cursors.get(place)

    def start(self, place: Partition, offset: int) -> None:
        """Read a partition from an offset on; batches handed out before are no longer current."""
        self._cursors[place] = Cursor(Partition(*place), next(self._epochs), offset, offset)

    def forget(self, places: Iterable[Partition]) -> None:
        """Stop reading partitions; batches handed out before are no longer current."""
        for place in places:
            self._cursors.pop(place, None)

    def clear(self) -> None:
        """Stop reading everything."""
        self._cursors.clear()

    def by_room(self, most: int) -> tuple[dict[Partition, int], set[Partition]]:
        """Where to go on reading partitions of which fewer batches than that wait to be taken; and the others."""
        full = {place for place, cursor in self._cursors.items() if cursor.ahead >= most}
        return {place: cursor.covered for place, cursor in self._cursors.items() if place not in full}, full

    def take(self, batch: RecordBatch) -> None:
        """Note that a batch no longer waits."""
        if self.is_current(batch):
            self._cursors[batch.place].ahead -= 1

    def is_current(self, batch: RecordBatch) -> bool:
        """Whether a batch was handed out since its partition was last placed."""
        cursor = self._cursors.get(batch.place)
        return cursor is not None and cursor.epoch == batch.epoch
