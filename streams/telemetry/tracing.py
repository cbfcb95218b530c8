"""OpenTelemetry spans from ingest to task: off unless RINGAHEAD_TRACES_ENDPOINT is set; needs the extra ``tracing``.

The context travels as CloudEvents' extension attribute ``traceparent``: in the record's header or the event, in the
log, in the effects of the fold, and as ``trace=`` in the audit of the task. Each stage adds a span of its own under it.
A context that a sender brings is carried also while we trace nothing. Spans name stages, never an account.
"""

from importlib.util import find_spec
from typing import TYPE_CHECKING

from schemas.errors import Misconfigured
from schemas.settings import Settings
from streams.telemetry.context import Trace, carried

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

STAGES = ("ingest", "fold", "desk")
CARRIER_KEY = "traceparent"


class Tracing:
    """One `Trace` for each stage, over a tracer provider of OpenTelemetry's SDK."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer("ringahead")
        self._propagator = TraceContextTextMapPropagator()

    def stage(self, name: str) -> Trace:
        """Goes on with a trace by a span of this stage; begins one where there was none and the sampler takes it."""

        def trace(parent: str | None) -> str | None:
            came = self._propagator.extract({CARRIER_KEY: parent}) if parent else None
            with self._tracer.start_as_current_span(f"ringahead {name}", context=came) as span:
                leaves: dict[str, str] = {}
                self._propagator.inject(leaves)
            if parent is None and not span.get_span_context().trace_flags.sampled:
                return None  # nobody follows it: the event keeps its plain form
            return leaves.get(CARRIER_KEY, parent)

        return trace

    def close(self) -> None:
        """Send what is still held back."""
        self._provider.shutdown()


def stages(tracing: Tracing | None) -> tuple[Trace, Trace, Trace]:
    """What ingest, fold and desk call; without tracing the context is carried as it came."""
    if tracing is None:
        return carried, carried, carried
    ingest, fold, desk = (tracing.stage(name) for name in STAGES)
    return ingest, fold, desk


def tracing_of(settings: Settings, process: str) -> Tracing | None:
    """By the settings; raises Misconfigured where the packages of the extra are missing."""
    if not settings.traces_endpoint:
        return None
    if find_spec("opentelemetry.exporter") is None or find_spec("opentelemetry.sdk") is None:
        raise Misconfigured("RINGAHEAD_TRACES_ENDPOINT needs the extra: pip install 'ringahead[tracing]'")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    sampler = ParentBased(TraceIdRatioBased(settings.traces_share))
    provider = TracerProvider(sampler=sampler, resource=Resource.create({"service.name": f"ringahead-{process}"}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.traces_endpoint)))
    return Tracing(provider)
