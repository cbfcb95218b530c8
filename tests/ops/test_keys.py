"""`ringahead keys` on a real SQLite file, and what the console makes of a key that was revoked."""

import threading
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.access import Access, add_user, disable_user
from console.passwords import Passwords
from ops.commands.keys import command
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SqlStore:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
    made = SqlStore(create(f"sqlite:///{tmp_path / 'ringahead.sqlite3'}"))
    upgrade(made.engine)
    with made.begin() as tx:
        for name in ("sap", "crm"):
            add_user(tx, name, "erp", None)
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def listed(*arguments: str) -> list[str]:
    return run("list", *arguments).stdout.splitlines()[1:]


def test_keys_are_listed_by_their_hash_and_never_shown_again(store: SqlStore) -> None:
    assert "No keys" in run("list").stdout
    made = run("add", "sap", "--scope", "events:write", "--days", "30").stdout.strip()
    run("add", "crm")
    lines = listed()
    assert [line.split()[1] for line in lines] == ["sap", "crm"]
    assert "events:write" in lines[0]
    assert "all of the role" in lines[1]
    assert all("never" in line for line in lines)
    assert made not in run("list").stdout
    assert [line.split()[1] for line in listed("--user", "crm")] == ["crm"]


def test_a_revoked_key_opens_nothing_and_the_audit_says_so(store: SqlStore) -> None:
    access, key = Access(store, Passwords(), session_hours=1), run("add", "sap").stdout.strip()
    assert access.by_key(key) is not None
    key_id = listed()[0].split()[0]
    assert run("revoke", key_id[:3]).exception is not None, "three characters name no key"
    assert "of sap has ended" in run("revoke", key_id[:8]).stdout
    assert access.by_key(key) is None
    assert "No keys" in run("list").stdout
    assert run("revoke", key_id).exception is not None, "it is gone"
    with store.read() as tx:
        events = [(one.event, one.after) for one in tx.audit.about(subject=f"key:{key_id}")]
    assert events == [("key_revoked", "sap"), ("key_made", "sap")]


def test_the_last_use_is_noted_to_the_minute(store: SqlStore) -> None:
    access, key = Access(store, Passwords(), session_hours=1), run("add", "sap").stdout.strip()
    access.by_key(key)
    end = time.monotonic() + 10
    while "never" in listed()[0]:
        assert time.monotonic() < end
        time.sleep(0.05)
    first = used(store)
    access.by_key(key)
    time.sleep(0.3)
    assert used(store) == first, "once a minute"


def test_a_writer_that_is_gone_is_waited_for_by_one_thread_and_by_no_request(store: SqlStore) -> None:
    access, key = Access(store, Passwords(), session_hours=1), run("add", "sap").stdout.strip()
    with store.begin():
        for _ in range(30):
            assert access.by_key(key) is not None
        assert sum(thread.name == "key-use" for thread in threading.enumerate()) == 1


def used(store: SqlStore) -> object:
    with store.read() as tx:
        return tx.sessions.keys()[0].used_at


def test_a_key_of_a_user_who_is_switched_off_is_shown_as_ended(store: SqlStore) -> None:
    run("add", "sap")
    with store.begin() as tx:
        disable_user(tx, "sap")
    assert "(ended)" in listed()[0]
