"""The composition root of the console: everything it needs is an argument, nothing happens at import."""

import hmac
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from console import api, contacts_in, erasure, metrics, outbox, suggestions_out
from console.access import Access
from console.again import Again
from console.context import Console, Me, Services, environment
from console.counting import Counted, report_counter
from console.desk_figures import Remembered, read_figures
from console.feed import Feed
from console.gate import Gate, Principal, is_machine
from console.links import PREFIX, Signer
from console.oidc import Issuer, IssuerSilent, TokenRefused, config_of
from console.pages import (
    account,
    agent,
    customer,
    customer_data,
    login,
    operator,
    order,
    profiles,
    reports,
    suggestion,
    team,
    waiting,
)
from console.passwords import Passwords
from console.ports import AcceptEvents, AdminCalls, Clock, LagSource, NoWorkers, OffsetResets, WorkerSource
from console.problems import Problem, problem
from console.roles import Role
from console.texts import text
from console.wallboard import read_wall
from outreach.desk import Desk, rules_from
from outreach.ports import Store
from outreach.records import AuditEntry
from schemas.errors import BadInput, NotFound, Refused, RingaheadError, Unavailable
from schemas.settings import Settings
from streams.letters import LetterDesk
from streams.telemetry.exposition import Exposition, Read

LOG = logging.getLogger("ringahead.console")
MAX_BODY_BYTES = 8 * 1024 * 1024
WALL_SECONDS = 10.0


def build(
    settings: Settings,
    store: Store,
    lag_source: LagSource,
    *,
    desk: Desk | None = None,
    clock: Clock | None = None,
    accept_events: AcceptEvents | None = None,
    admin: AdminCalls | None = None,
    admin_token: str | None = None,
    passwords: Passwords | None = None,
    letters: LetterDesk | None = None,
    resets: OffsetResets | None = None,
    workers: WorkerSource | None = None,
    issuer: Issuer | None = None,
    more_metrics: Mapping[str, Read] | None = None,
) -> FastAPI:
    """The console as an ASGI application.

    ``accept_events`` None: POST /v1/events answers 503. ``admin`` with ``admin_token``: POST /internal/<name> for other
    commands of this installation. ``letters``, ``resets``, ``workers``: what operators act on
    and look at; None: this process cannot. ``issuer`` None: the settings' one, if any. ``more_metrics``: readings of
    this process beside the console's own, by part.
    ``app.state.console.feed.stop()`` ends open streams, so that a server can end.
    """
    config = config_of(settings)
    used_desk = desk or Desk(rules_from(settings))
    access = Access(store, passwords or Passwords(), session_hours=settings.session_hours)
    feed = Feed(_changes(store, used_desk))
    figures = Remembered(lambda: read_figures(store, used_desk, settings))
    parts = metrics.parts(lag_source, store, figures.get, lambda: feed.open_pages, more_metrics or {})
    console = Console(
        settings=settings,
        store=store,
        desk=used_desk,
        access=access,
        feed=feed,
        lag=lag_source,
        clock=clock or (lambda: datetime.now(UTC)),
        accept_events=accept_events,
        admin=admin or {},
        templates=environment(),
        figures=figures,
        letters=letters,
        resets=resets,
        workers=workers or NoWorkers(),
        issuer=issuer or (Issuer(config) if config else None),
        signer=_signer(settings),
        wall=Remembered(lambda: read_wall(store, used_desk), WALL_SECONDS),
        reports=Counted(report_counter(admin or {})),
        metrics=Exposition(parts),
    )
    app = FastAPI(
        title="Ringahead", version="1", docs_url=None, redoc_url=None, openapi_url=None, lifespan=_lifespan(console)
    )
    app.state.console = console
    _mount(app)
    _errors(app, console)
    _guard(app, console, admin_token)
    return app


def _guard(app: FastAPI, console: Console, admin_token: str | None) -> None:
    """The gate before everything, the clock around the gate; behind it who repeats a request gets the same answer."""
    app.add_middleware(Again, store=console.store, max_body_bytes=MAX_BODY_BYTES)
    app.add_middleware(
        Gate,
        recognise=_recogniser(console, admin_token),
        error_page=lambda request, status: _error_page(console, request, status),
        max_body_bytes=MAX_BODY_BYTES,
    )
    app.add_middleware(metrics.Timed, metrics=console.metrics)


def _mount(app: FastAPI) -> None:
    for part in (
        login,
        agent,
        order,
        suggestion,
        team,
        waiting,
        profiles,
        reports,
        operator,
        account,
        customer_data,
        customer,
        api,
        contacts_in,
        erasure,
        metrics,
        outbox,
        suggestions_out,
    ):
        part.mount(app)
    app.add_api_route("/stream", stream, methods=["GET"], include_in_schema=False)
    static = StaticFiles(directory=str(files("console") / "static"))
    app.mount("/static", static, name="static")


def stream(request: Request, console: Services, me: Me, after: int = 0) -> StreamingResponse:
    """Server-sent events for an open page: from Last-Event-ID, else from where the page was made."""
    last = request.headers.get("last-event-id", "")
    start = int(last) if last.isdecimal() and len(last) < 19 else max(0, after)
    return StreamingResponse(
        console.feed.stream(start, me.user_id), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"}
    )


def _signer(settings: Settings) -> Signer | None:
    """None without a secret: no link leads anywhere then."""
    secret = settings.link_secret.get_secret_value()
    return Signer(secret) if secret else None


def _changes(store: Store, desk: Desk) -> Callable[[int], list[AuditEntry]]:
    def changes(after: int) -> list[AuditEntry]:
        with store.read() as tx:
            return desk.changes_since(tx, after)

    return changes


def _lifespan(console: Console) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        console.feed.stop()

    return lifespan


def _recogniser(console: Console, admin_token: str | None) -> Callable[[Request], Principal | None]:
    """Who calls: by the Authorization header or else by the cookie, never by both."""

    def recognise(request: Request) -> Principal | None:
        if request.url.path.startswith(PREFIX):
            return customer.recognised(console, request)
        kind, _, key = request.headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and key:
            if admin_token and hmac.compare_digest(key.encode(), admin_token.encode()):
                return Principal("process", "process", Role.PROCESS)
            scrapes = request.url.path == "/metrics"
            return console.access.by_key(key, or_known=scrapes) or _by_token(console, key)
        cookie = request.cookies.get(login.cookie_name(console))
        return console.access.by_cookie(cookie) if cookie else None

    return recognise


def _by_token(console: Console, token: str) -> Principal | None:
    """Whoever the issuer vouches for; nobody while it is silent."""
    if console.issuer is None or token.count(".") != 2:
        return None
    try:
        return console.access.by_identity(console.issuer.bearer(token))
    except (TokenRefused, IssuerSilent) as error:
        LOG.warning("a bearer token was refused: %s", error)
        return None


def _error_page(console: Console, request: Request, status: int) -> HTMLResponse:
    if status == 401:
        return customer.shut_page(console, request)
    me: Principal | None = getattr(request.state, "principal", None)
    known = status if status in {403, 404} else 500
    fields = {"name": me.name, "roles": me.role} if known == 403 and me else {}
    page = console.render(
        "error.html", title=text(f"error.title_{known}"), message=text(f"error.text_{known}", **fields)
    )
    return HTMLResponse(page, status_code=status)


def _errors(app: FastAPI, console: Console) -> None:
    """Every error that can reach the top, as a problem for programs and a page for people."""

    def answer(request: Request, status: int, kind: str, detail: str) -> Response:
        return problem(status, kind, detail) if is_machine(request) else _error_page(console, request, status)

    def on_problem(_: Request, error: Problem) -> Response:
        return problem(error.status, error.kind, error.detail, **error.more)

    def on_ours(request: Request, error: RingaheadError) -> Response:
        status, kind = status_of(error)
        return answer(request, status, kind, str(error))

    def on_http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 400 and is_machine(request):
            return problem(422, "bad_request", "the body cannot be read")
        return answer(request, error.status_code, "http", str(error.detail))

    def on_invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return answer(request, 422, "bad_request", f"{'.'.join(map(str, first['loc']))}: {first['msg']}")

    def on_bug(request: Request, error: Exception) -> Response:
        LOG.error("a request failed: %s %s", request.method, type(error).__name__, exc_info=error)
        return answer(request, 500, "internal", text("error.text_500"))

    handlers: list[tuple[type[Exception], Any]] = [
        (Problem, on_problem),
        (RingaheadError, on_ours),
        (HTTPException, on_http),
        (RequestValidationError, on_invalid),
        (Exception, on_bug),
    ]
    for kind, handler in handlers:
        app.add_exception_handler(kind, handler)


def status_of(error: RingaheadError) -> tuple[int, str]:
    """HTTP status and kind of one of our errors."""
    match error:
        case Unavailable():
            return 503, "unavailable"
        case NotFound():
            return 404, error.reason
        case Refused():
            return 409, error.reason
        case BadInput():
            return 422, "bad_input"
        case _:
            return 500, "internal"
