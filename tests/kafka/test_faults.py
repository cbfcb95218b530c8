"""Workers that die, freeze, come and go under load: nothing lost, nothing twice, every output there."""

import random
import time

import pytest

from tests.kafka.workers import Bench

pytestmark = pytest.mark.kafka
SESSION_SECONDS = 10


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


def test_a_worker_that_stood_still_writes_nothing_after_its_partitions_moved(bench: Bench) -> None:
    """Without the self-fence: what stands still between its check and its sending is stopped by the brokers."""
    bench.create_topics()
    frozen = bench.start("a", "--no-self-fence")
    with bench.load():
        bench.wait_until_progress()
        other = bench.start("b")
        bench.wait_until_progress()
        time.sleep(SESSION_SECONDS / 2)  # both have partitions now
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
