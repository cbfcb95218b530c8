"""What a worker answers over HTTP: is it alive, is it ready, and whatever else it is given to tell.

A thread with the standard library's server: it answers also while the event loop is blocked, and says so. There is
no login; listen on loopback, or where only the machine's supervisor can reach it.
"""

import json
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

from streams.microbatch.status import WorkerStatus

REQUEST_SECONDS = 5.0
POLL_SECONDS = 0.1


class Page(NamedTuple):
    """An answer."""

    status: int
    content_type: str
    body: bytes


Pages = Mapping[str, Callable[[], Page]]


def standard_pages(status: Callable[[], WorkerStatus], blocked_seconds: float) -> Pages:
    """/livez and /readyz. blocked_seconds: an event loop that has not run for so long is not alive."""
    return {"/livez": lambda: livez(status(), blocked_seconds), "/readyz": lambda: readyz(status())}


def livez(status: WorkerStatus, blocked_seconds: float) -> Page:
    """200 while the event loop runs, brokers there or not; a supervisor may kill what answers 503."""
    alive = status.loop_age_seconds < blocked_seconds
    return _json(alive, {"alive": alive, "loop_age_seconds": round(status.loop_age_seconds, 1)})


def readyz(status: WorkerStatus) -> Page:
    """200 when the group answers and every partition takes records; otherwise 503 with the reasons."""
    told = status.as_json()
    return _json(told["ready"], told)


def _json(good: bool, told: Mapping[str, Any]) -> Page:
    return Page(200 if good else 503, "application/json", json.dumps(told).encode() + b"\n")


class PageServer:
    """Serves pages from a thread; a context manager, or start and stop."""

    def __init__(self, host: str, port: int, pages: Pages) -> None:
        self._server = _Server((host, port), _Handler)
        self._server.pages = pages

    @property
    def port(self) -> int:
        """The port that is listened on; 0 was asked for a free one."""
        return int(self._server.server_address[1])

    def start(self) -> Self:
        """Serve from now on."""
        threading.Thread(target=self._server.serve_forever, args=(POLL_SECONDS,), name="pages", daemon=True).start()
        return self

    def stop(self) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    pages: Pages


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = REQUEST_SECONDS
    server_version = "worker"
    sys_version = ""

    def do_GET(self) -> None:
        page = self.server.pages.get(self.path.partition("?")[0])
        answer = page() if page else Page(404, "text/plain", b"/livez, /readyz\n")
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it
        """Nothing: probes come every few seconds."""
