"""docs/configuration.md, from the settings model."""

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from schemas.settings import PREFIX, Settings

SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Where things are", ("runtime", "data_", "database_")),
    ("Kafka", ("kafka_", "batch_", "upgrade_", "worker_")),
    ("What is decided", ("reporting_", "default_zone", "holdout_", "stale_", "rules_", "calls_", "kill_")),
    ("What comes in", ("max_event_",)),
    ("Console", ("console_", "session_")),
)
OTHER = "Other"

HEAD = """\
# Configuration

Every setting is an environment variable, or a line of the file that `RINGAHEAD_ENV_FILE` names; the environment wins.
With none set, everything runs in one process on this machine and lives in `./var`. `ringahead doctor` says which are
missing or wrong.

This page is generated from `schemas/settings.py` by `python -m ops.published write`.
"""


def configuration_page() -> str:
    """Every setting with its default, its limits and what it does, in Markdown."""
    return "\n".join([HEAD, *(_section(title, names) for title, names in _sections())])


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name}".upper()


def _sections() -> Iterator[tuple[str, list[str]]]:
    left = list(Settings.model_fields)
    for title, beginnings in SECTIONS:
        names = [name for name in left if name.startswith(beginnings)]
        left = [name for name in left if name not in names]
        yield title, names
    if left:
        yield OTHER, left


def _section(title: str, names: list[str]) -> str:
    rows = [_row(name, Settings.model_fields[name]) for name in names]
    return "\n".join(
        [f"## {title}\n", "| Variable | Default | Allowed | What it does |", "|---|---|---|---|", *rows, ""]
    )


def _row(name: str, field: FieldInfo) -> str:
    says = " ".join((field.description or "").split())
    return f"| `{variable(name)}` | {_default(field)} | {_allowed(field)} | {says} |"


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if value is None:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _allowed(field: FieldInfo) -> str:
    kind = field.annotation
    if get_origin(kind) is Literal:
        return " or ".join(f"`{word}`" for word in get_args(kind))
    if kind is bool:
        return "`true` or `false`"
    if SecretStr in get_args(kind):
        return "text; never shown"
    limits = {type(limit): limit for limit in field.metadata}
    if Ge in limits and Le in limits:
        return f"{limits[Ge].ge} to {limits[Le].le}"
    if Ge in limits:
        return f"at least {limits[Ge].ge}"
    return _shape(field)


def _shape(field: FieldInfo) -> str:
    patterns = [limit.pattern for limit in field.metadata if getattr(limit, "pattern", None)]
    return f"`{patterns[0]}`" if patterns else "text"
