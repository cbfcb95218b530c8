"""Every produce to an output fails, at least 40 times: too few replicas are in sync for these topics alone."""

import asyncio
import time

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from schemas.topics import PUBLIC_INPUTS, Topic
from streams.kafka.names import CHANGELOG
from streams.kafka.names import GROUP as WORKERS
from streams.kafka_topics import wanted
from tests.faults.report import Figures, Row
from tests.faults.stage import Stage
from tests.faults.verdict import judge
from tests.faults.watch import Place
from tests.installation import wait_until

FAILURES = 40
STEADY_SECONDS = 4.0
"""After this what was delivered before the fault is committed."""
INGEST = ((Topic.LOG.value, Topic.DEAD_LETTERS.value), tuple(topic.value for topic in PUBLIC_INPUTS))
FOLD = ((Topic.NEEDS.value, CHANGELOG), (Topic.LOG.value,))


def test_every_produce_to_an_output_fails(stage: Stage, row: Figures) -> None:
    with row("every produce fails 40 times") as figures:
        stage.begin()
        with stage.load:
            for outputs, sources in (INGEST, FOLD):
                stage.recovery(stage.marks(), time.monotonic())
                _fail(stage, figures, outputs, sources)
        judge(stage, figures)


def _fail(stage: Stage, figures: Row, outputs: tuple[str, ...], sources: tuple[str, ...]) -> None:
    set_needed_replicas(stage, outputs, "3")
    before = _failures(stage, outputs)
    marks = stage.marks()
    with stage.stopped(stage.kafka.nodes[2], hard=False):
        wait_until(lambda: _failures(stage, outputs) > before, "the first failed produce", 120)
        time.sleep(STEADY_SECONDS)
        stood = _positions(stage, sources)
        wait_until(lambda: _failures(stage, outputs) >= before + FAILURES, "forty failed produces", 240)
        assert _positions(stage, sources) == stood, "the source's position moved while no output was taken"
        figures.faults += _failures(stage, outputs) - before
    set_needed_replicas(stage, outputs, "2")
    figures.recovered_seconds.append(stage.recovery(marks, time.monotonic()))


def _failures(stage: Stage, topics: tuple[str, ...]) -> int:
    """Produce requests that the brokers refused, as the worker's client says."""
    lines = stage.processes["worker"].said().splitlines()
    failed = [line for line in lines if "NotEnoughReplicas" in line and "retrying" in line]
    return sum(any(f"topic='{topic}'" in line for topic in topics) for line in failed)


def _positions(stage: Stage, topics: tuple[str, ...]) -> dict[Place, int]:
    committed = stage.watch.fresh().committed.get(WORKERS, {})
    return {place: offset for place, offset in committed.items() if place[0] in topics}


def set_needed_replicas(stage: Stage, topics: tuple[str, ...], count: str) -> None:
    """Set min.insync.replicas of these topics, their other settings as they were."""
    configs = {topic.name: {**topic.configs, "min.insync.replicas": count} for topic in wanted(stage.settings)}

    async def alter() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=stage.kafka.bootstrap)
        await admin.start()
        try:
            for topic in topics:
                await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs[topic])])
        finally:
            await admin.close()

    asyncio.run(alter())
