"""`ringahead contacts`: what is kept, what is left out, and that no message repeats a person or a number."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from ops.cli import run
from ops.contacts_file import read_contacts, read_numbers, row_of
from ops.contacts_in import keep_asked
from ops.embedded.installation import Opened, opened
from outreach.records import ContactPoint
from schemas.errors import BadFile, BadInput
from schemas.events.accounts import Channel
from schemas.settings import Settings
from streams.embedded.lock import hold, owner_of

HEADER = "contact_id,account_id,person,number,zone,channel,rank\n"
ANNA = "c1,A1,Anna Quill,+44 (0)20 7946-0001,Europe/London,phone,2\n"
SERVER_SECONDS = 60.0


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path / "var"))
    return Settings()


def written(tmp_path: Path, text: str, name: str = "contacts.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


def known(settings: Settings) -> dict[str, ContactPoint]:
    with opened(settings) as installation, installation.store.read() as tx:
        return {point.contact_id: point for point in tx.contacts.many(["c1", "c2", "c3"])}


def listed(settings: Settings, number: str) -> bool:
    with opened(settings) as installation, installation.store.read() as tx:
        return tx.do_not_call.among([number]) == {number}


def test_contacts_go_into_the_stopped_installation(tmp_path: Path, settings: Settings) -> None:
    path = written(tmp_path, "\ufeff" + HEADER + ANNA + 'c2,A1,"Quill, Bo",0207 946 0002,,,\n')
    assert run(["contacts", str(path)]) == 0
    assert known(settings) == {
        "c1": ContactPoint("c1", "A1", "Anna Quill", "+442079460001", Channel.PHONE, "Europe/London", rank=2),
        "c2": ContactPoint("c2", "A1", "Quill, Bo", "02079460002"),
    }


def test_columns_with_a_default_may_be_missing_and_stand_in_any_order(tmp_path: Path) -> None:
    path = written(tmp_path, "number,person,note,account_id,contact_id\r\n02079460002,Bo,x,A1,c2\r\n")
    assert read_contacts(path).points == [ContactPoint("c2", "A1", "Bo", "02079460002")]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",A1,Secret,+442079460009,,,", "no contact id"),
        ("c9,,Secret,+442079460009,,,", "no account id"),
        ("c9,A1,,+442079460009,,,", "no person"),
        ("c9,A1,Secret,,,,", "no number"),
        ("c9,A1,Secret,2079,,,", "unusable number"),
        ("c9,A1,Secret,+442079460009 ext 5,,,", "unusable number"),
        ("c9,A1,Secret,4.42079E+11,,,", "unusable number"),
        ("c9,A1,Secret,+442079460009,London,,", "unknown zone"),
        ("c9,A1,Secret,+442079460009,,pigeon,", "unknown channel"),
        ("c9,A1,Secret,+442079460009,,,first", "unusable rank"),
        ("c9,A1,Sec\0ret,+442079460009,,,", "unusable person"),
        ("c9,A1,Secret,+442079460009", "wrong number of fields"),
        ("c9,A1,Secret,+442079460009,,,,,", "wrong number of fields"),
        ("c1,A1,Secret,+442079460009,,,", "contact id twice"),
    ],
)
def test_lines_that_cannot_be_used_are_counted_and_never_shown(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str], line: str, reason: str
) -> None:
    assert run(["contacts", str(written(tmp_path, HEADER + ANNA + line + "\n"))]) == 0
    told = capsys.readouterr()
    assert f"1  left out: {reason}" in told.out
    assert "2  lines in the file" in told.out
    assert set(known(settings)) == {"c1"}
    assert not any(word in told.out + told.err for word in ("Sec", "2079", "Anna", "7946"))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "missing column contact_id"),
        ("contact_id,account_id,person\n", "missing column number"),
        (HEADER.replace(",", ";"), "semicolons"),
        (HEADER.replace("zone", "number"), "number is there twice"),
        (HEADER, "no line can be used"),
        (HEADER + "c9,A1,Secret,none,,,\n", "unusable_number 1"),
        (HEADER + ANNA + 'c9,A1,"Secret,+442079460009,,,\n', "quotes"),
    ],
)
def test_file_that_cannot_be_used(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str], text: str, word: str
) -> None:
    assert run(["contacts", str(written(tmp_path, text))]) == 2
    said = capsys.readouterr().err
    assert word in said
    assert len(said.splitlines()) == 1
    assert "Secret" not in said
    assert not settings.data_dir.exists()


def test_bytes_that_are_no_text_and_files_that_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "contacts.csv"
    path.write_bytes(HEADER.encode() + b"c1,A1,\xff\xfe,1,,,\n")
    for read in (read_contacts, read_numbers):
        with pytest.raises(BadFile, match="UTF-8"):
            read(path)
        with pytest.raises(BadFile, match="no such file"):
            read(tmp_path / "gone.csv")


def test_do_not_call_numbers_are_listed_once(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, "+44 20 7946 0001\n\nnumber\n+44 (0)20 7946-0001\n+442079460002\n", "list.txt")
    assert run(["contacts", "--do-not-call", str(path)]) == 0
    told = capsys.readouterr().out
    assert "2  used: numbers" in told
    assert "1  left out: number twice" in told
    assert "1  left out: unusable number" in told
    assert "2 numbers are new" in told
    assert "7946" not in told
    assert listed(settings, "+442079460001")
    assert run(["contacts", "--do-not-call", str(path)]) == 0
    assert "0 numbers are new" in capsys.readouterr().out


def test_check_changes_nothing_and_a_file_is_needed(tmp_path: Path, settings: Settings) -> None:
    assert run(["contacts", "--check", str(written(tmp_path, HEADER + ANNA))]) == 0
    assert not settings.data_dir.exists()
    assert run(["contacts"]) == 2


def test_a_wrong_number_stays_wrong_until_there_is_another(tmp_path: Path, settings: Settings) -> None:
    path = written(tmp_path, HEADER + ANNA)
    assert run(["contacts", str(path)]) == 0
    with opened(settings) as installation, installation.store.begin() as tx:
        tx.contacts.put([replace(point, valid=False) for point in tx.contacts.many(["c1"])])
    assert run(["contacts", str(path)]) == 0
    assert not known(settings)["c1"].valid
    assert run(["contacts", str(written(tmp_path, HEADER + ANNA.replace("0001", "0003")))]) == 0
    assert known(settings)["c1"].valid


def test_kafka_needs_a_database_at_this_version(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(written(tmp_path, HEADER + ANNA))
    monkeypatch.setenv("RINGAHEAD_RUNTIME", "kafka")
    assert run(["contacts", path]) == 1
    assert "RINGAHEAD_DATABASE_URL" in capsys.readouterr().err
    settings.data_dir.mkdir()
    monkeypatch.setenv("RINGAHEAD_DATABASE_URL", f"sqlite:///{settings.sqlite_path}")
    assert run(["contacts", path]) == 1
    assert "ringahead migrate" in capsys.readouterr().err
    assert run(["migrate"]) == 0
    assert run(["contacts", path]) == 0
    assert set(known(settings)) == {"c1"}


def test_another_command_that_holds_the_folder_is_named(
    tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(written(tmp_path, HEADER + ANNA))
    with hold(settings.data_dir, "ringahead import"):
        assert run(["contacts", path]) == 1
    assert "ringahead import" in capsys.readouterr().err


@pytest.fixture
def installation(settings: Settings):
    with opened(settings) as one:
        yield one


def test_the_server_checks_what_it_is_sent(tmp_path: Path, installation: Opened) -> None:
    points = read_contacts(written(tmp_path, HEADER + ANNA)).points
    asked = {"contacts": [row_of(point) for point in points], "do_not_call": ["+442079460001"]}
    kept = keep_asked(installation.store, installation.desk, asked)
    assert kept == {"contacts": 1, "listed": 1, "cancelled": 0}
    with installation.store.read() as tx:
        assert tx.contacts.many(["c1"]) == points


@pytest.mark.parametrize(
    "asked", [{"contacts": {}}, {"contacts": ["x"]}, {"contacts": [{"person": "Secret"}]}, {"do_not_call": ["Secret"]}]
)
def test_the_server_refuses_without_repeating_it(installation: Opened, asked: dict[str, object]) -> None:
    with pytest.raises(BadInput) as caught:
        keep_asked(installation.store, installation.desk, asked)
    assert "Secret" not in str(caught.value)


@pytest.mark.slow
def test_running_server_keeps_them(tmp_path: Path, settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    serve = [sys.executable, "-c", "from ops.cli import main; main()", "serve", "--port", "0"]
    with subprocess.Popen(serve, env=dict(os.environ), stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + SERVER_SECONDS
            while (owner := owner_of(settings.data_dir)) is None or owner.url is None:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            unwanted = written(tmp_path, "+442079460002\n", "list.txt")
            assert run(["contacts", str(written(tmp_path, HEADER + ANNA)), "--do-not-call", str(unwanted)]) == 0
        finally:
            server.terminate()
    assert "the running server at http://127.0.0.1:" in capsys.readouterr().out
    assert set(known(settings)) == {"c1"}
    assert listed(settings, "+442079460002")
