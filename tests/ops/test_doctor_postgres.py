"""The doctor at a real PostgreSQL: before and after `ringahead migrate`."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from ops.checks import State, servers
from ops.cli import run
from ops.postgres_local import scratch_database, server_for_tests
from schemas.settings import Settings

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server_for_tests() as server, scratch_database(server) as found:
        yield found


def test_migrate_mends_what_the_doctor_misses(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(database_url=SecretStr(url))
    before = {check.topic: check for check in servers.postgres(settings)}
    assert before["PostgreSQL"].state is State.OK
    assert (before["Tables"].state, before["Tables"].mend) == (State.MISSING, "ringahead migrate")
    monkeypatch.setenv("RINGAHEAD_DATABASE_URL", url)
    assert run(["migrate"]) == 0
    after = {check.topic: check.state for check in servers.postgres(settings)}
    assert after == {"PostgreSQL": State.OK, "Tables": State.OK, "Model": State.NOTE, "Users": State.NOTE}
