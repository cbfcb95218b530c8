"""The product's commands with a database that refuses some statements: real errors of a real server.

Instead of a statement, with the probability in FAULTS_SQL_SHARE, the server is asked for an error: the connection is
terminated, a deadlock or a serialisation failure is raised, the statement is cancelled, the disk is full, too many are
connected.
"""

import os
import random
import sys
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from ops.cli import main

SHARE = float(os.environ.get("FAULTS_SQL_SHARE", "0.05"))
RAISED = ("40001", "40P01", "57014", "53100", "53300")
FAULTS = (
    "SELECT pg_terminate_backend(pg_backend_pid())",
    *(f"DO $$ BEGIN RAISE EXCEPTION 'fault' USING ERRCODE = '{code}'; END $$" for code in RAISED),
)
_chance = random.Random(int(os.environ.get("FAULTS_SQL_SEED", "1")))
_counts = {"statements": 0, "failed": 0}


class FailingCursor(psycopg.Cursor[Any]):
    """Fails now and then, whoever uses it: SQLAlchemy, or our own path of statements that are sent together."""

    def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
        """The statement, or a fault."""
        if _fails():
            return super().execute(_chance.choice(FAULTS))
        return super().execute(query, *arguments, **options)

    def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
        """The statement, or a fault."""
        if _fails():
            super().execute(_chance.choice(FAULTS))
        super().executemany(query, *arguments, **options)


def _fails() -> bool:
    _counts["statements"] += 1
    if _chance.random() >= SHARE:
        return False
    _counts["failed"] += 1
    sys.stderr.write(f"FAULT {_counts['failed']} of {_counts['statements']} statements\n")
    return True


@event.listens_for(Engine, "connect")
def _fail_now_and_then(connection: Any, _record: Any) -> None:
    connection.cursor_factory = FailingCursor


if __name__ == "__main__":
    main()
