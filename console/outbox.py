"""What waits for the ERP where no topics carry it: read in order, then acknowledged; at least once.

In the Kafka runtime the desk sends the same messages to topics, and these endpoints answer 409.
"""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import FastAPI, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json

from console.context import Console, Services
from console.paging import next_page
from console.problems import Problem, answers
from outreach.records import OutboxMessage

PAGE = 500
MOST_ID = 2**63 - 1


class Destination(StrEnum):
    """What others may take; what goes back to the log is not theirs."""

    COMMANDS = "commands"
    TASK_EVENTS = "task-events"


class Waiting(BaseModel):
    """One message that was not acknowledged yet."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    id: int
    """Grows within a destination, with gaps."""
    key: str
    """The account."""
    payload: dict[str, Any]
    """As it would stand on the topic: a command, or a CloudEvent."""


class UpTo(BaseModel):
    """Everything up to this message has arrived."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)
    up_to: int = Field(ge=1, le=MOST_ID)
    """The id of the last message that was read."""


class Acknowledged(BaseModel):
    """How many messages are not handed out any more."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    acknowledged: int


_ANSWERS = answers(
    _409="Sent to topics (Kafka runtime): read them there", _422="No such destination, limit, or waiting message"
)


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route(
        "/v1/outbox/{destination}",
        waiting,
        methods=["GET"],
        response_model=list[Waiting],
        summary="What waits for the ERP, oldest first; the same again until it is acknowledged",
        responses=_ANSWERS,
    )
    app.add_api_route(
        "/v1/outbox/{destination}/ack",
        acknowledge,
        methods=["POST"],
        response_model=Acknowledged,
        summary="Hand out no more what has arrived; twice is once",
        responses=_ANSWERS,
    )


def waiting(
    console: Services,
    destination: Destination,
    limit: Annotated[int, Query(ge=1, le=PAGE)] = 100,
    after: Annotated[int, Query(ge=0, le=MOST_ID)] = 0,
) -> Response:
    """The oldest messages after an id; payloads byte for byte as they were written. ``Link`` leads to the next page."""
    _only_without_topics(console)
    with console.store.read() as tx:
        messages = tx.outbox.pending(destination, limit + 1, after)
    shown = messages[:limit]
    headers = {}
    if len(messages) > limit:
        headers["Link"] = next_page(f"/v1/outbox/{destination}", limit=limit, after=shown[-1].outbox_id)
    return Response(b"[" + b",".join(map(_as_json, shown)) + b"]", headers=headers, media_type="application/json")


def acknowledge(console: Services, destination: Destination, told: UpTo) -> Acknowledged:
    """Everything up to this id has arrived. Refused where older messages wait and this one does not."""
    _only_without_topics(console)
    count, last = 0, 0
    with console.store.begin() as tx:
        now = tx.db_now()
        while ids := [one.outbox_id for one in tx.outbox.pending(destination, PAGE) if one.outbox_id <= told.up_to]:
            tx.outbox.mark_sent(ids, now)
            count, last = count + len(ids), ids[-1]
        if count and last != told.up_to:
            raise Problem(422, "not_waiting", f"up_to is not the id of a message that waits in {destination}")
    return Acknowledged(acknowledged=count)


def _only_without_topics(console: Console) -> None:
    if console.settings.runtime == "kafka":
        raise Problem(
            409, "sent_to_topics", "sent to topics: read ringahead.commands and ringahead.task-events in Kafka"
        )


def _as_json(message: OutboxMessage) -> bytes:
    head = to_json({"id": message.outbox_id, "key": message.key})
    return head[:-1] + b',"payload":' + message.payload + b"}"
