"""A changelog of which records were deleted: a part of the state is never taken for all of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import rocksdict
from aiokafka.structs import TopicPartition

from streams.microbatch.errors import ChangelogCut
from streams.microbatch.ports import Write
from streams.microbatch.recovery import Progress, Recovery
from streams.microbatch.store import LocalStore, Mark, Synced, new_lineage, with_mark

PLACE = TopicPartition("changelog", 0)


class Packed:
    """A segment whose records need no unpacking."""

    def __init__(self, rows: list[Write], start: int) -> None:
        self._rows, self.start, self.end = rows, start, start + len(rows)
        self.seen = self.size_bytes = 0

    def records(self) -> Iterator[Write]:
        return iter(self._rows)


class KeptLog:
    """A changelog in memory; implements what `Recovery` uses of `LogReader`."""

    def __init__(self) -> None:
        self.start, self.rows = 0, list[Write]()

    def write(self, lineage: bytes, position: int, *writes: Write) -> None:
        self.rows += with_mark(writes, Mark(position, lineage))

    def delete_before(self, offset: int) -> None:
        self.start = offset

    async def bounds(self, _: TopicPartition) -> tuple[int, int]:
        return self.start, len(self.rows)

    async def segments(self, _: TopicPartition, start: int, end: int) -> AsyncIterator[Packed]:
        if start < end:
            yield Packed(self.rows[start:end], start)


def recovered(folder: Path, log: KeptLog) -> LocalStore:
    store = LocalStore.open(folder, rocksdict.Cache(1 << 20))
    try:
        return asyncio.run(Recovery(log, Progress(PLACE), lambda: 1).run(store))  # type: ignore[arg-type]
    except BaseException:
        store.close()
        raise


def test_what_is_left_of_a_cut_changelog_is_refused_again_and_again(tmp_path: Path) -> None:
    log, lineage = KeptLog(), new_lineage()
    log.write(lineage, 5, (b"a", b"1"), (b"b", b"1"))
    log.delete_before(3)
    log.write(lineage, 6, (b"b", b"2"))
    for _ in range(2):
        with pytest.raises(ChangelogCut, match="before offset 3 were deleted"):
            recovered(tmp_path / "new", log)


def test_a_copy_that_has_seen_everything_goes_on(tmp_path: Path) -> None:
    log, lineage = KeptLog(), new_lineage()
    log.write(lineage, 5, (b"a", b"1"))
    recovered(tmp_path / "old", log).close()
    log.delete_before(2)
    log.write(lineage, 6, (b"b", b"2"))
    store = recovered(tmp_path / "old", log)
    assert (dict(store.items()), store.position) == ({b"a": b"1", b"b": b"2"}, 6)
    store.close()


def test_after_everything_was_deleted_the_state_begins_anew_and_may_be_copied(tmp_path: Path) -> None:
    log = KeptLog()
    log.write(new_lineage(), 5, (b"a", b"1"))
    log.delete_before(2)
    empty = recovered(tmp_path / "first", log)
    assert (empty.position, empty.synced) == (0, Synced(2, 1))
    log.write(new_lineage(empty.synced.changelog_next), 1, (b"a", b"9"))
    empty.close()
    for name in ("first", "second"):
        store = recovered(tmp_path / name, log)
        assert (dict(store.items()), store.position) == ({b"a": b"9"}, 1)
        store.close()
