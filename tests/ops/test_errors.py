"""Each error of a dependency becomes a line that names the dependency; a programming error stays one."""

import sqlite3
from errno import EADDRINUSE, ENOSPC

import pytest
from aiokafka.errors import KafkaConnectionError
from httpx import ConnectError
from psycopg import OperationalError as PostgresError
from sqlalchemy.exc import OperationalError

from ops.errors import BAD_INPUT, FAILED, REMOTE, explain
from schemas.errors import BadFile, Corrupt, NotFound
from schemas.settings import Settings


@pytest.mark.parametrize(
    ("error", "word", "code"),
    [
        (BadFile("x"), "x", BAD_INPUT),
        (NotFound("task"), "task", FAILED),
        (Corrupt("state"), "state", FAILED),
        (KafkaConnectionError("down"), "cannot reach Kafka", FAILED),
        (ConnectError("down"), "cannot reach the other side", FAILED),
        (PostgresError("down"), "cannot use the database: down", FAILED),
        (sqlite3.OperationalError("database is locked"), "database is locked", FAILED),
        (OperationalError("SELECT secret", {}, Exception("gone")), "cannot use the database: gone", FAILED),
        (IsADirectoryError(21, "Is a directory", "here"), "here: Is a directory", BAD_INPUT),
        (PermissionError(13, "", "here"), "here: permission denied", FAILED),
        (OSError(ENOSPC, "full"), "the disk is full", FAILED),
        (OSError(EADDRINUSE, "in use"), "the port is taken", FAILED),
    ],
)
def test_line_and_code(error: Exception, word: str, code: int) -> None:
    known = explain(error)
    assert known is not None
    assert word in known.line
    assert known.exit_code == code


def test_statement_is_not_shown() -> None:
    known = explain(OperationalError("SELECT secret", {}, Exception("gone")))
    assert known is not None
    assert "secret" not in known.line


@pytest.mark.parametrize("error", [KeyError("x"), ValueError("x"), OSError("x"), AssertionError("x")])
def test_programming_error_is_not_explained(error: Exception) -> None:
    assert explain(error) is None


def test_wrong_setting_is_named_as_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGAHEAD_KAFKA_PARTITIONS", "none")
    with pytest.raises(ValueError, match="partitions") as caught:
        Settings()
    known = explain(caught.value)
    assert known is not None
    assert known.line.startswith("RINGAHEAD_KAFKA_PARTITIONS: ")
    assert "\n" not in known.line


def test_long_messages_are_cut() -> None:
    known = explain(BadFile("x" * 5000))
    assert known is not None
    assert len(known.line) <= 400


def test_names_exist() -> None:
    """A library that renames an error would silently turn its line into a traceback."""
    import importlib

    for name in REMOTE:
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), kind), BaseException)
        found = getattr(importlib.import_module(module), kind)
        assert f"{found.__module__}.{found.__qualname__}" == name
