"""Everything that is held of an account, for itself: what the log has, newest first, and all of it as one file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from typing import Any

from console.account_texts import EVENTS
from console.chart import day_text
from console.customer import Own
from outreach.desk import AccountRecord

FILE = "data.jsonl"
SHOWN_AT_MOST = 100
KEPT_OF_A_NUMBER = 3


@dataclass(frozen=True, slots=True)
class Heard:
    """One event of the log, in words."""

    day: str
    what: str
    says: str


def heard(events: Iterable[Mapping[str, Any]], zone: tzinfo | None) -> list[Heard]:
    """Newest first; days are those of the zone."""
    return [
        Heard(
            day_text(datetime.fromisoformat(one["at"]).astimezone(zone).date()),
            EVENTS.get(str(one["type"]), str(one["type"])),
            str(one["says"]),
        )
        for one in reversed([*events])
    ]


def lines(record: AccountRecord, view: Own, raw: Iterable[str]) -> Iterator[str]:
    """JSON Lines: one object a line, ``kind`` first. Events are the log's own, unchanged.

    Of numbers the last digits stand there, as on the page: whoever found the link learns no number by it.
    """
    if record.standing is not None:
        yield _line("profile", record.standing.model_dump(mode="json", exclude={"place"}))
    for held in view.held:
        yield _line("held", asdict(held))
    for one in record.contacts:
        digits = one.number[-KEPT_OF_A_NUMBER:] if one.number else ""
        told = {"contact_id": one.contact_id, "person": one.person, "number_ends": digits, "channel": str(one.channel)}
        yield _line("contact", {**told, "zone": one.zone, "valid": one.valid})
    for need in record.needs:
        evidence = need.evidence.model_dump(mode="json") if need.evidence else None
        about = {"need_id": need.need_id, "group": need.group, "status": str(need.status), "at": need.at.isoformat()}
        yield _line("need", {**about, "reasons": [str(one) for one in need.reasons], "evidence": evidence})
    for call in record.attempts:
        ended = str(call.disposition) if call.disposition else None
        yield _line("call", {"at": call.started_at.isoformat(), "ended": ended})
    for text in raw:
        yield _line("event", json.loads(text))


def _line(kind: str, told: Mapping[str, Any]) -> str:
    return json.dumps({"kind": kind, **({"event": told} if kind == "event" else told)}, ensure_ascii=False) + "\n"
