"""Ends a worker that no longer does its work, so that its supervisor can start it again.

Every few seconds one look: what each partition of ours has done since, and how far its log reaches, asked of the
brokers over a connection of the watchdog's own. A partition with work that has not moved for the set time ends the
process, with one line that says which and why. It is no fault of the worker when the brokers do not answer: then
nothing is counted. Neither is a lane at fault that waits for a database: each try counts as doing something.

It is a thread with an event loop of its own, because the loop that it watches may be what stands still; and where even
threads stand still (something holds the interpreter's lock), `faulthandler` ends the process from C.
"""

import asyncio
import faulthandler
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from streams.microbatch.delivery import Connection
from streams.microbatch.offsets import Partition
from streams.microbatch.reader import LogReader
from streams.microbatch.status import LaneStatus, WorkerStatus

log = logging.getLogger(__name__)

EVERY_SECONDS = 5.0
ANSWER_SECONDS = 10.0
STALLED = 1
"""Exit code."""

Ends = Mapping[Partition, int]


class Subject(NamedTuple):
    """One thing that must move while it has work."""

    name: Hashable
    steps: Hashable
    """Changes whenever it does anything."""
    due: bool
    """It has work."""
    says: str
    more_seconds: float = 0.0
    """What it may take beyond the limit."""


class Judge:
    """Decides from looks alone, each with the monotonic time at which it was taken."""

    def __init__(self, limit_seconds: float, gap_seconds: float, join_seconds: float = 0.0) -> None:
        self.limit_seconds = limit_seconds
        self._join_seconds = join_seconds
        self._gap_seconds = gap_seconds
        self._last_at: float | None = None
        self._since: dict[Hashable, tuple[Hashable, float]] = {}

    def look(self, at: float, status: WorkerStatus, ends: Ends | None) -> str | None:
        """Why the worker must end, or None. ends: how far the logs of its partitions reach; None: brokers are away.

        After a gap between two looks the process stood still as a whole, and everything gets its time anew.
        """
        stood_still = self._last_at is not None and at - self._last_at > self._gap_seconds
        self._last_at = at
        if ends is None or stood_still:
            self._since.clear()
            return None
        since: dict[Hashable, tuple[Hashable, float]] = {}
        for subject in _subjects(status, ends, self._join_seconds):
            steps, begun = self._since.get(subject.name, (None, at))
            begun = begun if subject.due and steps == subject.steps else at
            if at - begun >= self.limit_seconds + subject.more_seconds:
                return f"{subject.says}, for {at - begun:.0f} s"
            since[subject.name] = (subject.steps, begun)
        self._since = since
        return None


def _subjects(status: WorkerStatus, ends: Ends, join_seconds: float) -> Iterator[Subject]:
    says = "the group has not answered, though the brokers do"
    yield Subject("group", None, not status.member, says, join_seconds)
    for lane in status.lanes:
        lag = _lag(lane, ends.get(lane.place))
        yield Subject(lane.place, (lane.steps, lane.reached), not lane.ready or lag != 0, _complaint(lane, lag))


def _lag(lane: LaneStatus, end: int | None) -> int | None:
    """Offsets to go; None where the lane does not even know where it stands."""
    if end is None:
        return 0
    return None if lane.reached is None else max(0, end - lane.reached)


def _complaint(lane: LaneStatus, lag: int | None) -> str:
    place = f"{lane.place.topic}[{lane.place.partition}]"
    if not lane.ready:
        return f"{place} has not become ready ({lane.says()}) and nothing moves"
    return f"{place} stands at offset {lane.reached}, {'an unknown number of' if lag is None else lag} offsets to go"


class Watchdog(threading.Thread):
    """Looks, judges, and ends the process."""

    def __init__(
        self, connection: Connection, status: Callable[[], WorkerStatus], limit_seconds: float,
        end: Callable[[str], None] | None = None, join_seconds: float = 0.0,
    ) -> None:  # fmt: skip
        """join_seconds: a join may wait so long for members that are gone; it is nobody's fault."""
        super().__init__(name="watchdog", daemon=True)
        self._connection, self._status = connection, status
        self._every_seconds = min(EVERY_SECONDS, limit_seconds / 5)
        self._answer_seconds = min(ANSWER_SECONDS, limit_seconds / 2)
        self._judge = Judge(limit_seconds, 3 * (self._every_seconds + self._answer_seconds), join_seconds)
        self._end = end or end_process
        self._reader: LogReader | None = None

    def start(self) -> None:
        """Watch from now on."""
        self._rearm()
        super().start()

    def run(self) -> None:
        """Until the process ends."""
        asyncio.run(self._watch())

    async def _watch(self) -> None:
        while True:
            self._rearm()
            status = self._status()
            ends = await self._ends([lane.place for lane in status.lanes])
            if reason := self._judge.look(time.monotonic(), status, ends):
                self._end(f"{reason}. {whereabouts()}")
                return
            await asyncio.sleep(self._every_seconds)

    def _rearm(self) -> None:
        """Without another look for twice the limit, C code ends the process and prints where every thread was."""
        faulthandler.dump_traceback_later(2 * self._judge.limit_seconds, exit=True)

    async def _ends(self, places: list[Partition]) -> Ends | None:
        try:
            async with asyncio.timeout(self._answer_seconds):
                if self._reader is None:
                    self._reader = await LogReader(self._connection).__aenter__()
                await self._reader.ping()
                ends = await self._reader.ends([TopicPartition(*place) for place in places])
        except Exception as error:  # whatever the client raises, it is no answer; and this thread must not die of it
            if not isinstance(error, (KafkaError, TimeoutError, OSError)):
                log.warning("The watchdog could not ask the brokers: %r", error)
            await self._forget_reader()
            return None
        return {Partition(*place): end for place, end in ends.items()}

    async def _forget_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            with suppress(Exception):
                async with asyncio.timeout(self._answer_seconds):
                    await reader.__aexit__(None, None, None)


def whereabouts() -> str:
    """Where the event loop's and the processors' threads are, in a few words."""
    frames = sys._current_frames()
    names = {"MainThread": "the event loop", "process_0": "the processor"}
    told = [
        f"{names[thread.name]} is {_place(frames[thread.ident])}"
        for thread in threading.enumerate()
        if thread.name in names and thread.ident in frames
    ]
    return "; ".join(told)


def _place(frame: FrameType) -> str:
    return f"in {frame.f_code.co_name} ({Path(frame.f_code.co_filename).name}:{frame.f_lineno})"


def end_process(reason: str) -> None:
    """Say why and end, now: nothing that stands still can be asked to finish. Nothing is lost by it."""
    log.critical("The worker ends: it does not get on. %s", reason)
    logging.shutdown()
    os._exit(STALLED)
