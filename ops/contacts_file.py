"""Files of contacts and of numbers that nobody calls: personal data, so that no message ever repeats what a line says.

A line that cannot be used is left out and counted by reason. A file that cannot be used at all is a BadFile.
"""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from ops.importers.report import Report
from outreach.desk.numbers import normalised
from outreach.hours import known_zone
from outreach.records import ContactPoint
from schemas.base import Identifier
from schemas.errors import BadFile, BadInput, Refused
from schemas.events.accounts import Channel

NEEDED: Final = ("contact_id", "account_id", "person", "number")
COLUMNS: Final = (*NEEDED, "zone", "channel", "rank")
CALLED: Final = frozenset({Channel.PHONE, Channel.TEXT})
MOST_RANK: Final = 99
DELIMITERS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}
SPELLING: Final = re.compile(r"\+?[0-9 ().\u00a0-]+")
"""Anything else in a number, letters above all, is an extension, a remark, or a spreadsheet's 4.42E+11."""

_ID: TypeAdapter[str] = TypeAdapter(Identifier)


class Unusable(BadInput):
    """One line cannot be used; the message is the reason, a word, and nothing of the line."""


@dataclass(frozen=True, slots=True)
class ContactsFile:
    """Contacts in the order of the file, each contact id once."""

    points: list[ContactPoint]
    report: Report


@dataclass(frozen=True, slots=True)
class NumbersFile:
    """Numbers, normalised, each once."""

    numbers: list[str]
    report: Report


def read_contacts(path: Path) -> ContactsFile:
    """Read CSV in UTF-8 with the columns COLUMNS, the last three optional. Raises BadFile."""
    found: dict[str, ContactPoint] = {}
    left_out: Counter[str] = Counter()
    for row in _rows(path):
        try:
            point = point_of(row)
        except Unusable as error:
            left_out[str(error)] += 1
            continue
        if point.contact_id in found:
            left_out["contact_id_twice"] += 1
        else:
            found[point.contact_id] = point
    return ContactsFile(list(found.values()), _report(path, "contacts", len(found), left_out))


def read_numbers(path: Path) -> NumbersFile:
    """Read one number a line, blank lines aside. Raises BadFile."""
    found: dict[str, None] = {}
    left_out: Counter[str] = Counter()
    for line in filter(None, (line.strip().strip('"') for line in _text(path).splitlines())):
        try:
            number = number_of(line)
        except Unusable as error:
            left_out[str(error)] += 1
            continue
        if number in found:
            left_out["number_twice"] += 1
        found[number] = None
    return NumbersFile(list(found), _report(path, "numbers", len(found), left_out))


def point_of(row: Mapping[str | None, object]) -> ContactPoint:
    """A line as a contact, its number normalised. Raises Unusable with the reason."""
    if None in row or any(not isinstance(value, str) for value in row.values()):
        raise Unusable("wrong_number_of_fields")
    told = {name: str(row.get(name, "")).strip() for name in COLUMNS}
    channel = _channel(told["channel"])
    for name in NEEDED[:3]:
        _check(name, told[name])
    if not told["number"] and channel in CALLED:
        raise Unusable("no_number")
    if told["zone"] and known_zone(told["zone"]) is None:
        raise Unusable("unknown_zone")
    return ContactPoint(
        contact_id=told["contact_id"],
        account_id=told["account_id"],
        person=told["person"],
        number=number_of(told["number"]) if told["number"] else None,
        channel=channel,
        zone=told["zone"] or None,
        rank=_rank(told["rank"]),
    )


def row_of(point: ContactPoint) -> dict[str, str]:
    """A contact as the line that `point_of` reads."""
    return {name: str(getattr(point, name) or "") for name in COLUMNS}


def number_of(text: str) -> str:
    """A number as the desk keeps and compares it; the (0) of +44 (0)20 is not dialled. Raises Unusable."""
    dialled = text.replace("(0)", "") if text.startswith("+") else text
    try:
        if SPELLING.fullmatch(dialled):
            return normalised(dialled)
    except Refused:
        pass
    raise Unusable("unusable_number")


def _check(name: str, value: str) -> None:
    if not value:
        raise Unusable(f"no_{name}")
    try:
        _ID.validate_python(value)
    except ValidationError:
        raise Unusable(f"unusable_{name}") from None


def _channel(word: str) -> Channel:
    try:
        return Channel(word.lower() or Channel.PHONE)
    except ValueError:
        raise Unusable("unknown_channel") from None


def _rank(word: str) -> int:
    if word and not (word.isascii() and word.isdecimal() and len(word) <= 2 and 1 <= int(word) <= MOST_RANK):
        raise Unusable("unusable_rank")
    return int(word or 1)


def _text(path: Path) -> str:
    if not path.is_file():
        raise BadFile(f"{path}: there is no such file")
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BadFile(f"{path}: not text in UTF-8; export it again as CSV UTF-8") from None


def _rows(path: Path) -> Iterator[Mapping[str | None, object]]:
    text = _text(path)
    header = text.lstrip().partition("\n")[0]
    reader = csv.DictReader(StringIO(text.lstrip(), newline=""), strict=True)
    try:
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        _check_columns(path, reader.fieldnames, header)
        yield from reader
    except csv.Error:
        raise BadFile(f"{path}: line {reader.line_num}: quotes that do not fit; export it again as CSV") from None


def _check_columns(path: Path, names: list[str], header: str) -> None:
    missing = [name for name in NEEDED if name not in names]
    spoken = [spoken for mark, spoken in DELIMITERS.items() if mark in header]
    if missing and spoken:
        raise BadFile(f"{path}: columns are separated by {spoken[0]}; save the file with commas")
    if missing:
        raise BadFile(f"{path}: missing column {', '.join(missing)}; needed are {', '.join(NEEDED)}")
    doubled = [name for name in COLUMNS if names.count(name) > 1]
    if doubled:
        raise BadFile(f"{path}: column {', '.join(doubled)} is there twice; keep one")


def _report(path: Path, what: str, used: int, left_out: Counter[str]) -> Report:
    if not used:
        said = ", ".join(f"{reason} {count:,}" for reason, count in sorted(left_out.items()))
        raise BadFile(f"{path}: no line can be used ({said or 'there is none'})")
    return Report(str(path), used + left_out.total(), {what: used}, dict(left_out))
