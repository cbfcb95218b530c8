"""`ringahead console` and the way of events from HTTP to the public topics; no Kafka is asked here."""

import json
from pathlib import Path

import pytest

from ops.cli import run
from ops.events_to_kafka import EventSender, output_of
from schemas.envelope import decode
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import Topic


def raw(name: str, data: dict[str, object]) -> bytes:
    attributes = {"specversion": "1.0", "id": "1", "source": "erp", "subject": "a1", "time": "2011-12-09T08:00:00Z"}
    return json.dumps({**attributes, "type": f"ringahead.{name}.v1", "data": data}).encode()


@pytest.mark.parametrize(
    ("name", "data", "topic"),
    [
        ("OrderCancelled", {"order_id": "1"}, Topic.ORDERS),
        ("UsageReported", {"sku": "s", "kind": "level", "value": 1}, Topic.USAGE),
        ("StockCorrected", {"sku": "s", "quantity": 1}, Topic.USAGE),
        ("AccountRegistered", {}, Topic.ACCOUNTS),
        ("ProductChanged", {"sku": "s"}, Topic.ACCOUNTS),
    ],
)
def test_each_event_goes_to_its_topic_under_its_account(name: str, data: dict[str, object], topic: Topic) -> None:
    body = raw(name, data)
    sent = output_of(decode(body), body)
    assert (sent.topic, sent.key, sent.value) == (topic, b"a1", body)


@pytest.mark.slow
def test_without_a_broker_events_are_to_be_sent_again() -> None:
    with EventSender(Settings(kafka_bootstrap="127.0.0.1:1")) as sender, pytest.raises(Unavailable):
        sender.accept([raw("OrderCancelled", {"order_id": "1"})])


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({}, "ringahead serve"),
        ({"RINGAHEAD_RUNTIME": "kafka"}, "RINGAHEAD_DATABASE_URL"),
        ({"RINGAHEAD_RUNTIME": "kafka", "RINGAHEAD_DATABASE_URL": "sqlite:///{folder}/t.db"}, "ringahead migrate"),
    ],
)
def test_the_command_says_what_it_lacks(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    environment: dict[str, str],
    said: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value.format(folder=tmp_path))
    assert run(["console"]) == 1
    assert said in capsys.readouterr().err
