"""The Kafka worker, all of it on one page: two agents over batches.

    ringahead.orders, .usage, .accounts --ingest--> ringahead.account-events, ringahead.dead-letters
    ringahead.account-events            --fold----> ringahead.needs (and facts of its own back to the log)

Account state lies in RocksDB with a changelog; outputs, state and position of a batch become visible together.
"""

from collections import Counter
from typing import Any

from outreach.ports import Store
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import PUBLIC_INPUTS, Topic
from streams.artefacts import ArtefactSource
from streams.core.context import Installation
from streams.ingest import IngestRules
from streams.kafka.generation import Generation
from streams.kafka.names import CHANGELOG, GROUP, changelog_of
from streams.kafka.processors import Ingest, fold_factory
from streams.microbatch.app import BatchApp, BatchConfig
from streams.microbatch.ports import ProcessorFactory, StatelessProcessor
from streams.telemetry.tracing import Tracing, stages

__all__ = ["CHANGELOG", "GROUP", "ArtefactsInStore", "batch_config", "build_app", "build_worker"]


class ArtefactsInStore:
    """Published artefacts, each read in a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, digest: str) -> bytes:
        """The artefact's bytes; raises Unavailable while the database, or the artefact in it, is not there."""
        with self._store.read() as transaction:
            raw = transaction.artefacts.get(digest)
        if raw is None:
            raise Unavailable(f"artefact {digest[:12]} is not in the database; run `ringahead learn`")
        return raw


def build_worker(
    settings: Settings,
    installation: Installation,
    artefacts: ArtefactSource,
    counts: Counter[str] | None = None,
    generation: Generation | None = None,
    tracing: Tracing | None = None,
) -> BatchApp:
    """The worker of an installation; nothing is connected yet. ``counts``: what its fold counts, for metrics.

    generation: of state, that it folds; the first one, if it is left out.
    """
    partitions = settings.kafka_partitions
    trace_ingest, trace_fold, _ = stages(tracing)
    ingest = Ingest(IngestRules(max_bytes=settings.max_event_bytes), partitions, trace_ingest)
    if generation is None:
        return build_app(
            batch_config(settings), ingest, fold_factory(installation, artefacts, counts, trace=trace_fold)
        )
    fold = fold_factory(installation, artefacts, counts, generation.check, trace_fold)
    return build_app(batch_config(settings), ingest, fold, changelog_of(generation.number))


def build_app(
    config: BatchConfig, ingest: StatelessProcessor, fold: ProcessorFactory, changelog: str = CHANGELOG
) -> BatchApp:
    """A Faust app with the two agents."""
    app = BatchApp(config)
    app.stateless(PUBLIC_INPUTS, ingest)
    app.stateful(Topic.LOG, fold, changelog)

    async def apply_batches(stream: Any) -> None:
        async for event in stream.noack().events():
            await app.runner.handle(event.value)
            await stream.ack(event)

    app.agent(app.batches(*PUBLIC_INPUTS), name="ingest")(apply_batches)
    app.agent(app.batches(Topic.LOG), name="fold")(apply_batches)
    return app


def batch_config(settings: Settings) -> BatchConfig:
    """What of the settings concerns the worker."""
    return BatchConfig(
        app_id=GROUP,
        bootstrap=settings.kafka_bootstrap,
        data_dir=settings.data_dir / "worker" / settings.worker_name,
        batch_records=settings.batch_records,
        session_timeout_seconds=settings.kafka_session_timeout_seconds,
        heartbeat_seconds=settings.kafka_heartbeat_seconds,
        rebalance_timeout_seconds=settings.kafka_rebalance_timeout_seconds,
        stall_seconds=settings.worker_stall_seconds,
        unavailable=(Unavailable,),
    )
