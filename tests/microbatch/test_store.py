"""The local store: what is written together, what is hidden, what happens to a damaged one."""

import random
import shutil
from pathlib import Path

import pytest
import rocksdict

from streams.microbatch.errors import Damaged, StoreInUse
from streams.microbatch.store import POSITION_KEY, LocalStore, Mark, Synced, encode_mark

CACHE_BYTES = 1024 * 1024


def open_store(folder: Path) -> LocalStore:
    return LocalStore.open(folder / "log-0", rocksdict.Cache(CACHE_BYTES))


def test_what_was_written_is_there_after_a_new_start(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert (store.position, store.synced) == (0, Synced(0, 0))
    store.write([(b"a1", b"x"), (b"a2", b"y"), (b"b1", b"z"), (POSITION_KEY, encode_mark(Mark(9)))], Synced(12, 500))
    store.write([(b"a1", None)], Synced(13, 600))
    store.close()
    again = open_store(tmp_path)
    assert (again.position, again.synced) == (9, Synced(13, 600))
    assert (again.get(b"a1"), again.get(b"a2")) == (None, b"y")
    assert list(again.items()) == [(b"a2", b"y"), (b"b1", b"z")], "the runtime's own keys are not shown"
    assert list(again.items(b"b")) == [(b"b1", b"z")]
    again.close()


def test_a_damaged_store_is_removed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write([(b"a", b"x")], Synced(1, 1))
    store.close()
    for manifest in store.folder.glob("MANIFEST*"):
        manifest.write_bytes(b"damaged")
    rebuilt = open_store(tmp_path)
    assert (rebuilt.get(b"a"), rebuilt.synced) == (None, Synced(0, 0))
    rebuilt.close()


def test_a_block_that_cannot_be_read_is_noticed_and_the_store_is_built_again(tmp_path: Path) -> None:
    """Whether somebody asks for a key in it or walks over it: a walk of RocksDB's own would end there in silence."""
    kept: list[object] = []
    for place in ("open", "get", "items"):
        store = open_store(tmp_path / place)
        pages = [(b"a%04d" % number, random.Random(number).randbytes(600)) for number in range(6000)]
        store.write(pages, Synced(1, 1))
        store.close()
        (table,) = store.folder.glob("*.sst")
        raw = bytearray(table.read_bytes())
        for start in range(0 if place == "open" else len(raw) // 2, len(raw) if place == "open" else len(raw) // 2 + 1):
            raw[start] ^= 0xA5
        table.write_bytes(raw)
        if place != "open":
            spoilt = open_store(tmp_path / place)
            with pytest.raises(Damaged, match="is damaged and is rebuilt") as told:
                list(spoilt.items()) if place == "items" else [spoilt.get(key) for key, _ in pages]
            spoilt.close()
            kept.append(told)  # as the runner keeps what it waits for
        rebuilt = open_store(tmp_path / place)
        assert (list(rebuilt.items()), rebuilt.synced) == ([], Synced(0, 0))
        rebuilt.close()


def test_a_folder_serves_one_worker(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(StoreInUse, match="data folder of its own"):
        open_store(tmp_path)
    assert store.get(b"a") is None, "the first owner goes on"
    store.close()


def test_what_is_loaded_is_on_disk_once_it_is_flushed(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.load([(b"a", b"x"), (POSITION_KEY, encode_mark(Mark(5, b"12345678")))], Synced(7, 1))
    store.flush()
    store.write([(b"b", b"y")], Synced(8, 2))
    again = _copy(store, tmp_path / "as-after-a-crash")
    assert (again.get(b"a"), again.get(b"b"), again.mark, again.synced) == (
        b"x",
        b"y",
        Mark(5, b"12345678"),
        Synced(8, 2),
    )
    again.close()
    store.close()


def test_without_a_flush_a_crash_leaves_an_earlier_state_that_knows_how_far_it_is(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.load([(b"a", b"x")], Synced(7, 1))
    again = _copy(store, tmp_path / "as-after-a-crash")
    assert (again.get(b"a"), again.synced) == (None, Synced(0, 0))
    again.close()
    store.close()


def test_an_emptied_store_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    store.write([(b"a", b"x")], Synced(1, 1))
    empty = store.emptied()
    assert (empty.folder, empty.get(b"a"), empty.synced) == (store.folder, None, Synced(0, 0))
    empty.close()


def _copy(store: LocalStore, folder: Path) -> LocalStore:
    """What a crash at this moment would leave."""
    shutil.copytree(store.folder, folder, ignore=shutil.ignore_patterns("LOCK"))
    return LocalStore.open(folder, rocksdict.Cache(CACHE_BYTES))
