"""Faust in record batches: one message carries a list of records, and nothing is lost.

`ports` is what a program implements; `BatchApp` runs it. `internals` lists what of Faust and aiokafka is touched.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

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

if TYPE_CHECKING:
    from streams.microbatch.app import BatchApp, BatchConfig, changelog_topic
    from streams.microbatch.delivery import Connection, Delivery
    from streams.microbatch.offsets import RecordBatch

_LATE = {
    "BatchApp": "app",
    "BatchConfig": "app",
    "changelog_topic": "app",
    "Connection": "delivery",
    "Delivery": "delivery",
    "RecordBatch": "offsets",
}
"""Imported when asked for: the ports alone need no Faust, and other runtimes use them."""

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


def __getattr__(name: str) -> Any:
    """Import a late name from its module (PEP 562)."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)
