"""`ringahead topics` and `ringahead worker` as an operator meets them: exit codes, one line, and a first order."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.kafka_local import LocalKafka, free_ports
from schemas.topics import CATALOGUE, Topic
from streams.faust_app import CHANGELOG, GROUP
from tests.kafka.cluster import Cluster

pytestmark = pytest.mark.kafka
ORDERS = "account_id,sku,quantity,unit_price,ordered_at,order_id\n" + "".join(
    f"account-{n % 20},sku-{n % 7},2,9.5,2025-03-{1 + n % 28:02d}T09:00:00,order-{n}\n" for n in range(200)
)


class Ringahead:
    """The command line with the settings of one installation."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "RINGAHEAD_KAFKA_BOOTSTRAP": bootstrap,
            "RINGAHEAD_DATA_DIR": str(folder),
            "RINGAHEAD_RUNTIME": "kafka",
            "RINGAHEAD_KAFKA_SESSION_TIMEOUT_SECONDS": "10",
            "RINGAHEAD_KAFKA_HEARTBEAT_SECONDS": "2",
        }

    def start(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command."""
        environment = {**self.environment, **{f"RINGAHEAD_{key}": value for key, value in settings.items()}}
        command = [sys.executable, "-c", "from ops.cli import main; main()", *arguments]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self, *arguments: str, **settings: str) -> tuple[int, str, str]:
        """Run a command: exit code, what it printed, what it complained of."""
        process = self.start(*arguments, **settings)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err


def test_without_brokers_one_line_says_what_to_do(tmp_path: Path) -> None:
    ringahead = Ringahead(f"127.0.0.1:{free_ports(1)[0]}", tmp_path)
    code, out, err = ringahead.run("worker")
    assert (code != 0, out, len(err.splitlines())) == (True, "", 1) and "run `ringahead migrate`" in err
    assert ringahead.run("migrate")[0] == 0
    for command in (("worker",), ("topics", "plan")):
        code, out, err = ringahead.run(*command)
        assert (code, out, len(err.splitlines())) == (1, "", 1)
        assert "no Kafka broker answers" in err and "RINGAHEAD_KAFKA_BOOTSTRAP" in err


def test_from_an_empty_cluster_to_folded_orders(local_kafka: Callable[[], LocalKafka], tmp_path: Path) -> None:
    bootstrap = local_kafka().bootstrap
    ringahead, cluster = Ringahead(bootstrap, tmp_path / "var"), Cluster(bootstrap, "orders")
    assert ringahead.run("migrate")[0] == 0

    code, out, err = ringahead.run("worker")
    assert code == 1 and "ringahead topics apply" in err and len(err.splitlines()) == 1
    assert ringahead.run("topics", "plan")[0] == 1
    code, out, _ = ringahead.run("topics", "apply")
    assert code == 0 and out.count("created ") == len(CATALOGUE) + 1
    assert ringahead.run("topics", "plan")[0] == 0
    code, out, _ = ringahead.run("topics", "plan", KAFKA_PARTITIONS="6")
    assert code == 1 and "has 4 partitions instead of 6" in out

    worker = ringahead.start("worker")
    try:
        (tmp_path / "orders.csv").write_text(ORDERS)
        assert ringahead.run("import", str(tmp_path / "orders.csv"))[0] == 0
        deadline = time.monotonic() + 120
        while sum(cluster.committed(GROUP, Topic.LOG.value).values()) < 200:
            assert time.monotonic() < deadline and worker.poll() is None
            time.sleep(0.5)
        state, needs = cluster.table(CHANGELOG), cluster.read(Topic.NEEDS.value)
        assert len([key for key in state if b"account-" in key]) >= 20
        assert {record.key for record in needs} == {b"account-%d" % n for n in range(20)}
        assert all(record.partition == _partition(cluster, record.key) for record in needs)
        worker.terminate()
        assert worker.wait(10) == 0
    finally:
        worker.kill()
        worker.communicate()


def _partition(cluster: Cluster, key: bytes) -> int:
    """The log partition that an account's events are in."""
    return next(record.partition for record in cluster.read(Topic.LOG.value) if record.key == key)
