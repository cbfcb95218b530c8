"""What a fetch brought is unpacked as committed readers must see it."""

from collections.abc import Iterable
from types import SimpleNamespace

import pytest
from aiokafka.errors import CorruptRecordException
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams.microbatch.reader import EMPTY_ANSWERS, EmptyAnswers, Segment

COMMIT, ABORT = b"\0\0\0\1", b"\0\0\0\0"
CONTROL = 0x20


def batch(base: int, records: Iterable[tuple[bytes, bytes | None]], producer: int | None = None) -> bytes:
    """A record batch as it lies in a log; transactional where a producer is named."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=producer is not None,
        producer_id=-1 if producer is None else producer,
        producer_epoch=-1 if producer is None else 0,
        base_sequence=-1 if producer is None else 0,
        batch_size=1 << 20,
    )
    for number, (key, value) in enumerate(records):
        builder.append(number, timestamp=1, key=key, value=value, headers=[])
    raw = bytearray(builder.build())
    raw[:8] = base.to_bytes(8)
    return bytes(raw)


def marker(base: int, producer: int, kind: bytes) -> bytes:
    """The end of a transaction; the attribute bit is in the checksum, too."""
    raw = bytearray(batch(base, [(kind, b"")], producer))
    raw[22] |= CONTROL
    raw[17:21] = _crc(bytes(raw[21:])).to_bytes(4)
    return bytes(raw)


def _crc(data: bytes) -> int:
    from aiokafka.record.util import calc_crc32c

    return int(calc_crc32c(data))


def segment(start: int, *raw: bytes, aborted: tuple[tuple[int, int], ...] = ()) -> Segment:
    packed, batches = MemoryRecords(b"".join(raw)), []
    while packed.has_next():
        batches.append(packed.next_batch())
    return Segment(start, batches[-1].next_offset, batches, aborted)


def test_records_come_in_order_with_removals() -> None:
    found = segment(4, batch(4, [(b"a", b"1"), (b"b", None)]), batch(9, [(b"a", b"2")]))
    assert list(found.records()) == [(b"a", b"1"), (b"b", None), (b"a", b"2")]
    assert (found.seen, found.end) == (3, 10)


def test_a_fetch_that_begins_inside_a_batch_gives_no_earlier_record() -> None:
    found = segment(6, batch(4, [(b"a", b"4"), (b"a", b"5"), (b"a", b"6"), (b"a", b"7")]))
    assert list(found.records()) == [(b"a", b"6"), (b"a", b"7")]


def test_aborted_transactions_and_markers_are_not_seen() -> None:
    found = segment(
        0,
        batch(0, [(b"a", b"kept")], producer=1),
        batch(1, [(b"a", b"undone")], producer=2),
        marker(2, 1, COMMIT),
        batch(3, [(b"b", b"undone")], producer=2),
        marker(4, 2, ABORT),
        batch(5, [(b"c", b"kept")], producer=2),
        marker(6, 2, COMMIT),
        aborted=((2, 1),),
    )
    assert list(found.records()) == [(b"a", b"kept"), (b"c", b"kept")]
    assert found.end == 7


def test_a_damaged_batch_is_not_believed() -> None:
    raw = bytearray(batch(0, [(b"a", b"value")]))
    raw[-2] ^= 0xFF
    with pytest.raises(CorruptRecordException, match="the batch at offset 0 has a wrong checksum"):
        list(segment(0, bytes(raw)).records())


def test_a_log_that_ends_in_nothing_is_passed_over_only_after_answers_that_reach_its_end() -> None:
    behind, there = EmptyAnswers(100), EmptyAnswers(100)
    for answer in range(1, EMPTY_ANSWERS + 1):
        assert not there.enough
        behind.note(SimpleNamespace(timestamp=answer, lso=99))
        there.note(SimpleNamespace(timestamp=answer, lso=100))
        there.note(SimpleNamespace(timestamp=answer, lso=100))
    assert there.enough
    assert not behind.enough, "a leader that does not yet know how far its log is committed"
