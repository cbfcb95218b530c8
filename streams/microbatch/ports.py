"""What a program gives to micro-batched Faust, and what it gets: plain values, no Faust and no Kafka client.

A *stateful* processor folds the records of one log, partition by partition, into a store; outputs, state and position
of a batch become visible together or not at all. A *stateless* processor turns records into outputs, which may be sent
again after a crash: their keys make a repeat harmless. Both are synchronous, pure CPU.

Errors say who must act. `Unavailable`: a dependency is down, so nothing was applied; consumption of the partition
stops and the same records come again after a pause. Bad input is the processor's own business (an output to the
dead letters). Anything else ends the worker, which resumes at its watermark when it is started again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

Headers = tuple[tuple[str, bytes], ...]


class Unavailable(Exception):
    """Something that the processor depends on is down; the same records are tried again later."""


class Record(NamedTuple):
    """One record of a topic, as bytes."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Output(NamedTuple):
    """A record to be sent; without a partition the key's hash decides."""

    topic: str
    key: bytes | None
    value: bytes | None
    partition: int | None = None
    headers: Headers = ()


Write = tuple[bytes, bytes | None]
"""A key of the partition's store and its new value; None removes it. The last write of a key wins."""


@dataclass(slots=True)
class Outcome:
    """What a batch of records changes."""

    outputs: list[Output] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)


class PartitionStore(Protocol):
    """Local reads of one partition's state: what has been applied, never what is being decided.

    Keys that begin with a NUL byte belong to the runtime (the watermark) and are neither shown nor accepted.
    """

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        ...

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the keys that begin with a prefix and are greater than ``after``, in byte order, with values."""
        ...


class PartitionProcessor(Protocol):
    """Folds the records of one partition. Built after recovery, dropped when the partition moves away."""

    def process(self, records: Sequence[Record]) -> Outcome:
        """Fold records that follow each other in the log.

        After an `Unavailable`, and after any outcome that could not be delivered, the processor is dropped and
        built again from the store: indexes in memory may be changed here without thinking about failures.
        """
        ...


class StatelessProcessor(Protocol):
    """Turns records of any topic into outputs."""

    def process(self, records: Sequence[Record]) -> list[Output]:
        """Return what is to be sent for these records of one partition; raises `Unavailable`."""
        ...


ProcessorFactory = Callable[[int, PartitionStore], PartitionProcessor]
"""Builds the processor of a partition from its number and its local state."""
