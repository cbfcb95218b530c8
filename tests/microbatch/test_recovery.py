"""A store is brought up to its changelog's end, or it is said why not; over a changelog in memory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import rocksdict
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import TopicPartition

from streams.microbatch.errors import ForeignChangelog, StateAhead
from streams.microbatch.ports import Write
from streams.microbatch.reader import Segment
from streams.microbatch.recovery import TOMBSTONES_KEPT_MS, Progress, Recovery
from streams.microbatch.store import POSITION_KEY, LocalStore, Mark, Synced, encode_mark
from tests.microbatch.test_reader import batch

PLACE = TopicPartition("changelog", 0)
NOW_MS = 1_800_000_000_000
OLD, NEW = b"lineage1", b"lineage2"


@dataclass
class Changelog:
    """A changelog in memory, as `LogReader` reads it: a segment for each batch, and a clock that each one moves."""

    batches: list[tuple[int, bytes]] = field(default_factory=list)
    start: int = 0
    end: int = 0
    now: float = 0.0
    seconds_a_segment: float = 1.0

    def append(self, position: int, lineage: bytes, *writes: Write) -> "Changelog":
        """A batch of a worker, with its mark."""
        return self.append_raw(*writes, (POSITION_KEY, encode_mark(Mark(position, lineage))))

    def append_raw(self, *writes: Write) -> "Changelog":
        self.batches.append((self.end, batch(self.end, writes)))
        self.end += len(writes)
        return self

    async def bounds(self, place: TopicPartition) -> tuple[int, int]:
        return self.start, self.end

    async def segments(self, place: TopicPartition, start: int, end: int) -> AsyncIterator[Segment]:
        for base, raw in self.batches:
            packed = MemoryRecords(raw).next_batch()
            if packed.next_offset > start:
                self.now += self.seconds_a_segment
                yield Segment(max(start, base), packed.next_offset, [packed], (), len(raw))

    def recovery(self) -> Recovery:
        return Recovery(self, Progress(PLACE, lambda: self.now), lambda: NOW_MS)  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore.open(tmp_path / "state", rocksdict.Cache(1 << 20))


def recovered(changelog: Changelog, store: LocalStore) -> tuple[dict[bytes, bytes], Mark, Recovery]:
    recovery = changelog.recovery()
    found = asyncio.run(recovery.run(store))
    told = dict(found.items()), found.mark, recovery
    found.close()
    return told


def two_batches() -> Changelog:
    return Changelog().append(3, OLD, (b"a", b"1"), (b"b", b"1")).append(5, OLD, (b"a", b"2"), (b"b", None))


def test_an_empty_store_gets_the_last_value_of_each_key(store: LocalStore) -> None:
    rows, mark, recovery = recovered(two_batches(), store)
    assert (rows, mark) == ({b"a": b"2"}, Mark(5, OLD))
    assert (recovery.progress.records, recovery.progress.percent, recovery.progress.remaining) == (6, 100.0, 0)


def test_a_store_that_has_the_beginning_reads_only_the_rest(store: LocalStore) -> None:
    store.write([(b"a", b"1"), (b"b", b"1"), (POSITION_KEY, encode_mark(Mark(3, OLD)))], Synced(3, NOW_MS))
    rows, mark, recovery = recovered(two_batches(), store)
    assert (rows, mark, recovery.progress.records) == ({b"a": b"2"}, Mark(5, OLD), 3)


def test_an_empty_changelog_and_one_of_which_nothing_is_left_do_not_wait(store: LocalStore) -> None:
    rows, mark, _ = recovered(Changelog(start=70, end=70), store)
    assert (rows, mark) == ({}, Mark())


def test_a_changelog_that_was_made_anew_and_is_longer_takes_the_place_of_the_local_copy(store: LocalStore) -> None:
    store.write([(b"gone", b"1"), (POSITION_KEY, encode_mark(Mark(3, OLD)))], Synced(3, NOW_MS))
    anew = Changelog().append(3, NEW, (b"x", b"1"), (b"y", b"1")).append(5, NEW, (b"x", b"2"))
    rows, mark, _ = recovered(anew, store)
    assert (rows, mark) == ({b"x": b"2", b"y": b"1"}, Mark(5, NEW))


def test_a_changelog_shorter_than_the_local_copy_stops(store: LocalStore) -> None:
    store.write([(POSITION_KEY, encode_mark(Mark(3, OLD)))], Synced(100, NOW_MS))
    with pytest.raises(StateAhead, match=r"has seen offset 100 of changelog\[0\], which ends at 6: the changelog was"):
        recovered(two_batches(), store)
    store.close()


def test_what_somebody_else_wrote_stops(store: LocalStore) -> None:
    with pytest.raises(ForeignChangelog, match="holds 2 records and no position"):
        recovered(Changelog().append_raw((b"a", b"1"), (b"b", b"1")), store)
    store.close()


def test_a_record_without_a_key_stops(store: LocalStore) -> None:
    with pytest.raises(ForeignChangelog, match="a record without a key"):
        recovered(Changelog().append_raw((None, b"1")), store)  # type: ignore[arg-type]
    store.close()


def test_a_copy_older_than_removals_are_kept_is_thrown_away(store: LocalStore) -> None:
    """The changelog may have forgotten since that a key was removed."""
    long_ago = NOW_MS - TOMBSTONES_KEPT_MS
    store.write([(b"removed since", b"1"), (POSITION_KEY, encode_mark(Mark(1, OLD)))], Synced(2, long_ago))
    rows, _, recovery = recovered(two_batches(), store)
    assert (rows, recovery.progress.records) == ({b"a": b"2"}, 6)


def test_a_long_recovery_says_how_far_it_is(store: LocalStore, caplog: pytest.LogCaptureFixture) -> None:
    changelog = two_batches()
    changelog.seconds_a_segment = 4.0
    for number in range(6):
        changelog.append(6 + number, OLD, (b"c", b"%d" % number))
    with caplog.at_level(logging.WARNING):
        recovered(changelog, store)
    said = said_of(caplog.messages)
    assert said == ["33 %", "56 %", "78 %", "100 %"]
    assert "changelog[0] 33 % recovered, 6 records, 1 a second, 0 MB, 12 offsets to go" in caplog.messages


def said_of(messages: Sequence[str]) -> list[str]:
    return [message.split("] ")[1].partition(" recovered")[0] for message in messages]
