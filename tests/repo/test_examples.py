"""The examples work as they are written."""

import json
from pathlib import Path
from typing import Any

import pytest

from console.events_in import checked
from ops.cli import run
from schemas.events import BROADCAST, CATALOGUE, PUBLIC, TYPE_OF
from schemas.topics import PUBLIC_INPUTS
from tests.repo.sources import ROOT

EXAMPLES = ROOT / "examples"
EVENTS: list[dict[str, Any]] = json.loads((EXAMPLES / "events.json").read_text("utf-8"))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: f"{event['id']}-{event['type']}")
def test_event_is_accepted_by_the_api(event: dict[str, Any]) -> None:
    assert checked(json.dumps(event).encode(), 1_000_000) is None
    assert (event["subject"] == "*") == (CATALOGUE[event["type"]] in BROADCAST)


def test_there_is_an_event_of_every_public_kind() -> None:
    assert {event["type"] for event in EVENTS} == {TYPE_OF[fact] for fact in PUBLIC}
    assert len({event["id"] for event in EVENTS}) == len(EVENTS)


def test_topics_of_the_kafka_example_are_the_public_ones() -> None:
    namespace: dict[str, Any] = {"__name__": "example"}
    exec(compile((EXAMPLES / "send_kafka.py").read_text("utf-8"), "send_kafka.py", "exec"), namespace)
    assert {namespace["topic_of"](event["type"]) for event in EVENTS} == set(PUBLIC_INPUTS)


def test_orders_can_be_imported(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "--check", str(EXAMPLES / "orders.csv")]) == 0
    assert "left out" not in capsys.readouterr().out


@pytest.mark.parametrize("command", [["forecast"], ["recommend", "-k", "3"]])
def test_orders_can_be_forecast(tmp_path: Path, command: list[str]) -> None:
    out = tmp_path / "result.csv"
    orders = ["--orders", str(EXAMPLES / "orders.csv"), "--as-of", "2024-08-15", "--out", str(out)]
    assert run([*command, *orders]) == 0
    assert len(out.read_text("utf-8").splitlines()) > 40


def test_readme_names_every_example() -> None:
    said = (EXAMPLES / "README.md").read_text("utf-8")
    assert [path.name for path in EXAMPLES.iterdir() if path.is_file() and f"`{path.name}`" not in said] == [
        "README.md"
    ]
