"""A Kafka installation of the benchmark's own: broker, PostgreSQL, worker and desk as processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ops.kafka_local import LocalKafka
from ops.postgres_local import LocalPostgres
from schemas.settings import Settings

STOP_SECONDS = 20
COMMAND = (sys.executable, "-c", "from ops.cli import main; main()")


class KafkaInstallation:
    """Topics made, database migrated; processes are started one by one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kafka = LocalKafka(folder / "kafka")
        self._postgres = LocalPostgres(folder / "postgres")

    def __enter__(self) -> "KafkaInstallation":
        self._folder.chmod(0o755)
        (self._folder / "postgres").mkdir()
        self._kafka.start()
        try:
            self._postgres.start()
            self.run("migrate")
            self.run("topics", "apply")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._postgres.stop()
        self._kafka.stop()

    @property
    def settings(self) -> Settings:
        """For clients in this process."""
        return Settings(
            runtime="kafka",
            data_dir=self._folder / "data",
            kafka_bootstrap=self._kafka.bootstrap,
            database_url=self._postgres.url,
        )

    @property
    def _environment(self) -> dict[str, str]:
        return os.environ | {
            "RINGAHEAD_RUNTIME": "kafka",
            "RINGAHEAD_DATA_DIR": str(self._folder / "data"),
            "RINGAHEAD_KAFKA_BOOTSTRAP": self._kafka.bootstrap,
            "RINGAHEAD_DATABASE_URL": self._postgres.url,
            "RINGAHEAD_DEFAULT_ZONE": "Europe/London",
            "RINGAHEAD_REGISTERS_REQUIRED": "false",
        }

    def run(self, *command: str) -> None:
        """A command of ours, to its end."""
        subprocess.run([*COMMAND, *command], env=self._environment, check=True, stdout=subprocess.DEVNULL)

    @contextmanager
    def process(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command of ours that runs for the block."""
        with subprocess.Popen([*COMMAND, *command], env=self._environment, stdout=subprocess.DEVNULL) as process:
            try:
                yield process
            finally:
                process.terminate()
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
