"""The local store: what is written together, what is hidden, what happens to a damaged one."""

from pathlib import Path

import pytest
import rocksdict

from streams.microbatch.errors import StoreInUse
from streams.microbatch.store import POSITION_KEY, LocalStore, Synced, encode_position

CACHE_BYTES = 1024 * 1024


def open_store(folder: Path) -> LocalStore:
    return LocalStore.open(folder / "log-0", rocksdict.Cache(CACHE_BYTES))


def test_what_was_written_is_there_after_a_new_start(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    assert (store.position, store.synced) == (0, Synced(0, 0))
    store.write([(b"a1", b"x"), (b"a2", b"y"), (b"b1", b"z"), (POSITION_KEY, encode_position(9))], Synced(12, 500))
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


def test_a_folder_serves_one_worker(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    with pytest.raises(StoreInUse, match="data folder of its own"):
        open_store(tmp_path)
    assert store.get(b"a") is None, "the first owner goes on"
    store.close()
