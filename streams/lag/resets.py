"""A reset of a group's offsets, before it is done: from where to where, what is read again, what is skipped. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.errors import BadInput

Where = Literal["beginning", "end", "offset", "time"]
WHERES: tuple[Where, ...] = ("beginning", "end", "offset", "time")


@dataclass(frozen=True, slots=True)
class ResetAsked:
    """What somebody wants."""

    group: str
    where: Where
    offset: int | None = None
    at: datetime | None = None
    """Aware UTC: the first record stamped then or later."""
    topics: tuple[str, ...] = ()
    """Only these; empty: all that the group reads."""
    partitions: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if (self.offset is not None) is not (self.where == "offset") or (self.offset or 0) < 0:
            raise BadInput("a reset to an offset needs one, 0 or more, and no other reset has one")
        if (self.at is not None) is not (self.where == "time"):
            raise BadInput("a reset to a time needs one, and no other reset has one")


@dataclass(frozen=True, slots=True)
class PartitionReset:
    """One partition of the plan."""

    topic: str
    partition: int
    committed: int | None
    begin: int
    end: int
    to: int

    @property
    def stands_at(self) -> int:
        """Where the group would go on: at its commit, else at what is left of the beginning."""
        return max(self.begin, self.committed or 0)

    @property
    def read_again(self) -> int:
        """Offsets that were read and come again."""
        return 0 if self.committed is None else max(0, self.stands_at - self.to)

    @property
    def skipped(self) -> int:
        """Offsets that will never be read."""
        return max(0, self.to - self.stands_at)


@dataclass(frozen=True, slots=True)
class ResetPlan:
    """What a reset will do."""

    group: str
    members: int
    partitions: tuple[PartitionReset, ...]
    says: tuple[str, ...]
    """What it means for this group, in sentences."""

    @property
    def read_again(self) -> int:
        """In all partitions."""
        return sum(one.read_again for one in self.partitions)

    @property
    def skipped(self) -> int:
        """In all partitions."""
        return sum(one.skipped for one in self.partitions)

    @property
    def refused(self) -> str:
        """Why it cannot be done now; empty: it can."""
        if self.members:
            return f"{self.group} has {self.members} members: stop them first, they would commit over it"
        return "" if self.partitions else f"{self.group} reads nothing that could be reset"


def within(to: int, begin: int, end: int) -> int:
    """The offset, where the partition has it; else its nearest end."""
    return min(max(to, begin), end)


def compact(partitions: Iterable[PartitionReset], *, after: bool) -> str:
    """For the audit: ``topic/0=17 topic/1=none``."""
    places = ((one, one.to if after else one.committed) for one in partitions)
    return " ".join(f"{one.topic}/{one.partition}={'none' if at is None else at}" for one, at in places)
