"""Leaving a Kafka client, without one: aiokafka's own cancellation is not ours."""

import asyncio

import pytest

from streams.microbatch.leaving import leave


class Connections:
    """What a client holds."""

    def __init__(self) -> None:
        self.closed = False

    async def close(self) -> None:
        self.closed = True


class SleepingFetcher:
    """A consumer whose fetch waits for its next attempt while it is stopped, as aiokafka's does without brokers."""

    def __init__(self) -> None:
        self._client = Connections()

    async def stop(self) -> None:
        fetch = asyncio.create_task(asyncio.sleep(60))
        await asyncio.sleep(0)
        fetch.cancel()
        await fetch


def test_a_fetch_that_sleeps_does_not_cancel_who_leaves() -> None:
    client = SleepingFetcher()
    asyncio.run(leave(client))  # type: ignore[arg-type]
    assert client._client.closed


def test_who_is_cancelled_stays_cancelled() -> None:
    async def cancelled() -> None:
        task = asyncio.create_task(leave(SleepingFetcher()))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
