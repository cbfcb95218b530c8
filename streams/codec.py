"""State as bytes: a version, the hour at which it is due, and msgpack. Old versions are read through upcasters.

    byte 0      version of the layout
    bytes 1-4   due hour + 1, big-endian, 0 for never: the due index is built from these without decoding the rest
    bytes 5-    msgpack of the array-like structs of streams/state.py

A new field is appended with a default, which needs no new version: both sides read each other (rolling upgrade). Any
other change raises VERSION and adds an upcaster from the one before.
"""

import struct
from collections.abc import Callable

import msgspec

from schemas.errors import Corrupt
from streams.state import Account, Partition

VERSION = 1
NOT_ASKED = -1
_HEAD = struct.Struct(">BI")
_ENCODER = msgspec.msgpack.Encoder()
_ACCOUNT = msgspec.msgpack.Decoder(Account)
_PARTITION = msgspec.msgpack.Decoder(Partition)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)

UPCASTERS: dict[int, Callable[[bytes], bytes]] = {}
"""From the payload of a version to the payload of the next."""


def encode_account(account: Account, due: int | None = NOT_ASKED) -> bytes:
    """Bytes of an account's state; equal states give equal bytes. ``due``: its due hour, where the caller knows it."""
    due = account.due_hour if due == NOT_ASKED else due
    return _HEAD.pack(VERSION, 0 if due is None else max(due, 0) + 1) + _ENCODER.encode(account)


def decode_account(raw: bytes) -> Account:
    """An account's state; raises Corrupt when the bytes are not one."""
    try:
        return _ACCOUNT.decode(_payload(raw))
    except _UNREADABLE as error:
        raise Corrupt(f"account state cannot be read: {error}; rebuild it from the log") from error


def due_hour_of(raw: bytes) -> int | None:
    """The due hour of an encoded account, without decoding it. Raises Corrupt where this release cannot read it: the
    index is built when a partition is opened, which is when a state of another version must be noticed.
    """
    version, due = _head(raw)
    if version != VERSION:
        _check(version)
    return None if due == 0 else due - 1


def encode_partition(partition: Partition) -> bytes:
    """Bytes of a partition's state."""
    return _HEAD.pack(VERSION, 0) + _ENCODER.encode(partition)


def decode_partition(raw: bytes) -> Partition:
    """A partition's state; raises Corrupt when the bytes are not one."""
    try:
        return _PARTITION.decode(_payload(raw))
    except _UNREADABLE as error:
        raise Corrupt(f"partition state cannot be read: {error}; rebuild it from the log") from error


def _head(raw: bytes) -> tuple[int, int]:
    if len(raw) < _HEAD.size:
        raise Corrupt("state is shorter than its head; rebuild it from the log")
    version, due = _HEAD.unpack_from(raw)
    return version, due


def _payload(raw: bytes) -> bytes:
    version, _ = _head(raw)
    _check(version)
    payload = raw[_HEAD.size :]
    for older in range(version, VERSION):
        payload = UPCASTERS[older](payload)
    return payload


def _check(version: int) -> None:
    if version > VERSION:
        raise Corrupt(
            f"state of version {version} was written by a newer release; this one reads up to {VERSION}: run the newer "
            "one, or rebuild the state from the log"
        )
    if any(older not in UPCASTERS for older in range(version, VERSION)):
        raise Corrupt(f"state of version {version} is too old; rebuild it from the log")
