"""The web server around the application: one port, an orderly end, nothing of a request in the log."""

import signal
import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

END_SECONDS = 3


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there: "all addresses" is none that one could open."""
    shown = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, not bound
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


class _Quiet(uvicorn.Server):
    """Open pages are let go first, as the server would wait for them for ever."""

    def __init__(self, config: uvicorn.Config, let_go: Callable[[], None]) -> None:
        super().__init__(config)
        self._let_go = let_go

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """SIGINT and SIGTERM end the serving and nothing else: whoever called `run` goes on to close what he opened.

        uvicorn's own raises the signal once more afterwards, which would end the process there.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End streams, then connections, then the application."""
        self._let_go()
        await super().shutdown(sockets)


class ConsoleServer:
    """Bound at once, so that its address is known and a taken port is told; serves when `run` is called."""

    def __init__(self, app: FastAPI, host: str, port: int, **options: Any) -> None:
        self._socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=END_SECONDS,
            **options,
        )
        self._server = _Quiet(config, app.state.console.feed.stop)
        self._host = host

    @property
    def url(self) -> str:
        """Where people reach it on this machine."""
        return address(self._host, self._socket.getsockname()[1])

    @property
    def is_ready(self) -> bool:
        """Whether it answers."""
        return self._server.started

    def run(self) -> None:
        """Serve until a signal (SIGINT, SIGTERM) or `stop`; in the main thread signals are taken care of."""
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def stop(self) -> None:
        """End soon; from any thread."""
        self._server.should_exit = True
