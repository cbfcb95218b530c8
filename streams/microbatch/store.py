"""A partition's local state: RocksDB, a cache of the changelog that can be rebuilt from it at any time.

Beside the processor's keys it holds two of its own, which begin with a NUL byte: the position (next offset of the log
to apply; also in the changelog) and how far of the changelog it has taken in, and when.
"""

import logging
import shutil
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Self

import rocksdict

from streams.microbatch.errors import StoreInUse
from streams.microbatch.ports import Write

log = logging.getLogger(__name__)

OWN = b"\0"
POSITION_KEY = b"\0position"
SYNCED_KEY = b"\0synced"
FIRST_KEY = b"\1"
WRITE_BUFFER_BYTES = 16 * 1024 * 1024
_POSITION = struct.Struct(">q")
_SYNCED = struct.Struct(">qq")


class Synced(NamedTuple):
    """How far of the changelog the store has taken in."""

    changelog_next: int
    at_ms: int


class LocalStore:
    """One RocksDB folder; implements `ports.PartitionStore`."""

    def __init__(self, folder: Path, db: rocksdict.Rdict) -> None:
        self.folder = folder
        self._db = db

    @classmethod
    def open(cls, folder: Path, cache: rocksdict.Cache) -> Self:
        """Open or create; what cannot be read is removed, as the changelog has it. Raises StoreInUse."""
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            return cls(folder, rocksdict.Rdict(str(folder), _options(cache)))
        except Exception as error:  # rocksdict raises nothing narrower
            if "lock" in str(error).lower():
                raise StoreInUse(f"{folder} is in use: give each worker a data folder of its own") from error
            log.warning("Local state in %s cannot be read and is rebuilt: %s", folder, error)
        shutil.rmtree(folder)
        return cls(folder, rocksdict.Rdict(str(folder), _options(cache)))

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None."""
        value: bytes | None = self._db.get(key)
        return value

    def items(self, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the processor's keys that begin with a prefix, in byte order."""
        for key, value in self._db.items(from_key=max(prefix, FIRST_KEY)):
            if not key.startswith(prefix):
                return
            yield key, value

    @property
    def position(self) -> int:
        """The next offset of the log to apply; the watermark is the one before."""
        return decode_position(self._db.get(POSITION_KEY))

    @property
    def synced(self) -> Synced:
        """How far of the changelog is in here; (0, 0) for a new store."""
        found = self._db.get(SYNCED_KEY)
        return Synced(*_SYNCED.unpack(found)) if found else Synced(0, 0)

    def write(self, writes: Iterable[tuple[bytes, bytes | None]], synced: Synced) -> None:
        """Write all or nothing: the pairs in their order, and how far of the changelog they reach."""
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in writes:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(SYNCED_KEY, _SYNCED.pack(*synced))
        self._db.write(batch)

    def close(self) -> None:
        """Release the folder."""
        self._db.close()

    def destroy(self) -> None:
        """Release the folder and remove it."""
        self.close()
        shutil.rmtree(self.folder)


def encode_position(position: int) -> bytes:
    """The position record's value."""
    return _POSITION.pack(position)


def decode_position(value: bytes | None) -> int:
    """The position in a record's value; 0 where there is none."""
    return 0 if value is None else int(_POSITION.unpack(value)[0])


def with_position(writes: Iterable[Write], position: int) -> list[Write]:
    """A batch's writes, each key once, and last the position that they lead to."""
    last = dict(writes)
    if own := [key for key in last if key.startswith(OWN)]:
        raise ValueError(f"keys that begin with NUL belong to the runtime: {own[0]!r}")
    return [*last.items(), (POSITION_KEY, encode_position(position))]


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
