"""One SQL statement in twenty fails, under load."""

import re
import time

from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge

FAILING = ("-m", "tests.faults.failing_sql")


def test_one_statement_in_twenty_fails(stage: Stage, row: Figures) -> None:
    with row("5 % of SQL statements fail") as figures:
        _, healthy = stage.begin()
        healthy.stop()
        with stage.load:
            desk = stage.start("desk", main=FAILING, environment={"FAULTS_SQL_SHARE": "0.05"})
            time.sleep(stage.size.load_seconds)
        ended = time.monotonic()
        stage.settle(1200)
        figures.recovered_seconds.append(time.monotonic() - ended)
        failed, statements = map(int, re.findall(r"FAULT (\d+) of (\d+) statements", desk.said())[-1])
        figures.faults, figures.more["statements"] = failed, statements
        judge(stage, figures)
