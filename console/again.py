"""The same request again: idempotency keys for what changes something, entity tags for what is read.

Pure ASGI, behind the gate, for ``/v1/`` alone. An answer is kept for a day by who asked, his key and what he asked.
"""

import hashlib
from datetime import timedelta

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.gate import Principal, replayed, whole_body
from console.problems import problem
from outreach.access import KeptAnswer
from outreach.ports import Store
from schemas.errors import Unavailable
from schemas.ids import stable_hash

KEPT = timedelta(hours=24)
AT_WORK = timedelta(seconds=60)
"""After this silence whoever was at work on a key has died, and the next one does it."""
KEY_HEADER = "idempotency-key"
REPLAYED = "idempotency-replayed"
MOST_KEY = 200
TOO_LARGE = 413
SLOW_DOWN = 429


class Again:
    """ASGI middleware around the API."""

    def __init__(self, app: ASGIApp, *, store: Store, max_body_bytes: int) -> None:
        self._app = app
        self._store = store
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        api = scope["type"] == "http" and scope["path"].startswith("/v1/")
        if api and scope["method"] == "POST" and KEY_HEADER in Headers(scope=scope):
            await self._once(scope, receive, send)
        elif api and scope["method"] == "GET":
            await self._tagged(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _tagged(self, scope: Scope, receive: Receive, send: Send) -> None:
        """With an entity tag; 304 without a body where the caller has it already."""
        caught = Caught()
        await self._app(scope, receive, caught.send)
        if caught.status == 200:
            headers = MutableHeaders(raw=caught.headers)
            tag = headers.setdefault("etag", entity_tag(caught.body))
            headers.setdefault("cache-control", "private, no-cache")
            if matches(Headers(scope=scope).get("if-none-match", ""), tag):
                kept = {name: headers[name] for name in ("etag", "cache-control", "link") if name in headers}
                await Response(status_code=304, headers=kept)(scope, receive, send)
                return
        await caught.forward(send)

    async def _once(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Do it, or give the answer of the first time again."""
        told = Headers(scope=scope)[KEY_HEADER]
        if not 1 <= len(told) <= MOST_KEY or not all("!" <= sign <= "~" for sign in told):
            await problem(422, "bad_key", f"Idempotency-Key: 1 to {MOST_KEY} visible ASCII characters")(
                scope, receive, send
            )
            return
        body = await whole_body(receive, self._max_body_bytes)
        if body is None:  # the gate counted it before
            await problem(TOO_LARGE, "too_large", "the body is too large")(scope, receive, send)
            return
        principal: Principal = scope["state"]["principal"]
        key = stable_hash("answer", principal.user_id, told, size_bytes=16).hex()
        known = await self._known(key, _fingerprint(scope, body))
        if known is not None:
            await known(scope, receive, send)
            return
        caught = Caught()
        try:
            await self._app(scope, replayed(body, receive), caught.send)
        except BaseException:
            await run_in_threadpool(self._forget, key)
            raise
        await run_in_threadpool(self._keep, key, _fingerprint(scope, body), caught)
        await caught.forward(send)

    async def _known(self, key: str, fingerprint: str) -> Response | None:
        try:
            return await run_in_threadpool(self._begin, key, fingerprint)
        except Unavailable as error:
            return problem(503, "unavailable", str(error))

    def _begin(self, key: str, fingerprint: str) -> Response | None:
        """None: do it, it is yours; else the answer."""
        with self._store.begin() as tx:
            tx.take_turns([f"answer:{key}"])
            now = tx.db_now()
            tx.kept_answers.end_before(now - KEPT)
            kept = tx.kept_answers.get(key)
            if kept is None or (kept.status == 0 and now - kept.created_at > AT_WORK):
                tx.kept_answers.put([KeptAnswer(key, fingerprint, now)])
                return None
        if kept.fingerprint != fingerprint:
            return problem(422, "key_reused", "this Idempotency-Key was used for another request")
        if kept.status == 0:
            return problem(409, "in_progress", "the first one is still at work", {"Retry-After": "2"})
        return Response(kept.body, kept.status, {REPLAYED: "true"}, kept.media_type or None)

    def _keep(self, key: str, fingerprint: str, caught: "Caught") -> None:
        """What may be otherwise the next time is not kept."""
        if caught.status >= 500 or caught.status == SLOW_DOWN:
            self._forget(key)
            return
        media_type = MutableHeaders(raw=caught.headers).get("content-type", "")
        with self._store.begin() as tx:
            answer = KeptAnswer(key, fingerprint, tx.db_now(), caught.status, media_type, caught.body)
            tx.kept_answers.put([answer])

    def _forget(self, key: str) -> None:
        with self._store.begin() as tx:
            tx.kept_answers.remove(key)


class Caught:
    """An answer that was not sent yet."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: list[tuple[bytes, bytes]] = []
        self._parts: list[bytes] = []

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(self._parts)

    async def send(self, message: Message) -> None:
        """In place of the connection's."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message["headers"])
        elif message["type"] == "http.response.body":
            self._parts.append(message.get("body", b""))

    async def forward(self, send: Send) -> None:
        """Send it on."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})


def entity_tag(body: bytes) -> str:
    """A strong tag: the same bytes, the same tag."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(condition: str, tag: str) -> bool:
    """Whether If-None-Match or If-Match names the tag, or any at all."""
    named = {one.strip().removeprefix("W/") for one in condition.split(",")}
    return "*" in named or tag in named


def _fingerprint(scope: Scope, body: bytes) -> str:
    content_type = Headers(scope=scope).get("content-type", "")
    asked = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"), content_type)
    return hashlib.sha256("\0".join(asked).encode() + b"\0" + body).hexdigest()
