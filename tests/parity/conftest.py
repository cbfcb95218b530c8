"""A Kafka and a PostgreSQL of the test's own, with the product's own topic names, and its own commands as processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.kafka_local import LocalKafka
from ops.postgres_local import scratch_database, server_for_tests
from tests.installation import Installation


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
