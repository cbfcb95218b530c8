"""A Kafka and a PostgreSQL of the test's own, with the product's own topic names, and its own commands as processes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.kafka_local import LocalKafka
from ops.postgres_local import scratch_database, server_for_tests
from schemas.settings import Settings

STOP_SECONDS = 20


class Installation:
    """Settings of a Kafka installation, and its processes."""

    def __init__(self, folder: Path, bootstrap: str, database: str) -> None:
        self._environment = {
            "RINGAHEAD_RUNTIME": "kafka",
            "RINGAHEAD_DATA_DIR": str(folder),
            "RINGAHEAD_KAFKA_BOOTSTRAP": bootstrap,
            "RINGAHEAD_DATABASE_URL": database,
            "RINGAHEAD_DEFAULT_ZONE": "Europe/London",
            "RINGAHEAD_KAFKA_SESSION_TIMEOUT_SECONDS": "10",
            "RINGAHEAD_KAFKA_HEARTBEAT_SECONDS": "2",
            "RINGAHEAD_KAFKA_REBALANCE_TIMEOUT_SECONDS": "15",
        }
        self.settings = Settings(
            runtime="kafka",
            data_dir=folder,
            kafka_bootstrap=bootstrap,
            database_url=database,  # type: ignore[arg-type]  # pydantic makes it secret
            default_zone="Europe/London",
        )

    @contextmanager
    def process(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """A command of ours, running for the block; it must not end by itself."""
        main = "from ops.cli import main; main()"
        environment = {**os.environ, **self._environment}
        process = subprocess.Popen([sys.executable, "-c", main, *command], env=environment, text=True)
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
        """A command of ours, to its end; what it printed."""
        main = "from ops.cli import main; main()"
        told = subprocess.run(
            [sys.executable, "-c", main, *command],
            env={**os.environ, **self._environment},
            check=True,
            text=True,
            stdout=subprocess.PIPE,
        )
        return told.stdout


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Topics made, database migrated, nothing running yet."""
    with (
        LocalKafka(tmp_path / "kafka") as kafka,
        server_for_tests() as server,
        scratch_database(server) as database,
    ):
        made = Installation(tmp_path / "data", kafka.bootstrap, database)
        made.run("migrate")
        made.run("topics", "apply")
        yield made


def wait_until(done: Callable[[], bool], what: str, seconds: float = 400) -> None:
    """Ask twice a second."""
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, f"{what} took longer than {seconds:.0f} s"
        time.sleep(0.5)
