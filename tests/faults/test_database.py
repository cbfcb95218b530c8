"""The database goes away under load: the desk waits, the workers go on, nothing becomes a letter."""

import time

import pytest

from streams.kafka.desk_loop import GROUP as DESKS
from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge

STEADY_SECONDS = 2.0


@pytest.mark.faults_short
def test_database_down_under_load(stage: Stage, row: Figures) -> None:
    with row("database down") as figures:
        stage.begin()
        letters = _letters(stage)
        with stage.load:
            time.sleep(3)
            for hard in (False, True)[: 2 if stage.size.brokers > 1 else 1]:
                stage.postgres.kill() if hard else stage.postgres.stop()
                time.sleep(STEADY_SECONDS)
                stood, marks = stage.watch.fresh().committed[DESKS], stage.marks()
                time.sleep(stage.size.database_down_seconds - STEADY_SECONDS)
                stage.recovery(marks, time.monotonic())  # the workers need no database
                assert stage.watch.fresh().committed[DESKS] == stood, "the desk's position moved without a database"
                marks, at = stage.watch.marks(("ringahead.needs",), DESKS), time.monotonic()
                stage.postgres.start()
                figures.recovered_seconds.append(stage.watch.until_past(marks, 240, DESKS) - at)
                figures.faults += 1
        figures.more["down s"] = stage.size.database_down_seconds
        judge(stage, figures)
        figures.more["dead letters"] = _letters(stage) - letters
        assert _letters(stage) == letters


def _letters(stage: Stage) -> int:
    with stage.store.read() as tx:
        return sum(tx.dead_letters.counts().values())
