"""kill -9 at random moments under load."""

import random
import time

import pytest

from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge

FORGETS_EACH = 4
"""Every so many kills the local state is lost, too."""
DESK_EACH = 3
"""Every so many times the desk is killed at the same moment."""


@pytest.mark.faults_short
def test_worker_killed_at_random_moments(stage: Stage, row: Figures) -> None:
    chance = random.Random(5)
    with row("worker kill -9") as figures:
        worker, desk = stage.begin()
        with stage.load:
            for number in range(1, stage.size.kills + 1):
                time.sleep(chance.uniform(0.5, 3))
                marks, at = stage.marks(), time.monotonic()
                worker.kill()
                if number % FORGETS_EACH == 0:
                    stage.forget(worker.name)
                if number % DESK_EACH == 0:
                    desk.kill()
                figures.recovered_seconds.append(stage.recovery(marks, at))
                figures.faults = number
        figures.more["desk kills"] = desk.exits.count(-9)
        judge(stage, figures)
