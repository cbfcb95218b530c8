"""`ringahead import`: where the events go, and what is said of the file."""

import json
from pathlib import Path

import httpx
import pytest

from ops.cli import run
from ops.embedded.installation import opened
from ops.feed import BATCH_EVENTS, to_api, to_log
from ops.importers.canonical import read_orders
from schemas.envelope import Event, decode
from schemas.errors import AlreadyRunning, BadInput, Unavailable
from schemas.settings import Settings
from streams.embedded.lock import Owner, hold

OWNER = Owner(1, "ringahead serve", "http://127.0.0.1:8080", "a-token")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    """250 orders and a line without an account."""
    path = tmp_path / "orders.csv"
    lines = [f"A{number % 7},WIRE,1,2.5,2024-03-01,{number}" for number in range(250)]
    path.write_text(
        "account_id,sku,quantity,unit_price,ordered_at,order_id\n" + "\n".join([*lines, ",WIRE,1,1,2024-03-01,X"])
    )
    return path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "var"))
    return Settings()


def logged(settings: Settings) -> list[Event]:
    with opened(settings) as installation:
        return [event for _, events in installation.read_log() for event in events]


def test_stopped_installation_gets_them_in_its_log(
    orders: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["import", str(orders)]) == 0
    said = capsys.readouterr().out
    assert "1  left out: no account id" in said
    assert "251  lines in the file" in said
    assert "250 events imported into the log" in said
    assert {event.id for event in logged(settings)} == {str(number) for number in range(250)}


def test_check_changes_nothing(orders: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "--check", str(orders)]) == 0
    assert "nothing was" in capsys.readouterr().out
    assert not settings.data_dir.exists()


def test_events_as_a_file(orders: Path, tmp_path: Path) -> None:
    out = tmp_path / "events.jsonl"
    assert run(["import", str(orders), "--out", str(out)]) == 0
    lines = out.read_bytes().splitlines()
    assert len(lines) == 250
    assert json.loads(lines[0])["type"] == "ringahead.OrderPlaced.v1"


def test_folder_that_another_command_holds(orders: Path, settings: Settings) -> None:
    with hold(settings.data_dir, "ringahead learn"), pytest.raises(AlreadyRunning, match="ringahead learn"):
        to_log(settings, read_orders(orders).events, lambda _: None)


class Server:
    """The part of the API that an import uses."""

    def __init__(self, status: int = 202) -> None:
        self.status = status
        self.events: list[Event] = []
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.status < 400:
            self.events += [decode(json.dumps(event).encode()) for event in json.loads(request.content)]
        return httpx.Response(self.status, text="no")


def test_running_server_gets_them_in_batches(orders: Path) -> None:
    server, told = Server(), list[int]()
    events = read_orders(orders).events
    with httpx.Client(transport=httpx.MockTransport(server)) as client:
        to_api(client, OWNER, events, told.append)
    assert server.events == events
    assert told == [BATCH_EVENTS, 50]
    assert {request.headers["authorization"] for request in server.requests} == {"Bearer a-token"}
    assert {request.url.path for request in server.requests} == {"/v1/events"}


@pytest.mark.parametrize(("status", "error"), [(503, Unavailable), (422, BadInput)])
def test_server_that_refuses(orders: Path, status: int, error: type[Exception]) -> None:
    with httpx.Client(transport=httpx.MockTransport(Server(status))) as client, pytest.raises(error, match=str(status)):
        to_api(client, OWNER, read_orders(orders).events, lambda _: None)


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("gone.csv", None, "there is no such file"),
        ("orders.xlsx", "x", "save orders as .parquet or .csv"),
        ("orders.csv", "", "empty"),
        ("orders.csv", "a,b\n1,2\n", "missing column"),
    ],
)
def test_unusable_file_is_one_line_and_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str | None, word: str
) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    assert run(["import", str(path)]) == 2
    said = capsys.readouterr()
    assert word in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_online_retail_format_says_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "raw.parquet"
    path.write_bytes(b"PAR1")
    assert run(["import", "--format", "online-retail", str(path)]) == 2
    assert "InvoiceNo" in capsys.readouterr().err
