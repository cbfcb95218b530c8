"""Faust in record batches: one message carries a list of records, and nothing is lost.

`ports` is what a program implements; `BatchApp` runs it. `internals` lists what of Faust and aiokafka is touched.
"""

from streams.microbatch.app import BatchApp, BatchConfig, changelog_topic
from streams.microbatch.delivery import Connection, Delivery
from streams.microbatch.offsets import RecordBatch
from streams.microbatch.ports import (
    Outcome,
    Output,
    PartitionProcessor,
    PartitionStore,
    ProcessorFactory,
    Record,
    StatelessProcessor,
    Unavailable,
)

__all__ = [
    "BatchApp",
    "BatchConfig",
    "Connection",
    "Delivery",
    "Outcome",
    "Output",
    "PartitionProcessor",
    "PartitionStore",
    "ProcessorFactory",
    "Record",
    "RecordBatch",
    "StatelessProcessor",
    "Unavailable",
    "changelog_topic",
]
