"""Readings of a worker and of the fold, as the catalogue names them."""

from collections import Counter
from collections.abc import Iterator, Mapping

from streams.microbatch.status import LaneStatus, WorkerStatus
from streams.telemetry.exposition import Reading

STATS: Mapping[str, str] = {
    "batches": "worker_batches",
    "records": "worker_records",
    "outputs": "worker_outputs",
    "refetches": "worker_refetches",
    "missing": "worker_missing_offsets",
    "retries": "worker_retries",
    "restored": "worker_restored_records",
}
"""Field of `streams.microbatch.stats.Stats` -> counter."""
OUTCOMES = ("folded", "duplicate", "late", "broadcast")


def worker_readings(status: WorkerStatus) -> Iterator[Reading]:
    """A worker of the Kafka runtime, by its own status."""
    for name, metric in STATS.items():
        yield Reading(f"ringahead_{metric}_total", getattr(status.stats, name))
    states = Counter(_state(lane) for lane in status.lanes)
    for state in ("ready", "recovering", "waiting"):
        yield Reading("ringahead_worker_partitions", states[state], {"state": state})
    for lane in status.lanes:
        if lane.recovery is not None:
            left = lane.recovery.remaining if lane.recovering else 0
            yield Reading("ringahead_worker_recovery_remaining_offsets", left, {"partition": str(lane.place.partition)})
    yield Reading("ringahead_worker_heartbeat_age_seconds", status.heartbeat_age_seconds)
    yield Reading("ringahead_worker_loop_age_seconds", status.loop_age_seconds)


def fold_readings(counts: Mapping[str, int]) -> Iterator[Reading]:
    """What the fold counted since the process began; see `streams.processor.Folded.counts`."""
    for outcome in OUTCOMES:
        yield Reading("ringahead_fold_events_total", counts.get(outcome, 0), {"outcome": outcome})
    yield Reading("ringahead_fold_judged_accounts_total", counts.get("judged", 0))


def _state(lane: LaneStatus) -> str:
    if lane.ready:
        return "ready"
    return "recovering" if lane.recovering else "waiting"
