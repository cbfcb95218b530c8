"""Something is down: the worker waits, tries again, loses nothing; and it leaves in time when told to."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.kafka_local import LocalKafka
from tests.kafka.cluster import Cluster
from tests.kafka.workers import Bench

pytestmark = pytest.mark.kafka


def test_a_dependency_or_an_output_topic_that_is_missing_stops_the_position_not_the_worker(bench: Bench) -> None:
    bench.create_topics(out=False)
    bench.produce(400)
    worker = bench.start()
    time.sleep(5)
    assert bench.state() == {}, "state was written before its outputs were delivered"
    bench.cluster.create(bench.out)
    bench.wait_until_equal()
    bench.check_outputs()

    down = bench.folder / "down"
    down.touch()
    before = bench.state()
    bench.produce(400)
    time.sleep(3)
    assert bench.state() == before
    assert "the file says so" in worker.said()
    assert sum(bench.cluster.committed(bench.group, bench.log).values()) == 400
    down.unlink()
    bench.wait_until_equal()
    bench.check_outputs()
    assert worker.stop() == 0


def test_brokers_that_go_and_come_back(local_kafka: Callable[[], LocalKafka], tmp_path: Path) -> None:
    kafka = local_kafka()
    bench = Bench(Cluster(kafka.bootstrap, "brokers"), tmp_path)
    try:
        bench.create_topics()
        worker = bench.start("a", "--stall", "5")  # what the brokers do is not the worker's fault
        bench.cluster.produce(bench.records(1000, bench.raw))
        bench.wait_until_equal()
        kafka.stop()
        time.sleep(9)
        assert worker.process.poll() is None, bench.said()
        kafka.start()
        bench.cluster.produce(bench.records(1000, bench.raw))
        bench.wait_until_equal()
        bench.check_outputs()
        kafka.stop()
        time.sleep(2)
        assert worker.stop(within=10) == 0
    finally:
        bench.end()
