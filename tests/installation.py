"""A Kafka installation of the product as tests run it: its settings, its own commands as processes."""

import asyncio
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path

from ops.cli import run
from ops.kafka_local import LocalKafka
from ops.postgres_local import scratch_database, server_for_tests
from outreach.store.migrate import upgrade
from outreach.store.sql import create
from schemas.settings import Settings
from streams.kafka_topics import apply

STOP_SECONDS = 20
SESSION_SECONDS = 10
MAIN = ("-c", "from ops.cli import main; main()")


class Installation:
    """Settings of a Kafka installation, and its processes."""

    def __init__(self, folder: Path, bootstrap: str, database: str, replication: int = 1) -> None:
        self.environment = {
            "RINGAHEAD_RUNTIME": "kafka",
            "RINGAHEAD_DATA_DIR": str(folder),
            "RINGAHEAD_KAFKA_BOOTSTRAP": bootstrap,
            "RINGAHEAD_KAFKA_REPLICATION": str(replication),
            "RINGAHEAD_DATABASE_URL": database,
            "RINGAHEAD_DEFAULT_ZONE": "Europe/London",
            "RINGAHEAD_KAFKA_SESSION_TIMEOUT_SECONDS": str(SESSION_SECONDS),
            "RINGAHEAD_KAFKA_HEARTBEAT_SECONDS": "2",
            "RINGAHEAD_KAFKA_REBALANCE_TIMEOUT_SECONDS": "15",
        }
        self.settings = Settings(
            runtime="kafka",
            data_dir=folder,
            kafka_bootstrap=bootstrap,
            kafka_replication=replication,
            database_url=database,  # type: ignore[arg-type]  # pydantic makes it secret
            default_zone="Europe/London",
        )

    @contextmanager
    def process(self, *command: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """A command of ours, running for the block, with more settings by variable; it must not end by itself."""
        environment = {**self._whole_environment(), **settings}
        process = subprocess.Popen([sys.executable, *MAIN, *command], env=environment, text=True)
        try:
            yield process
            assert process.poll() is None, f"{command} ended by itself"
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise

    def run(self, *command: str) -> str:
        """A command of ours, to its end; what it printed. In this process: an interpreter of its own takes seconds.

        Raises CalledProcessError where its exit code is not 0.
        """
        printed = io.StringIO()
        before = dict(os.environ)
        os.environ.update(self.environment)
        try:
            with redirect_stdout(printed):
                code = run(list(command))
        finally:
            os.environ.clear()
            os.environ.update(before)
        if code:
            raise subprocess.CalledProcessError(code, command, printed.getvalue())
        return printed.getvalue()

    def _whole_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment}


def wait_until(done: Callable[[], bool], what: str, seconds: float = 400) -> None:
    """Ask twice a second."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"{what} took longer than {seconds:.0f} s"
        time.sleep(0.5)


@contextmanager
def installed(folder: Path) -> Iterator[Installation]:
    """With a Kafka and a database of its own: topics made, database migrated, nothing running yet."""
    with (
        LocalKafka(folder / "kafka", short_lived=True) as kafka,
        server_for_tests() as server,
        scratch_database(server) as database,
    ):
        made = Installation(folder / "data", kafka.bootstrap, database)
        engine = create(made.settings.sqlalchemy_url)
        upgrade(engine)
        engine.dispose()
        asyncio.run(apply(made.settings))
        yield made
