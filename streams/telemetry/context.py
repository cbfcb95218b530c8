"""Trace context on its way through the stream: carried as it came, unless somebody traces."""

from collections.abc import Callable

TRACE_HEADER = "traceparent"
"""Kafka header of a W3C trace context."""

Trace = Callable[[str | None], str | None]
"""Goes on with a trace: from the context that came to the one that leaves; see `streams.telemetry.tracing`."""


def carried(parent: str | None) -> str | None:
    """Without tracing a context is passed on as it came."""
    return parent
