"""Workers come and go under load."""

import time

import pytest

from streams.kafka.names import GROUP as WORKERS
from tests.faults.report import Figures, Row
from tests.faults.stage import INPUTS, Stage
from tests.faults.verdict import judge
from tests.installation import SESSION_SECONDS, wait_until

MORE = ("worker-b", "worker-c")


@pytest.mark.faults_short
def test_one_worker_three_workers_one_worker(stage: Stage, row: Figures) -> None:
    with row("rebalance 1 -> 3 -> 1") as figures:
        stage.begin()
        with stage.load:
            for _ in range(stage.size.rebalances):
                started = _timed(stage, figures)
                workers = [stage.start("worker", name) for name in MORE]
                wait_until(lambda: stage.members(WORKERS) == 3, "three members", 240)
                started()
                left = _timed(stage, figures)
                codes = [worker.stop()[0] for worker in workers]
                assert codes == [0, 0], f"{codes}\n{stage.said()}"
                wait_until(lambda: stage.members(WORKERS) == 1, "one member", 240)
                left()
        figures.bar("longest stall", max(figures.recovered_seconds), 2 * SESSION_SECONDS)
        judge(stage, figures)


def _timed(stage: Stage, figures: Row):  # type: ignore[no-untyped-def]
    """From now until all partitions have moved on: the longest time that one of them stood still."""
    since = time.monotonic()

    def end() -> None:
        stage.recovery(stage.marks(), time.monotonic())
        places = stage.marks(*INPUTS)
        figures.recovered_seconds.append(stage.watch.longest_stall(places, since))
        figures.faults += 1

    return end
