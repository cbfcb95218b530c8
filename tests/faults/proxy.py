"""A TCP proxy before PostgreSQL that breaks a connection, or the server, around a commit that is waited for.

It reads what the client says (frontend protocol, unencrypted): a transaction that wrote a wanted table, and its COMMIT.
"""

import contextlib
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

READ_BYTES = 65536
COMMIT = b"COMMIT"
BEGIN = b"BEGIN"
DONE = b"COMMIT\0"
"""The server's word that it has committed."""


class Moment(StrEnum):
    """When the connection dies."""

    BEFORE = "before"
    """The server never hears of the commit."""
    DURING = "during"
    """The server is killed as it hears of it."""
    AFTER = "after"
    """The server has committed, and the client never hears of it."""


@dataclass
class Trap:
    """One fault that waits for its commit."""

    moment: Moment
    table: bytes
    """Only a transaction that writes this table is meant."""
    sprung: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Listens on a loopback port; a context manager."""

    def __init__(self, server_port: int, kill_server: Callable[[], None]) -> None:
        self._server_port, self._kill_server = server_port, kill_server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._trap: Trap | None = None

    def __enter__(self) -> "Proxy":
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def set_trap(self, trap: Trap) -> None:
        """Break the next commit that fits, once."""
        with self._lock:
            self._trap = trap

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._server_port))
            except OSError:
                client.close()
                continue
            Link(self, client, server).start()

    def take_trap(self, written: bytes) -> Trap | None:
        """The trap, if this transaction springs it."""
        with self._lock:
            trap = self._trap
            if trap is None or trap.table not in written:
                return None
            self._trap = None
            return trap

    def spring(self, trap: Trap) -> None:
        """Do what is done to the server."""
        if trap.moment is Moment.DURING:
            self._kill_server()
        trap.sprung.set()


class Link:
    """One client's connection."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._written = b""
        self._silenced: Trap | None = None
        self._withheld = b""

    def start(self) -> None:
        """Pump both ways until one side ends."""
        for pump in (self._from_client, self._from_server):
            threading.Thread(target=pump, daemon=True).start()

    def _from_client(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._client.recv(READ_BYTES):
                if BEGIN in data:
                    self._written = b""
                self._written += data
                trap = self._proxy.take_trap(self._written) if COMMIT in data else None
                if trap is not None and trap.moment is Moment.AFTER:
                    self._silenced = trap
                if trap is None or trap.moment is not Moment.BEFORE:
                    self._server.sendall(data)
                if trap is not None and trap.moment is not Moment.AFTER:
                    self._proxy.spring(trap)
                    break
        self._close()

    def _from_server(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(READ_BYTES):
                if self._silenced is None:
                    self._client.sendall(data)
                    continue
                self._withheld += data
                if DONE in self._withheld:
                    self._proxy.spring(self._silenced)
                    break
        self._close()

    def _close(self) -> None:
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
