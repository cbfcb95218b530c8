"""`ringahead profiles`: from the last set to the next one, on a stopped and on a running installation."""

import io
import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from ops.cli import run
from ops.embedded.installation import opened
from ops.profile_edits import edited
from outreach.desk import policies
from outreach.profiles import ProfileSet, standard_profiles
from schemas.base import EARLIEST
from schemas.errors import BadInput
from schemas.settings import Settings
from streams.embedded.lock import hold, owner_of
from tests.embedded.made import put_artefacts
from tests.streams.harness import START, in_force, profiles, said, tick
from tests.streams.scene import placed

STANDARD = standard_profiles("standard-1", EARLIEST)
LESS = "*.opens=recovery"
SERVER_SECONDS = 60.0


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation in which three weekly buyers are called."""
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "var"))
    found = Settings()
    events = [
        said(placed(f"{account}-{ago}", argon=2), START - timedelta(days=ago), f"{account}-{ago}", account)
        for account in ("a1", "a2", "a3")
        for ago in range(140, 6, -7)
    ]
    model, _ = in_force()
    with opened(found) as installation:
        put_artefacts(installation)
        installation.publish_profiles(profiles(), START)
        installation.runtime.append([*events, model, tick(START), tick(START + timedelta(hours=1))])
        installation.runtime.fold_all()
    return found


def versions(settings: Settings) -> list[str]:
    with opened(settings) as installation, installation.store.read() as tx:
        return [page.version for page in policies.pages(tx)]


def in_force_now(settings: Settings) -> set[str | None]:
    with opened(settings) as installation, installation.store.read() as tx:
        return {clock.profiles_version for clock in tx.clocks.all()}


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    assert run(["profiles", "show"]) == 0
    return capsys.readouterr().out


def test_what_is_shown_can_be_edited_and_applied(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(shown(capsys))
    told["cells"]["small-maintenance"]["tier"] = 8
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(told))
    assert run(["profiles", "apply", "--yes", "--by", "anna", "--note", "tier", str(path)]) == 0
    assert "profiles-2 (after tests-1) is in force from 2026-03-02 10:00" in capsys.readouterr().out
    assert in_force_now(settings) == {"profiles-2"}
    assert json.loads(shown(capsys))["cells"]["small-maintenance"]["tier"] == 8


def test_the_second_of_two_editors_is_refused(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(shown(capsys))
    paths = [tmp_path / "anna.json", tmp_path / "ben.json"]
    for tier, path in enumerate(paths, 6):
        told["cells"]["small-maintenance"]["tier"] = tier
        path.write_text(json.dumps(told))
    assert run(["profiles", "apply", "--yes", "--by", "anna", str(paths[0])]) == 0
    assert run(["profiles", "apply", "--yes", "--by", "ben", str(paths[1])]) == 1
    assert "profiles_changed: yours start from tests-1, and profiles-2 was published meanwhile by anna" in (
        capsys.readouterr().err
    )
    assert versions(settings) == ["profiles-2", "tests-1"]


def test_a_dry_run_says_how_many_tasks_of_which_accounts(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["profiles", "diff", "--set", LESS]) == 0
    told = capsys.readouterr().out
    assert "3 accounts judged as of now, nothing changed:" in told
    assert "0 tasks of 0 accounts would be added" in told
    assert "3 tasks of 3 accounts would be withdrawn (expected_reorder 3)" in told
    assert "    a2  selling: expected_reorder" in told
    assert versions(settings) == ["tests-1"]
    assert run(["profiles", "diff", "--json", "--set", LESS]) == 0
    assert json.loads(capsys.readouterr().out)["trial"]["withdrawn"]["tasks"] == 3


def test_nothing_is_switched_on_without_a_yes(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run(["profiles", "apply", "--set", LESS]) == 1
    assert "3 tasks of 3 accounts would be withdrawn" in capsys.readouterr().out
    assert versions(settings) == ["tests-1"]


def test_history_and_the_way_back(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["profiles", "apply", "--yes", "--set", "small-maintenance.tier=9", "--by", "anna"]) == 0
    assert run(["profiles", "rollback", "--by", "ben"]) == 0
    capsys.readouterr()
    assert run(["profiles", "history"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "* profiles-3  from 2026-03-02 10:00 by ben (rolled back): back to tests-1",
        "  profiles-2  from 2026-03-02 10:00 by anna",
        "  tests-1  from 2026-03-01 09:00 by ringahead",
    ]
    assert run(["profiles", "rollback", "tests-9"]) == 1
    assert "no set tests-9 was published" in capsys.readouterr().err


def test_a_season_comes_and_goes(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    dates = ["--from", "2026-03-03", "--until", "2026-03-05"]
    assert run(["profiles", "apply", "--yes", "--set", LESS, *dates]) == 0
    assert in_force_now(settings) == {"tests-1"}
    assert run(["profiles", "apply", "--yes", "--set", "*.tier=9", "--from", "2026-03-04"]) == 1
    assert "overlapping_dates: profiles-2 is in force from 2026-03-03 00:00 UTC until" in capsys.readouterr().err
    for day, version in ((1, "profiles-2"), (4, "tests-1")):
        with opened(settings) as installation:
            installation.runtime.append([tick(START + timedelta(days=day))])
            installation.runtime.fold_all()
        assert in_force_now(settings) == {version}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "small-maintenance.flavour=x"], "there is no field 'flavour'"),
        (["--set", "tiny.tier=1"], "'tiny' is none of small-ignition"),
        (["--set", "tier=1"], "write CELL.FIELD=VALUE"),
        (["--set", "*.tier"], "write CELL.FIELD=VALUE"),
        (["--set", "*.tier=0"], "cells.small-ignition.tier"),
        (["--set", "*.quiet_hours=[[8, 21]]"], "nobody could ever be called"),
        (["--set", "thresholds.small_under=99999"], "small_under must not be above large_from"),
        (["--set", "*.tier=1", "--until", "2020-01-01"], "effective_until must come after"),
    ],
)
def test_a_change_that_cannot_be_is_bad_input(
    settings: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    assert run(["profiles", "apply", "--yes", *arguments]) == 2
    assert says in capsys.readouterr().err
    assert versions(settings) == ["tests-1"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("[]", "a JSON object is needed"),
        ("{}", "version: Field required"),
        (json.dumps({**json.loads(STANDARD.dumps()), "flavour": 1}), "flavour: Extra inputs"),
    ],
)
def test_a_file_that_is_no_set_is_bad_input(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, says: str
) -> None:
    path = tmp_path / "mine.json"
    path.write_text(text)
    for verb in (["diff"], ["apply", "--yes"]):
        assert run(["profiles", *verb, str(path)]) == 2
        assert says in capsys.readouterr().err
    assert versions(settings) == ["tests-1"]


def test_without_an_installation_or_a_change_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "none"))
    assert run(["profiles", "history"]) == 2
    assert "there is no installation at" in capsys.readouterr().err
    assert run(["profiles", "apply"]) == 2
    assert not (tmp_path / "none").exists()


def test_another_command_that_holds_the_folder_is_named(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    with hold(settings.data_dir, "ringahead import"):
        assert run(["profiles", "history"]) == 1
    assert "ringahead import" in capsys.readouterr().err


def test_values_are_read_as_json_or_as_words() -> None:
    told = json.loads(edited(STANDARD.dumps().decode(), ["*.channels=phone, mail", "*.tier=2", "economics.years=3"]))
    cell = ProfileSet.model_validate(told).cells["large-ignition"]
    assert (cell.channels, cell.tier, told["economics"]["years"]) == (("phone", "mail"), 2, 3)
    with pytest.raises(BadInput, match="no JSON"):
        edited("{", [])


@pytest.mark.slow
def test_the_running_server_answers(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    serve = [sys.executable, "-c", "from ops.cli import main; main()", "serve", "--port", "0"]
    with subprocess.Popen(serve, env=dict(os.environ), stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + SERVER_SECONDS
            while (owner := owner_of(settings.data_dir)) is None or owner.url is None:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert run(["profiles", "diff", "--set", LESS]) == 0
            assert run(["profiles", "apply", "--yes", "--set", LESS]) == 0
            assert run(["profiles", "apply", "--yes", "--set", LESS]) == 1
        finally:
            server.terminate()
    told = capsys.readouterr()
    assert "accounts judged as of now" in told.out
    assert "nothing_new" in told.err
    assert versions(settings) == ["profiles-2", "tests-1"]
