"""Alerts of a Kafka installation, made by breaking what they speak of; each fires, and resolves when mended."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from console.access import add_user, new_api_key
from forecasting.learn import prior_model
from ops.kafka_local import LocalKafka, free_ports
from ops.postgres_local import LocalPostgres
from outreach.store.sql import store_for
from schemas.envelope import Event, encode
from schemas.topics import Topic
from streams.kafka.log import append
from tests.deploy.trial import Watch, watching
from tests.installation import MAIN, Installation
from tests.kafka.cluster import Cluster
from tests.streams.harness import in_force, profiles, said
from tests.streams.scene import placed

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow, pytest.mark.alerts]
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
QUICK = ("-m", "tests.deploy.quick_console")


def order(number: int) -> Event:
    return said(placed(f"o{number}", argon=2), NOW - timedelta(hours=1), f"o{number}", f"account-{number % 50}")


class House:
    """The installation: broker, database, processes, keys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kafka, self.postgres = LocalKafka(folder / "kafka"), LocalPostgres(folder / "postgres")
        self.console_port, self.worker_port = free_ports(2)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.sent = 0

    def begin(self) -> None:
        """Everything runs, and has folded something."""
        self.kafka.start()
        self.postgres.start()
        self.made = Installation(self.folder / "data", self.kafka.bootstrap, self.postgres.url)
        self.made.environment |= {
            "RINGAHEAD_CONSOLE_PORT": str(self.console_port),
            "RINGAHEAD_WORKER_PORT": str(self.worker_port),
            "RINGAHEAD_WORKER_URLS": f"http://127.0.0.1:{self.worker_port}",
        }
        self.made.run("migrate")
        self.made.run("topics", "apply")
        store = store_for(self.made.settings.sqlalchemy_url)
        with store.begin() as tx:
            tx.artefacts.put(prior_model().artefact)
            tx.artefacts.put(profiles().dumps())
            add_user(tx, "prometheus", "operator", None)
            self.key = new_api_key(tx, "prometheus", 1)
        store.close()
        self.cluster = Cluster(self.kafka.bootstrap, "trial")
        for name in ("worker", "desk", "archive", "console"):
            self.start(name)
        self.log(*in_force(NOW - timedelta(hours=2)))
        self.orders(50)
        self.made.run("tick", "--once")

    def start(self, name: str) -> None:
        """One of the product's processes."""
        main = QUICK if name == "console" else (*MAIN, name)
        log = (self.folder / f"{name}.log").open("ab")
        environment = {**os.environ, **self.made.environment}
        self.processes[name] = subprocess.Popen([sys.executable, *main], env=environment, stdout=log, stderr=log)
        log.close()

    def stop(self, name: str, how: signal.Signals = signal.SIGTERM) -> None:
        """And its end."""
        process = self.processes.pop(name)
        process.send_signal(how)
        process.wait(20)

    def log(self, *events: Event) -> None:
        """To the log of record."""
        asyncio.run(append(self.made.settings, events))

    def orders(self, count: int) -> None:
        """New orders on the log."""
        self.log(*(order(number) for number in range(self.sent, self.sent + count)))
        self.sent += count

    def public(self, stamps: Sequence[datetime]) -> None:
        """Orders on the public topic, all in one partition, stamped so."""
        asyncio.run(self._public(stamps))

    async def _public(self, stamps: Sequence[datetime]) -> None:
        async with AIOKafkaProducer(bootstrap_servers=self.kafka.bootstrap) as out:
            for stamp in stamps:
                event = said(placed(f"p{self.sent}", argon=1), NOW - timedelta(hours=1), f"p{self.sent}", "account-1")
                self.sent += 1
                at_ms = int(stamp.timestamp() * 1000)
                topic = Topic.ORDERS.value
                await out.send_and_wait(topic, encode(event), b"account-1", partition=0, timestamp_ms=at_ms)

    def get(self, path: str) -> int:
        """The console's status for this path."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.console_port}{path}", headers={"Authorization": f"Bearer {self.key}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def end(self) -> None:
        """Nothing is left behind."""
        for name in list(self.processes):
            self.stop(name, signal.SIGKILL)
        self.kafka.stop()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextmanager
def meanwhile(act: Callable[[], object], pause_seconds: float) -> Iterator[None]:
    """Do it again and again in a thread."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(pause_seconds):
            act()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_each_alert_fires_when_it_is_broken_and_resolves_when_it_is_mended(tmp_path: Path) -> None:
    house = House(Path(tempfile.mkdtemp(prefix="ringahead-trial-")))
    house.folder.chmod(0o755)  # the database runs as a user of its own
    try:
        house.begin()
        targets = {
            "ringahead-console": [f"127.0.0.1:{house.console_port}"],
            "ringahead-worker": [f"127.0.0.1:{house.worker_port}"],
        }
        with watching(tmp_path / "prometheus", targets, house.key) as watch:
            watch.resolves("RingaheadAway")
            try:
                for trial in (archive_stops, offsets_set_back, worker_stops, database_stops, broker_stops):
                    trial(house, watch)
            finally:
                print("\n".join(watch.seen))
    finally:
        house.end()


def archive_stops(house: House, watch: Watch) -> None:
    """Records come and nobody reads them; then none come either."""
    house.stop("archive")
    with meanwhile(lambda: house.orders(20), 1.0):
        watch.fires("RingaheadGroupStopped")
    watch.fires("RingaheadGroupStalled")
    house.start("archive")
    watch.resolves("RingaheadGroupStopped", "RingaheadGroupStalled")


def offsets_set_back(house: House, watch: Watch) -> None:
    """A reset to the beginning; the copies are there already, and nothing is kept twice."""
    house.stop("archive")
    time.sleep(12)  # until the group has no members
    house.made.run("reset", "ringahead-archive", "--to-beginning", "--yes")
    watch.fires("RingaheadGroupRewound")
    house.start("archive")
    watch.resolves("RingaheadGroupRewound")


def worker_stops(house: House, watch: Watch) -> None:
    """The worker is away; what waits for it is two hours old, and retention takes the beginning of it."""
    house.public([datetime.now(UTC)] * 3)
    time.sleep(5)
    house.stop("worker")
    watch.fires("RingaheadAway")
    old = datetime.now(UTC) - timedelta(hours=2)
    house.public([old] * 10 + [datetime.now(UTC)] * 3)
    watch.fires("RingaheadLagOld")
    house.cluster.delete_records(Topic.ORDERS.value, {0: 8})
    watch.fires("RingaheadRecordsGone")
    house.start("worker")
    watch.resolves("RingaheadAway", "RingaheadLagOld", "RingaheadRecordsGone")


def database_stops(house: House, watch: Watch) -> None:
    """Nobody can work; a worker that restarts now waits, and so does the page."""
    house.postgres.stop()
    with meanwhile(lambda: house.get("/operator"), 0.3):
        watch.fires("RingaheadDatabaseAway", "RingaheadConsoleErrors")
    house.postgres.start()
    watch.resolves("RingaheadDatabaseAway", "RingaheadConsoleErrors")


def broker_stops(house: House, watch: Watch) -> None:
    """No broker: lag is not known, the worker waits."""
    for node in house.kafka.nodes:
        house.kafka.stop_node(node)
    watch.fires("RingaheadLagUnknown", within_seconds=300)
    for node in house.kafka.nodes:
        house.kafka.start_node(node)
    watch.resolves("RingaheadLagUnknown")
