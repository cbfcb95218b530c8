"""Stream jobs over one log on one local broker: each a process of its own, timed, weighed, its changelog counted."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import OffsetAndMetadata

from benchmarks._made_log import MadeLog
from ops.kafka_local import LocalKafka
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from schemas.settings import Settings
from schemas.topics import Topic
from streams.faust_app import GROUP
from streams.ingest import entry_of
from streams.kafka.client import producer, send_all
from streams.kafka.processors import event_outputs
from streams.microbatch.ports import Output

PARTITIONS = 4
BATCH_RECORDS = 1000
POLL_SECONDS = 0.1
PATIENCE_SECONDS = 900.0
RIVAL_TOPICS = ("rival-quix-needs", "rival-faust-needs")


@dataclass(frozen=True, slots=True)
class Timed:
    """What a job took."""

    records: int
    seconds: float
    peak_bytes: int
    """Of all its processes together."""
    changelog_bytes: int | None
    """On the broker's disk; None where it keeps none."""
    all_records: int = 0
    """Folded since its start; more than ``records`` where only the end was timed."""
    process_seconds: float = 0.0
    """Of the processors' time, over ``all_records``, with the start of its processes."""

    @property
    def records_per_second(self) -> float:
        """Records a second."""
        return self.records / self.seconds


class Bench:
    """One broker with one log, for one job after the other."""

    def __init__(self, folder: Path, log: MadeLog) -> None:
        self._folder = folder
        self._log = log
        self._kafka = LocalKafka(folder / "kafka")
        self._ends: dict[TopicPartition, int] = {}

    def __enter__(self) -> "Bench":
        self._kafka.start()
        self._log.keep(self._folder / "artefacts")
        _fill_database(self._database, self._log)
        try:
            self._run("topics", "apply")
            asyncio.run(self._make_topics())
            asyncio.run(self._produce())
            self._ends = asyncio.run(self._end_offsets())
        except BaseException:
            self._kafka.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._kafka.stop()

    @property
    def records(self) -> int:
        """In the log, over all partitions."""
        return sum(self._ends.values())

    def ours(self, workers: int) -> Timed:
        """Workers until the whole log is committed: from the first commit that is seen to the last."""
        with ExitStack() as stack:
            started = [stack.enter_context(_child(self._worker(f"w{number}"))) for number in range(workers)]
            for process in started:
                stack.callback(process.terminate)
            records, seconds = asyncio.run(self._commits())
            peak = sum(_peak_bytes(process.pid) for process in started)
            worked = sum(_process_seconds(process.pid) for process in started)
        return Timed(records, seconds, peak, self._changelog_bytes("ringahead-worker"), self.records, worked)

    def quix(self) -> Timed:
        """Quix Streams; raises ModuleNotFoundError without the extra ``rivals``."""
        import quixstreams  # noqa: F401 - only whether it is there

        said, peak, worked = self._rival("benchmarks._rival_quix", records=self.records)
        return Timed(self.records, float(said), peak, self._changelog_bytes("changelog__quix"), self.records, worked)

    def faust(self, kind: str) -> Timed:
        """Plain Faust with our fold (``fold``), or with a fit for every order (``statsmodels``)."""
        said, peak, worked = self._rival("benchmarks._rival_faust", kind, records=self.records)
        timed, seconds = said.split()
        size = self._changelog_bytes(f"rival-{kind}-")
        return Timed(int(timed), float(seconds), peak, size, self.records, worked)

    def _rival(self, module: str, *options: str, records: int) -> tuple[str, int, float]:
        folder = self._folder / f"{module}-{'-'.join(options)}"
        folder.mkdir()
        where = [self._kafka.bootstrap, Topic.LOG.value, str(records), str(self._folder / "artefacts"), str(folder)]
        command = [sys.executable, "-W", "ignore", "-m", module, *options, *where]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            peak, worked = 0, 0.0
            while process.poll() is None:
                peak = max(peak, _peak_bytes(process.pid))
                worked = max(worked, _process_seconds(process.pid))
                time.sleep(POLL_SECONDS)
            said = process.stdout.read().strip() if process.stdout else ""
        if process.returncode or not said:
            raise RuntimeError(f"{module} ended with {process.returncode}: {said[-500:]}")
        return said.splitlines()[-1], peak, worked

    @property
    def _database(self) -> str:
        return f"sqlite:///{self._folder / 'artefacts.sqlite3'}"

    @property
    def _settings(self) -> Settings:
        return Settings(runtime="kafka", kafka_bootstrap=self._kafka.bootstrap, kafka_partitions=PARTITIONS)

    def _environment(self, name: str) -> dict[str, str]:
        return os.environ | {
            "RINGAHEAD_RUNTIME": "kafka",
            "RINGAHEAD_KAFKA_BOOTSTRAP": self._kafka.bootstrap,
            "RINGAHEAD_KAFKA_PARTITIONS": str(PARTITIONS),
            "RINGAHEAD_DATABASE_URL": self._database,
            "RINGAHEAD_DATA_DIR": str(self._folder / name),
            "RINGAHEAD_WORKER_NAME": name,
            "RINGAHEAD_BATCH_RECORDS": str(BATCH_RECORDS),
        }

    def _run(self, *arguments: str) -> None:
        command = [sys.executable, "-c", "from ops.cli import main; main()", *arguments]
        subprocess.run(command, env=self._environment("topics"), check=True, stdout=subprocess.DEVNULL)

    def _worker(self, name: str) -> tuple[list[str], dict[str, str]]:
        return [sys.executable, "-c", "from ops.cli import main; main()", "worker"], self._environment(name)

    async def _make_topics(self) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka.bootstrap)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in RIVAL_TOPICS])
        finally:
            await admin.close()

    async def _produce(self) -> None:
        async with producer(self._settings) as client:
            waiting: list[Output] = []
            for event in self._log.events:
                waiting += event_outputs(event, PARTITIONS)
                if len(waiting) >= 5000:
                    await send_all(client, waiting)
                    waiting = []
            await send_all(client, waiting)

    async def _end_offsets(self) -> dict[TopicPartition, int]:
        client = AIOKafkaConsumer(bootstrap_servers=self._kafka.bootstrap)
        await client.start()
        try:
            found: dict[TopicPartition, int] = await client.end_offsets(
                [TopicPartition(Topic.LOG.value, number) for number in range(PARTITIONS)]
            )
        finally:
            await client.stop()
        return found

    async def _commits(self) -> tuple[int, float]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self._kafka.bootstrap)
        await admin.start()
        try:
            return await self._watch(admin)
        finally:
            await admin.close()

    async def _watch(self, admin: AIOKafkaAdminClient) -> tuple[int, float]:
        """Records between the first commit that is seen and the last, and the seconds between them."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        first: tuple[float, int] | None = None
        while time.monotonic() < deadline:
            offsets = await _offsets(admin)
            done = sum(min(max(offsets[at].offset, 0), end) for at, end in self._ends.items() if at in offsets)
            if first is None and done:
                first = time.perf_counter(), done
            if first is not None and done == self.records:
                return done - first[1], time.perf_counter() - first[0]
            await asyncio.sleep(POLL_SECONDS)
        raise TimeoutError(f"the log was not folded within {PATIENCE_SECONDS:.0f} s")

    def _changelog_bytes(self, prefix: str) -> int:
        folders = (
            self._kafka.nodes[0].folder.glob(f"log/*{prefix}*changelog*-[0-9]")
            if "quix" not in prefix
            else (self._kafka.nodes[0].folder.glob(f"log/*{prefix}*-[0-9]"))
        )
        return sum(file.stat().st_size for folder in folders for file in folder.glob("*.log"))


def raw_bytes(log: MadeLog) -> int:
    """What the log's events weigh, each once."""
    return sum(len(entry_of(event).value) for event in log.events)


async def _offsets(admin: AIOKafkaAdminClient) -> Mapping[TopicPartition, OffsetAndMetadata]:
    try:
        found: Mapping[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(GROUP)
    except GroupCoordinatorNotAvailableError:  # until the broker had its first group
        return {}
    return found


def _child(command: tuple[Sequence[str], dict[str, str]]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command[0], env=command[1], stdout=subprocess.DEVNULL)


def _peak_bytes(pid: int) -> int:
    """Highest resident memory of a running process so far; 0 when it is gone. Linux only."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def _process_seconds(pid: int) -> float:
    """User and system time of a running process so far; 0 when it is gone. Linux only."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _fill_database(url: str, log: MadeLog) -> None:
    engine = create(url)
    upgrade(engine)
    with SqlStore(engine).begin() as tx:
        for raw in log.artefacts.values():
            tx.artefacts.put(raw)
    engine.dispose()
