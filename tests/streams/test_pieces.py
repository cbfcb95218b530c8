"""Batches that are written in pieces, as long as the database takes only some."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Unavailable
from streams.kafka import pieces
from streams.kafka.pieces import Ends, Fetched, Pieces

MOST = 8
BATCHES = st.dictionaries(
    st.integers(0, 3).map(lambda number: TopicPartition("needs", number)), st.integers(1, 7), max_size=4
).map(lambda counts: {place: [SimpleNamespace(offset=10 + n) for n in range(count)] for place, count in counts.items()})


class Table:
    """Keeps what is written, and refuses by the turn or by size."""

    def __init__(self, refuses: Callable[[int, int], bool]) -> None:
        self.rows: list[tuple[TopicPartition, int]] = []
        self.ends: dict[tuple[str, int], int] = {}
        self.sizes: list[int] = []
        self._refuses = refuses

    def write(self, piece: Fetched, ends: Ends) -> None:
        rows = [(place, record.offset) for place, records in piece.items() for record in records]
        self.sizes.append(len(rows))
        if self._refuses(len(self.sizes), len(rows)):
            raise Unavailable("refused")
        self.rows += rows
        self.ends |= ends
        assert all(self.ends[place.topic, place.partition] == offset + 1 for place, offset in dict(rows).items())


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pauses."""
    monkeypatch.setattr(pieces, "FIRST_PAUSE_SECONDS", 0.0)


def written(one: Pieces, table: Table, fetched: Any) -> Ends | None:
    return asyncio.run(one.written(fetched, table.write, asyncio.Event()))


@settings(deadline=None, max_examples=60)
@given(BATCHES, st.sets(st.integers(1, 12)))
def test_all_of_it_in_order_and_once_whatever_is_refused(fetched, refused):
    table = Table(lambda turn, _: turn in refused)
    ends = written(Pieces(MOST), table, fetched)
    assert table.rows == [(place, record.offset) for place, records in fetched.items() for record in records]
    assert ends == table.ends == {(place.topic, place.partition): rs[-1].offset + 1 for place, rs in fetched.items()}
    assert max(table.sizes, default=0) <= MOST


def test_halves_until_the_database_takes_it_and_doubles_afterwards() -> None:
    fetched = {TopicPartition("needs", 0): [SimpleNamespace(offset=n) for n in range(16)]}
    table, one = Table(lambda turn, size: turn < 10 and size > 2), Pieces(MOST)
    written(one, table, fetched)
    assert table.sizes == [8, 4, 2, 4, 2, 4, 2, 4, 2, 4, 4]
    assert one.records == MOST


def test_what_no_attempt_gets_in_is_tried_one_by_one_until_stopped() -> None:
    stopped = asyncio.Event()

    def refuses(turn: int, _: int) -> bool:
        if turn == 9:
            stopped.set()
        return True

    table, one = Table(refuses), Pieces(MOST)
    fetched: Any = {TopicPartition("needs", 0): [SimpleNamespace(offset=n) for n in range(5)]}
    assert asyncio.run(one.written(fetched, table.write, stopped)) is None
    assert table.sizes == [5, 2, 1, 1, 1, 1, 1, 1, 1]
    assert not table.rows
