"""An account's own page over a real log: what was told shows, and every wish is folded."""

import asyncio
import re
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.app import build
from console.ports import FixedLag
from ops.commands.links import command
from ops.embedded.installation import Opened, opened
from ops.embedded.server import acceptor
from outreach.task import TaskState
from schemas.decisions import TaskClass
from schemas.events.accounts import Channel, Purpose
from schemas.needs import AccountStanding
from schemas.settings import Settings
from tests.console.caller import Caller
from tests.embedded.made import put_artefacts
from tests.streams.harness import START, in_force, said, tick
from tests.streams.scene import placed

NOON = START + timedelta(hours=1)
SECRET = "not-a-secret-but-long-enough-for-one"


def played(installation: Opened) -> None:
    """A weekly buyer who is to be called, with an order on its way."""
    days = range(140, 6, -7)
    orders = [said(placed(f"o{ago}", argon=2), START - timedelta(days=ago), f"o{ago}") for ago in days]
    promised = placed("p1", wire=2).model_copy(update={"promised_at": START + timedelta(days=4)})
    coming = said(promised, START - timedelta(days=8), "p1")
    put_artefacts(installation)
    installation.runtime.append([*orders, coming, *in_force(), tick(START), tick(NOON)])
    installation.runtime.fold_all()


def standing(installation: Opened) -> AccountStanding:
    with installation.store.read() as tx:
        found = tx.standings.get("acme")
    assert found is not None
    return found


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RINGAHEAD_LINK_SECRET", SECRET)
    return Settings()


def ran(*arguments: str) -> str:
    answer = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.stdout.strip()


def test_the_page_shows_the_log_and_every_wish_is_folded(settings: Settings) -> None:
    with opened(settings) as installation, asyncio.Runner() as runner:
        played(installation)
        link = "/my/" + ran("account", "acme").rpartition("/my/")[2]
        app = build(
            settings, installation.store, FixedLag(), desk=installation.desk, accept_events=acceptor(installation, int)
        )
        caller = Caller(app, runner)

        def ask(wish: str, **fields: str) -> None:
            form = re.search(r'name="form" value="([^"]+)"', caller.get(link).text)
            assert form
            answer = caller.post(f"{link}/{wish}", data={"form": form.group(1), **fields})
            assert answer.status_code == 303, answer.text
            installation.runtime.fold_all()

        words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", caller.get(link).text))
        assert "p1 Being prepared To arrive by" in words
        assert "You usually order it every 7 days" in words
        ask("channel", channel="mail")
        assert standing(installation).preferred_channel is Channel.MAIL
        ask("wrong", topic="address")
        with installation.store.read() as tx:
            classes = {task.task_class for task in tx.tasks.open_of(["acme"])}
        assert TaskClass.SERVICE in classes, "somebody is asked to look"
        ask("stop")
        assert (Purpose.SELLING, Channel.PHONE) in standing(installation).withdrawn
        with installation.store.read() as tx:
            selling = [one for one in tx.tasks.listed(TaskState) if one.task_class is TaskClass.SELLING]
        assert [task.state for task in selling] == [TaskState.CANCELLED]
        assert "in force" in ran("list", "acme")
        assert ran("revoke", "acme") == "1 ended."
        assert caller.get(link).status_code == 410
        caller.close()
