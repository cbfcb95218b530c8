"""A three-broker Kafka, a PostgreSQL with fsync, and the product's processes on them, for one row of the matrix."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from ops.kafka_lag import measure
from ops.kafka_local import LocalKafka, Node
from ops.postgres_local import LocalPostgres
from outreach.store.sql import SqlStore, store_for
from schemas.topics import Topic
from streams.kafka.desk_loop import GROUP as DESKS
from streams.kafka.names import GROUP as WORKERS
from tests.faults.load import Load
from tests.faults.size import Size
from tests.faults.story import Story
from tests.faults.supervised import Supervised
from tests.faults.watch import Place, Watch
from tests.installation import Installation, wait_until

REPLICATION = 3
WARM_DAYS = 25
READY_SECONDS = 240.0
SETTLE_SECONDS = 600.0
ANSWER_SECONDS = 15.0
RECOVER_SECONDS = 300.0
"""For figures on a machine that is busy with other things; what a row promises is asserted by itself."""
INPUTS = (Topic.ORDERS.value, Topic.ACCOUNTS.value, Topic.LOG.value)


class Stage:
    """Everything that a row needs; a context manager that leaves nothing behind."""

    def __init__(self, size: Size, brokers: int = REPLICATION) -> None:
        self.size = size
        self.folder = Path(tempfile.mkdtemp(prefix="ringahead-faults-"))
        self.folder.chmod(0o755)  # the database runs as a user of its own
        self.kafka = LocalKafka(self.folder / "kafka", brokers)
        self.postgres = LocalPostgres(self.folder / "postgres")
        self.processes: dict[str, Supervised] = {}
        self.story = Story(size.accounts)
        self.effects_once = True
        """Until the log is folded anew: from then on effects are on their topic again."""
        self._warm = False

    def __enter__(self) -> "Stage":
        try:
            self.kafka.start()
            self.postgres.start()
            self.installation = Installation(
                self.folder / "data", self.kafka.bootstrap, self.postgres.url, len(self.kafka.nodes)
            )
            self.settings = self.installation.settings
            self.store: SqlStore = store_for(self.settings.sqlalchemy_url)
            self.installation.run("migrate")
            self.installation.run("topics", "apply")
            self.put_artefacts()
            self.load = Load(self.kafka.bootstrap, self.story.endless(), self.size.rate)
            self.watch = Watch(self.kafka.bootstrap)
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.watch.end()
        self.store.close()
        self._leave()

    def _leave(self) -> None:
        for process in self.processes.values():
            process.end()
        self.kafka.stop()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- processes --------------------------------------------------------------------------------------------

    def start(
        self,
        command: str,
        name: str | None = None,
        *,
        environment: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        main: Sequence[str] = (),
        arguments: Sequence[str] = (),
        restarts: bool = True,
    ) -> Supervised:
        """Start one of the product's processes under a name of its own."""
        name = name or command
        told = {**self.installation.environment, "RINGAHEAD_WORKER_NAME": name, **(environment or {})}
        options = {"main": main} if main else {}
        process = Supervised(
            name, [command, *arguments], told, self.folder / f"{name}.log", prefix=prefix, restarts=restarts, **options
        )
        self.processes[name] = process
        return process

    def begin(self, warm_days: int = WARM_DAYS) -> tuple[Supervised, Supervised]:
        """A worker and a desk that have caught up with the story so far, decisions in force.

        A row that has started its own under these names keeps them.
        """
        worker = self.processes.get("worker") or self.start("worker")
        desk = self.processes.get("desk") or self.start("desk")
        if not self._warm:
            self.load.send(self.story.days(warm_days))
            self.load.send(self.story.put_in_force())
            self._warm = True
        self.load.send(self.story.days(1))
        self.settle(READY_SECONDS)
        return worker, desk

    def rest(self) -> None:
        """After a row: no process runs, every server does. The log goes on where the next row shares the stage."""
        for process in self.processes.values():
            process.end()
        self.processes.clear()
        if self.postgres.process is None:
            self.postgres.start()
        for node in self.kafka.nodes:
            if node.process is None:
                self.kafka.start_node(node)
        self.until_in_sync()
        self.load.records, self.load.seconds, self.load.repeats = 0, 0.0, 0

    def local_state(self, name: str) -> Path:
        """The folder of a worker's local state."""
        return self.folder / "data" / "worker" / name

    def forget(self, name: str) -> None:
        """Remove a worker's local state."""
        shutil.rmtree(self.local_state(name), ignore_errors=True)

    def said(self) -> str:
        """The last words of every process."""
        return "\n".join(f"--- {name}\n{process.said()[-2500:]}" for name, process in self.processes.items())

    @property
    def crashes(self) -> int:
        """How often processes ended by themselves and had to be started again."""
        return sum(process.crashes for process in self.processes.values())

    # --- the course of a row ------------------------------------------------------------------------------------

    def settle(self, seconds: float = SETTLE_SECONDS) -> None:
        """Wait until the workers, and then the desks, have caught up with everything."""
        for group in (WORKERS, DESKS, WORKERS, DESKS):
            wait_until(lambda g=group: self.behind(g) == 0, f"{group} catching up", seconds)

    def behind(self, group: str) -> int:
        """Lag in events, markers of transactions left out; a partition without commits counts whole, an outage as 1."""
        try:
            rows = asyncio.run(asyncio.wait_for(measure(self.settings.kafka_bootstrap), ANSWER_SECONDS))
        except (KafkaError, OSError, TimeoutError):
            return 1
        return sum(row.end if row.lag_events is None else row.lag_events for row in rows if row.group == group)

    def members(self, group: str) -> int:
        """How many processes the group has, once it is stable; 0 before."""
        return asyncio.run(_members(self.kafka.bootstrap, group))

    def marks(self, *topics: str) -> Mapping[Place, int]:
        """Ends of the inputs now: who has committed beyond them goes on under load."""
        return self.watch.marks(topics or INPUTS)

    def recovery(self, marks: Mapping[Place, int], since: float, seconds: float = RECOVER_SECONDS) -> float:
        """Seconds from `since` until the workers have gone past the marks in every partition; needs load."""
        return max(self.watch.until_past(marks, seconds) - since, 0.0)

    def put_artefacts(self) -> None:
        """What the story's model and profiles name."""
        with self.store.begin() as tx:
            for raw in self.story.artefacts():
                tx.artefacts.put(raw)

    # --- brokers ------------------------------------------------------------------------------------------------

    @contextmanager
    def stopped(self, node: Node, *, hard: bool) -> Iterator[None]:
        """Without one broker for the block; at its end it is back and every replica is in sync."""
        self.kafka.stop_node(node, hard)
        try:
            yield
        finally:
            self.kafka.start_node(node)
            self.until_in_sync()

    def until_in_sync(self, seconds: float = 180) -> None:
        """Wait until every partition has all of its replicas."""
        end = time.monotonic() + seconds
        while lacking := asyncio.run(_out_of_sync(self.kafka.bootstrap)):
            assert time.monotonic() < end, f"{lacking} partitions lack replicas after {seconds:.0f} s"
            time.sleep(0.5)


async def _out_of_sync(bootstrap: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
        described = await admin.describe_topics()
    except (KafkaError, OSError):
        return 1
    finally:
        await admin.close()
    parts = [part for one in described for part in one["partitions"]]
    return sum(len(part["isr"]) < len(part["replicas"]) for part in parts)


async def _members(bootstrap: str, group: str) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await admin.start()
        answers = await admin.describe_consumer_groups([group])
    except (KafkaError, OSError):
        return 0
    finally:
        await admin.close()
    _, _, state, _, _, members, *_ = answers[0].groups[0]
    return len(members) if state == "Stable" else 0
