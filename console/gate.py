"""The one gate before every endpoint: size, login, role, CSRF token, and the headers of every answer.

Pure ASGI, so that nothing behind it runs, not even the parsing of a body, before the caller may.
"""

import hmac
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.links import PREFIX as CUSTOMER_PREFIX
from console.problems import problem
from console.rates import CUSTOMERS, LOGINS, PEOPLE_AND_PROGRAMS, RateLimit
from console.roles import OPEN, Role, allowed_roles, methods_of
from console.scopes import scope_of
from schemas.errors import Unavailable

SAFE_METHODS = frozenset({"GET", "HEAD"})
_NUL = re.compile(rb"\x00|%00|\\u0000")
"""As it is, in a form, in JSON: PostgreSQL keeps no text with one. Events say themselves which field it is in."""
CSRF_HEADER = "x-csrf-token"
MAX_FORM_BYTES = 64 * 1024
MACHINE_PREFIXES = ("/v1/", "/internal/", "/healthz", "/readyz", "/metrics")
NOBODY_ASKED = ("/static/", "/healthz", "/readyz")
"""Open paths at which it does not matter who calls: the database is not asked."""
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Not "no-referrer": browsers then name no origin in a form's POST, and nobody could sign in with a password.
HEADERS = (
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-frame-options", b"DENY"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: a user's session, an API key, or another command of this installation."""

    user_id: str
    name: str
    role: Role
    csrf: str | None = None
    """The session's token; None where no cookie is involved and hence nothing can be forged."""
    scopes: frozenset[str] | None = None
    """Of an API key; None: all that the role may do."""


Recognise = Callable[[Request], Principal | None]
PageFor = Callable[[Request, int], Response]


class Gate:
    """ASGI middleware. ``recognise`` may ask the database and runs in a thread."""

    def __init__(self, app: ASGIApp, *, recognise: Recognise, error_page: PageFor, max_body_bytes: int) -> None:
        self._app = app
        self._recognise = recognise
        self._error_page = error_page
        self._max_body_bytes = max_body_bytes
        self._rates = RateLimit(PEOPLE_AND_PROGRAMS, monotonic)
        self._login_rates = RateLimit(LOGINS, monotonic)
        self._customer_rates = RateLimit(CUSTOMERS, monotonic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        answer = _with_headers(scope, send)
        asked = scope.get("raw_path", b"") + scope.get("query_string", b"")
        if _NUL.search(asked) and not _is_customer(request):  # links that lead nowhere all get one answer
            await problem(422, "bad_request", "no text has a NUL in it")(scope, receive, answer)
            return
        try:
            refused = await self._refusal(request)
        except Unavailable as error:  # who asks is in the database
            refused = self._error(request, 503, "unavailable", str(error))
        if refused is not None:
            await refused(scope, receive, answer)
            return
        if request.method in SAFE_METHODS:
            await self._app(scope, receive, answer)
            return
        limit_bytes = self._max_body_bytes if is_machine(request) else MAX_FORM_BYTES
        body = await whole_body(receive, limit_bytes)
        if body is None:
            await problem(413, "too_large", f"at most {limit_bytes} bytes")(scope, receive, answer)
            return
        if request.url.path != "/v1/events" and _NUL.search(body):
            await problem(422, "bad_request", "no text has a NUL in it")(scope, receive, answer)
            return
        await self._app(scope, replayed(body, receive), answer)

    async def _refusal(self, request: Request) -> Response | None:
        """The answer that ends it here, or None: go on, with ``request.state.principal`` set."""
        method, path = request.method, request.url.path
        allowed = allowed_roles(method, path)
        if allowed == OPEN and path.startswith(NOBODY_ASKED):
            return None
        principal = await run_in_threadpool(self._recognise, request)
        request.state.principal = principal
        busy = self._too_often(request, principal)
        if busy is not None or allowed == OPEN:
            return busy
        if principal is None:
            return self._error_page(request, 401) if _is_customer(request) else _to_login(request)
        return self._refuse(request, principal, allowed)

    def _refuse(self, request: Request, principal: Principal, allowed: frozenset[Role] | None) -> Response | None:
        """Somebody is known: may he do this, and did he mean it?"""
        if allowed is None:
            return self._unknown(request)
        if principal.role not in allowed:
            return self._error(request, 403, "not_allowed", f"the role {principal.role} may not do this")
        needed = scope_of(request.method, request.url.path)
        if principal.scopes is not None and needed not in principal.scopes:
            return self._error(request, 403, "scope", f"the key lacks the scope {needed or 'of a person'}")
        if request.method not in SAFE_METHODS and not _is_meant(request, principal):
            return problem(403, "csrf", "the request does not carry this session's token; reload the page")
        return None

    def _too_often(self, request: Request, principal: Principal | None) -> Response | None:
        """Logins are counted by address, everything else by who asks; our own commands are not counted."""
        if principal is not None and principal.role is Role.CUSTOMER:
            wait = self._customer_rates.wait_seconds(principal.user_id)
        elif principal is not None:
            wait = 0.0 if principal.role is Role.PROCESS else self._rates.wait_seconds(principal.user_id)
        elif request.method not in SAFE_METHODS or _is_customer(request):
            wait = self._login_rates.wait_seconds(request.client.host if request.client else "")
        else:
            return None
        headers = {"Retry-After": str(math.ceil(wait))}
        return problem(429, "too_often", f"wait {wait:.1f} s", headers) if wait else None

    def _unknown(self, request: Request) -> Response:
        known = methods_of(request.url.path)
        if known:
            return problem(405, "method", f"only {', '.join(known)}", headers={"Allow": ", ".join(known)})
        return self._error(request, 404, "not_found", "there is no such address")

    def _error(self, request: Request, status: int, kind: str, detail: str) -> Response:
        if is_machine(request):
            return problem(status, kind, detail)
        return self._error_page(request, status)


def is_machine(request: Request) -> bool:
    """Whether a program reads the answer."""
    return request.url.path.startswith(MACHINE_PREFIXES)


def _is_customer(request: Request) -> bool:
    """Whether it is a link to an account's own page: no login leads there."""
    return request.url.path.startswith(CUSTOMER_PREFIX)


def _to_login(request: Request) -> Response:
    """Programs are told; people are sent to the login, and open pages as well."""
    if is_machine(request):
        return problem(401, "login", "send an API key: Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"})
    if request.headers.get("hx-request"):
        return Response(status_code=401, headers={"HX-Redirect": "/login?ended=1"})
    if request.method not in SAFE_METHODS or "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=401)
    return RedirectResponse(f"/login?next={quote(request.url.path)}", status_code=303)


def _is_meant(request: Request, principal: Principal) -> bool:
    """Whether our own page sent it: the session's token, and no foreign origin."""
    if principal.csrf is None:
        return True
    sent = request.headers.get(CSRF_HEADER, "")
    return same_origin(request) and hmac.compare_digest(sent.encode(), principal.csrf.encode())


def same_origin(request: Request) -> bool:
    """Whether the browser names no other origin than ours."""
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


async def whole_body(receive: Receive, limit_bytes: int) -> bytes | None:
    """The body, counted while it arrives, whatever Content-Length promised; None when it is too long."""
    parts: list[bytes] = []
    size_bytes = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size_bytes += len(part)
        if size_bytes > limit_bytes:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def replayed(body: bytes, receive: Receive) -> Receive:
    """The body once more, and after it whatever the connection says (that it ended)."""
    told = False

    async def replaying() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replaying


def _with_headers(scope: Scope, send: Send) -> Send:
    """Adds the headers of every answer; pages are never stored, static files for an hour."""
    static = str(scope.get("path", "")).startswith("/static/")
    cache = (b"cache-control", b"public, max-age=3600" if static else b"no-store")

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            present = {name for name, _ in message["headers"]}
            added = [pair for pair in (*HEADERS, cache) if pair[0] not in present]
            message["headers"] = [*message["headers"], *added]
        await send(message)

    return sending
