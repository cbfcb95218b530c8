"""The book of policy profiles: every set that was published, who published it, and the way to the next one.

Nothing is overwritten. A new set says from which version it was made; where another has been published meanwhile it is
refused. The book is the audit's entries about ``profiles``, the sets lie among the artefacts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach import profiles as policy
from outreach.calendar import Term, check_dates
from outreach.ports import Transaction
from outreach.profiles import ProfileSet
from outreach.records import AuditEntry
from schemas.errors import Corrupt, NotFound, Refused

SUBJECT = "profiles"
"""Of the audit's entries, and name of the artefact."""
PUBLISHED, ROLLED_BACK = "profiles_published", "profiles_rolled_back"


@dataclass(frozen=True, slots=True)
class Page:
    """One published set."""

    version: str
    digest: str
    at: datetime
    actor: str
    event: str
    effective_from: datetime
    effective_until: datetime | None
    note: str


def publish_first(tx: Transaction, profiles: ProfileSet, at: datetime, actor: str = "ringahead") -> str:
    """Keep a set as it is, whatever was published before; its digest. For a new installation, and for tests."""
    digest = tx.artefacts.put(profiles.dumps())
    before = tx.artefacts.current(SUBJECT)
    if before is None or before[1] != digest:
        tx.artefacts.set_current(SUBJECT, profiles.version, digest, at)
        _write(tx, profiles, digest, before, at, actor, PUBLISHED)
    return digest


def publish(
    tx: Transaction, proposed: ProfileSet, at: datetime, actor: str, *, instead: bool = False, event: str = PUBLISHED
) -> tuple[ProfileSet, str]:
    """Publish a set that was made from the version it names; the set under its new version, and its digest.

    Raises Refused("profiles_changed") where that version is no longer the last one, Refused("overlapping_dates"),
    unless it is to come ``instead`` of what is planned, Refused("nothing_new").
    """
    before = tx.artefacts.current(SUBJECT)
    if before is None or before[0] != proposed.version:
        raise _changed(tx, proposed.version)
    last = load(tx, before[1])
    new = proposed.model_copy(
        update={
            "version": f"profiles-{_next_number(tx, before)}",
            "based_on": before[0],
            "effective_from": max(proposed.effective_from, at),
        }
    )
    _check_new(last, proposed, at)
    if not instead:
        check_dates(new, terms(tx), at)
    digest = tx.artefacts.put(new.dumps())
    if not tx.artefacts.exchange_current(SUBJECT, before[1], new.version, digest, at):
        raise _changed(tx, proposed.version)
    if not tx.audit.about(subject=SUBJECT, limit=1):  # the first set was put there without an entry
        _write(tx, last, before[1], None, last.effective_from, "", PUBLISHED, number=1)
    _write(tx, new, digest, before, at, actor, event)
    return new, digest


def roll_back(tx: Transaction, version: str | None, at: datetime, actor: str, note: str = "") -> tuple[ProfileSet, str]:
    """Publish an earlier set again, under a new version, from now on and instead of what is planned.

    None: the set before the last one. Raises NotFound.
    """
    before = tx.artefacts.current(SUBJECT)
    book = pages(tx, before)
    if version is None and len(book) < 2:
        raise NotFound("no_such_profiles", "there is no set before this one")
    wanted = book[1].version if version is None else version
    page = next((one for one in book if one.version == wanted), None)
    if page is None or before is None:
        raise NotFound("no_such_profiles", f"no set {wanted} was published; `ringahead profiles history` lists all")
    old = load(tx, page.digest)
    again = old.model_copy(
        update={
            "version": before[0],
            "effective_from": at,
            "effective_until": None,
            "note": note or f"back to {wanted}",
        }
    )
    return publish(tx, again, at, actor, instead=True, event=ROLLED_BACK)


def pages(tx: Transaction, current: tuple[str, str] | None = None) -> list[Page]:
    """Every published set, newest first; one that was put there by hand is the last at least."""
    found = [_page(entry) for entry in tx.audit.about(subject=SUBJECT) if entry.event in (PUBLISHED, ROLLED_BACK)]
    named = current or tx.artefacts.current(SUBJECT)
    if named is not None and all(page.digest != named[1] for page in found):
        profiles = load(tx, named[1])
        dates = profiles.effective_from, profiles.effective_until
        found.insert(0, Page(*named, profiles.effective_from, "", PUBLISHED, *dates, profiles.note))
    return found


def terms(tx: Transaction) -> list[Term]:
    """Every published set in the order of publication, as the calendar wants them."""
    return [Term(page.version, page.digest, load(tx, page.digest)) for page in reversed(pages(tx))]


def load(tx: Transaction, digest: str) -> ProfileSet:
    """A stored set; raises Corrupt when it is not there."""
    raw = tx.artefacts.get(digest)
    if raw is None:
        raise Corrupt(f"profiles {digest[:12]} are not among the artefacts")
    return policy.loads(raw)


def _check_new(last: ProfileSet, proposed: ProfileSet, at: datetime) -> None:
    """Refuse to publish what the last set says already."""
    same = {"version": "", "based_on": None, "note": ""}
    dates = {} if proposed.effective_from > at else {"effective_from": last.effective_from}
    if proposed.model_copy(update=same | dates) == last.model_copy(update=same):
        raise Refused("nothing_new", f"this is what {last.version} says already")


def _changed(tx: Transaction, started_from: str) -> Refused:
    book = pages(tx)
    if not book:
        return Refused("no_profiles", "no profiles are in force yet; start `ringahead serve`, or run `ringahead learn`")
    last = book[0]
    by = f" by {last.actor}" if last.actor else ""
    return Refused(
        "profiles_changed",
        f"yours start from {started_from}, and {last.version} was published meanwhile{by}: look at it with "
        f"`ringahead profiles show`, make your change there, and apply that",
    )


def _next_number(tx: Transaction, before: tuple[str, str] | None) -> int:
    newest = tx.audit.about(subject=SUBJECT, limit=1)
    return newest[0].version + 1 if newest else 1 if before is None else 2


def _write(
    tx: Transaction,
    profiles: ProfileSet,
    digest: str,
    before: tuple[str, str] | None,
    at: datetime,
    actor: str,
    event: str,
    number: int | None = None,
) -> None:
    until = profiles.effective_until
    told = {
        "digest": digest,
        "from": profiles.effective_from.isoformat(),
        "until": None if until is None else until.isoformat(),
        "note": profiles.note,
    }
    number = number or _next_number(tx, before)
    entry = AuditEntry(
        0,
        at,
        SUBJECT,
        None,
        actor,
        event,
        None if before is None else before[0],
        profiles.version,
        number,
        json.dumps(told),
    )
    tx.audit.append([entry])


def _page(entry: AuditEntry) -> Page:
    told = json.loads(entry.detail)
    until = told["until"]
    return Page(
        version=str(entry.after),
        digest=told["digest"],
        at=entry.at,
        actor=entry.actor,
        event=entry.event,
        effective_from=datetime.fromisoformat(told["from"]),
        effective_until=None if until is None else datetime.fromisoformat(until),
        note=told["note"],
    )


def differences(old: ProfileSet, new: ProfileSet) -> Sequence[tuple[str, str, str]]:
    """(field by its path, before, after) of everything that differs but version and note."""
    left, right = old.model_dump(mode="json"), new.model_dump(mode="json")
    for name in ("version", "based_on", "note", "effective_from"):
        left.pop(name)
        right.pop(name)
    flat_left, flat_right = dict(_flat("", left)), dict(_flat("", right))
    return [
        (path, _word(flat_left.get(path)), _word(flat_right.get(path)))
        for path in dict.fromkeys((*flat_left, *flat_right))
        if flat_left.get(path) != flat_right.get(path)
    ]


def _flat(path: str, value: object) -> Sequence[tuple[str, object]]:
    if not isinstance(value, dict):
        return [(path, value)]
    return [pair for name, one in value.items() for pair in _flat(f"{path}.{name}" if path else str(name), one)]


def _word(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
