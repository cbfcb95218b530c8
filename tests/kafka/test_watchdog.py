"""A worker that no longer does its work says why and ends; started again, it has lost nothing."""

import pytest

from tests.kafka.workers import Bench

pytestmark = pytest.mark.kafka
STALL_SECONDS = 4


WHERE = {
    "hang": "the processor is in process (counting.py",
    "block": "the event loop is in block (counting.py",
}


def test_what_stands_still_with_work_is_ended_and_starts_again_without_loss(bench: Bench) -> None:
    bench.create_topics()
    for fault, where in WHERE.items():
        worker = bench.start("a", "--stall", str(STALL_SECONDS))
        worker.wait_until("/readyz", 200)
        with worker.told(fault):
            bench.produce(200)
            if fault == "block":
                worker.wait_until("/livez", 503)
            assert worker.wait(60) == 1
        last = worker.said().strip().splitlines()[-1]
        assert "The worker ends: it does not get on" in last and "offsets to go" in last and where in last
    bench.start()
    bench.wait_until_equal()
    bench.check_outputs()
