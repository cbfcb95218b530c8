"""What was fetched into the database, in pieces: one that refuses some statements refuses most long transactions.

After a refusal half as many records go into the next transaction, down to one; after each success twice as many, up
to all. The first refusal after a success is answered at once, further ones are waited after. So a desk gets on where
one statement in twenty fails, and where it does not, nothing is cut.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from aiokafka import TopicPartition

from schemas.errors import Unavailable

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 0.5
"""One attempt costs a database nothing; one that is there again, or refuses at random, must not be waited for."""

Fetched = Mapping[TopicPartition, Sequence[Any]]
Ends = Mapping[tuple[str, int], int]
"""Where to go on, by topic and partition."""
Write = Callable[[Fetched, Ends], object]

log = logging.getLogger(__name__)


class Pieces:
    """Writes what is fetched, in order, each piece with its positions in one transaction. most: records of a piece."""

    def __init__(self, most: int) -> None:
        self._most = self.records = most

    async def written(self, fetched: Fetched, write: Write, stopped: asyncio.Event) -> Ends | None:
        """Try until the database takes all of it: the consumer waits, heartbeats go on, nothing is lost.

        Where to go on after it; None if stopped before. write runs in a thread, and raises Unavailable without a trace.
        """
        left = [(place, record) for place, records in fetched.items() for record in records]
        positions: dict[tuple[str, int], int] = {}
        pause = 0.0
        while left:
            if stopped.is_set():
                return None
            piece = dict(_by_place(left[: self.records]))
            ends = {(place.topic, place.partition): records[-1].offset + 1 for place, records in piece.items()}
            try:
                await asyncio.to_thread(write, piece, ends)
            except Unavailable as error:
                log.warning("the database took nothing, trying again in %.1f s: %s", pause, error)
                self.records = max(min(self.records, len(left)) // 2, 1)
                await asyncio.sleep(pause)
                pause = min(max(pause * 2, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            else:
                positions |= ends
                del left[: self.records]
                self.records, pause = min(self.records * 2, self._most), 0.0
        return positions


def _by_place(left: Sequence[tuple[TopicPartition, Any]]) -> Iterator[tuple[TopicPartition, Sequence[Any]]]:
    for place, some in groupby(left, key=lambda one: one[0]):
        yield place, [record for _, record in some]
