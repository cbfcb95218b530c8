"""The commands of the Kafka runtime as an operator runs them: from a file of orders to calls that are ready."""

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from outreach.store.sql import SqlStore, store_for
from outreach.task import TaskState
from schemas.decisions import Reason
from schemas.topics import Topic
from tests.comparing import whole_topic
from tests.installation import Installation, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

ACCOUNTS, ORDERS = 40, 15


def orders_file(folder: Path) -> Path:
    """Every account orders every third day, the last time three days ago."""
    path, now = folder / "orders.csv", datetime.now(UTC).replace(tzinfo=None)
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["account_id", "sku", "quantity", "unit_price", "ordered_at", "order_id"])
        for account in range(ACCOUNTS):
            for number in range(1, ORDERS + 1):
                at = now - timedelta(days=3 * number)
                rows.writerow([f"account-{account}", "argon", 2, 30, at.isoformat(), f"{account}-{number}"])
    return path


def test_import_learn_and_tick_open_calls(installation: Installation, tmp_path: Path) -> None:
    store = store_for(installation.settings.sqlalchemy_url)

    with installation.process("worker"), installation.process("desk"):
        decide_about_everybody(installation, store, tmp_path)
        _change_profiles(installation, lambda: _ready(store))
    store.close()


def decide_about_everybody(installation: Installation, store: SqlStore, folder: Path) -> None:
    """From a file of orders to a call or a reason for every account; a worker and a desk are running.

    Business time passes once: what reaches the log behind that tick is looked at at the next, which never comes. So the
    last order must be in the log first.
    """

    def in_the_log() -> int:
        return len({record.value for record in whole_topic(installation.settings, Topic.LOG)})

    def decided() -> int:
        with store.read() as tx:
            refused = tx.needs.refused_counts().get(Reason.HOLDOUT, 0)
        return _ready(store) + refused

    installation.run("import", str(orders_file(folder)))
    wait_until(lambda: in_the_log() == ACCOUNTS * ORDERS, "every order in the log", 120)
    installation.run("learn")
    installation.run("tick", "--once")
    wait_until(lambda: decided() == ACCOUNTS, "a call or a reason for every account", 120)


def _change_profiles(installation: Installation, ready: Callable[[], int]) -> None:
    """A set that sells nothing is tried out on the workers' states, switched on, and taken back."""
    before = ready()
    assert before > 0
    trial = json.loads(installation.run("profiles", "diff", "--json", "--set", "*.opens=recovery"))["trial"]
    assert (trial["accounts"], trial["withdrawn"]["tasks"], trial["added"]["tasks"]) == (ACCOUNTS, before, 0)
    assert ready() == before
    installation.run("profiles", "apply", "--yes", "--by", "anna", "--set", "*.opens=recovery")
    wait_until(lambda: ready() == 0, "every call withdrawn by the new profiles", 60)
    installation.run("profiles", "rollback", "--by", "ben")
    wait_until(lambda: ready() == before, "every call found again by the old ones", 60)
    told = installation.run("profiles", "history").splitlines()
    assert told[0].startswith("* profiles-3 ")
    assert len(told) == 3


def _ready(store: SqlStore) -> int:
    with store.read() as tx:
        return tx.tasks.counts().get(TaskState.READY, 0)
