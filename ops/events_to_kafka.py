"""Events over HTTP go to the public topics: one producer in a loop of its own, called from request threads."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import TimeoutError as Late
from contextlib import AsyncExitStack
from types import TracebackType

from aiokafka import AIOKafkaProducer

from console.ports import EventOutcome
from schemas.envelope import Event, decode
from schemas.errors import Unavailable
from schemas.events import orders, usage
from schemas.settings import Settings
from schemas.topics import Topic
from streams.kafka.client import producer, send_all
from streams.microbatch.ports import Output

ANSWER_SECONDS = 30.0


class EventSender:
    """Connects with the first events, so that the console also starts while Kafka is down."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="event-sender", daemon=True)
        self._open = AsyncExitStack()
        self._client: AIOKafkaProducer | None = None
        self._connecting = asyncio.Lock()

    def __enter__(self) -> "EventSender":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._open.aclose(), self._loop).result(ANSWER_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(ANSWER_SECONDS)
        self._loop.close()

    def accept(self, events: Sequence[bytes]) -> list[EventOutcome]:
        """Send in this order and wait for all replicas; raises Unavailable, after which they may be sent again."""
        decoded = [decode(raw) for raw in events]
        outputs = [output_of(event, raw) for event, raw in zip(decoded, events, strict=True)]
        try:
            asyncio.run_coroutine_threadsafe(self._send(outputs), self._loop).result(ANSWER_SECONDS)
        except Late as error:
            raise Unavailable(f"Kafka did not acknowledge within {ANSWER_SECONDS:.0f} s; send it again") from error
        return [EventOutcome("accepted", event.id) for event in decoded]

    async def _send(self, outputs: Sequence[Output]) -> None:
        async with self._connecting:
            if self._client is None:
                self._client = await self._open.enter_async_context(producer(self._settings))
        await send_all(self._client, outputs)


def output_of(event: Event, raw: bytes) -> Output:
    """The public topic of an event, keyed by account."""
    return Output(topic_of(event), event.subject.encode(), raw)


def topic_of(event: Event) -> Topic:
    """Orders, usage, and everything else an outside system may say."""
    if type(event.fact).__module__ == orders.__name__:
        return Topic.ORDERS
    return Topic.USAGE if type(event.fact).__module__ == usage.__name__ else Topic.ACCOUNTS
