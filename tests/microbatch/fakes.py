"""Hand-written stand-ins: a fetched record, a lane that fails on demand, a worker that notes its crash."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka.structs import TopicPartition

from streams.microbatch.lanes import NotContiguous
from streams.microbatch.offsets import Chunk, Cursors, Partition, RecordBatch
from streams.microbatch.recovery import Progress

PLACE = Partition("log", 3)


@dataclass(frozen=True)
class Fetched:
    """A record as a Kafka client gives it."""

    offset: int
    timestamp: int = 1_700_000_000_000
    key: bytes | None = b"key"
    value: bytes | None = b"value"
    headers: Sequence[tuple[str, bytes]] = ()


def chunk(start: int, end: int, offsets: Sequence[int] | None = None) -> Chunk:
    """A fetch of [start, end); every offset is visible unless told which."""
    return Chunk(start, end, [Fetched(offset) for offset in (range(start, end) if offsets is None else offsets)])


def batch_of(cursors: Cursors, start: int, end: int) -> RecordBatch:
    """The batch that a cursor makes of the next fetch."""
    cursor = cursors.get(PLACE)
    assert cursor is not None
    batch = cursor.admit(chunk(start, end))
    assert isinstance(batch, RecordBatch)
    return batch


@dataclass
class FakeLane:
    """Applies batches to a list; the next errors to raise stand in `open_errors` and `apply_errors`."""

    place: Partition = PLACE
    position: int | None = None
    recovery: Progress | None = None
    open_errors: list[Exception] = field(default_factory=list)
    apply_errors: list[Exception] = field(default_factory=list)
    applied: list[int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    async def open(self) -> None:
        self.calls.append("open")
        if self.open_errors:
            raise self.open_errors.pop(0)
        self.position = self.position or 0

    async def apply(self, batch: RecordBatch) -> None:
        if self.apply_errors:
            raise self.apply_errors.pop(0)
        if batch.start > (self.position or 0):
            raise NotContiguous
        self.applied += [record.offset for record in batch.since(self.position or 0)]
        self.position = batch.end

    async def fail(self) -> None:
        self.calls.append("fail")

    async def close(self) -> None:
        self.calls.append("close")


@dataclass
class FakeWorker:
    """Notes why it would have ended."""

    reason: BaseException | None = None

    async def crash(self, reason: BaseException) -> None:
        self.reason = reason


def progress(position: int, end: int) -> Progress:
    """A recovery that has come so far."""
    return Progress(TopicPartition("changelog", 3), lambda: 100.0, position=position, end=end, records=position)
