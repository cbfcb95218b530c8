"""SIGTERM: out within ten seconds, whatever the worker is doing and whether or not there are brokers."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.kafka_local import LocalKafka
from tests.kafka.cluster import Cluster
from tests.kafka.workers import Bench, Worker

pytestmark = pytest.mark.kafka


@pytest.fixture
def kafka(local_kafka: Callable[[], LocalKafka]) -> LocalKafka:
    return local_kafka()


@pytest.fixture
def own_bench(kafka: LocalKafka, tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(Cluster(kafka.bootstrap, "leaving"), tmp_path)
    yield bench
    bench.end()


def leaves(worker: Worker) -> None:
    began = time.monotonic()
    assert worker.stop(within=10) == 0, worker.said()
    print(f"left after {time.monotonic() - began:.1f} s")


def test_during_recovery_and_during_a_long_fold_with_brokers_and_without(kafka: LocalKafka, own_bench: Bench) -> None:
    bench = own_bench
    bench.create_topics()
    bench.produce(400)
    first = bench.start("a")
    bench.wait_until_equal()
    leaves(first)
    for brokers in (True, False):
        recovering = bench.start(f"new-{brokers}", "--crawl", "60")
        recovering.wait_until("/readyz", 503, says="% recovered")
        folding = None
        if not brokers:
            kafka.stop()
        leaves(recovering)
        if not brokers:
            kafka.start()
        folding = bench.start("a")
        folding.wait_until("/readyz", 200)
        with folding.told("hang"):
            bench.produce(100)
            time.sleep(2)
            if not brokers:
                kafka.stop()
            leaves(folding)
    kafka.start()
    bench.start("a")
    bench.wait_until_equal()
    bench.check_outputs()
