"""Every visible record is handed out once and in order, whatever is thrown away on the way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.microbatch.errors import LogReplaced
from streams.microbatch.offsets import Cursor, Cursors, RecordBatch, Refetch
from tests.microbatch.fakes import PLACE, chunk


def cursor(at: int = 0) -> Cursor:
    return Cursor(PLACE, 1, at, at)


def offsets(batch: object) -> list[int]:
    assert isinstance(batch, RecordBatch)
    return [record.offset for record in batch.records]


def test_coverage_without_records_is_no_hole() -> None:
    at = cursor(10)
    assert at.admit(chunk(10, 14, [])) is None
    batch = at.admit(chunk(14, 20, [15, 18]))
    assert offsets(batch) == [15, 18]
    assert isinstance(batch, RecordBatch)
    assert (batch.start, batch.end, batch.missing) == (10, 19, 0)
    assert at.covered == 20


def test_a_hole_is_asked_for_again_and_passed_only_where_the_log_has_it_no_more() -> None:
    at = cursor(10)
    assert at.admit(chunk(15, 20)) == Refetch(10)
    assert offsets(at.admit(chunk(10, 15))) == [10, 11, 12, 13, 14]
    assert at.admit(chunk(18, 20)) == Refetch(15)
    assert at.admit(chunk(18, 20)) == Refetch(15, asked_before=True)
    at.skip_to(18)
    batch = at.admit(chunk(18, 20))
    assert offsets(batch) == [18, 19]
    assert isinstance(batch, RecordBatch)
    assert batch.missing == 3


def test_a_log_that_begins_again_is_not_read_as_if_nothing_were() -> None:
    at = cursor(10)
    with pytest.raises(LogReplaced, match="replaced or truncated"):
        at.admit(chunk(0, 5))


def test_batches_of_an_earlier_placing_are_not_current() -> None:
    cursors = Cursors()
    cursors.start(PLACE, 0)
    old = cursors.get(PLACE).admit(chunk(0, 5))  # type: ignore[union-attr]
    assert isinstance(old, RecordBatch)
    assert cursors.is_current(old)
    cursors.start(PLACE, 0)
    assert not cursors.is_current(old)
    cursors.take(old)
    assert cursors.get(PLACE).ahead == 0  # type: ignore[union-attr]
    cursors.forget([PLACE])
    assert not cursors.is_current(old)


def test_a_partition_with_waiting_batches_has_no_room() -> None:
    cursors = Cursors()
    cursors.start(PLACE, 0)
    first = cursors.get(PLACE).admit(chunk(0, 5))  # type: ignore[union-attr]
    assert cursors.by_room(1) == ({}, {PLACE})
    assert isinstance(first, RecordBatch)
    cursors.take(first)
    assert cursors.by_room(1) == ({PLACE: 5}, set())


def test_split_covers_the_same_range() -> None:
    parts = chunk(5, 30, [6, 7, 11, 12, 20]).split(2)
    assert [(part.start, part.end, [r.offset for r in part.records]) for part in parts] == [
        (5, 8, [6, 7]),
        (8, 13, [11, 12]),
        (13, 30, [20]),
    ]
    assert chunk(5, 30, []).split(2) == [chunk(5, 30, [])]


@given(
    visible=st.sets(st.integers(0, 60)),
    fetches=st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=60),
    most=st.integers(1, 4),
)
def test_lost_fetches_lose_and_repeat_nothing(visible: set[int], fetches: list[tuple[int, bool]], most: int) -> None:
    at, position, seen = cursor(), 0, []
    for length, lost in [*fetches, *[(9, False)] * 20]:
        end = min(position + length, 61)
        fetched = chunk(position, end, sorted(visible & set(range(position, end))))
        position = end
        if lost or end == at.covered:
            continue
        for part in fetched.split(most):
            admitted = at.admit(part)
            if isinstance(admitted, Refetch):
                position = admitted.offset
                break
            seen += [] if admitted is None else offsets(admitted)
    assert seen == sorted(visible)
    assert at.missing == 0
