"""A real Kafka for the lane: KAFKA_BOOTSTRAP, or Docker, or the server's jars on this machine; else the lane fails."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ops.kafka_local import KafkaLocalError, LocalKafka
from tests.kafka.cluster import Cluster
from tests.kafka.workers import Bench

IMAGE = "apache/kafka:4.1.1"


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Servers of a Kafka that serves until the session's end."""
    if given := os.environ.get("KAFKA_BOOTSTRAP"):
        yield given
        return
    try:
        container = _container()
    except Exception as no_docker:
        yield from _local(tmp_path_factory.mktemp("kafka"), no_docker)
        return
    yield container.get_bootstrap_server()
    container.stop()


@pytest.fixture
def cluster(kafka_bootstrap: str, request: pytest.FixtureRequest) -> Cluster:
    """The cluster, with topic names of this test's own."""
    return Cluster(kafka_bootstrap, request.node.name)


@pytest.fixture
def bench(cluster: Cluster, tmp_path: Path) -> Iterator[Bench]:
    """Workers on that cluster; none is left behind."""
    bench = Bench(cluster, tmp_path)
    yield bench
    bench.end()


@pytest.fixture
def local_kafka(tmp_path: Path) -> Iterator[Callable[[], LocalKafka]]:
    """A Kafka of the test's own, to be stopped and started again."""
    started: list[LocalKafka] = []

    def start() -> LocalKafka:
        started.append(LocalKafka(tmp_path / "kafka", short_lived=True).start())
        return started[-1]

    yield start
    for kafka in started:
        kafka.stop()


def _container():  # type: ignore[no-untyped-def]
    import docker
    from testcontainers.kafka import KafkaContainer

    docker.from_env().ping()
    return KafkaContainer(IMAGE).with_kraft().start()


def _local(folder: Path, no_docker: Exception) -> Iterator[str]:
    try:
        kafka = LocalKafka(folder, short_lived=True).start()
    except KafkaLocalError as error:
        pytest.fail(f"no Kafka to test with: KAFKA_BOOTSTRAP is not set; Docker: {no_docker!r}; local: {error}")
    try:
        yield kafka.bootstrap
    finally:
        kafka.stop()
