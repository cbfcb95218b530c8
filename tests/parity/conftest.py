"""A Kafka and a PostgreSQL of the test's own, with the product's own topic names, and its own commands as processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installation import Installation, installed


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Topics made, database migrated, nothing running yet."""
    with installed(tmp_path) as made:
        yield made
