"""The log by account on a real Kafka and a real PostgreSQL: `ringahead archive` killed, read, shown in lag."""

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.account_log import records_of, told
from outreach.desk import Desk, ErasureReason, rules_from
from outreach.store.sql import SqlStore, store_for
from schemas.topics import Topic
from streams.kafka.archive import GROUP
from streams.kafka.log import append, read_records
from tests.installation import MAIN, Installation, installed, wait_until
from tests.streams.harness import said
from tests.streams.scene import placed

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ACCOUNTS = ("one", "two", "three")


def send(installation: Installation, numbers: range) -> None:
    events = [said(placed(f"o{n}", wire=1 + n), START, f"o{n}", ACCOUNTS[n % 3]) for n in numbers]
    asyncio.run(append(installation.settings, events))


async def _log(installation: Installation, account_id: str) -> list[tuple[int, int, bytes]]:
    found = [record async for chunk in read_records(installation.settings) for record in chunk]
    return [(r.partition, r.offset, r.value or b"") for r in found if r.key == account_id.encode()]


def copied(store: SqlStore, account_id: str) -> list[tuple[int, int, bytes]]:
    with store.read() as tx:
        return [(r.partition, r.position, r.value) for r in tx.account_log.of_account(account_id, 10_000)]


def count(store: SqlStore) -> int:
    return sum(len(copied(store, one)) for one in ACCOUNTS)


def test_the_copy_is_the_log_by_account_whatever_is_killed(tmp_path: Path) -> None:
    with installed(tmp_path) as installation:
        store = store_for(installation.settings.sqlalchemy_url)
        send(installation, range(600))
        for reached in (1, 300):
            killed = subprocess.Popen([sys.executable, *MAIN, "archive"], env=installation._whole_environment())
            wait_until(lambda reached=reached: count(store) >= reached, "a copy", 60)  # type: ignore[misc]
            killed.send_signal(signal.SIGKILL)
            killed.wait()
            send(installation, range(600 + reached * 10, 600 + reached * 10 + 900))
        with installation.process("archive"):
            wait_until(lambda: count(store) >= 2400, "the copy", 120)
            for account in ACCOUNTS:
                assert copied(store, account) == asyncio.run(_log(installation, account))
            lag = json.loads(installation.run("lag", GROUP, "--samples", "1", "--json"))
            assert {row["topic"] for row in lag} == {Topic.LOG.value}
            assert {row["lag_events"] for row in lag} <= {0, None}
            page_of(installation, store)
            erased(installation, store)
        store.close()


def page_of(installation: Installation, store: SqlStore) -> None:
    """What the account's page asks for."""
    with store.read() as tx:
        page = told(records_of(installation.settings, tx, "one"))
    assert len(page["events"]) == 800
    assert page["events"][0]["type"] == "OrderPlaced"


def erased(installation: Installation, store: SqlStore) -> None:
    """Nothing stays of an erased account, and nothing comes later."""
    desk = Desk(rules_from(installation.settings))
    with store.begin() as tx:
        desk.erase_account(tx, "two", "eve", ErasureReason.ASKED)
    assert copied(store, "two") == []
    before = len(copied(store, "one"))
    send(installation, range(30_000, 30_030))
    wait_until(lambda: len(copied(store, "one")) == before + 10, "ten more", 30)
    assert copied(store, "two") == []
