"""The product's commands with a driver that prepares no statement, so that a proxy can read what is written."""

from typing import Any

from sqlalchemy import Engine, event

from ops.cli import main


@event.listens_for(Engine, "connect")
def _prepare_nothing(connection: Any, _record: Any) -> None:
    connection.prepare_threshold = None


if __name__ == "__main__":
    main()
