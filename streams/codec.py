"""State as bytes: a version, the hour at which it is due, and msgpack. Older layouts are read, and can be written.

    byte 0      version of the layout
    bytes 1-4   due hour + 1, big-endian, 0 for never: the due index is built from these without decoding the rest
    bytes 5-    msgpack of the array-like structs of streams/state.py, or of an older layout (streams/layout_1.py)

A new field is appended with a default, which needs no new version: both sides read each other (rolling upgrade). Any
other change raises VERSION, adds a reader of the layout before, and a writer of it: the new release writes as the old
one reads until every worker is new (``RINGAHEAD_UPGRADE_FROM``).
"""

import struct
from collections.abc import Callable

import msgspec

from forecasting.marks import DAY, KEY, is_whole
from schemas.errors import Corrupt, Misconfigured
from streams import layout_1
from streams.state import CENTS, Account, Partition

VERSION = 2
NOT_ASKED = -1
_HEAD = struct.Struct(">BI")
_ENCODER = msgspec.msgpack.Encoder()
_ACCOUNT = msgspec.msgpack.Decoder(Account)
_PARTITION = msgspec.msgpack.Decoder(Partition)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)

READERS: dict[int, Callable[[bytes], Account]] = {1: layout_1.read, 2: _ACCOUNT.decode}
"""From the payload of each layout of an account."""
WRITERS: dict[int, Callable[[Account], bytes]] = {1: layout_1.written, 2: _ENCODER.encode}
"""To the payload of each layout that can still be written."""


def encode_account(account: Account, due: int | None = NOT_ASKED, layout: int = VERSION) -> bytes:
    """Bytes of an account's state; equal states give equal bytes. ``due``: its due hour, where the caller knows it."""
    due = account.due_hour if due == NOT_ASKED else due
    payload = _ENCODER.encode(account) if layout == VERSION else WRITERS[layout](account)
    return _HEAD.pack(layout, 0 if due is None else max(due, 0) + 1) + payload


def decode_account(raw: bytes) -> Account:
    """An account's state of any layout that this release reads; raises Corrupt when the bytes are not one."""
    version, payload = _parts(raw)
    try:
        account = READERS[version](payload)
    except _UNREADABLE as error:
        raise Corrupt(f"account state cannot be read: {error}; rebuild it from the log") from error
    broken = _broken_columns(account)
    if broken is not None:
        raise Corrupt(f"state of account {account.account_id!r}: {broken} are no columns; rebuild it from the log")
    return account


def _broken_columns(account: Account) -> str | None:
    """What in a state has columns of different lengths, or that hold no whole values; folded they would be others'."""
    if len(account.seen) % KEY.size:
        return "the ids that were seen"
    past = account.past_orders
    count = len(past.days) // DAY.size
    if (len(past.days), len(past.keys), len(past.cents)) != (count * DAY.size, count * KEY.size, count * CENTS.size):
        return "the orders that left the ring"
    if not is_whole(account.orders):
        return "the orders"
    for group, pair in account.pairs.items():
        if not is_whole(pair.orders):
            return f"the orders of {group!r}"
    return None


def due_hour_of(raw: bytes) -> int | None:
    """The due hour of an encoded account, without decoding it. Raises Corrupt where this release cannot read it: the
    index is built when a partition is opened, which is when a state of another version must be noticed.
    """
    version, due = _head(raw)
    if version != VERSION:
        _check(version)
    return None if due == 0 else due - 1


def encode_partition(partition: Partition, layout: int = VERSION) -> bytes:
    """Bytes of a partition's state, the same in all layouts but for the version."""
    return _HEAD.pack(layout, 0) + _ENCODER.encode(partition)


def decode_partition(raw: bytes) -> Partition:
    """A partition's state; raises Corrupt when the bytes are not one."""
    _, payload = _parts(raw)
    try:
        return _PARTITION.decode(payload)
    except _UNREADABLE as error:
        raise Corrupt(f"partition state cannot be read: {error}; rebuild it from the log") from error


def layout_to_write(upgrade_from: int | None) -> int:
    """The layout that states are written in. Raises Misconfigured where this release cannot write that one."""
    if upgrade_from is None:
        return VERSION
    if upgrade_from not in WRITERS:
        known = ", ".join(map(str, sorted(WRITERS)))
        raise Misconfigured(
            f"RINGAHEAD_UPGRADE_FROM={upgrade_from}: this release writes state layouts {known}; upgrade over a release "
            "between, or stop all workers of the old one first"
        )
    return upgrade_from


def _head(raw: bytes) -> tuple[int, int]:
    if len(raw) < _HEAD.size:
        raise Corrupt("state is shorter than its head; rebuild it from the log")
    version, due = _HEAD.unpack_from(raw)
    return version, due


def _parts(raw: bytes) -> tuple[int, bytes]:
    version, _ = _head(raw)
    _check(version)
    return version, raw[_HEAD.size :]


def _check(version: int) -> None:
    if version > VERSION:
        raise Corrupt(
            f"state of version {version} was written by a newer release; this one reads up to {VERSION}: run the newer "
            f"one with RINGAHEAD_UPGRADE_FROM={VERSION} until no worker of this one is left, or rebuild the state from "
            "the log"
        )
    if version not in READERS:
        raise Corrupt(f"state of version {version} is too old; rebuild it from the log")
