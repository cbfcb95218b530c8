"""Record times in a topic: of the first record at or behind an offset, and of the newest before one."""

import asyncio
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition

FETCH_SECONDS = 2.0
POLL_MS = 200
LOOKBACKS = (10, 1_000, 100_000)
"""The newest record is searched for in so many last offsets, then in more: the very last may be markers or holes."""

Times = dict[TopicPartition, list[int]]


async def first_ms(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """Time of the first record in [start, end) of each partition; left out where there is none."""
    return {place: times[0] for place, times in (await _times_ms(reader, starts, ends, 1)).items() if times}


async def newest_ms(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> dict[TopicPartition, int]:
    """The latest time among the last records of [start, end); left out where there is none."""
    found: dict[TopicPartition, int] = {}
    for lookback in LOOKBACKS:
        froms = {place: max(ends[place] - lookback, start) for place, start in starts.items() if place not in found}
        times = await _times_ms(reader, froms, ends, LOOKBACKS[0])
        found |= {place: max(some) for place, some in times.items() if some}
    return found


async def _times_ms(
    reader: AIOKafkaConsumer, starts: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int], records: int
) -> Times:
    """Times of the first records from each start; one wait for all partitions together, not longer than allowed."""
    found: Times = {place: [] for place, start in starts.items() if start < ends[place]}
    if not found:
        return found
    reader.assign(list(found))
    for place in found:
        reader.seek(place, starts[place])
    loop = asyncio.get_running_loop()
    deadline = loop.time() + FETCH_SECONDS
    left = list(found)
    while left and loop.time() < deadline:
        fetched = await reader.getmany(*left, timeout_ms=POLL_MS, max_records=records * len(left))
        for place, batch in fetched.items():
            found[place] += [int(one.timestamp) for one in batch if one.offset < ends[place]]
        left = [place for place in left if not found[place] and await reader.position(place) < ends[place]]
    return found
