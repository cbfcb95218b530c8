"""What an error means to the person at the terminal: one line and an exit code.

Libraries are told apart by name, so that explaining an error imports none of them.
"""

from dataclasses import dataclass
from errno import EADDRINUSE, ENOSPC

from schemas.errors import RingaheadError

FAILED = 1
BAD_INPUT = 2
MAX_LINE = 400

DATABASE = "cannot use the database"
KAFKA = "cannot reach Kafka"
NETWORK = "cannot reach the other side"
ASK_DOCTOR = "`ringahead doctor` says what is missing"

REMOTE: dict[str, str] = {
    "sqlalchemy.exc.OperationalError": DATABASE,
    "sqlalchemy.exc.ProgrammingError": DATABASE,
    "sqlalchemy.exc.InterfaceError": DATABASE,
    "psycopg.OperationalError": DATABASE,
    "sqlite3.OperationalError": DATABASE,
    "sqlite3.DatabaseError": DATABASE,
    "aiokafka.errors.KafkaError": KAFKA,
    "httpx.TransportError": NETWORK,
    "builtins.ConnectionError": NETWORK,
    "builtins.TimeoutError": NETWORK,
}
"""Errors of a dependency by their full name, or that of a base class."""


@dataclass(frozen=True, slots=True)
class Explained:
    """An error as it is shown."""

    line: str
    exit_code: int


def explain(error: BaseException) -> Explained | None:
    """One line for an error that somebody other than a programmer can act on; None for all others."""
    names = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
    if isinstance(error, RingaheadError):
        return Explained(_one_line(str(error) or type(error).__name__), error.exit_code)
    if "pydantic_core._pydantic_core.ValidationError" in names and getattr(error, "title", "") == "Settings":
        return Explained(_settings(error), FAILED)
    for name in names:
        if name in REMOTE:
            cause = getattr(error, "orig", None) or error
            return Explained(f"{REMOTE[name]}: {_one_line(str(cause) or name)}. {ASK_DOCTOR}", FAILED)
        if name == "ops.kafka_local.KafkaLocalError":
            return Explained(_one_line(str(error)), FAILED)
    return _system(error) if isinstance(error, OSError) else None


def _system(error: OSError) -> Explained | None:
    """Files, disks and ports."""
    place = f"{error.filename}: " if error.filename else ""
    if isinstance(error, FileNotFoundError | IsADirectoryError | NotADirectoryError):
        return Explained(f"{place}{error.strerror}", BAD_INPUT)
    if isinstance(error, PermissionError):
        return Explained(f"{place}permission denied", FAILED)
    if error.errno == ENOSPC:
        return Explained(f"{place}the disk is full", FAILED)
    if error.errno == EADDRINUSE:
        return Explained(f"the port is taken: {_one_line(str(error))}; choose another with --port", FAILED)
    return None


def _settings(error: BaseException) -> str:
    """Which settings are wrong, by the names they have in the environment."""
    faults = error.errors(include_url=False, include_input=False)  # type: ignore[attr-defined]  # told apart by name
    said = [f"RINGAHEAD_{'_'.join(map(str, fault['loc'])).upper()}: {fault['msg']}" for fault in faults]
    return _one_line("; ".join(said))


def _one_line(text: str) -> str:
    """The text without line breaks, not too long."""
    line = " ".join(text.split())
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…"
