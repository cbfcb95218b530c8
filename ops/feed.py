"""Where the events of a command go: the API of the running server, its log while it is stopped, or the topics."""

import asyncio
from collections.abc import Callable, Iterator, Sequence

import httpx

from ops.embedded.installation import opened
from ops.events_to_kafka import output_of
from schemas.envelope import Event, encode
from schemas.errors import BadInput, Unavailable
from schemas.settings import Settings
from streams.embedded.lock import Owner, hold, owner_of
from streams.kafka.client import producer, send_all

BATCH_EVENTS = 200
ANSWER_SECONDS = 60.0
BATCH_TYPE = "application/cloudevents-batch+json"

Told = Callable[[int], None]
"""Hears after each batch how many events it had."""


def send(settings: Settings, events: Sequence[Event], told: Told) -> str:
    """Hand over the events of one command; says where they went. Raises Unavailable, BadInput, AlreadyRunning."""
    if settings.runtime == "kafka":
        asyncio.run(_to_topics(settings, events, told))
        return f"the public topics at {settings.kafka_bootstrap}"
    owner = owner_of(settings.data_dir)
    if owner is not None and owner.url:
        with httpx.Client(timeout=ANSWER_SECONDS) as client:
            to_api(client, owner, events, told)
        return f"the running server at {owner.url}"
    to_log(settings, events, told)
    return f"the log in {settings.sqlite_path}; `ringahead serve` goes on from there"


def to_log(settings: Settings, events: Sequence[Event], told: Told) -> None:
    """Append to the log of a stopped installation. Raises AlreadyRunning where it is not stopped."""
    with hold(settings.data_dir, "ringahead import"), opened(settings) as installation:
        for batch in _batches(events):
            told(installation.runtime.append(batch))


def to_api(client: httpx.Client, owner: Owner, events: Sequence[Event], told: Told) -> None:
    """Post to the server that owns the data folder."""
    headers = {"authorization": f"Bearer {owner.token}", "content-type": BATCH_TYPE}
    for batch in _batches(events):
        body = b"[" + b",".join(map(encode, batch)) + b"]"
        try:
            answer = client.post(f"{owner.url}/v1/events", content=body, headers=headers)
        except httpx.TransportError as error:
            raise Unavailable(f"the server at {owner.url} does not answer: {error}; import the file again") from error
        if answer.status_code >= 500:
            raise Unavailable(f"the server at {owner.url} answered {answer.status_code}; import the file again")
        if answer.is_error:
            raise BadInput(f"the server at {owner.url} answered {answer.status_code}: {answer.text[:200]}")
        told(len(batch))


async def _to_topics(settings: Settings, events: Sequence[Event], told: Told) -> None:
    """Returns when everything is delivered to all replicas."""
    async with producer(settings) as client:
        for batch in _batches(events):
            await send_all(client, [output_of(event, encode(event)) for event in batch])
            told(len(batch))


def _batches(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    return (events[start : start + BATCH_EVENTS] for start in range(0, len(events), BATCH_EVENTS))
