"""Each of the three brokers is stopped, cleanly and hard, under load."""

import time

import pytest

from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge

BAR_SECONDS = 60


@pytest.mark.faults_short
def test_each_broker_stopped_clean_and_hard(stage: Stage, row: Figures) -> None:
    with row("broker stopped clean, hard") as figures:
        stage.begin()
        with stage.load:
            for node in stage.kafka.nodes[: stage.size.brokers]:
                for hard in (False, True):
                    marks, at = stage.marks(), time.monotonic()
                    with stage.stopped(node, hard=hard):
                        figures.recovered_seconds.append(stage.recovery(marks, at))
                        figures.faults += 1
                    stage.recovery(stage.marks(), time.monotonic())
        figures.more["sent again by the ERP"] = stage.load.repeats
        figures.bar("slowest", max(figures.recovered_seconds), BAR_SECONDS)
        judge(stage, figures)
