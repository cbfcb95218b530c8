"""Stopping clients of aiokafka, brokers there or not."""

import asyncio

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer


async def leave(client: AIOKafkaProducer | AIOKafkaConsumer) -> None:
    """Stop a client.

    A consumer that is told to while a fetch of its own waits for its next attempt, as no broker answers, hands on that
    fetch's cancellation (aiokafka 0.14): nobody has cancelled us, and its connections are still to be closed.
    """
    try:
        await client.stop()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        await client._client.close()
