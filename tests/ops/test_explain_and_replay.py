"""Why a task is there, and that the same log gives it again: on a small installation with a model, calls and people."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from forecasting.learn import prior_model
from ops.cli import run
from ops.embedded.installation import Opened, opened
from ops.embedded.writer import tick_event
from outreach.desk import Outcome, TaskCard
from outreach.profiles import ProfileSet, standard_profiles
from outreach.records import Attempt, ContactPoint
from schemas.envelope import Event
from schemas.events.accounts import AccountRegistered, ComplaintOpened
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.events.ours import Disposition
from schemas.settings import Settings
from streams import learning

START = datetime(2024, 1, 2, 9, tzinfo=UTC)
ACCOUNTS = [f"shop-{number}" for number in range(12)]


def order(account: str, day: int) -> Event:
    lines = (OrderLine(sku="argon", quantity=Decimal(2), unit_price=Decimal(40)),)
    at, name = START + timedelta(days=day), f"{account}-{day}"
    return Event(name, "test", account, at, OrderPlaced(order_id=name, lines=lines))


def facts() -> Iterator[list[Event]]:
    """Day by day: everybody orders every second week, the last four fall silent; one complains."""
    for day in range(70):
        today: list[Event] = []
        for number, account in enumerate(ACCOUNTS):
            if day == 0:
                known = AccountRegistered(country="GB", zone="Europe/London", trade="cafe")
                today.append(Event(f"r-{account}", "test", account, START, known))
            if day % 14 == number % 3 and (day < 50 or number < 8):
                today.append(order(account, day))
        if day == 60:
            at = START + timedelta(days=day)
            today.append(Event("c-1", "test", "shop-3", at, ComplaintOpened(complaint_id="c-1", category="late")))
        yield [*today, tick_event(START + timedelta(days=day, hours=2))]


def eager(at: datetime) -> ProfileSet:
    """Profiles that act early: without a fitted model nothing is ever likely."""
    usual = standard_profiles("p-1", at)
    cells = {name: cell.model_copy(update={"service_level": 0.05}) for name, cell in usual.cells.items()}
    return usual.model_copy(update={"cells": cells})


def play(one: Opened) -> None:
    for day, events in enumerate(facts()):
        if day == 30:
            at = START + timedelta(days=day)
            one.publish_profiles(eager(at), at)
            model = prior_model()
            one.publish_model(learning.Learnt(model, learning.published(model, at)), at)
        one.runtime.append(events)
        one.runtime.fold_all()
        if day in (40, 65):
            with one.store.begin() as tx:
                one.desk.upkeep(tx, tx.db_now())


def somebody_calls(one: Opened) -> str:
    """Anna dials the first who may be called; what came of it returns to the log. The account."""
    with one.store.begin() as tx:
        points = [ContactPoint(f"{name}-1", name, "Robin", f"+4477009001{n:02}") for n, name in enumerate(ACCOUNTS)]
        one.desk.put_contacts(tx, points)
        one.desk.set_agent(tx, "anna", "available")
    with one.store.begin() as tx:
        card = one.desk.next_task(tx, "anna", tx.db_now())
        assert isinstance(card, TaskCard)
        token = card.task.token or ""
        assert isinstance(one.desk.start_call(tx, card.task.task_id, token, "k", tx.db_now()), Attempt)
        one.desk.dispose(tx, card.task.task_id, token, Outcome(Disposition.NOT_INTERESTED), tx.db_now())
    one.runtime.append([tick_event(START + timedelta(days=70, hours=2))])
    one.runtime.fold_all()
    return card.task.account_id


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("installation")
    with opened(Settings(data_dir=data)) as one:
        play(one)
        somebody_calls(one)
        with one.store.begin() as tx:
            for _ in range(3):
                one.desk.upkeep(tx, tx.db_now())
    return data


@pytest.fixture
def here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(folder))
    return folder


def asked(folder: Path, statement: str) -> list[Any]:
    with opened(Settings(data_dir=folder)) as one, one.store.engine.begin() as connection:
        rows = connection.execute(text(statement))
        return list(rows) if rows.returns_rows else []


def test_the_replay_is_equal_however_the_log_is_cut(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(here, "SELECT count(*) FROM tasks")[0][0] > 5, "the play went nowhere"
    for batch in ("7", "5000"):
        assert run(["replay", "--batch", batch]) == 0
        said = capsys.readouterr().out
        assert "equal" in said
        assert "1 accounts on whose tasks people worked" in said


def test_a_log_that_was_carried_away_gives_the_same(
    here: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "log.jsonl"
    assert run(["replay", "--out", str(out)]) == 0
    assert run(["replay", "--log", str(out)]) == 0
    assert "equal" in capsys.readouterr().out
    lines = out.read_bytes().splitlines(keepends=True)
    late = next(n for n, line in enumerate(lines) if b'"shop-9"' in line and b"OrderPlaced" in line)
    out.write_bytes(b"".join(line for n, line in enumerate(lines) if n != late))
    assert run(["replay", "--log", str(out)]) == 1
    assert "first difference: " in capsys.readouterr().out
    out.write_text("{}\n")
    assert run(["replay", "--log", str(out)]) == 2
    assert "line 1" in capsys.readouterr().err


CHANGES = [
    ("UPDATE needs SET reasons = '[\"holdout\"]' WHERE {one}", "need"),
    ("UPDATE tasks SET state = 'done', outcome = 'has_stock' WHERE state = 'ready' AND {one}", "task"),
    ("UPDATE tasks SET rank = 9000000000000000 WHERE state = 'ready' AND {one}", "order"),
    ("DELETE FROM needs WHERE {one}", "need"),
]


@pytest.mark.parametrize(("change", "what"), CHANGES)
def test_what_was_changed_by_hand_is_found(
    change: str, what: str, here: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    copy = tmp_path / "changed"
    copy.mkdir()
    _copied(here, copy)
    table = change.split()[1] if change.startswith("UPDATE") else change.split()[2]
    key = "need_id" if table == "needs" else "task_id"
    people = "SELECT account_id FROM audit WHERE actor = 'anna' AND account_id IS NOT NULL"
    where = f"account_id NOT IN ({people})" + (" AND state = 'ready'" if table == "tasks" else "")
    chosen = f"{key} = (SELECT min({key}) FROM {table} WHERE {where})"
    asked(copy, change.format(one=chosen))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RINGAHEAD_DATA_DIR", str(copy))
        assert run(["replay"]) == 1
    assert f"first difference: {what}" in capsys.readouterr().out


def _copied(source: Path, target: Path) -> None:
    for file in source.glob("ringahead.sqlite3*"):
        (target / file.name).write_bytes(file.read_bytes())


def test_a_task_is_explained_from_its_events_to_its_calls(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task_id, account = asked(here, "SELECT task_id, account_id FROM tasks WHERE outcome = 'not_interested'")[0]
    assert run(["explain", task_id, "--json", "--events", "100"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["task_id"], said["account_id"], said["profiles"]) == (task_id, account, ["p-1"])
    assert said["models"] == [prior_model().version]
    assert "uk-house-hours" in {rule["rule_id"] for rule in said["rules"]}
    assert said["rules_version"]
    assert all(line["evidence"]["profile"] for line in said["lines"])
    assert {event["type"] for event in said["events"]} >= {"AccountRegistered", "OrderPlaced", "CallEnded"}
    happened = [(one["who"], one["what"]) for one in said["decisions"]]
    assert [what for who, what in happened if who == "anna"] == ["claimed", "call_started", "not_interested"]
    assert happened[0] == ("fold", "opened")


def test_a_forecast_is_told_with_its_figures(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    task_id = asked(here, "SELECT task_id FROM needs WHERE kind = 'expected_reorder' AND task_id IS NOT NULL")[0][0]
    assert run(["explain", task_id, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert any("2 x argon" in event["says"] for event in said["events"])
    told = [line["evidence"] for line in said["lines"]]
    forecast = next(one for one in told if one["method"] != "event")
    assert forecast["p_due"] >= forecast["service_level"] == 0.05
    assert {"order_days", "last_order_on", "p50_on", "lead_time_days"} <= forecast.keys()


def test_a_task_is_explained_in_tables_by_its_account_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "shop-3", "--events", "3"]) == 0
    said = capsys.readouterr().out
    for word in ("of account shop-3", "Why", "Rules that hold there", "Events behind it", "Decided since", "recovery"):
        assert word in said


def test_nothing_is_explained_or_replayed_where_nothing_is(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["explain", "no-such-task"]) != 0
    assert "no-such-task" in capsys.readouterr().err
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "nothing"))
    for command in (["explain", "x"], ["replay"]):
        assert run(command) != 0
        assert "there is no installation" in capsys.readouterr().err
    assert not (tmp_path / "nothing").exists()
