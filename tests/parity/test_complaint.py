"""A complaint on Kafka: from its event to the task that an agent sees, through a worker and a desk.

Prints the seconds of each (pytest -s). The bar is one second on a machine that has nothing else to do; what is asserted
leaves room for a busy one.
"""

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ops.events_to_kafka import EventSender
from outreach.desk import Desk, rules_from
from outreach.store.sql import SqlStore, store_for
from outreach.task import TaskState
from schemas.decisions import Reason, TaskClass
from schemas.envelope import Event, encode
from schemas.events.accounts import ComplaintOpened
from tests.installation import Installation
from tests.parity.test_commands import decide_about_everybody

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

COMPLAINTS = 10
AT_MOST_SECONDS = 10.0


def selling(store: SqlStore) -> list[tuple[str, str]]:
    """(account, task) of ready selling tasks."""
    with store.read() as tx:
        ready = tx.tasks.listed([TaskState.READY], limit=100)
    return [(task.account_id, task.task_id) for task in ready if task.task_class is TaskClass.SELLING]


def seconds_to_stop(sender: EventSender, desk: Desk, store: SqlStore, account: str, task_id: str) -> float:
    """From the moment at which the event is handed over until the task's card says that selling is stopped."""
    fact = ComplaintOpened(complaint_id=f"c-{account}")
    event = Event(f"wrong-{account}", "tests", account, datetime.now(UTC), fact)
    begun = time.monotonic()
    sender.accept([encode(event)])
    while True:
        with store.read() as tx:
            if Reason.OPEN_COMPLAINT in desk.card(tx, task_id).reasons:
                return time.monotonic() - begun
        assert time.monotonic() - begun < AT_MOST_SECONDS, "selling goes on after a complaint"
        time.sleep(0.01)


def test_a_complaint_stops_selling_on_the_visible_task(installation: Installation, tmp_path: Path) -> None:
    store = store_for(installation.settings.sqlalchemy_url)
    with installation.process("worker"), installation.process("desk"):
        decide_about_everybody(installation, store, tmp_path)
        calls = selling(store)[:COMPLAINTS]
        assert len(calls) == len({account for account, _ in calls}) == COMPLAINTS, "an account has one selling task"
        desk = Desk(rules_from(installation.settings))
        with EventSender(installation.settings) as sender:
            took = [seconds_to_stop(sender, desk, store, *one) for one in calls]
    store.close()
    print("\nseconds from a complaint to no selling:", " ".join(f"{one:.2f}" for one in sorted(took)))
