"""The small parts: scheduler, heartbeat, partitioner, position records, internals."""

import pytest

from streams.microbatch.delivery import key_hash, partition_of
from streams.microbatch.errors import ForeignChangelog
from streams.microbatch.heartbeat import Heartbeat
from streams.microbatch.internals import INTERNALS, Internal, changed
from streams.microbatch.offsets import Partition
from streams.microbatch.ports import Output, Unavailable
from streams.microbatch.scheduler import scheduler_of
from streams.microbatch.store import POSITION_KEY, Mark, decode_mark, encode_mark, with_mark
from tests.microbatch.fakes import chunk


def test_partitions_take_turns_batch_by_batch() -> None:
    a, b = Partition("log", 0), Partition("log", 1)
    fetched = {a: chunk(0, 5), b: chunk(7, 9)}
    order = [(place, part.start, part.end) for place, part in scheduler_of(2)().iterate(fetched)]
    assert order == [(a, 0, 2), (b, 7, 9), (a, 2, 4), (a, 4, 5)]


def test_the_fence_counts_from_when_an_answered_heartbeat_was_sent() -> None:
    now = [100.0]
    heartbeat = Heartbeat(8, lambda: now[0])
    sent_at = heartbeat.now()
    now[0] = 106.0
    heartbeat.answered(sent_at)
    now[0] = 108.0
    heartbeat.require_fresh()
    now[0] = 108.1
    with pytest.raises(Unavailable, match=r"no heartbeat was answered for 8\.1 s"):
        heartbeat.require_fresh()
    heartbeat.answered()
    heartbeat.require_fresh()


@pytest.mark.parametrize(
    ("key", "java"), [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)]
)
def test_keys_go_where_the_java_client_sends_them(key: bytes, java: int) -> None:
    assert key_hash(key) == java & 0x7FFFFFFF
    assert partition_of(Output("t", key, None), 12) == (java & 0x7FFFFFFF) % 12


def test_an_output_may_name_its_partition() -> None:
    assert partition_of(Output("t", b"21", None, 3), 12) == 3
    assert 0 <= partition_of(Output("t", None, None), 12) < 12


def test_the_mark_comes_last_and_each_key_once() -> None:
    mark = Mark(77, b"12345678")
    pairs = with_mark([(b"a", b"1"), (b"b", None), (b"a", b"2")], mark)
    assert pairs == [(b"a", b"2"), (b"b", None), (POSITION_KEY, encode_mark(mark))]
    with pytest.raises(ValueError, match="belong to the runtime"):
        with_mark([(b"\0mine", b"1")], mark)


def test_marks_of_earlier_releases_are_read_and_those_of_later_ones_refused() -> None:
    assert decode_mark(encode_mark(Mark(77, b"12345678"))) == Mark(77, b"12345678")
    assert decode_mark((77).to_bytes(8)) == Mark(77)
    assert decode_mark(None) == Mark(0)
    with pytest.raises(ForeignChangelog, match="position record has 9 bytes"):
        decode_mark(bytes(9))


def test_a_mark_continues_those_of_its_own_changelog() -> None:
    assert Mark(9, b"aaaaaaaa").continues(Mark(5, b"aaaaaaaa"))
    assert Mark(9, b"aaaaaaaa").continues(Mark(5)) and Mark(9).continues(Mark(5, b"aaaaaaaa"))
    assert not Mark(9, b"aaaaaaaa").continues(Mark(5, b"bbbbbbbb"))


def test_no_internal_that_we_rely_on_has_changed() -> None:
    assert changed() == []


def test_a_changed_internal_would_be_noticed() -> None:
    real = INTERNALS[0]
    assert Internal(real.module, "App.no_such_method", "x", "").source_digest() == ""
    assert len(real.source_digest()) == 12
