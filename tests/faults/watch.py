"""Where the groups stand, asked several times a second from a thread of its own, whatever the brokers do meanwhile."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from ops.kafka_lag import GROUPS
from streams.kafka.names import GROUP as WORKERS

ASK_SECONDS = 0.25
ANSWER_SECONDS = 5.0
ENDS_SECONDS = 2.0
"""A new leader tells no end before it knows what is committed, which it never does with too few replicas in sync."""

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen at one moment; committed ends of the topics, positions of the groups."""

    at: float
    """time.monotonic() of the positions"""
    ends_at: float = 0.0
    ends: Mapping[Place, int] = field(default_factory=dict)
    committed: Mapping[str, Mapping[Place, int]] = field(default_factory=dict)
    """By group."""

    def has_passed(self, group: str, marks: Mapping[Place, int]) -> bool:
        """Whether the group has committed beyond these offsets."""
        done = self.committed.get(group, {})
        return all(done.get(place, 0) > mark for place, mark in marks.items())


class Watch:
    """Keeps the last sight and how it went; a sight that could not be had leaves the one before."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap
        self._ended = threading.Event()
        self.last = Sight(0.0)
        self.moved: dict[tuple[str, Place], list[float]] = {}
        """When each group was seen to have moved on in each partition."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="watch", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop asking."""
        self._ended.set()
        self._thread.join()

    def fresh(self, seconds: float = 60) -> Sight:
        """A sight of after now."""
        start = time.monotonic()
        return self.until(lambda sight: sight.at > start, "an answer of the brokers", seconds)

    def fresh_ends(self, seconds: float = 60) -> Sight:
        """A sight of after now, the ends of all topics included."""
        start = time.monotonic()
        return self.until(lambda sight: sight.ends_at > start, "the ends of the topics", seconds)

    def until(self, seen: Callable[[Sight], bool], what: str, seconds: float) -> Sight:
        """Wait for a sight; fails when it does not come in time."""
        end = time.monotonic() + seconds
        while not seen(sight := self.last):
            assert time.monotonic() < end, f"{what}: not within {seconds:.0f} s; {describe(sight)}"
            time.sleep(ASK_SECONDS / 2)
        return sight

    def until_past(self, marks: Mapping[Place, int], seconds: float, group: str = WORKERS) -> float:
        """Wait until the group has committed beyond these offsets; the time at which it was seen."""
        return self.until(lambda s: s.has_passed(group, marks), f"{group} past what there was", seconds).at

    def marks(self, topics: Iterable[str], group: str = WORKERS) -> dict[Place, int]:
        """The ends of these topics now, or the group's positions where they are beyond."""
        sight = self.fresh_ends()
        done = sight.committed.get(group, {})
        return {place: max(end, done.get(place, 0)) for place, end in sight.ends.items() if place[0] in set(topics)}

    def longest_stall(self, places: Iterable[Place], since: float, group: str = WORKERS) -> float:
        """The longest time in which the group was not seen to move on in one of these partitions; needs load."""
        now = time.monotonic()
        stalls = []
        for place in places:
            times = [since, *(at for at in self.moved.get((group, place), []) if since < at), now]
            stalls.append(max(later - earlier for earlier, later in pairwise(times)))
        return max(stalls)

    async def _run(self) -> None:
        while not self._ended.is_set():
            with suppress(KafkaError, OSError, TimeoutError):
                await self._look()
            await asyncio.sleep(ASK_SECONDS)

    async def _look(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._bootstrap, request_timeout_ms=int(ANSWER_SECONDS * 1000))
        reader = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            isolation_level="read_committed",
            request_timeout_ms=int(ANSWER_SECONDS * 1000),
        )
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await admin.start()
                await reader.start()
            places = await self._places(admin)
            while not self._ended.is_set():
                async with asyncio.timeout(ANSWER_SECONDS):
                    await self._ask(admin, reader, places)
                await asyncio.sleep(ASK_SECONDS)
        finally:
            with suppress(Exception):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await reader.stop()
            with suppress(Exception):
                async with asyncio.timeout(ANSWER_SECONDS):
                    await admin.close()

    async def _places(self, admin: AIOKafkaAdminClient) -> list[TopicPartition]:
        topics = sorted({topic for group in GROUPS.values() for topic in group})
        described = await admin.describe_topics(topics)
        return [TopicPartition(one["topic"], part["partition"]) for one in described for part in one["partitions"]]

    async def _ask(self, admin: AIOKafkaAdminClient, reader: AIOKafkaConsumer, places: list[TopicPartition]) -> None:
        at = time.monotonic()
        committed = {group: await self._committed(admin, group) for group in GROUPS}
        ends, ends_at = self.last.ends, self.last.ends_at
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_SECONDS):
                found = await reader.end_offsets(places)
            ends, ends_at = {(p.topic, p.partition): end for p, end in found.items()}, at
        for group, positions in committed.items():
            for place, offset in positions.items():
                if offset != self.last.committed.get(group, {}).get(place):
                    self.moved.setdefault((group, place), []).append(at)
        self.last = Sight(at, ends_at, ends, committed)

    async def _committed(self, admin: AIOKafkaAdminClient, group: str) -> dict[Place, int]:
        found = await admin.list_consumer_group_offsets(group)
        return {(p.topic, p.partition): meta.offset for p, meta in found.items() if meta.offset >= 0}


def describe(sight: Sight) -> str:
    """Positions and ends."""
    age = time.monotonic() - sight.at
    return f"positions {dict(sight.committed)}, ends {dict(sight.ends)}, seen {age:.1f} s ago"
