"""GET /metrics: lag, the desk, the fold of this process, and requests, in Prometheus' text format."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from fastapi import FastAPI
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.context import Services
from console.desk_figures import DeskFigures
from console.ports import LagSource, PartitionLag
from console.roles import pattern_of
from outreach.ports import Store
from schemas.errors import DeadLetterReason
from streams.lag.status import LagStatus
from streams.telemetry.exposition import CONTENT_TYPE, Exposition, Read, Reading

STREAMS = frozenset({"/stream"})
"""Open for minutes by design: their duration says nothing."""


def mount(app: FastAPI) -> None:
    """Add the route."""
    app.add_api_route("/metrics", scrape, methods=["GET"], include_in_schema=False)


def scrape(console: Services) -> Response:
    """For whoever watches: an operator's session, or an API key of such a user."""
    return Response(console.metrics.text(), media_type=CONTENT_TYPE)


def parts(
    lag: LagSource, store: Store, figures: Callable[[], DeskFigures], pages: Callable[[], int], more: Mapping[str, Read]
) -> Mapping[str, Read]:
    """Where the console's readings come from."""
    return {
        "lag": lambda: lag_readings(lag.sample(), getattr(lag, "age_seconds", None)),
        "desk": lambda: desk_readings(figures(), _letters(store)),
        "pages": lambda: [Reading("ringahead_open_pages", pages())],
        **more,
    }


def lag_readings(rows: Iterable[PartitionLag], age_seconds: float | None) -> Iterator[Reading]:
    """What is not known is left out: absent is not 0."""
    if age_seconds is not None:
        yield Reading("ringahead_lag_sample_age_seconds", age_seconds)
    for row in rows:
        place = {"group": row.group, "topic": row.topic, "partition": str(row.partition)}
        values = {
            "lag_events": row.lag_events,
            "lag_seconds": row.lag_seconds,
            "committed_offset": row.committed,
            "end_offset": row.end,
            "gone_events": row.gone_events,
            "catch_up_seconds": row.catch_up_seconds,
        }
        for name, value in values.items():
            if value is not None:
                yield Reading(f"ringahead_consumer_{name}", value, place)
        for status in LagStatus:
            yield Reading("ringahead_consumer_status", float(status == row.status), {**place, "status": status})


def desk_readings(figures: DeskFigures, letters: Mapping[str, int]) -> Iterator[Reading]:
    """Counts, ages and progress. Every reason of a letter is told, 0 too: a rise from nothing must be a rise."""
    for clock in figures.clocks:
        labels = {"partition": str(clock.partition)}
        yield Reading("ringahead_business_time_timestamp_seconds", clock.as_of.timestamp(), labels)
        if clock.rollout is not None:
            running = clock.rollout.finished_at is None
            yield Reading("ringahead_rollout_running", float(running), labels)
            for state, count in (("done", clock.rollout.accounts_done), ("total", clock.rollout.accounts_total)):
                yield Reading("ringahead_rollout_accounts", count, {**labels, "state": state})
    counted = (
        ("tasks", "state", figures.tasks),
        ("needs_refused", "reason", figures.refused),
        ("outbox_waiting_messages", "destination", figures.outbox),
        ("dead_letters", "reason", dict.fromkeys(DeadLetterReason, 0) | dict(letters)),
    )
    for name, label, counts in counted:
        for word, count in counts.items():
            yield Reading(f"ringahead_{name}", count, {label: str(word)})
    pace = figures.emission.pace if figures.emission else None
    values = {
        "model_age_seconds": figures.model_age_seconds,
        "forecast_age_seconds": figures.forecast_age_seconds,
        "tasks_opened_last_day": None if pace is None else pace.opened,
        "tasks_opened_normal": None if pace is None else pace.normal,
        "kill_switch": float(figures.stopped),
    }
    for name, value in values.items():
        if value is not None:
            yield Reading(f"ringahead_{name}", value)


def _letters(store: Store) -> Mapping[str, int]:
    with store.read() as tx:
        return tx.dead_letters.counts()


class Timed:
    """ASGI middleware around everything: counts answers by method, route and status, and times them."""

    def __init__(self, app: ASGIApp, *, metrics: Exposition) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in {"GET", "HEAD", "POST"} else "other"
        route, began = pattern_of(method, scope["path"]), time.perf_counter()
        told: list[object] = []

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                told.append(message["status"])
                self._metrics.count(
                    "ringahead_http_requests_total", method=method, route=route, status=str(message["status"])
                )
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception:  # answered with 500 further out
            if not told:
                self._metrics.count("ringahead_http_requests_total", method=method, route=route, status="500")
            raise
        finally:
            if route not in STREAMS:
                seconds = time.perf_counter() - began
                self._metrics.observe("ringahead_http_request_duration_seconds", seconds, method=method, route=route)
