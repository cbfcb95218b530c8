"""SIGSTOP for longer than the session lasts, under load; then everything local is lost."""

import time

from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge
from tests.installation import SESSION_SECONDS, wait_until


def test_worker_frozen_beyond_its_session(stage: Stage, row: Figures) -> None:
    with row("SIGSTOP beyond the session") as figures:
        first, _ = stage.begin()
        second = stage.start("worker", "worker-b")
        wait_until(lambda: stage.members("ringahead-worker") == 2, "two members", 240)
        with stage.load:
            for frozen in (first, second):
                stage.recovery(stage.marks(), time.monotonic())
                marks, at = stage.marks(), time.monotonic()
                frozen.freeze()
                time.sleep(2 * SESSION_SECONDS)
                figures.recovered_seconds.append(stage.recovery(marks, at))  # by the other one
                frozen.thaw()
                wait_until(lambda: stage.members("ringahead-worker") == 2, "both members again", 240)
                figures.faults += 1
        assert second.stop()[0] == 0
        assert first.stop()[0] == 0
        for name in ("worker", "worker-b"):
            stage.forget(name)
        at = time.monotonic()
        stage.start("worker")
        stage.load.send(stage.story.days(1))
        stage.settle()
        figures.more["from the changelog alone s"] = round(time.monotonic() - at, 1)
        judge(stage, figures)
