"""Counters of one worker process; read by whoever publishes metrics."""

from dataclasses import dataclass


@dataclass(slots=True)
class Stats:
    """Totals since the start of the process."""

    batches: int = 0
    """Batches applied."""
    records: int = 0
    """Records applied."""
    outputs: int = 0
    """Outputs delivered."""
    refetches: int = 0
    """Holes: fetched records that were thrown away and asked for again."""
    hidden: int = 0
    """Offsets at which there was nothing to see: transaction markers, aborted and compacted records."""
    missing: int = 0
    """Offsets passed over because the log no longer had them (stateless topics only)."""
    retries: int = 0
    """Times a partition was suspended because something was unavailable."""
    restored: int = 0
    """Changelog records read to restore state."""

    def applied(self, records: int, outputs: int) -> None:
        """Count one batch."""
        self.batches += 1
        self.records += records
        self.outputs += outputs
