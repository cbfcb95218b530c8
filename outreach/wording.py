"""What an agent can say today about a need, however long ago it was decided."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, tzinfo

from schemas.decisions import NeedKind
from schemas.needs import Evidence


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said of a need that no forecast opened. Days are the account's own."""

    today: date
    reference: str = ""
    """Id of the complaint, order or invoice."""
    since: date | None = None
    """When it went wrong; of a delivery, the promised day."""
    first_order_on: date | None = None
    last_order_on: date | None = None
    joint_day_on: date | None = None
    products: Sequence[str] = ()
    """Names of what the account used to buy, the most usual first."""
    managed: bool = False
    """Somebody is named for the account."""


def opening_sentence(kind: NeedKind, told: Spoken) -> str:
    """What an agent can say of a need that no forecast opened; true until something is said of the account."""
    return _SENTENCES[kind](told)


def _late(told: Spoken) -> str:
    promised = f" was promised for {told_day(told.since, told.today)} and" if told.since else ""
    return f"Order {told.reference}{promised} is not reported as delivered."


def _disputed(told: Spoken) -> str:
    since = f" on {told_day(told.since, told.today)}" if told.since else ""
    return f"They said{since} that invoice {told.reference} is wrong."


def _innovation(told: Spoken) -> str:
    last = f"The last was on {told_day(told.joint_day_on, told.today)}." if told.joint_day_on else "It is the first."
    return f"It is time for a joint innovation day. {last}"


def _partnership(told: Spoken) -> str:
    manager = " with their account manager" if told.managed else ""
    return f"They {_used_to(told)}: propose a joint innovation day{manager}."


_SENTENCES: Mapping[NeedKind, Callable[[Spoken], str]] = {
    NeedKind.RECOVERY: lambda told: "They complained and are waiting for an answer.",
    NeedKind.LATE_DELIVERY: _late,
    NeedKind.DISPUTED_INVOICE: _disputed,
    NeedKind.CREDIT_TERMS: lambda told: f"They are new{_first(told)} and have no terms of payment yet.",
    NeedKind.FIRST_ORDER_FOLLOW_UP: lambda told: f"They are new{_first(told)}: ask whether all went well.",
    NeedKind.CHANNEL_PREFERENCE: lambda told: f"They are new{_first(told)}: ask how they like to be reached.",
    NeedKind.ACCOUNT_MANAGER: lambda told: "They are a large account, and nobody is named for them yet.",
    NeedKind.EDI_CONNECTION: lambda told: "Their procurement is not connected to us yet.",
    NeedKind.INNOVATION_DAY: _innovation,
    NeedKind.NEW_PARTNERSHIP: _partnership,
    NeedKind.WIN_BACK: lambda told: f"They {_used_to(told)}.",
}


def _first(told: Spoken) -> str:
    return f" (first order on {told_day(told.first_order_on, told.today)})" if told.first_order_on else ""


def _used_to(told: Spoken) -> str:
    """``used to order A, B and C, and last ordered on 3 May``."""
    *some, last = told.products or ("from us",)
    bought = f"{', '.join(some)} and {last}" if some else last
    when = f", and last ordered on {told_day(told.last_order_on, told.today)}" if told.last_order_on else ""
    return f"used to order {bought}{when}"


def told_day(on: date | None, today: date) -> str:
    """``3 May``; with its year where that is not this one's."""
    if on is None:
        return ""
    return _day(on) if on.year == today.year else f"{_day(on)} {on.year}"


def sentence_on(evidence: Evidence, today: date, zone: tzinfo = UTC) -> str:
    """The evidence's own sentence on the day it was decided; later the same facts as they stand today, in that zone."""
    decided = evidence.as_of.astimezone(zone).date()
    if today <= decided or not evidence.sentence:
        return evidence.sentence
    if evidence.stock_units is not None:
        return f"By the meter they had {evidence.stock_units:,.0f} left on {_day(decided)}{_run_out(evidence, today)}."
    if evidence.last_order_on is None or evidence.order_days == 0:
        return evidence.sentence
    return f"{_habit(evidence, today)}{_expected(evidence, today)} (forecast of {_day(decided)})."


def _habit(evidence: Evidence, today: date) -> str:
    silent_days = (today - (evidence.last_order_on or today)).days
    silent = "today" if silent_days <= 0 else "yesterday" if silent_days == 1 else f"{silent_days} days ago"
    if evidence.order_days < 3 or not evidence.usual_gap_days:
        return f"They ordered this {'once' if evidence.order_days == 1 else 'before'}, last {silent}"
    gap_days = max(round(evidence.usual_gap_days), 1)
    return f"They usually order every {'day' if gap_days == 1 else f'{gap_days} days'} and last ordered {silent}"


def _expected(evidence: Evidence, today: date) -> str:
    if evidence.p50_on is None:
        return ""
    if evidence.p50_on < today:
        return f"; expected to reorder by {_day(evidence.p50_on)}, which has passed"
    return f"; expected to reorder around {_day(evidence.p50_on)}"


def _run_out(evidence: Evidence, today: date) -> str:
    if evidence.p50_on is None:
        return ""
    if evidence.p50_on <= today:
        return f"; expected to have run out around {_day(evidence.p50_on)}"
    return f"; expected to run out around {_day(evidence.p50_on)}"


def _day(on: date) -> str:
    return f"{on.day} {on:%B}"
