"""What the agent's page shows of a task: plain values for the template, made from the desk's card."""

import secrets
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from console.places import place_text
from console.survival import Survival, picture
from console.texts import named, plain, text
from console.times import LocalClock, Now, clock_text, local_clock, moment_text
from console.words import DISPOSITIONS, KINDS, LOSS_REASONS
from outreach.desk import TaskCard
from outreach.hours import CalledParty, known_zone, next_window
from outreach.kinds import KINDS as ALL_KINDS
from outreach.kinds import SETTLED_BY_WORD, kind_of
from outreach.records import Attempt, Need
from outreach.task import TALKING, TaskState
from outreach.wording import sentence_on
from schemas.decisions import TaskClass
from schemas.events.ours import Disposition, Phase
from schemas.needs import Evidence

SELLING_KEYS = (
    (Disposition.ORDER_TAKEN, "1"),
    (Disposition.HAS_STOCK, "2"),
    (Disposition.CALLBACK, "3"),
    (Disposition.NO_ANSWER, "4"),
    (Disposition.VOICEMAIL, "5"),
    (Disposition.BUSY, "6"),
    (Disposition.NOT_INTERESTED, "7"),
    (Disposition.WRONG_NUMBER, "8"),
    (Disposition.DO_NOT_CALL, "9"),
)
SERVICE_KEYS = (
    (Disposition.RESOLVED, "1"),
    (Disposition.CALLBACK, "3"),
    (Disposition.NO_ANSWER, "4"),
    (Disposition.VOICEMAIL, "5"),
    (Disposition.BUSY, "6"),
    (Disposition.WRONG_NUMBER, "8"),
    (Disposition.DO_NOT_CALL, "9"),
)
WITHOUT_PRODUCT = frozenset(ALL_KINDS)
"""Needs of the account as a whole: no product, no quantity, no day."""
ASKS = {Disposition.CALLBACK: "callback", Disposition.HAS_STOCK: "stock", Disposition.DO_NOT_CALL: "dnc"}
"""Dispositions that open a dialog first; of a lost account also not_interested, which asks for the reason."""


@dataclass(frozen=True, slots=True)
class OfferLine:
    """One product to offer, and why."""

    name: str
    sku: str
    kind: str
    quantity: str
    usual: str
    """The number alone, for the order; empty where it is not known."""
    sentence: str
    degraded: bool
    evidence: str
    picture: Survival | None
    dated: bool
    """Whether a day is expected at all: a complaint has none."""


@dataclass(frozen=True, slots=True)
class Button:
    """One disposition."""

    value: str
    label: str
    key: str
    dialog: str | None


@dataclass(frozen=True, slots=True)
class Hours:
    """Whether anybody may call there now, and until when that is so."""

    open: bool | None
    """None: it cannot be judged."""
    sentence: str


@dataclass(frozen=True, slots=True)
class CallView:
    """The whole card."""

    card: TaskCard
    talking: bool
    state_text: str
    """Above the actions."""
    clock: LocalClock | None
    hours: Hours
    facts: str
    lines: tuple[OfferLine, ...]
    attempts: tuple[tuple[str, str], ...]
    """(when, how it ended), newest first."""
    buttons: tuple[Button, ...]
    lease_seconds: int
    lease_max: int
    key: str
    """Idempotency key of the next start."""
    callback_default: str
    callback_least: str
    stock_least: str
    zone_name: str
    loss_reasons: tuple[tuple[str, str], ...] = tuple((str(one), label) for one, label in LOSS_REASONS.items())

    @property
    def can_order(self) -> bool:
        """Whether there is a product to be ordered in this call."""
        service = self.card.task.task_class is TaskClass.SERVICE
        return not service and (any(line.sku for line in self.lines) or bool(self.card.suggestions))

    @property
    def generated(self) -> bool:
        """Whether the contact is demo data."""
        return self.card.contact is not None and self.card.contact.origin == "generated"


def call_view(card: TaskCard, now: Now | None, db_now: datetime) -> CallView:
    """Everything that the template needs, in the called party's own time."""
    zone = known_zone(zone_of(card))
    # Forecasts count days in the account's zone, which need not be its contact's.
    days_zone = known_zone(card.standing.zone if card.standing else None) or zone or UTC
    local_now = now.moment.astimezone(zone) if now and zone else None
    talking = card.task.state in TALKING
    left = (card.task.timer_until - db_now).total_seconds() if card.task.timer_until else 0.0
    return CallView(
        card=card,
        talking=talking,
        state_text=_state_text(card.task.state),
        clock=local_clock(now, zone_of(card)),
        hours=_hours(card, now, zone),
        facts=_facts(card),
        lines=tuple(_line(need, now, days_zone) for need in card.lines),
        attempts=tuple(
            _attempt(one, zone) for one in reversed(card.attempts) if one.attempt_id != card.task.attempt_id
        ),
        buttons=_buttons(card),
        lease_seconds=max(0, int(left)),
        lease_max=max(120, int(left)),
        key=secrets.token_hex(8),
        callback_default=_input_time(local_now, timedelta(days=1)),
        callback_least=_input_time(local_now, timedelta(minutes=5)),
        stock_least=f"{local_now + timedelta(days=1):%Y-%m-%d}" if local_now else "",
        zone_name=zone.key if zone else "UTC",
    )


def zone_of(card: TaskCard) -> str | None:
    """The called party's zone: the contact's own, else the account's."""
    if card.contact is not None and card.contact.zone:
        return card.contact.zone
    return card.standing.zone if card.standing else None


def _state_text(state: TaskState) -> str:
    named = {
        TaskState.LEASED: "agent.held",
        TaskState.IN_CALL: "agent.in_call",
        TaskState.WRAP_UP: "agent.wrap_up",
        TaskState.NEEDS_DISPOSITION: "agent.needs_disposition",
    }
    return text(named[state]) if state in named else plain(state)


def _hours(card: TaskCard, now: Now | None, zone: ZoneInfo | None) -> Hours:
    if zone is None or now is None:
        return Hours(None, text("agent.zone_unknown") if zone is None else text("agent.hours_unknown"))
    standing = card.standing
    party = CalledParty(zone.key, standing.country if standing else None, standing.region if standing else None)
    window = next_window(party, now.moment)
    if window is None:
        return Hours(None, text("agent.hours_unknown"))
    opens, closes = window
    if opens <= now.moment:
        return Hours(True, text("agent.hours_open", until=clock_text(closes, now.moment, zone)))
    return Hours(False, text("agent.hours_closed", until=clock_text(opens, now.moment, zone)))


def _facts(card: TaskCard) -> str:
    """Trade, region, size and phase, as far as they are known."""
    standing = card.standing
    if standing is None:
        return text("unknown")
    trade = plain(standing.trade).capitalize() if standing.trade else None
    known = (trade, *place_text(standing.region, standing.country), str(standing.size), str(standing.phase))
    return " · ".join(part for part in known if part)


def _line(need: Need, now: Now | None, zone: tzinfo) -> OfferLine:
    evidence = need.evidence
    today = None if now is None else now.moment.astimezone(zone).date()
    shop = need.kind not in WITHOUT_PRODUCT
    return OfferLine(
        name=named(need.group_name or need.group) if shop else _about(need.group),
        sku=need.group if shop else "",
        kind=KINDS[need.kind] if need.kind else "",
        quantity=_quantity(need.quantity_units) if shop else "",
        usual=f"{need.quantity_units:.6g}" if need.quantity_units > 0 else "",
        sentence=_said(need, evidence, today, zone),
        degraded=bool(evidence and evidence.degraded),
        evidence=_evidence_text(evidence) if evidence else "",
        picture=picture(evidence, today or evidence.as_of.astimezone(zone).date(), zone) if evidence else None,
        dated=shop,
    )


def _said(need: Need, evidence: Evidence | None, today: date | None, zone: tzinfo) -> str:
    """The evidence as it stands today, with the product's name as people write it."""
    if evidence is None or not evidence.sentence:
        return text("agent.why_unknown")
    said = evidence.sentence if today is None else sentence_on(evidence, today, zone)
    return said.replace(need.group_name, named(need.group_name)) if need.group_name else said


def _about(group: str) -> str:
    """``*complaint:C-118`` is about C-118; ``*`` is about everything that they used to buy."""
    if group == "*":
        return text("agent.win_back")
    kind, _, reference = group.partition(":")
    known = kind_of(kind)
    return reference or (KINDS[known] if known else kind.removeprefix("*"))


def _quantity(units: float) -> str:
    if units <= 0:
        return text("agent.usual_unknown")
    return text("agent.usual", quantity=f"{units:,.6g}")


def _evidence_text(evidence: Evidence) -> str:
    decided = text(
        "agent.version",
        as_of=moment_text(evidence.as_of),
        model=evidence.model_version,
        profiles=evidence.profiles_version,
        profile=evidence.profile,
    )
    if evidence.p_due is None:
        return decided
    return f"{text('agent.p_due', percent=round(100 * evidence.p_due))} · {decided}"


def _attempt(attempt: Attempt, zone: ZoneInfo | None) -> tuple[str, str]:
    ended = DISPOSITIONS[attempt.disposition] if attempt.disposition else text("unknown")
    return moment_text(attempt.started_at, zone), ended


def _buttons(card: TaskCard) -> tuple[Button, ...]:
    """A call about nothing that could be ordered may be settled as a service call is."""
    settled = bool(card.lines) and all(need.kind in SETTLED_BY_WORD for need in card.lines)
    pairs = SERVICE_KEYS if card.task.task_class is TaskClass.SERVICE else SELLING_KEYS
    if settled and pairs is SELLING_KEYS:
        pairs = ((Disposition.RESOLVED, "1"), *SELLING_KEYS[1:])
    lost = card.standing is not None and card.standing.phase is Phase.REACTIVATION
    asks = ASKS | {Disposition.NOT_INTERESTED: "loss"} if lost else ASKS
    return tuple(Button(str(one), DISPOSITIONS[one], key, asks.get(one)) for one, key in pairs)


def _input_time(local_now: datetime | None, ahead: timedelta) -> str:
    """For an input of type datetime-local; empty when the time there is not known."""
    return "" if local_now is None else f"{local_now + ahead:%Y-%m-%dT%H:%M}"
