"""Personal data through every path, and none of it in logs, metrics or traces."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from ops.embedded.installation import opened
from ops.embedded.writer import Writer, standing_still
from schemas.errors import Unavailable
from schemas.settings import Settings
from streams.ingest import IngestRules
from streams.microbatch.ports import Record
from streams.telemetry.exposition import Exposition
from streams.telemetry.logs import QUIET, SafeFormatter, scrubbed
from streams.telemetry.readings import fold_readings
from streams.telemetry.tracing import Tracing, stages
from tests.console.conftest import Site, make_site, runner, site
from tests.embedded.made import put_artefacts
from tests.streams.harness import START, in_force, tick

__all__ = ["make_site", "runner", "site"]

NAME, PHONE, MAIL = "Xerxes Quillfeather", "+44 20 7946 0991", "xerxes.q@canary.example"
NOTE = "his daughter's wedding is in Llanfairpwll"
CANARIES = (NAME, "Xerxes", "Quillfeather", PHONE, "7946 0991", MAIL, "canary.example", NOTE, "Llanfairpwll")


@pytest.fixture(params=["json", "text"])
def said(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Everything that is logged, at every level, as the processes would write it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter(request.param))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    for name in QUIET:  # as `set_up` has it; httpx is the test's own browser here
        logging.getLogger(name).setLevel(logging.WARNING)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def clean(text: str) -> None:
    found = [canary for canary in CANARIES if canary in text]
    assert found == [], text[-3000:]


def event(kind: str, **data: object) -> bytes:
    told = {
        "specversion": "1.0", "id": f"{kind}-1", "source": "crm", "type": f"ringahead.{kind}.v1", "subject": "A1",
        "time": START.isoformat(), "data": data,
    }  # fmt: skip
    return json.dumps(told).encode()


BAD = [
    event("OrderPlaced", order_id=NOTE, lines=[{"sku": NAME, "quantity": PHONE}]),
    event("ComplaintOpened", complaint_id="c1", category=NOTE, contact=NAME, mail=MAIL),
    event("OrderPlaced", order_id="o1", lines=[{"sku": NAME, "quantity": 2}], currency="EUR"),
    f'{{"name": "{NAME}", "phone": "{PHONE}"'.encode(),
    f"{NAME};{PHONE};{MAIL}".encode(),
    event(NAME, note=NOTE),
]


def test_through_ingest_fold_dead_letters_and_desk(tmp_path: Path, said: io.StringIO) -> None:
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    with opened(Settings(data_dir=tmp_path)) as installation:
        runtime = installation.runtime
        runtime.trace_ingest, runtime.trace_fold, installation.desk.trace = stages(Tracing(provider))
        put_artefacts(installation)
        runtime.append([*in_force(), tick(START)])
        now_ms = int(START.timestamp() * 1000)
        records = [Record("http", 0, number, now_ms, None, raw) for number, raw in enumerate(BAD)]
        taken = runtime.take(records, IngestRules(key_required=False))
        assert any(taken.letters), "some are refused"
        assert taken.accepted, "some are folded"
        runtime.fold_all()
        metrics = Exposition({"fold": lambda: fold_readings(runtime.figures.counts)}).text().decode()
    assert spans.get_finished_spans()
    clean(said.getvalue() + metrics + "".join(span.to_json() for span in spans.get_finished_spans()))


def test_through_the_api_and_the_desk(site: Site, said: io.StringIO) -> None:
    erp = site.as_role("admin", "/agent")
    for raw in BAD:
        erp.post("/v1/events", content=raw, headers={"content-type": "application/cloudevents+json"})
    contact = {"contact_id": "c-9", "account_id": "A1", "person": NAME, "number": PHONE, "zone": NOTE}
    erp.post("/v1/contacts", json={"contacts": [contact]})
    erp.post("/v1/contacts", json={"contacts": [{**contact, "zone": "Europe/London"}]})
    erp.post("/v1/do-not-call", json={"numbers": [PHONE, MAIL]})
    erp.get(f"/accounts/{NAME}")
    erp.get(f"/v1/accounts/{MAIL}/suggestions")
    erp.post("/login", data={"name": NAME, "password": PHONE})
    erp.post("/agent/next")
    clean(said.getvalue() + erp.get("/metrics").text)


class Broken:
    """A store whose errors quote what was in a row, as libraries' do."""

    def read(self) -> None:
        raise ValueError(f"duplicate key value: Key (number)=({PHONE}) of {NAME} <{MAIL}>: {NOTE}")

    begin = read


def test_errors_of_the_console_are_told_by_type_and_place(site: Site, said: io.StringIO) -> None:
    caller = site.as_role("operator", "/operator")
    healthy = site.app.state.console.store
    object.__setattr__(site.app.state.console, "store", Broken())
    answer = caller.get("/operator")
    object.__setattr__(site.app.state.console, "store", healthy)
    assert answer.status_code == 500
    clean(answer.text)
    assert "a request failed" in said.getvalue()
    assert "ValueError" in said.getvalue()
    assert "test_canaries.py" in said.getvalue(), "where it came from"
    clean(said.getvalue() + caller.get("/metrics").text)


def test_errors_of_the_writer(tmp_path: Path, said: io.StringIO) -> None:
    with opened(Settings(data_dir=tmp_path)) as installation:
        writer = Writer(installation, standing_still, lambda: None)
        object.__setattr__(installation, "runtime", Broken())
        writer.start()
        writer._thread.join(10)
    assert writer.failure is not None
    assert "the writer ends" in said.getvalue()
    clean(said.getvalue())


def test_an_error_among_the_arguments_is_told_by_its_type_unless_it_is_ours(said: io.StringIO) -> None:
    log = logging.getLogger("ringahead.test")
    log.warning("waiting: %s, then %r", ValueError(NAME), KeyError(NOTE))
    log.warning("waiting: %s", Unavailable("no broker answers at kafka:9092"))
    log.warning("sent to %s by %s at 2026-03-01T10:00:00 offset 4711234567", MAIL, PHONE)
    told = said.getvalue()
    clean(told)
    assert "ValueError, then KeyError" in told
    assert "no broker answers at kafka:9092" in told
    assert "offset 4711234567" in told, "a number of ours is no phone number"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("call 020 7946 0991 now", "call [number] now"),
        ("a.b@c.example wrote", "[mail] wrote"),
        ("ringahead.orders[3] waits 0.5 s at offset 1048576", "ringahead.orders[3] waits 0.5 s at offset 1048576"),
        ("two\nlines", "two lines"),
    ],
)
def test_the_last_net(text: str, left: str) -> None:
    assert scrubbed(text) == left


def test_json_lines_are_json() -> None:
    record = logging.LogRecord("a.b", logging.WARNING, "x.py", 1, "%s[%d] waits", ("t", 3), None)
    told = json.loads(SafeFormatter("json").format(record))
    assert (told["level"], told["logger"], told["says"]) == ("warning", "a.b", "t[3] waits")
