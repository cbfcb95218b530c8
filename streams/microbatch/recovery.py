"""Brings a local store up to its changelog's end, many records at a time, and says how far it is.

Records are unpacked and written in a thread while the next ones are fetched. The writes bypass RocksDB's write-ahead
log, as the changelog is one: what a crash leaves is an earlier state of the store, with the offset that it had reached.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiokafka.structs import TopicPartition

from streams.microbatch.errors import ChangelogCut, ForeignChangelog, StateAhead
from streams.microbatch.reader import LogReader, Segment
from streams.microbatch.store import CUT_KEY, POSITION_KEY, LocalStore, Mark, Synced, decode_mark

log = logging.getLogger(__name__)

TELL_SECONDS = 5.0
TOMBSTONES_KEPT_MS = 7 * 86_400_000


@dataclass(slots=True)
class Progress:
    """How far the recovery of one partition is; read from other threads."""

    place: TopicPartition
    clock: Callable[[], float] = time.monotonic
    start: int = 0
    position: int = 0
    end: int = 0
    records: int = 0
    size_bytes: int = 0
    began: float = field(init=False)
    ended: float | None = None

    def __post_init__(self) -> None:
        self.began = self.clock()

    @property
    def seconds(self) -> float:
        """How long it has taken, or took."""
        return (self.clock() if self.ended is None else self.ended) - self.began

    @property
    def remaining(self) -> int:
        """Offsets still to be read; of a compacted changelog that is more than there are records."""
        return max(0, self.end - self.position)

    @property
    def percent(self) -> float:
        """0 to 100, by offsets."""
        return 100.0 if self.end <= self.start else 100.0 * (self.position - self.start) / (self.end - self.start)

    @property
    def records_per_second(self) -> float:
        """Since the beginning."""
        return self.records / self.seconds if self.seconds > 0 else 0.0

    def says(self) -> str:
        """One line."""
        return (
            f"{self.place.topic}[{self.place.partition}] {min(self.percent, 100.0):.0f} % recovered, "
            f"{self.records} records, {self.records_per_second:,.0f} a second, "
            f"{self.size_bytes / 1e6:,.0f} MB, {self.remaining} offsets to go"
        )


class Recovery:
    """The recovery of one partition's store from its changelog."""

    def __init__(self, reader: LogReader, progress: Progress, now_ms: Callable[[], int]) -> None:
        self.progress = progress
        self._reader = reader
        self._now_ms = now_ms
        self._told = progress.began

    async def run(self, store: LocalStore) -> LocalStore:
        """Bring the store up to the end. Returns it, or the empty one that took its place where it was no copy.

        Raises StateAhead, ForeignChangelog, ChangelogCut and what `LogReader` raises; what was taken in stays.
        """
        progress = self.progress
        start, progress.end = await self._reader.bounds(progress.place)
        store = self._fresh_enough(store)
        synced = store.synced
        if synced.changelog_next > progress.end:
            raise StateAhead(
                f"the local state in {store.folder} has seen offset {synced.changelog_next} of {_named(progress)}, "
                f"which ends at {progress.end}: the changelog was replaced. Remove that folder to rebuild the state "
                "from what the changelog and the log have"
            )
        if synced.changelog_next < start:
            store.load([(CUT_KEY, start.to_bytes(8))], synced)  # a crash must not make it forget
        progress.start = progress.position = max(start, synced.changelog_next)
        if not await self._take_in(store):
            log.warning("Local state in %s is of another changelog and is rebuilt", store.folder)
            return await self.run(store.emptied())
        store.flush()
        progress.ended = progress.clock()
        self._check(store)
        return store

    def _fresh_enough(self, store: LocalStore) -> LocalStore:
        """An empty store instead of one so old that the changelog may have forgotten removals since."""
        synced = store.synced
        old = synced.changelog_next and self._now_ms() - synced.at_ms >= TOMBSTONES_KEPT_MS // 2
        return store.emptied() if old else store

    async def _take_in(self, store: LocalStore) -> bool:
        """False where the changelog turns out to be another one than the store was copied from."""
        progress, before = self.progress, store.mark
        async for segment in self._reader.segments(progress.place, progress.position, progress.end):
            latest = await asyncio.to_thread(_unpacked, segment)
            if not decode_mark(latest.get(POSITION_KEY)).continues(before):
                return False
            await asyncio.to_thread(store.load, latest.items(), Synced(segment.end, self._now_ms()))
            progress.records += segment.seen
            progress.size_bytes += segment.size_bytes
            progress.position = segment.end
            self._tell()
        if progress.position > store.synced.changelog_next:
            store.load((), Synced(progress.position, self._now_ms()))
        return True

    def _tell(self) -> None:
        if self.progress.clock() - self._told >= TELL_SECONDS:
            self._told = self.progress.clock()
            log.warning("%s", self.progress.says())  # a worker tells nothing below a warning, and somebody waits

    def _check(self, store: LocalStore) -> None:
        if store.mark != Mark() and store.mark.began < store.cut:
            raise ChangelogCut(
                f"records of {_named(self.progress)} before offset {store.cut} were deleted before they were in "
                f"{store.folder}. Delete the rest of its records, and that folder: the state is rebuilt from the log"
            )
        if self.progress.records and store.mark == Mark():
            raise ForeignChangelog(
                f"{_named(self.progress)} holds {self.progress.records} records and no position: it was written by "
                "something else. Give the worker a changelog of its own (an empty topic of that name; the state is "
                "rebuilt from the log)"
            )


def _unpacked(segment: Segment) -> dict[bytes, bytes | None]:
    """The last value of each key."""
    latest = dict(segment.records())
    if None in latest:
        raise ForeignChangelog(
            "the changelog holds a record without a key: it was written by something else. Give the worker a "
            "changelog of its own (an empty topic of that name; the state is rebuilt from the log)"
        )
    return latest


def _named(progress: Progress) -> str:
    return f"{progress.place.topic}[{progress.place.partition}]"
