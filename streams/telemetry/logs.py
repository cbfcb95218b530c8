"""Logs of the long-running processes: JSON lines or text, without personal data.

What is logged is a constant sentence with places, counts and our own errors, which are written without data. Of any
other error only its type and where it came from are kept: the messages of libraries quote values (a row, a field, a
request). As a last net, what looks like a mail address or a phone number is blotted out.
"""

import json
import logging
import re
import sys
import threading
import traceback
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from schemas.errors import RingaheadError

Format = Literal["text", "json"]
QUIET = ("aiokafka", "faust", "mode", "httpx", "httpcore", "uvicorn", "sqlalchemy", "alembic")
SAFE_ERRORS: tuple[type[BaseException], ...] = (RingaheadError, OSError, TimeoutError)
SAFE_MODULES = ("aiokafka.", "streams.microbatch.errors.", "streams.microbatch.ports.")
"""Errors whose messages speak of brokers, places and files, never of what was in a message."""
FRAMES = 12
_MAIL = re.compile(r"[^\s@<>\"'(),;]+@[^\s@<>\"'(),;]+\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?<![\w.:/-])(?:\+\d[\d ()/.-]{6,}\d|0\d[\d ()/-]{6,}\d)(?![\w])")


def set_up(form: Format, stream: TextIO | None = None) -> None:
    """Send the logs of this process to the stream (stderr), and errors that nobody caught, too."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(SafeFormatter(form))
    root = logging.getLogger()
    root.handlers[:] = [one for one in root.handlers if type(one) is not logging.StreamHandler] + [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)
    if sys.excepthook is sys.__excepthook__:
        sys.excepthook = lambda kind, error, trace: _uncaught(error)
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda hooked: _uncaught(hooked.exc_value)


def _uncaught(error: BaseException | None) -> None:
    if error is None or isinstance(error, KeyboardInterrupt):
        return
    logging.getLogger("ringahead").critical("the process ends by an error that nobody caught", exc_info=error)


class SafeFormatter(logging.Formatter):
    """Formats a record without the messages of errors that are not ours."""

    def __init__(self, form: Format) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        """One line in JSON; in text, an error's frames follow."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        says = scrubbed(_message(record))
        error = _error(record.exc_info[1]) if record.exc_info and record.exc_info[1] is not None else None
        if self._form == "json":
            told: dict[str, Any] = {"time": at, "level": record.levelname.lower(), "logger": record.name, "says": says}
            return json.dumps(told | ({"error": error} if error else {}))
        lines = [f"{at} {record.levelname} {record.name}: {says}"]
        if error:
            lines += [f"  {error['type']}: {error['says']}", *(f"    {frame}" for frame in error["at"])]
        return "\n".join(lines)


def scrubbed(text: str) -> str:
    """Without what looks like a mail address or a phone number; one line."""
    return _PHONE.sub("[number]", _MAIL.sub("[mail]", " ".join(text.split())))


def _message(record: logging.LogRecord) -> str:
    """The sentence; an error among its arguments is told by its type unless it is one of ours."""
    try:
        if isinstance(record.args, dict):
            return str(record.msg) % {name: _argument(value) for name, value in record.args.items()}
        told = tuple(_argument(value) for value in record.args or ())
        return str(_argument(record.msg)) % told if told else str(_argument(record.msg))
    except (TypeError, ValueError):
        return str(record.msg)


class _Told(str):
    """Words that `%r` leaves without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _argument(value: object) -> object:
    return _Told(says_of(value)) if isinstance(value, BaseException) else value


def says_of(error: BaseException) -> str:
    """The type, and the message of those errors that quote nobody's data."""
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    safe = isinstance(error, SAFE_ERRORS) or name.startswith(SAFE_MODULES)
    return f"{name}: {error}" if safe and str(error) else name


def _error(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    told: dict[str, Any] = {
        "type": type(error).__name__,
        "says": scrubbed(says_of(error)),
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }
    cause = error.__cause__ or error.__context__
    return told | ({"cause": scrubbed(says_of(cause))} if cause is not None else {})
