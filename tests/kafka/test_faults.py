"""Workers that die, freeze, come and go under load: nothing lost, nothing twice, every output there."""

import json
import random
import time

import pytest

from tests.installation import wait_until
from tests.kafka.counting import SESSION_SECONDS
from tests.kafka.workers import Bench, Worker

pytestmark = pytest.mark.kafka
LANES = 8
"""Four partitions of each topic."""


def lanes(worker: Worker) -> int:
    """How many partitions a worker takes records of."""
    status, said = worker.ask("/readyz")
    return len(json.loads(said)["partitions"]) if status == 200 else 0


def test_killed_at_random_moments_twice_with_the_local_state_deleted(bench: Bench) -> None:
    bench.create_topics()
    chance = random.Random(5)
    worker = bench.start()
    with bench.load():
        for forgets in (False, True, False, True):
            bench.wait_until_progress()
            time.sleep(chance.uniform(0, 1.5))
            worker.kill()
            if forgets:
                worker.forget()
            worker = bench.start()
        bench.wait_until_progress()
    bench.wait_until_equal()
    bench.check_outputs()


def test_three_workers_come_to_rest_though_heartbeats_are_slower_than_commits(bench: Bench) -> None:
    """What commits into a join is refused, joins anew, and so on for ever: it must not commit."""
    bench.create_topics()
    session = ("--session", "20", "--heartbeat")
    workers = [bench.start("a", *session, "6")]
    with bench.load():
        bench.wait_until_progress()
        workers.append(bench.start("b", *session, "1.5"))
        wait_until(lambda: all(0 < lanes(worker) < LANES for worker in workers), "both with partitions", 60)
        bench.wait_until_progress()
        bench.start("c", *session, "1.5")  # b hears of it before a does, and joins with something to commit
        time.sleep(15)
        bench.wait_until_progress()
    assert all("OffsetCommit failed" not in worker.said() for worker in bench.workers), bench.said()
    bench.wait_until_equal()
    bench.check_outputs()


def test_a_worker_that_stood_still_writes_nothing_after_its_partitions_moved(bench: Bench) -> None:
    """Without the self-fence: what stands still between its check and its sending is stopped by the brokers."""
    bench.create_topics()
    frozen = bench.start("a", "--no-self-fence")
    with bench.load():
        bench.wait_until_progress()
        other = bench.start("b")
        wait_until(lambda: all(0 < lanes(worker) < LANES for worker in (frozen, other)), "both with partitions", 60)
        bench.wait_until_progress()
        frozen.freeze()
        time.sleep(2 * SESSION_SECONDS)
        frozen.thaw()
        time.sleep(3)
        assert other.stop() == 0
        bench.wait_until_progress()
    bench.wait_until_equal()
    bench.check_outputs()
    frozen.stop()
    frozen.forget()
    bench.produce(100)
    bench.start("c")
    bench.wait_until_equal()
