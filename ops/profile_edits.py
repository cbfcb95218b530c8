"""A profile set's JSON with some fields changed, as it is typed: ``small-maintenance.service_level=0.3``."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from schemas.errors import BadInput

OF_THE_SET = ("thresholds", "economics")


def edited(
    text: str,
    edits: Sequence[str],
    *,
    fresh: bool = False,
    note: str = "",
    begins: datetime | None = None,
    ends: datetime | None = None,
) -> str:
    """The JSON with these changes; ``fresh``: dates and note of the set it came from are not kept.

    Raises BadInput where it is no JSON object, or an edit names no field.
    """
    told = _object(text)
    if fresh:
        told.pop("effective_until", None)
        told.pop("note", None)
    for edit in edits:
        _change(told, edit)
    if note:
        told["note"] = note
    if begins is not None:
        told["effective_from"] = begins.isoformat()
    if ends is not None:
        told["effective_until"] = ends.isoformat()
    return json.dumps(told)


def _object(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except ValueError as error:
        raise BadInput(f"profiles: no JSON: {error}") from None
    if not isinstance(told, dict):
        raise BadInput("profiles: a JSON object is needed, as `ringahead profiles show` prints it")
    return told


def _change(told: dict[str, Any], edit: str) -> None:
    path, equals, value = edit.partition("=")
    place, _, field = path.strip().rpartition(".")
    if not equals or not place or not field:
        raise BadInput(f"--set {edit!r}: write CELL.FIELD=VALUE, e.g. small-maintenance.service_level=0.3")
    for part in _parts(told, place, edit):
        if field not in part:
            raise BadInput(f"--set {edit!r}: there is no field {field!r}")
        new = _value(value.strip())
        part[field] = [new] if isinstance(part[field], list) and isinstance(new, str) else new


def _parts(told: dict[str, Any], place: str, edit: str) -> list[dict[str, Any]]:
    if place in OF_THE_SET and isinstance(told.get(place), dict):
        return [told[place]]
    cells = told.get("cells")
    known = cells if isinstance(cells, dict) else {}
    found = list(known.values()) if place == "*" else [known[place]] if place in known else []
    if not found or not all(isinstance(one, dict) for one in found):
        raise BadInput(f"--set {edit!r}: {place!r} is none of {', '.join((*known, *OF_THE_SET, '*'))}")
    return found


def _value(text: str) -> Any:
    """JSON, or a word; words with commas are a list."""
    try:
        return json.loads(text)
    except ValueError:
        return [word.strip() for word in text.split(",")] if "," in text else text
