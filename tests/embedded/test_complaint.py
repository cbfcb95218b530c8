"""An open complaint stops selling within one second of its event, and somebody is to call to mend it."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from ops.embedded.installation import Opened, opened
from ops.embedded.server import acceptor
from ops.embedded.writer import Writer, standing_still
from outreach.task import TaskState
from schemas.base import Fact
from schemas.decisions import Reason, TaskClass
from schemas.envelope import encode
from schemas.events.accounts import ComplaintOpened, InvoiceDisputed
from schemas.settings import Settings
from tests.embedded.made import put_artefacts
from tests.streams.harness import START, in_force, said, tick
from tests.streams.scene import placed

NOON = START + timedelta(hours=1)


def played(installation: Opened) -> None:
    """A weekly buyer who is to be called."""
    days = range(140, 6, -7)
    orders = [said(placed(f"o{ago}", argon=2), START - timedelta(days=ago), f"o{ago}") for ago in days]
    put_artefacts(installation)
    installation.runtime.append([*orders, *in_force(), tick(START), tick(NOON)])
    installation.runtime.fold_all()


def selling_is_stopped(installation: Opened) -> bool:
    with installation.store.read() as tx:
        tasks = tx.tasks.listed([TaskState.READY], limit=10)
        (selling,) = [task for task in tasks if task.task_class is TaskClass.SELLING]
        mending = any(task.task_class is TaskClass.SERVICE for task in tasks)
        return mending and Reason.OPEN_COMPLAINT in installation.desk.card(tx, selling.task_id).reasons


@pytest.mark.parametrize("wrong", [ComplaintOpened(complaint_id="c1"), InvoiceDisputed(invoice_id="i1")])
def test_selling_stops_within_a_second(tmp_path: Path, wrong: Fact) -> None:
    with opened(Settings(data_dir=tmp_path)) as installation:
        played(installation)
        assert not selling_is_stopped(installation)
        writer = Writer(installation, standing_still, lambda: None)
        writer.start()
        try:
            accept = acceptor(installation, writer.wake)
            (outcome,) = accept([encode(said(wrong, NOON, "wrong"))])
            answered = time.monotonic()
            assert outcome.outcome == "accepted"
            while not selling_is_stopped(installation):
                assert time.monotonic() - answered < 1.0
                time.sleep(0.01)
        finally:
            writer.stop()
        assert writer.failure is None
