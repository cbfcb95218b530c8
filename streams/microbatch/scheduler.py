"""Faust's scheduler of fetched records, for chunks: each partition in turn gives one batch."""

from collections.abc import Iterator, Mapping

from faust.transport.utils import DefaultSchedulingStrategy

from streams.microbatch.offsets import Chunk, Partition


class BatchScheduler(DefaultSchedulingStrategy):  # type: ignore[misc]  # Faust is not typed for us
    """Round robin over topics and partitions, a batch of at most `batch_records` at a time."""

    batch_records = 500

    def iterate(self, records: Mapping[Partition, Chunk]) -> Iterator[tuple[Partition, Chunk]]:
        """Yield chunks that are small enough, in the order of their partition's log."""
        parts = {place: chunk.split(self.batch_records) for place, chunk in records.items()}
        yield from super().iterate(parts)


def scheduler_of(batch_records: int) -> type[BatchScheduler]:
    """The scheduler class for a batch size; Faust builds it without arguments."""
    return type("SizedBatchScheduler", (BatchScheduler,), {"batch_records": batch_records})
