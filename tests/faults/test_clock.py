"""Workers and desks whose clocks are an hour wrong, each its own way."""

import time
from pathlib import Path

from outreach.task import TaskState
from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge
from tests.installation import wait_until


def shifted(by: str) -> dict[str, str]:
    """Environment of a process whose wall clock is wrong; the monotonic one is not."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "libfaketime is missing: apt-get install libfaketime"
    return {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME": by,
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def test_clocks_an_hour_wrong(stage: Stage, row: Figures) -> None:
    with row("clock +-1 h") as figures:
        ahead = stage.start("worker", environment=shifted("+1h"))
        stage.start("desk", environment=shifted("-1h"))
        stage.begin()
        stage.start("worker", "worker-b", environment=shifted("-1h"))
        stage.start("desk", "desk-b", environment=shifted("+1h"))
        wait_until(lambda: stage.members("ringahead-worker") == 2, "two workers", 240)
        with stage.load:
            time.sleep(stage.size.load_seconds / 2)
            marks, at = stage.marks(), time.monotonic()
            ahead.kill()
            figures.recovered_seconds.append(stage.recovery(marks, at))
            time.sleep(stage.size.load_seconds / 2)
        figures.faults = 4
        judge(stage, figures, local=None)
        _nobody_is_called_early(stage)


def _nobody_is_called_early(stage: Stage) -> None:
    """Business time is the log's; no task is of a later hour than its last word."""
    with stage.store.read() as tx:
        now = max(moved.as_of for moved in tx.clocks.all())
        assert all(task.created_at <= now for task in tx.tasks.listed(list(TaskState), limit=10_000_000))
