"""`ringahead users`: people, links and keys on a real SQLite file."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.passwords import Passwords
from ops.commands.users import command
from outreach.store.sql import store_for
from streams.embedded.lock import Owner, hold

PASSWORD = "a short sentence"


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    return f"sqlite:///{tmp_path / 'ringahead.sqlite3'}"


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(command, arguments, input=typed)


def add_anna() -> None:
    assert run("add", "anna", "--role", "agent", typed=PASSWORD + "\n").exit_code == 0


def test_a_user_is_added_with_a_hashed_password_and_told_where_to_log_in(url: str) -> None:
    result = run("add", "anna", "--role", "agent", typed=PASSWORD + "\n")
    assert result.exit_code == 0
    assert "anna may log in as agent: http://127.0.0.1:8080/login" in result.output
    store = store_for(url)
    with store.read() as tx:
        user = tx.users.named("anna")
    store.close()
    assert user is not None
    assert user.password_hash is not None
    assert user.password_hash.startswith("$argon2id$")
    assert Passwords().fits(PASSWORD, user.password_hash)


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (("anna", "--role", "agent"), "short\n"),
        (("anna", "--role", "king"), PASSWORD + "\n"),
        (("anna",), PASSWORD + "\n"),
    ],
)
def test_what_makes_no_sense_is_refused(url: str, arguments: tuple[str, ...], typed: str) -> None:
    assert run("add", *arguments, typed=typed).exit_code != 0
    assert "No users yet" in run("list").output


def test_the_list_says_who_may_enter_how(url: str) -> None:
    add_anna()
    assert run("add", "bob", "--role", "operator", "--no-password").exit_code == 0
    assert run("disable", "anna").exit_code == 0
    lines = [line.split() for line in run("list").output.splitlines()]
    assert ["anna", "agent", "disabled"] in lines
    assert ["bob", "operator", "links", "only"] in lines


def test_links_and_keys_are_printed_alone_for_scripts(url: str) -> None:
    add_anna()
    link = run("link", "anna", "--minutes", "5")
    assert link.stdout.startswith("http://127.0.0.1:8080/login/link/")
    assert "within 5 minutes" in link.stderr
    key = run("key", "anna")
    assert len(key.stdout.strip()) > 40
    assert run("link", "nobody").exit_code == 1


def test_links_lead_to_the_server_that_runs(url: str, tmp_path: Path) -> None:
    add_anna()
    with hold(tmp_path, "ringahead serve") as lock:
        assert run("link", "anna").stdout.startswith("http://127.0.0.1:8080/login/link/"), "it has no address yet"
        lock.announce(Owner(1, "ringahead serve", "http://127.0.0.1:40123", "a-token"))
        assert run("link", "anna").stdout.startswith("http://127.0.0.1:40123/login/link/")
    assert run("link", "anna").stdout.startswith("http://127.0.0.1:8080/login/link/")


@pytest.mark.parametrize(
    ("host", "shown"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]"), ("::1", "[::1]"), ("calls.local", "calls.local")]
)
def test_links_lead_where_a_browser_can_go(url: str, monkeypatch: pytest.MonkeyPatch, host: str, shown: str) -> None:
    monkeypatch.setenv("RINGAHEAD_CONSOLE_HOST", host)
    add_anna()
    assert run("link", "anna").stdout.startswith(f"http://{shown}:8080/login/link/")


def test_a_new_password_replaces_the_old_one(url: str) -> None:
    add_anna()
    assert run("password", "anna", typed="another sentence\n").exit_code == 0
    store = store_for(url)
    with store.read() as tx:
        user = tx.users.named("anna")
    store.close()
    assert user is not None
    assert not Passwords().fits(PASSWORD, user.password_hash)


def test_a_key_with_scopes_is_made_for_what_its_role_may(url: str) -> None:
    run("add", "sap", "--role", "erp", "--no-password")
    key = run("key", "sap", "--scope", "events:write", "--scope", "outbox:read", "--days", "9")
    assert len(key.stdout.strip()) > 40
    assert "in 9 days" in key.stderr
    assert run("key", "sap", "--scope", "nonsense").exit_code == 2
