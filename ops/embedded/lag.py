"""Lag of the embedded runtime: its one partition, read from the file."""

from collections.abc import Sequence

from console.ports import LagStatus, PartitionLag
from outreach.store.sql import SqlStore
from schemas.topics import Topic
from streams.embedded import tables

GROUP = "ringahead-embedded"


class EmbeddedLag:
    """How far the fold is behind the log's end."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store

    def sample(self) -> Sequence[PartitionLag]:
        """One row; lag in seconds is record time at the watermark against the newest record's."""
        with self._store.read() as tx:
            position = tables.watermark(tx.connection)
            end, newest_ms = tables.end(tx.connection)
            behind = max(end - position, 0)
            age_ms = newest_ms - tables.recorded_ms_at(tx.connection, position) if behind else 0
        row = PartitionLag(
            group=GROUP,
            topic=Topic.LOG.value,
            partition=tables.PARTITION,
            committed=position + 1,
            end=end + 1,
            lag_events=behind,
            lag_seconds=max(age_ms, 0) / 1000,
            status=LagStatus.OK,
        )
        return [row]
