"""The timeline of an account: events of the log, contacts, forecasts and decisions in one order, newest first."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from console.account_texts import EVENTS
from console.texts import HAPPENINGS, named, plain, text
from console.times import moment_text
from console.words import DISPOSITIONS
from outreach.desk import AccountRecord
from outreach.records import Attempt, AuditEntry, Need, NeedStatus

KINDS = ("events", "contacts", "forecasts", "decisions", "reads")
"""What the timeline can be narrowed to. Who read the record is shown only when asked for."""
PAGE = 40
SEEN = "seen"


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline."""

    moment: datetime
    kind: str
    what: str
    detail: str
    actor: str = ""

    @property
    def label(self) -> str:
        """Its kind, in words."""
        return text(f"account.kind_{self.kind}")

    @property
    def at(self) -> str:
        """When, in words."""
        return moment_text(self.moment)


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of it."""

    rows: Sequence[Happening]
    kind: str
    page: int
    pages: int
    counts: Sequence[tuple[str, str, int]]
    """(kind, its name, how many)."""


def happenings(record: AccountRecord, events: Iterable[Mapping[str, Any]] = ()) -> list[Happening]:
    """All of it, newest first; ``events``: what the log holds, where it can be read."""
    found = [
        *map(_event, events),
        *map(_attempt, record.attempts),
        *(one for need in record.needs for one in _need(need)),
        *map(_entry, record.history),
    ]
    return sorted(found, key=lambda one: one.moment, reverse=True)


def paged(found: Sequence[Happening], kind: str, page: int) -> Shown:
    """One page of a kind; of all but who read it for a kind that is none."""
    wanted = kind if kind in KINDS else ""
    rows = [one for one in found if (one.kind == wanted if wanted else one.kind != "reads")]
    pages = max(1, -(-len(rows) // PAGE))
    here = min(max(page, 1), pages)
    counts = [(one, text(f"account.kind_{one}"), sum(1 for row in found if row.kind == one)) for one in KINDS]
    return Shown(rows[(here - 1) * PAGE : here * PAGE], wanted, here, pages, counts)


def _event(told: Mapping[str, Any]) -> Happening:
    name = str(told["type"])
    return Happening(datetime.fromisoformat(told["at"]), "events", EVENTS.get(name, name), str(told["says"]))


def _attempt(one: Attempt) -> Happening:
    ended = DISPOSITIONS[one.disposition] if one.disposition else text("account.call_open")
    return Happening(one.started_at, "contacts", text("account.called"), ended, one.agent_id)


def _need(need: Need) -> Iterator[Happening]:
    """What was forecast, and, where nobody acts on it, why."""
    name, evidence = named(need.group_name or need.group), need.evidence
    if evidence is not None:
        yield Happening(evidence.as_of, "forecasts", name, evidence.sentence, evidence.model_version)
    if need.status is NeedStatus.REFUSED:
        why = ", ".join(plain(reason) for reason in need.reasons)
        yield Happening(need.at, "decisions", text("account.not_acted", name=name), why, "fold")


def _entry(entry: AuditEntry) -> Happening:
    moved = entry.before != entry.after and entry.after
    detail = f"{plain(entry.before or '')} → {plain(entry.after or '')}".strip(" →") if moved else ""
    spoken = "" if _is_digest(entry.detail) else plain(entry.detail)
    told = " · ".join(part for part in (detail, spoken) if part)
    kind = "reads" if entry.event == SEEN else "decisions"
    return Happening(entry.at, kind, HAPPENINGS.get(entry.event, plain(entry.event)), told, entry.actor)


def _is_digest(detail: str) -> bool:
    """Ids of attempts and commands: for programs, not for the timeline."""
    return len(detail) == 32 and set(detail) <= set("0123456789abcdef")
