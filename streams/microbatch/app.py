"""Composes a Faust app whose messages are batches."""

import asyncio
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faust
from mode.supervisors import CrashingSupervisor

from streams.microbatch.consumer import BatchTransport
from streams.microbatch.delivery import Connection, Delivery
from streams.microbatch.heartbeat import Heartbeat
from streams.microbatch.lanes import StatefulLane, StatelessLane, Surroundings
from streams.microbatch.naming import changelog_topic
from streams.microbatch.ports import ProcessorFactory, StatelessProcessor
from streams.microbatch.runner import BatchRunner
from streams.microbatch.scheduler import scheduler_of
from streams.microbatch.schema import RawBatches
from streams.microbatch.status import WorkerStatus
from streams.microbatch.table import StateTable, TableSpec

OPENINGS_AT_ONCE = 4
POLLS_AHEAD = 4
LOOP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class BatchConfig:
    """What a worker is, and how patient it is."""

    app_id: str
    """The consumer group; also begins the names of the changelog topics and of transactional ids."""
    bootstrap: str
    data_dir: Path
    """A folder of this worker's own."""
    batch_records: int = 500
    session_timeout_seconds: float = 30.0
    heartbeat_seconds: float = 5.0
    rebalance_timeout_seconds: float = 30.0
    request_timeout_seconds: float = 30.0
    metadata_seconds: float = 60.0
    """A change of topics is noticed within this."""
    stall_seconds: float = 300.0
    """A partition with work that does nothing for so long ends the worker; longer than the longest batch takes."""
    fetch_bytes: int = 4 * 1024 * 1024
    """Fetched of one partition at once; a larger record comes alone."""
    unavailable: tuple[type[Exception], ...] = ()
    """Errors of the processors that mean the same as `ports.Unavailable`."""

    @property
    def connection(self) -> Connection:
        """For the clients that are not Faust's."""
        return Connection(
            self.bootstrap, self.app_id, self.request_timeout_seconds, metadata_seconds=self.metadata_seconds
        )


class BatchApp(faust.App):  # type: ignore[misc]  # Faust is not typed for us
    """A Faust app with a `runner`; agents give it their batches."""

    def __init__(self, config: BatchConfig) -> None:
        self.batch_config = config
        # A heartbeat's worth of margin: what is checked now is still being sent a moment later.
        fence_seconds = config.session_timeout_seconds - config.heartbeat_seconds
        self.runner = BatchRunner(Heartbeat(fence_seconds), config.session_timeout_seconds, config.unavailable)
        self.runner.bind(self)
        self._fence_seconds = fence_seconds
        self._loop_ran = time.monotonic()
        self._around = Surroundings(
            self.runner.heartbeat.require_fresh,
            self.runner.stats,
            ThreadPoolExecutor(1, "process"),
            asyncio.Semaphore(OPENINGS_AT_ONCE),
        )
        super().__init__(config.app_id, **_faust_options(config))

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self, loop=self.loop)

    def batches(self, *topics: str) -> Any:
        """A Faust topic for an agent: its messages are record batches."""
        return self.topic(*topics, schema=RawBatches(key_type=bytes, value_type=bytes))

    def stateless(self, topics: Iterable[str], processor: StatelessProcessor) -> None:
        """Give the records of some topics to a processor without state."""
        delivery = Delivery(self.batch_config.connection)
        self.runner.route(topics, lambda place: StatelessLane(place, processor, delivery, self._around))

    def stateful(self, topic: str, factory: ProcessorFactory, changelog: str | None = None) -> None:
        """Fold a topic, each partition with a processor of its own; its state has the changelog of that name."""
        config = self.batch_config
        name = changelog or changelog_topic(config.app_id, topic)
        table = StateTable(TableSpec(config.app_id, topic, name, config.data_dir / "state"), config.connection)
        self.runner.route([topic], lambda place: StatefulLane(place, factory, table, self._around))

    async def on_first_start(self) -> None:
        """Make the worker's folder (Faust makes only the last part of a path); from now on show that the loop runs."""
        self._note_loop()
        self.batch_config.data_dir.mkdir(parents=True, exist_ok=True)
        await super().on_first_start()

    def _note_loop(self) -> None:
        self._loop_ran = time.monotonic()
        asyncio.get_running_loop().call_later(LOOP_SECONDS, self._note_loop)

    def status(self) -> WorkerStatus:
        """What the worker is doing; may be asked from any thread."""
        runner, loop_age = self.runner, time.monotonic() - self._loop_ran
        age = runner.heartbeat.age_seconds()
        return WorkerStatus(tuple(runner.lanes()), runner.joined, runner.stats, age, self._fence_seconds, loop_age)

    async def on_stop(self) -> None:
        """Finish what is at work, commit, and give the partitions back before the consumer leaves the group."""
        await self.runner.settle()
        if self._consumer is not None:
            await self._consumer.commit_soon()
        await self.runner.close()
        await super().on_stop()


def _faust_options(config: BatchConfig) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{server.strip()}" for server in config.bootstrap.split(",")],
        "datadir": str(config.data_dir / "faust"),
        "store": "memory://",
        "web_enabled": False,
        "topic_disable_leader": True,
        "topic_allow_declare": False,
        "stream_wait_empty": False,
        "agent_supervisor": CrashingSupervisor,
        "ConsumerScheduler": scheduler_of(config.batch_records),
        "broker_max_poll_records": config.batch_records * POLLS_AHEAD,
        "consumer_max_fetch_size": config.fetch_bytes,
        "consumer_metadata_max_age_ms": int(config.metadata_seconds * 1000),
        "consumer_auto_offset_reset": "earliest",
        "broker_commit_interval": 1.0,
        "broker_session_timeout": config.session_timeout_seconds,
        "broker_heartbeat_interval": config.heartbeat_seconds,
        "broker_rebalance_timeout": config.rebalance_timeout_seconds,
        "broker_request_timeout": max(config.request_timeout_seconds, config.session_timeout_seconds),
    }
