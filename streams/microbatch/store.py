"""A partition's local state: RocksDB, a cache of the changelog that can be rebuilt from it at any time.

Beside the processor's keys it holds two of its own, which begin with a NUL byte: the mark (next offset of the log to
apply, and which changelog it is; also in the changelog) and how far of the changelog it has taken in, and when.
"""

import logging
import secrets
import shutil
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

import rocksdict

from streams.microbatch.errors import Damaged, ForeignChangelog, StoreInUse
from streams.microbatch.ports import Write

log = logging.getLogger(__name__)

OWN = b"\0"
POSITION_KEY = b"\0position"
SYNCED_KEY = b"\0synced"
CUT_KEY = b"\0cut"
FIRST_KEY = b"\1"
WRITE_BUFFER_BYTES = 16 * 1024 * 1024
LINEAGE_BYTES, BEGIN_BYTES = 8, 5
DAMAGED = "damaged"
"""A file in the folder that says so."""
CORRUPTION, LOCK_FILE = "Corruption", "/LOCK:"
"""How RocksDB's messages tell what happened; "lock" alone is also in "block checksum mismatch"."""
_POSITION = struct.Struct(">q")
_SYNCED = struct.Struct(">qq")


class Synced(NamedTuple):
    """How far of the changelog the store has taken in."""

    changelog_next: int
    at_ms: int


class Mark(NamedTuple):
    """The last record of every batch in the changelog."""

    position: int = 0
    """The next offset of the log to apply."""
    lineage: bytes = b""
    """Drawn when the state was begun; a changelog that was made anew has another. Earlier releases wrote none."""

    @property
    def began(self) -> int:
        """The offset of the changelog from which on all of the state is in it."""
        return int.from_bytes(self.lineage[:BEGIN_BYTES])

    def continues(self, earlier: "Mark") -> bool:
        """Whether both can be of one changelog."""
        return not self.lineage or not earlier.lineage or self.lineage == earlier.lineage


class LocalStore:
    """One RocksDB folder; implements `ports.PartitionStore`."""

    def __init__(self, folder: Path, db: rocksdict.Rdict, cache: rocksdict.Cache) -> None:
        self.folder = folder
        self._db = db
        self._cache = cache

    @classmethod
    def open(cls, folder: Path, cache: rocksdict.Cache) -> Self:
        """Open or create; what cannot be read is removed, as the changelog has it. Raises StoreInUse."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            if not (folder / DAMAGED).exists():
                return cls(folder, rocksdict.Rdict(str(folder), _options(cache)), cache)
            log.warning("Local state in %s was found damaged and is rebuilt", folder)
        except Exception as error:  # rocksdict raises nothing narrower
            if LOCK_FILE in str(error):
                raise StoreInUse(f"{folder} is in use: give each worker a data folder of its own") from error
            log.warning("Local state in %s cannot be read and is rebuilt: %s", folder, error)
        shutil.rmtree(folder)
        return cls(folder, rocksdict.Rdict(str(folder), _options(cache)), cache)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None. Raises Damaged."""
        try:
            value: bytes | None = self._db.get(key)
        except Exception as error:
            raise self._told(error) from error
        return value

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the processor's keys that begin with a prefix and are greater than ``after``, in byte order.

        Raises Damaged: RocksDB's own iteration ends at a block that it cannot read as if there were nothing more.
        """
        last = max(prefix, FIRST_KEY, after + b"\0" if after else b"")
        for key, value in self._db.items(from_key=last):
            if not key.startswith(prefix):
                return
            yield key, value
            last = key + b"\0"
        if (damaged := self._broken_at(last)) is not None:
            raise damaged

    def _broken_at(self, key: bytes) -> Exception | None:
        """Why nothing can be read from a key on; None where nothing is there."""
        rest = self._db.iter()
        try:
            rest.seek(key)
            rest.status()
        except Exception as error:
            return self._told(error)
        finally:
            del rest  # kept in a traceback, it would keep the folder locked
        return None

    def _told(self, error: Exception) -> Exception:
        """What cannot be read marks the folder: whoever opens it next builds it again from the changelog."""
        if CORRUPTION not in str(error):
            return error
        (self.folder / DAMAGED).touch()
        return Damaged(f"the local state in {self.folder} is damaged and is rebuilt: {error}")

    @property
    def position(self) -> int:
        """The next offset of the log to apply; the watermark is the one before."""
        return self.mark.position

    @property
    def mark(self) -> Mark:
        """The position, and the changelog that it is of."""
        return decode_mark(self.get(POSITION_KEY))

    @property
    def synced(self) -> Synced:
        """How far of the changelog is in here; (0, 0) for a new store."""
        found = self.get(SYNCED_KEY)
        return Synced(*_SYNCED.unpack(found)) if found else Synced(0, 0)

    @property
    def cut(self) -> int:
        """The offset up to which records of the changelog were deleted before they were in here; 0: none."""
        return int.from_bytes(self.get(CUT_KEY) or b"")

    def write(self, writes: Iterable[tuple[bytes, bytes | None]], synced: Synced) -> None:
        """Write all or nothing: the pairs in their order, and how far of the changelog they reach."""
        self._write(writes, synced, rocksdict.WriteOptions())

    def load(self, writes: Iterable[tuple[bytes, bytes | None]], synced: Synced) -> None:
        """Write what the changelog holds, without a log of RocksDB's own; `flush` before the first `write`."""
        options = rocksdict.WriteOptions()
        options.disable_wal = True
        self._write(writes, synced, options)

    def flush(self) -> None:
        """Put what was loaded on the disk: a later `write` must not outlive it in a crash."""
        self._db.flush()

    def _write(
        self, writes: Iterable[tuple[bytes, bytes | None]], synced: Synced, options: rocksdict.WriteOptions
    ) -> None:
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in writes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(SYNCED_KEY, _SYNCED.pack(*synced))
        self._db.write(batch, options)

    def close(self) -> None:
        """Release the folder. What cannot be put on the disk now is in the changelog."""
        try:
            self._db.close()
        except rocksdict.DbClosedError:
            raise
        except Exception as error:
            log.warning("Local state in %s could not be closed in order: %s", self.folder, error)

    def emptied(self) -> Self:
        """Remove the folder; an empty store in its place. This one is closed."""
        self.close()
        shutil.rmtree(self.folder)
        return type(self).open(self.folder, self._cache)


def new_lineage(began: int = 0) -> bytes:
    """A name for a state that begins at this offset of its changelog."""
    return began.to_bytes(BEGIN_BYTES) + secrets.token_bytes(LINEAGE_BYTES - BEGIN_BYTES)


def encode_mark(mark: Mark) -> bytes:
    """The mark record's value; the position alone is how it was before there were lineages."""
    return _POSITION.pack(mark.position) + mark.lineage


def decode_mark(value: bytes | None) -> Mark:
    """The mark in a record's value; an empty one where there is none. Raises ForeignChangelog for anything else."""
    if value is None:
        return Mark()
    if len(value) not in (_POSITION.size, _POSITION.size + LINEAGE_BYTES):
        raise ForeignChangelog(
            f"the changelog's position record has {len(value)} bytes: it was written by another release. Run that "
            "release, or give the worker an empty changelog; the state is rebuilt from the log"
        )
    return Mark(_POSITION.unpack_from(value)[0], value[_POSITION.size :])


def with_mark(writes: Iterable[Write], mark: Mark) -> list[Write]:
    """A batch's writes, each key once, and last the position that they lead to."""
    last = dict(writes)
    if own := [key for key in last if key.startswith(OWN)]:
        raise ValueError(f"keys that begin with NUL belong to the runtime: {own[0]!r}")
    return [*last.items(), (POSITION_KEY, encode_mark(mark))]


def _options(cache: rocksdict.Cache) -> rocksdict.Options:
    """Small and shared block cache: Faust's default is 2 GiB for each partition."""
    blocks = rocksdict.BlockBasedOptions()
    blocks.set_block_cache(cache)
    blocks.set_bloom_filter(10, False)
    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_block_based_table_factory(blocks)
    options.set_write_buffer_size(WRITE_BUFFER_BYTES)
    options.set_max_write_buffer_number(2)
    options.set_keep_log_file_num(2)
    return options
