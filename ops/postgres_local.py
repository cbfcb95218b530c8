"""A real PostgreSQL on loopback, without Docker: `python -m ops.postgres_local start --data DIR`.

Runs the server that is installed on this machine, as a user of its own and never as root, on a free loopback port,
with its own data folder. For development, tests and continuous integration; `fsync` stays on unless asked otherwise.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from schemas.errors import Unavailable

START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 20.0
SUPERUSER = "ringahead"
_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin", "/usr/local/pgsql/bin")
_UNPRIVILEGED = ("postgres", "nobody")


class PostgresLocalError(Unavailable):
    """The local server cannot be had; the message says why and what to do."""


def find_program(name: str) -> Path:
    """A program of the newest installed server, e.g. ``initdb``; raises PostgresLocalError."""
    found = [path / name for place in _PLACES for path in Path("/").glob(place.lstrip("/")) if (path / name).exists()]
    if found:
        return max(
            found, key=lambda path: [int(part) for part in str(path).replace("-", "/").split("/") if part.isdigit()]
        )
    on_path = shutil.which(name)
    if on_path is None:
        raise PostgresLocalError(f"{name} is not installed: apt-get install postgresql, or set DATABASE_URL")
    return Path(on_path)


def server_user() -> pwd.struct_passwd | None:
    """Whom to run it as when we are root, since it refuses root; None: as ourselves."""
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise PostgresLocalError("run as another user than root: there is no user postgres or nobody to run the server as")


@dataclass
class LocalPostgres:
    """One server process and its folder; a context manager that starts and stops it."""

    folder: Path
    durable: bool = True
    """False: without fsync, for tests that are not about durability."""
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """SQLAlchemy URL of its first database."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{SUPERUSER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> Self:
        """Make the data folder if it is new, start, wait until it answers; raises PostgresLocalError."""
        data = self.folder / "data"
        if not (data / "PG_VERSION").exists():
            self._make(data)
        self.port = self.port or _free_port()
        settings = {"listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": ""}
        settings["fsync"] = "on" if self.durable else "off"
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        program = find_program("postgres")
        uid, gid = _uid_gid()
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-D", data, *options], stdout=log, stderr=log, cwd=data, user=uid, group=gid
            )
        self._wait()
        return self

    def stop(self) -> None:
        """Fast shutdown of this process and no other."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """As if the machine had lost its power: the next start recovers."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(STOP_TIMEOUT_SECONDS)
            self.process = None

    def _make(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        user = server_user()
        if user is not None:
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            os.chown(data, user.pw_uid, user.pw_gid)
        data.chmod(0o700)
        uid, gid = _uid_gid()
        program = find_program("initdb")
        options = f"-U {SUPERUSER} -A trust -E UTF8 --no-locale --no-sync".split()
        arguments: list[str | Path] = ["-D", data, *options]
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, cwd=data, check=False, user=uid, group=gid
        )
        if done.returncode:
            raise PostgresLocalError(f"initdb failed: {(done.stdout + done.stderr).strip()[-1000:]}")

    def _wait(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if self.process is not None and self.process.poll() is not None:
                raise PostgresLocalError(f"the server ended: {self._last_words()}")
            if _answers(self.port):
                return
            time.sleep(0.1)
        self.stop()
        raise PostgresLocalError(f"the server did not answer in {START_TIMEOUT_SECONDS:.0f} s: {self._last_words()}")

    def _last_words(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace").strip()[-1000:]

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextmanager
def server_for_tests() -> Generator[str]:
    """URL of a server to make databases on: DATABASE_URL, else Docker, else the installed server.

    Raises PostgresLocalError with the reason when there is none of them.
    """
    given = os.environ.get("DATABASE_URL")
    if given:
        yield given
    elif shutil.which("docker") and _docker_runs():
        from testcontainers.postgres import PostgresContainer

        with PostgresContainer("postgres:16-alpine", driver="psycopg") as container:
            yield container.get_connection_url()
    else:
        with tempfile.TemporaryDirectory(prefix="ringahead-postgres-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)
            with LocalPostgres(Path(folder), durable=False) as server:
                yield server.url


@contextmanager
def scratch_database(server_url: str) -> Generator[str]:
    """URL of a new, empty database on this server; dropped at the end."""
    from sqlalchemy import create_engine, make_url, text

    url = make_url(server_url).set(drivername="postgresql+psycopg")
    name = f"ringahead_test_{os.urandom(6).hex()}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with admin.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            with admin.connect() as connection:
                connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    finally:
        admin.dispose()


def _docker_runs() -> bool:
    docker = shutil.which("docker") or "docker"
    return subprocess.run([docker, "info"], capture_output=True, check=False).returncode == 0


def _uid_gid() -> tuple[int | None, int | None]:
    user = server_user()
    return (None, None) if user is None else (user.pw_uid, user.pw_gid)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as opened:
        return int(opened.getsockname()[1])


def _answers(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(f"host=127.0.0.1 port={port} user={SUPERUSER} dbname=postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@click.group()
def main() -> None:
    """A real PostgreSQL on loopback, without Docker."""


@main.command()
@click.option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the server; made if missing.")
@click.option("--port", type=int, default=0, help="Loopback port; 0 takes a free one.")
def start(data: Path, port: int) -> None:
    """Start it, print its URL, run until Ctrl-C."""
    with LocalPostgres(data.resolve(), port=port) as server:
        click.echo(server.url)
        try:
            signal.sigwait({signal.SIGINT, signal.SIGTERM})
        except KeyboardInterrupt:
            click.echo("stopping")


if __name__ == "__main__":
    main()
