"""`ringahead report`, on a small installation in a file."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from ops.cli import run
from ops.embedded.installation import opened
from ops.reports.source import read_ledger, shares
from outreach.profiles import standard_profiles
from outreach.records import Showing
from schemas import ids
from schemas.base import Fact
from schemas.envelope import Event
from schemas.events import BROADCAST, EVERYBODY
from schemas.events.accounts import LossExplained, LossReason
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.events.ours import CallEnded, Disposition, Phase, PhaseChanged, TimePassed
from schemas.settings import Settings
from tests.outreach.made import contact, standing
from tests.outreach.made import opened as need_opened

Q2 = datetime(2026, 4, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def said(fact: Fact, at: datetime, account: str) -> Event:
    subject = EVERYBODY if type(fact) in BROADCAST else account
    return Event(id=f"{account}-{at}-{type(fact).__name__}", source="tests", subject=subject, time=at, fact=fact)


def bought(order_id: str) -> OrderPlaced:
    return OrderPlaced(order_id=order_id, lines=(OrderLine(sku="argon", quantity=Decimal(1), unit_price=Decimal(10)),))


def events() -> list[Event]:
    """Eighty customers; who is held out orders once in the quarter, the others twice."""
    found: list[Event] = []
    for number in range(80):
        name = f"a{number}"
        held = ids.is_held_out(name, Q2, "pepper", 0.3)
        found += [said(bought(f"{name}-{n}"), Q2 - (n + 1) * 20 * DAY, name) for n in range(3)]
        found += [said(bought(f"{name}+{n}"), Q2 + (n + 1) * 20 * DAY, name) for n in range(1 if held else 2)]
    call = CallEnded(task_id="t", attempt_id="x", task_class="selling", disposition=Disposition.NO_ANSWER)
    lost = PhaseChanged(previous=Phase.MAINTENANCE, phase=Phase.REACTIVATION)
    why = LossExplained(reason=LossReason.PRICE)
    return [*found, said(call, Q2 + DAY, "a1"), said(lost, Q2 + 2 * DAY, "a2"), said(why, Q2 + 3 * DAY, "a2")]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A file with a log, profiles of which 30 % are held out, and two tasks."""
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RINGAHEAD_HOLDOUT_SALT", "pepper")
    made = Settings(data_dir=tmp_path, holdout_salt="pepper")
    with opened(made) as installation:
        base = standard_profiles("tests", Q2 - 400 * DAY)
        cells = {name: cell.model_copy(update={"holdout_share": 0.3}) for name, cell in base.cells.items()}
        installation.publish_profiles(base.model_copy(update={"cells": cells}), Q2 - 100 * DAY)
        with installation.store.begin() as tx:
            installation.runtime.append_in(tx, [*events(), said(TimePassed(as_of=Q2 + 60 * DAY), Q2 + 60 * DAY, "*")])
        installation.runtime.fold_all()
        with installation.store.begin() as tx:
            told = [standing("b1"), need_opened("b1", at=Q2), need_opened("b2", at=Q2 + DAY)]
            installation.desk.apply_effects(tx, told)
            installation.desk.put_contacts(tx, [contact("b1")])
    return made


def asked(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["report", *arguments]) == 0
    return capsys.readouterr().out


def test_the_hold_out_is_compared(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(asked("holdout", "--json", capsys=capsys))
    assert told["quarters"] == [{"name": "2026Q2", "complete": False}]
    held = sum(ids.is_held_out(f"a{number}", Q2, "pepper", 0.3) for number in range(80))
    assert told["rows"] == {"called": 80 - held, "held_out": held}
    (orders,) = [one for one in told["estimates"] if one["cell"] == "all" and one["metric"] == "orders"]
    assert orders["difference"] == pytest.approx(1.0)
    assert orders["low"] > 0
    page = asked("holdout", capsys=capsys)
    assert "2026Q2: 80 accounts, as far as 2026-05-31" in page
    assert "small-ignition" in page


def test_tasks_and_losses_are_counted(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(asked("outcomes", "--json", capsys=capsys))
    assert sum(one["opened"] for one in told["tasks"]) >= 2
    assert told["lost"] == {"price": 1}
    page = asked("outcomes", "--since", "2026-04-01", capsys=capsys)
    assert "price" in page
    assert "nobody found out why" in page


def test_suggestions_by_objective_with_reasons(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    period = ("--since", "2026-04-01", "--until", "2026-07-01")
    assert "No call showed one" in asked("suggestions", *period, capsys=capsys)
    known = Showing("", "", "t", "a", "ann", "s", "", "", "small-maintenance", 1, "v", Q2)
    rows = [
        replace(known, showing_id=f"{name}{n}", attempt_id=f"{name}{n}", objective=name, answer=said, why=why)
        for name, yes in (("efficiency", 6), ("variety", 3))
        for n, (said, why) in enumerate([("accepted", None)] * yes + [("refused", "not_used")] * (9 - yes))
    ]
    drawn = [replace(row, showing_id=f"d{row.showing_id}", drawn=True) for row in rows if row.answer == "accepted"]
    with opened(settings) as installation, installation.store.begin() as tx:
        tx.showings.put(rows)
    assert json.loads(asked("suggestions", "--json", *period, capsys=capsys))["drawn"]["acceptance"] == []
    assert "drawn at random" not in asked("suggestions", *period, capsys=capsys)
    told = json.loads(asked("suggestions", "--json", *period, capsys=capsys))
    efficiency = next(one for one in told["acceptance"] if one["objective"] == "efficiency" and one["profile"] == "all")
    assert (efficiency["shown"], efficiency["accepted"]) == (9, 6)
    assert told["odds_ratios"][0]["ratio"] == pytest.approx(4.0)
    assert told["refused"] == {"efficiency": {"not_used": 3}, "variety": {"not_used": 6}}
    text = asked("suggestions", *period, capsys=capsys)
    assert "efficiency against variety: 4.00 (95% from" in text
    assert "6  variety: not_used" in text
    with opened(settings) as installation, installation.store.begin() as tx:
        tx.showings.put(drawn)
    told = json.loads(asked("suggestions", "--json", *period, capsys=capsys))["drawn"]["acceptance"]
    assert {(one["objective"], one["shown"]) for one in told} == {("efficiency", 6), ("variety", 3)}
    assert "drawn at random" in asked("suggestions", *period, capsys=capsys)


def test_emission_says_what_waits(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(asked("emission", "--json", capsys=capsys))
    assert told["verdict"] == "unknown"
    assert told["stopped"] is False
    assert "tasks opened in the last 24 hours" in asked("emission", capsys=capsys)


def test_shares_are_those_in_force_then(settings: Settings) -> None:
    with opened(settings) as installation:
        ledger = read_ledger(settings, installation.store)
        share_of = shares(installation.store, ledger)
    assert share_of("small-ignition", Q2) == 0.3


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("holdout", "--quarter", "2026"), 2, "is not a quarter"),
        (("holdout", "--quarter", "1999Q1"), 1, "nothing_to_compare"),
        (("outcomes", "--since", "2026-05-01", "--until", "2026-04-01"), 2, "must come before"),
    ],
)
def test_bad_input_is_one_line(
    settings: Settings, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], code: int, says: str
) -> None:
    assert run(["report", *arguments]) == code
    error = capsys.readouterr().err.strip()
    assert says in error
    assert "\n" not in error


def test_without_data_it_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "none"))
    assert run(["report", "holdout"]) == 1
    assert "no_data" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
