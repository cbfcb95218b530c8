"""The API for programs: events in, health, and what other commands of this installation ask of the process."""

from collections import Counter
from dataclasses import asdict
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict
from starlette.concurrency import run_in_threadpool

from console.context import Console, Me, Services
from console.events_in import checked, split
from console.openapi import described
from console.ports import EventOutcome
from console.problems import Problem, answers
from console.roles import Role
from schemas.asyncapi import whole
from schemas.errors import Unavailable
from schemas.publishing import VERSION, documents


class EventResult(BaseModel):
    """What became of one event, in the order in which they were sent."""

    model_config = ConfigDict(extra="forbid")
    outcome: Literal["accepted", "duplicate", "refused"]
    """duplicate: durable too; the same source and id came before through this process, and the fold counts it once."""
    event_id: str | None = None
    reason: str | None = None
    detail: str = ""


class Receipt(BaseModel):
    """What became of a request. Accepted ones and duplicates are durable; refused ones changed nothing."""

    model_config = ConfigDict(extra="forbid")
    accepted: int
    """Not seen before by this process. Whether the log knows them is found out when they are folded."""
    duplicate: int
    refused: int
    outcomes: list[EventResult]


class Health(BaseModel):
    """Whether the process lives, or may be given work."""

    status: Literal["ok", "ready"]


_EVENT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": {"schema": {"$ref": "#/components/schemas/Envelope"}},
            "application/cloudevents-batch+json": {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Envelope"}, "minItems": 1}
            },
        },
    }
}


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/healthz", alive, methods=["GET"], response_model=Health, summary="The process lives")
    app.add_api_route(
        "/readyz",
        ready,
        methods=["GET"],
        response_model=Health,
        summary="The database answers",
        responses=answers(_503="It does not"),
    )
    app.add_api_route(
        "/v1/events",
        take_events,
        methods=["POST"],
        status_code=202,
        response_model=Receipt,
        summary="CloudEvents 1.0 as JSON: one, a batch, or binary mode",
        responses=answers(_422="No event of the request could be accepted"),
        openapi_extra=_EVENT_BODY,
    )
    for path, handler, words in (
        ("/v1/openapi.json", describe, "This document"),
        ("/v1/asyncapi.json", describe_topics, "AsyncAPI document of topics and messages"),
    ):
        app.add_api_route(path, handler, methods=["GET"], response_model=dict[str, Any], summary=words)
    app.add_api_route("/internal/{name}", call_admin, methods=["POST"], include_in_schema=False)


def describe(request: Request) -> JSONResponse:
    """OpenAPI document of this API."""
    return JSONResponse(described(request.app))


def describe_topics() -> JSONResponse:
    """AsyncAPI document: topics, and the messages on them."""
    files = {path: body for path, body in documents().items() if path != "asyncapi.json"}
    return JSONResponse(whole(VERSION, files))


def alive() -> Health:
    """Answers as long as the process does."""
    return Health(status="ok")


def ready(console: Services) -> Health:
    """Asks the database; says nothing more, since nobody is logged in."""
    with console.store.read() as tx:
        tx.db_now()
    return Health(status="ready")


async def take_events(request: Request, console: Services, me: Me) -> JSONResponse:
    """Check each, hand over the good ones in one go, and tell what became of each."""
    if console.accept_events is None:
        raise Unavailable("this process takes no events; send them to Kafka")
    events = split(await request.body(), request.headers)
    outcomes = await run_in_threadpool(_accept, console, events, me.role is Role.PROCESS)
    counts = Counter(outcome.outcome for outcome in outcomes)
    if counts["refused"] == len(outcomes):
        first = outcomes[0]
        kind = first.reason or "refused"
        raise Problem(422, kind, first.detail or kind, outcomes=[asdict(outcome) for outcome in outcomes])
    receipt = {name: counts[name] for name in ("accepted", "duplicate", "refused")}
    return JSONResponse({**receipt, "outcomes": [asdict(outcome) for outcome in outcomes]}, status_code=202)


def _accept(console: Console, events: list[bytes], lenient: bool) -> list[EventOutcome]:
    refused = [checked(raw, console.settings.max_event_bytes, lenient=lenient) for raw in events]
    good = [raw for raw, no in zip(events, refused, strict=True) if no is None]
    taken = iter(console.accept_events(good) if good and console.accept_events else ())
    return console.repeats.told(events, [no if no is not None else next(taken) for no in refused])


async def call_admin(request: Request, console: Services, name: str) -> JSONResponse:
    """A command of this installation, by the token beside the lock file."""
    call = console.admin.get(name)
    if call is None:
        raise Problem(404, "not_found", f"this process knows {', '.join(sorted(console.admin)) or 'no command'}")
    try:
        sent = await request.json()
    except ValueError as error:
        raise Problem(422, "not_json", "send a JSON object") from error
    if not isinstance(sent, dict):
        raise Problem(422, "not_an_object", "send a JSON object")
    return JSONResponse(dict(await run_in_threadpool(call, sent)))
