"""A whole Kafka installation that a trial breaks: broker, database, worker, desk, archive, console, and their keys."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaProducer

from console.access import add_user, new_api_key
from forecasting.learn import prior_model
from ops.kafka_local import LocalKafka, free_ports
from ops.postgres_local import LocalPostgres
from outreach.store.sql import store_for
from schemas.envelope import Event, encode
from schemas.events.ours import ProfilesChanged
from schemas.topics import Topic
from streams.kafka.log import append
from tests.deploy.trial import Watch
from tests.installation import MAIN, Installation
from tests.kafka.cluster import Cluster
from tests.streams.harness import in_force, profiles, said
from tests.streams.scene import placed

NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
QUICK = ("-m", "tests.deploy.quick_console")
PROCESSES = ("worker", "desk", "archive", "console")


def order(number: int, account: str) -> Event:
    """One of an hour ago."""
    return said(placed(f"o{number}", argon=2), NOW - timedelta(hours=1), f"o{number}", account)


class House:
    """The installation. Nothing runs before `begin`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kafka, self.postgres = LocalKafka(folder / "kafka", short_lived=True), LocalPostgres(folder / "postgres")
        self.console_port, self.worker_port = free_ports(2)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.sent = 0

    def begin(self) -> None:
        """Everything runs, and is given something to fold."""
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
        self.log(*in_force(NOW - timedelta(hours=2)))
        self.orders(50)
        self.mend()
        self.made.run("tick", "--once")

    def mend(self) -> None:
        """Everything that should run runs; nothing has ended by itself."""
        for name, process in self.processes.items():
            assert process.poll() is None, f"{name} ended: {(self.folder / f'{name}.log').read_text()[-1000:]}"
        for name in PROCESSES:
            if name not in self.processes:
                self.start(name)

    def targets(self) -> dict[str, list[str]]:
        """What Prometheus scrapes, by job."""
        ports = {"console": self.console_port, "worker": self.worker_port}
        return {f"ringahead-{name}": [f"127.0.0.1:{port}"] for name, port in ports.items()}

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
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)

    def log(self, *events: Event) -> None:
        """To the log of record."""
        asyncio.run(append(self.made.settings, events))

    def orders(self, count: int, account: str = "") -> None:
        """New orders on the log: of this account, or of fifty in turn."""
        numbers = range(self.sent, self.sent + count)
        self.log(*(order(number, account or f"account-{number % 50}") for number in numbers))
        self.sent += count

    def new_profiles(self, version: str) -> Event:
        """Their announcement; their bytes are in the database."""
        made = profiles().model_copy(update={"version": version})
        store = store_for(self.made.settings.sqlalchemy_url)
        with store.begin() as tx:
            tx.artefacts.put(made.dumps())
        store.close()
        return said(ProfilesChanged(version=version, digest=made.digest), NOW, f"profiles-{version}")

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
        """The console's status for this path; 0: no answer."""
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


def committed(watch: Watch, group: str, topic: Topic = Topic.LOG, least: int = 1) -> None:
    """Wait until the group has committed this much on each partition that has been written to."""
    of = f'{{group="{group}",topic="{topic.value}"}}'
    written = f"ringahead_consumer_end_offset{of} >= {least}"
    behind = f"count({written} unless ringahead_consumer_committed_offset{of} >= {least})"
    watch.until(lambda: watch.value(f"count({written})") != [] and watch.value(behind) == [], f"{group} to commit")


def caught_up(watch: Watch) -> None:
    """Wait until nothing waits for any group."""
    watch.until(lambda: watch.value("sum(ringahead_consumer_lag_events)") == ["0"], "every group to catch up")


@contextmanager
def meanwhile(act: Callable[[], object], pause_seconds: float) -> Iterator[None]:
    """Do it again and again in a thread; its error is raised at the end of the block."""
    ended, errors = threading.Event(), list[Exception]()

    def run() -> None:
        try:
            while not ended.wait(pause_seconds):
                act()
        except Exception as error:  # told below
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        for error in errors:
            raise error


def until_done(act: Callable[[], object], error: type[Exception], seconds: float = 120) -> object:
    """Again every two seconds while it fails so; what it returns."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(error):
            return act()
        time.sleep(2)
    return act()
