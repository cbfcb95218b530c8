"""One trace from the message to the task: through ingest, log, fold, effect and the task's audit."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased

from ops.embedded.installation import Opened, opened
from schemas.envelope import decode, encode, trace_of
from schemas.errors import Misconfigured
from schemas.events.accounts import ComplaintOpened
from schemas.settings import Settings
from streams.embedded import tables
from streams.ingest import IngestRules, LogEntry, ingest
from streams.microbatch.ports import Record
from streams.telemetry.tracing import STAGES, Tracing, stages, tracing_of
from tests.embedded.made import put_artefacts
from tests.streams.harness import START, in_force, said, tick
from tests.streams.scene import placed

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
AT = "2026-03-02T08:00:00Z"


def complaint(**extensions: str) -> bytes:
    event = {
        "specversion": "1.0", "id": "c-1", "source": "crm", "type": "ringahead.ComplaintOpened.v1", "subject": "A1",
        "time": AT, "data": {"complaint_id": "1"}, **extensions,
    }  # fmt: skip
    return json.dumps(event).encode()


def record(value: bytes, **headers: bytes) -> Record:
    return Record("http", 0, 1, 1_772_438_400_000, None, value, tuple(headers.items()))


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(spans: InMemorySpanExporter) -> Iterator[Tracing]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    made = Tracing(provider)
    yield made
    made.close()


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Opened]:
    with opened(Settings(data_dir=tmp_path)) as found:
        yield found


def play(installation: Opened) -> None:
    """A complaint of an account, which opens a service task at once or with the next tick."""
    put_artefacts(installation)
    order = said(placed("o1", argon=2), START - timedelta(days=3), "o1")
    installation.runtime.append([order, *in_force(), tick(START)])
    wrong = replace(said(ComplaintOpened(complaint_id="c1"), START, "wrong"), traceparent=PARENT)
    taken = installation.runtime.take([record(encode(wrong))], IngestRules(key_required=False))
    assert taken.letters == (None,)
    installation.runtime.fold_all()


def traced(installation: Opened) -> list[str]:
    with installation.store.read() as tx:
        return [entry.detail for entry in tx.audit.since(0) if entry.subject.startswith("task:")]


def test_one_trace_from_the_message_to_the_task(
    installation: Opened, tracing: Tracing, spans: InMemorySpanExporter
) -> None:
    runtime, desk = installation.runtime, installation.desk
    runtime.trace_ingest, runtime.trace_fold, desk.trace = stages(tracing)
    play(installation)
    found = spans.get_finished_spans()
    assert [span.name for span in found][:2] == ["ringahead ingest", "ringahead fold"]
    assert {span.name for span in found} == {f"ringahead {stage}" for stage in STAGES}
    assert {format(span.context.trace_id, "032x") for span in found} == {TRACE}
    parents = {span.name: span.parent.span_id for span in found if span.parent}
    by_id = {span.context.span_id: span.name for span in found}
    assert by_id[parents["ringahead fold"]] == "ringahead ingest"
    assert by_id[parents["ringahead desk"]] == "ringahead fold"
    assert all(not span.attributes for span in found), "spans name stages, never an account"
    details = traced(installation)
    assert any(f"trace={TRACE}" in detail for detail in details), "of the complaint; the tick opens others"


def test_without_tracing_the_senders_context_is_carried_as_it_came(installation: Opened) -> None:
    play(installation)
    with installation.store.read() as tx:
        logged = [decode(one.value or b"") for one in tables.read(tx.connection, 0, 10)]
    assert [event.traceparent for event in logged if isinstance(event.fact, ComplaintOpened)] == [PARENT]
    assert any(f"trace={TRACE}" in detail for detail in traced(installation))


def test_a_header_wins_and_what_is_no_context_is_dropped() -> None:
    other = PARENT.replace("b7ad", "b7ae")
    rules = IngestRules(key_required=False)
    by_header = ingest(record(complaint(traceparent=PARENT), traceparent=other.encode()), rules)
    broken = ingest(record(complaint(traceparent="00-xyz")), rules)
    assert isinstance(by_header, LogEntry)
    assert isinstance(broken, LogEntry)
    assert decode(by_header.value).traceparent == other
    assert decode(broken.value).traceparent is None
    assert trace_of("00-" + "0" * 31 + "-1-1") is None


def test_an_event_without_a_trace_has_the_bytes_that_it_always_had() -> None:
    event = decode(complaint())
    assert b"traceparent" not in encode(event)
    assert decode(encode(event)) == event


def test_what_is_not_sampled_leaves_no_span_and_the_event_as_it_was(spans: InMemorySpanExporter) -> None:
    provider = TracerProvider(sampler=ParentBased(ALWAYS_OFF))
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace = Tracing(provider).stage("ingest")
    assert trace(None) is None
    asleep = PARENT[:-2] + "00"
    carried_on = trace(asleep)
    assert carried_on is not None
    assert carried_on[:35] == asleep[:35], "a sender's own trace goes on, asleep"
    assert spans.get_finished_spans() == ()


def test_off_by_default_and_honest_about_what_is_missing() -> None:
    assert tracing_of(Settings(), "serve") is None
    try:
        import opentelemetry.exporter  # noqa: F401
    except ImportError:
        with pytest.raises(Misconfigured, match=r"ringahead\[tracing\]"):
            tracing_of(Settings(traces_endpoint="http://127.0.0.1:4318/v1/traces"), "serve")
