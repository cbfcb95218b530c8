"""What an account sees of itself: its orders, what it will need, what is held of it and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from console.chart import day_text
from console.customer_texts import CHANNELS, say
from console.places import place_text
from console.texts import named, plain
from console.words import DISPOSITIONS, KINDS
from outreach.desk import AccountRecord
from outreach.kinds import KINDS as ALL_KINDS
from outreach.records import AnswerState, AskedOrder, ContactPoint, Need, NeedStatus
from schemas.events.accounts import Channel, Purpose
from schemas.needs import AccountStanding, Evidence, ExpectedOrder

SHOWN_AT_MOST = 10
OFFERED = (Channel.PHONE, Channel.TEXT, Channel.MAIL, Channel.WEB)
"""Ways to be reached that an account may choose by itself."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order in words."""

    name: str
    state: str
    tone: str
    says: str


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A product that will be needed, in words."""

    name: str
    when: str
    usual: str
    unsure: bool


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that is held, and what for."""

    name: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A contact; the number's last digits are enough to know it by."""

    contact_id: str
    person: str
    number: str
    channel: str
    valid: bool


@dataclass(frozen=True, slots=True)
class Own:
    """Everything on the page."""

    orders: tuple[OrderRow, ...]
    last_order: str
    needs: tuple[NeedRow, ...]
    held: tuple[Held, ...]
    judged: tuple[tuple[str, str, str], ...]
    """(product, state, why): needs, also those that nobody acts on."""
    calls: tuple[tuple[str, str], ...]
    people: tuple[PersonRow, ...]
    channels: tuple[tuple[str, str, bool], ...]
    """(word, label, whether it is the preferred one)."""
    stopped: bool
    """Whether nobody calls to sell any more."""


def own(record: AccountRecord, asked: Sequence[AskedOrder], blocked: set[str], today: datetime) -> Own:
    """The page; ``blocked``: those of the account's numbers that nobody calls; ``today``: in the account's zone,
    in which all days are told."""
    standing = record.standing
    return Own(
        orders=tuple(_orders(standing, asked, record.needs, today))[:SHOWN_AT_MOST],
        last_order=day_text(standing.last_order_at.date()) if standing and standing.last_order_at else "",
        needs=tuple(_forecasts(record.needs, today.date()))[:SHOWN_AT_MOST],
        held=tuple(_held(standing)) if standing else (),
        judged=tuple(_judged(record.needs))[:SHOWN_AT_MOST],
        calls=tuple(_calls(record, today))[:SHOWN_AT_MOST],
        people=tuple(_person(one) for one in record.contacts),
        channels=tuple((str(one), CHANNELS[one], _prefers(standing, one)) for one in OFFERED),
        stopped=_is_stopped(standing, record.contacts, blocked),
    )


def _orders(
    standing: AccountStanding | None, asked: Iterable[AskedOrder], needs: Iterable[Need], today: datetime
) -> Iterable[OrderRow]:
    """What is to arrive, what was asked for on the phone, and what was ordered last."""
    told: set[str | None] = set()
    for order in (standing.expected_orders or ()) if standing else ():
        told.add(order.order_id)
        yield _expected(order, today)
    for one in asked:
        if one.order_id not in told:
            told.add(one.order_id)
            yield _asked(one, today)
    bought = [need for need in needs if need.order_id and need.status is NeedStatus.ENDED]
    for need in sorted(bought, key=lambda one: (one.at, one.need_id), reverse=True):
        if need.order_id not in told:
            told.add(need.order_id)
            says = say("my.order_received_on", day=_day(need.ended_at or need.at, today))
            yield OrderRow(need.order_id or "", say("my.order_received"), "ok", says)


def _expected(order: ExpectedOrder, today: datetime) -> OrderRow:
    day = _day(order.promised_at, today)
    if order.promised_at < today:
        return OrderRow(order.order_id, say("my.order_late"), "warn", say("my.order_late_says", day=day))
    state = say("my.order_shipped") if order.shipped else say("my.order_prepared")
    return OrderRow(order.order_id, state, "accent", say("my.order_promised", day=day))


def _asked(one: AskedOrder, today: datetime) -> OrderRow:
    name = one.order_id or say("my.order_unnamed")
    taken = say("my.order_taken_on", day=_day(one.asked_at, today))
    if one.state is AnswerState.REFUSED:
        return OrderRow(name, say("my.order_refused"), "warn", say("my.order_refused_says"))
    if one.state is AnswerState.ASKED:
        return OrderRow(name, say("my.order_asked"), "", taken)
    promised = say("my.order_promised", day=_day(one.promised_at, today)) if one.promised_at else taken
    return OrderRow(name, say("my.order_booked"), "ok", promised)


def _forecasts(needs: Iterable[Need], today: date) -> Iterable[NeedRow]:
    """Products with an expected day, the soonest first."""
    dated: dict[str, tuple[date, NeedRow]] = {}
    for need in needs:
        evidence = need.evidence if need.status is not NeedStatus.ENDED and need.kind not in ALL_KINDS else None
        if evidence is not None and evidence.p50_on is not None:
            dated.setdefault(need.group, (evidence.p50_on, _forecast(need, evidence, evidence.p50_on, today)))
    return [row for _, row in sorted(dated.values(), key=lambda one: (one[0], one[1].name))]


def _forecast(need: Need, evidence: Evidence, mid: date, today: date) -> NeedRow:
    when = say("my.need_now") if mid <= today else say("my.need_on", day=day_text(mid))
    if evidence.p10_on is not None and evidence.p90_on is not None and evidence.p90_on > today:
        early, late = day_text(max(evidence.p10_on, today)), day_text(evidence.p90_on)
        when = f"{when} {say('my.need_range', early=early, late=late)}"
    parts = []
    if evidence.usual_gap_days is not None:
        parts.append(say("my.need_gap", days=f"{evidence.usual_gap_days:.0f}"))
    if evidence.last_order_on is not None:
        parts.append(say("my.need_last", day=day_text(evidence.last_order_on)))
    return NeedRow(named(need.group_name or need.group), when, " ".join(parts), evidence.degraded)


def _held(standing: AccountStanding) -> Iterable[Held]:
    place = ", ".join(place_text(standing.region, standing.country))
    withdrawn = ", ".join(_consent(purpose, channel) for purpose, channel in standing.withdrawn)
    given = ", ".join(_consent(purpose, channel) for purpose, channel in standing.given)
    preferred = CHANNELS[standing.preferred_channel] if standing.preferred_channel else ""
    rows = (
        (say("my.held_account"), standing.account_id, say("my.held_account_why")),
        (say("my.held_trade"), plain(standing.trade or "").capitalize(), say("my.held_trade_why")),
        (say("my.held_place"), place, say("my.held_place_why")),
        (say("my.held_zone"), standing.zone or "", say("my.held_zone_why")),
        (say("my.held_spend"), f"{standing.yearly_spend:,.0f}", say("my.held_spend_why")),
        (say("my.held_channel"), preferred, say("my.held_channel_why")),
        (say("my.held_given"), given, say("my.held_given_why")),
        (say("my.held_withdrawn"), withdrawn, say("my.held_withdrawn_why")),
        (say("my.held_mend"), ", ".join(standing.open_complaints), say("my.held_mend_why")),
    )
    return (Held(name, value or say("my.held_none"), why) for name, value, why in rows)


def _consent(purpose: Purpose, channel: Channel) -> str:
    return say("my.consent", purpose=plain(purpose), channel=plain(channel))


def _judged(needs: Iterable[Need]) -> Iterable[tuple[str, str, str]]:
    for need in needs:
        if need.status is NeedStatus.ENDED:
            continue
        about = KINDS[need.kind] if need.kind and need.kind in ALL_KINDS else named(need.group_name or need.group)
        state = say("my.judged_open") if need.status is NeedStatus.OPEN else say("my.judged_refused")
        because = ", ".join(plain(reason) for reason in need.reasons)
        yield about, state, because or (KINDS[need.kind] if need.kind else "")


def _calls(record: AccountRecord, today: datetime) -> Iterable[tuple[str, str]]:
    for one in sorted(record.attempts, key=lambda call: call.started_at, reverse=True):
        ended = DISPOSITIONS[one.disposition] if one.disposition else say("my.held_none")
        yield _day(one.started_at, today), ended


def _day(at: datetime, today: datetime) -> str:
    """The day of an instant where ``today`` is told."""
    return day_text(at.astimezone(today.tzinfo).date())


def _person(one: ContactPoint) -> PersonRow:
    number = say("my.number_ends", digits=one.number[-3:]) if one.number else say("my.number_none")
    return PersonRow(one.contact_id, one.person, number, CHANNELS[one.channel], one.valid)


def _prefers(standing: AccountStanding | None, channel: Channel) -> bool:
    return standing is not None and standing.preferred_channel is channel


def _is_stopped(standing: AccountStanding | None, contacts: Iterable[ContactPoint], blocked: set[str]) -> bool:
    if standing is not None and (Purpose.SELLING, Channel.PHONE) in standing.withdrawn:
        return True
    numbers = {one.number for one in contacts if one.number and one.channel is Channel.PHONE}
    return bool(numbers) and numbers <= blocked
