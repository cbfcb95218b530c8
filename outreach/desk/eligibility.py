"""Why a task may not be called now: computed whenever it matters, from what the log and the desk know."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NoReturn, TypeVar

from outreach import hours
from outreach.capacity import Window
from outreach.desk import pacing, spacing
from outreach.desk.context import Context
from outreach.desk.leave import NOBODY, Listed, consent_lacks, read_registers, registers_forbid
from outreach.hours import CalledParty
from outreach.ports import Transaction
from outreach.profiles import Profile
from outreach.records import Attempt, ContactPoint, Task
from outreach.rules import Facts, blocking_reasons
from schemas import ids
from schemas.decisions import Reason, TaskClass
from schemas.events.accounts import Channel
from schemas.needs import AccountStanding

T = TypeVar("T", ContactPoint, Attempt)
LOOK_BACK_DAYS = 60
RECHECK = timedelta(hours=1)
"""A task whose obstacle has no known end is looked at again after this much business time."""
_EVERYWHERE = frozenset({Reason.KILL_SWITCH, Reason.FORECAST_STALE, Reason.CAPACITY})
"""Reasons that concern all tasks: they say nothing about one."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What the desk knows of some accounts, read in bulk."""

    standings: Mapping[str, AccountStanding]
    contacts: Mapping[str, Sequence[ContactPoint]]
    blocked_numbers: frozenset[str]
    attempts: Mapping[str, Sequence[Attempt]]
    window: Window | None = None
    """The beginning of the queue that is offered to the people who are there."""
    listed: Listed = NOBODY
    """What official registers say of the numbers."""
    shared: Mapping[str, Sequence[Attempt]] = field(default_factory=dict)
    """Attempts by number, for whichever account; read where somebody is about to be dialled."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one task."""

    reasons: tuple[Reason, ...]
    contact: ContactPoint | None
    party: CalledParty
    attempts: int
    """Since the last covering order or cool-down, of the task's class."""
    retry_at: datetime | None
    """Business time at which it is worth looking again; None when only general reasons block, or none."""
    rules: tuple[str, ...] = ()
    """Ids of the calling rules that say so."""


def learn(context: Context, tasks: Iterable[Task], *, dialling: bool = False) -> Knowledge:
    """Read what `judge` needs for these tasks: a few statements for any number of them.

    ``dialling``: also what other accounts with the same numbers were called about.
    """
    accounts = sorted({task.account_id for task in tasks})
    tx = context.tx
    contacts = _grouped(tx.contacts.of_accounts(accounts))
    numbers = {contact.number for known in contacts.values() for contact in known if contact.number}
    since = look_back(context)
    return Knowledge(
        {standing.account_id: standing for standing in tx.standings.many(accounts)},
        contacts,
        frozenset(tx.do_not_call.among(numbers)) if numbers else frozenset(),
        _grouped(tx.attempts.of_accounts(accounts, since)),
        pacing.window_of(tx),
        read_registers(tx, numbers) if numbers and context.rules.registers_required else NOBODY,
        _shared(tx, numbers, since) if dialling else {},
    )


def look_back(context: Context) -> datetime:
    """Attempts since then matter."""
    return (context.now or _no_time()) - timedelta(days=LOOK_BACK_DAYS)


def judge(context: Context, task: Task, known: Knowledge) -> Verdict:
    """Every reason that blocks the task at the desk's business time."""
    now, latest = context.now or _no_time(), context.clocks.latest or _no_time()
    standing = known.standings.get(task.account_id)
    profile = context.cell(standing)
    contact, party, forbidding = _whom(context, task, standing, profile, known)
    tried = known.attempts.get(task.account_id, ())
    reached = {one.attempt_id: one for one in (*tried, *_to_number(known, contact))}.values()
    attempts = attempts_so_far(task, standing, tried, profile, now)
    moments = (now, latest, latest + timedelta(minutes=context.rules.tick_minutes, microseconds=-1))
    closed = next(((why, at) for at in moments if (why := hours.blocked(party, at, context.rules.book))), None)
    cool_down = _cool_down(task, standing, tried, profile)
    too_often = spacing.too_often(context, party, profile, reached, now)
    too_soon = _too_soon(context, task, profile, tried, now)
    lacking = consent_lacks(context, party, standing, task.task_class, now)
    facts = Facts(
        now=now,
        task_class=task.task_class,
        closed=standing is not None and (standing.closed or standing.merged_into is not None),
        open_complaints=len(standing.open_complaints) if standing else 0,
        credit_hold=standing is not None and standing.credit_hold,
        cool_down_until=cool_down,
        held_out=ids.is_held_out(task.account_id, now, context.rules.holdout_salt, profile.holdout_share),
        ordered_today=_ordered_today(standing, party, now),
        attempts=attempts,
        attempt_cap=profile.attempt_cap,
        withdrawn_consent=bool(lacking),
        channels_allowed=Channel.PHONE in profile.channels,
        desk={
            **_contact_reasons(known, task.account_id, contact),
            **({closed[0]: True} if closed else {}),
            Reason.FREQUENCY_CAP: too_often is not None or too_soon is not None,
            Reason.FORECAST_STALE: task.task_class is TaskClass.SELLING and is_stale(context),
            Reason.KILL_SWITCH: is_stopped(context),
            Reason.CAPACITY: pacing.is_behind(known.window, task),
        },
    )
    reasons = blocking_reasons(facts)
    window = hours.next_window(party, closed[1], context.rules.book) if closed else None
    ends = {
        Reason.OUTSIDE_CALLING_HOURS: window[0] if window else None,
        Reason.HOLIDAY: window[0] if window else None,
        Reason.COOL_DOWN: cool_down,
        Reason.FREQUENCY_CAP: max((end for end in (too_often, too_soon) if end is not None), default=None),
    }
    ruled = hours.blocking_rules(party, closed[1], context.rules.book) if closed else ()
    return Verdict(reasons, contact, party, attempts, _retry_at(reasons, ends, now), (*ruled, *forbidding, *lacking))


def is_stale(context: Context) -> bool:
    """A partition lags behind the others, or the model is too old; both in business time."""
    now, latest, published = context.clocks.now, context.clocks.latest, context.clocks.model_published_at
    if now is None or latest is None:
        return True
    if latest - now > timedelta(seconds=context.rules.stale_input_seconds):
        return True
    return published is not None and now - published > timedelta(days=context.rules.stale_model_days)


def is_stopped(context: Context) -> bool:
    """The kill switch, of the installation or of a supervisor."""
    return context.rules.kill_switch or context.tx.facts.get("kill_switch") == "on"


def callable_contact(known: Knowledge, account_id: str) -> ContactPoint | None:
    """The first valid phone contact whose number is not on the do-not-call list."""
    return next((c for c in _phones(known, account_id) if c.number not in known.blocked_numbers), None)


def party_of(standing: AccountStanding | None, contact: ContactPoint | None, profile: Profile) -> CalledParty:
    """Where the phone would ring: the contact's own zone before the account's."""
    zone = contact.zone if contact is not None and contact.zone else standing.zone if standing else None
    country = standing.country if standing else None
    return CalledParty(zone, country, standing.region if standing else None, profile.quiet_hours)


def attempts_so_far(
    task: Task, standing: AccountStanding | None, tried: Sequence[Attempt], profile: Profile, now: datetime
) -> int:
    """The larger of what the log has counted and what the desk has dialled: the log may lag behind the desk."""
    since = now - timedelta(days=profile.cool_down_days)
    if standing is not None:
        ends = [standing.last_order_at, standing.cool_down_until]
        since = max([since, *(end for end in ends if end is not None and end <= now)])
    own = sum(1 for attempt in tried if attempt.task_class is task.task_class and attempt.started_at > since)
    logged = standing.selling_attempts if standing is not None and task.task_class is TaskClass.SELLING else 0
    return max(own, logged, task.attempts)


def _phones(known: Knowledge, account_id: str) -> list[ContactPoint]:
    points = known.contacts.get(account_id, ())
    return [point for point in points if point.valid and point.number and point.channel is Channel.PHONE]


def _contact_reasons(known: Knowledge, account_id: str, contact: ContactPoint | None) -> dict[Reason, bool]:
    if contact is not None:
        return {}
    return {Reason.DO_NOT_CALL if _phones(known, account_id) else Reason.NO_VALID_CONTACT: True}


def _whom(
    context: Context, task: Task, standing: AccountStanding | None, profile: Profile, known: Knowledge
) -> tuple[ContactPoint | None, CalledParty, tuple[str, ...]]:
    """Whom to call, where that is, and the rules that forbid everybody where nobody is left."""
    forbidding: tuple[str, ...] = ()
    for point in _phones(known, task.account_id):
        if point.number in known.blocked_numbers:
            continue
        party = party_of(standing, point, profile)
        now = context.now or _no_time()
        no = registers_forbid(context, party, standing, task.task_class, point, known.listed, now)
        if not no:
            return point, party, ()
        forbidding = forbidding or no
    return None, party_of(standing, None, profile), forbidding


def number_key(number: str) -> str:
    """What an attempt remembers of the number that was called."""
    return ids.stable_hash("number", number, size_bytes=16).hex()


def _shared(tx: Transaction, numbers: Iterable[str], since: datetime) -> dict[str, list[Attempt]]:
    groups: dict[str, list[Attempt]] = {}
    for attempt in tx.attempts.of_numbers(sorted(map(number_key, numbers)), since):
        groups.setdefault(attempt.number_key or "", []).append(attempt)
    return groups


def _to_number(known: Knowledge, contact: ContactPoint | None) -> Sequence[Attempt]:
    if contact is None or contact.number is None:
        return ()
    return known.shared.get(number_key(contact.number), ())


def _too_soon(
    context: Context, task: Task, profile: Profile, tried: Sequence[Attempt], now: datetime
) -> datetime | None:
    """When the time between two attempts is over; a callback was asked for, and waits for nothing."""
    free = None if task.callback_at is not None else spacing.next_attempt(context, profile, tried, task.task_class)
    return free if free is not None and now < free else None


def _cool_down(
    task: Task, standing: AccountStanding | None, tried: Sequence[Attempt], profile: Profile
) -> datetime | None:
    """The log's cool-down, or the desk's own by how calls ended, which the log may not know yet."""
    ordered = standing.last_order_at if standing else None
    own = [
        attempt.started_at + timedelta(days=days)
        for attempt in tried
        if attempt.task_class is task.task_class
        and (ordered is None or attempt.started_at > ordered)
        and (days := profile.cool_down_after(attempt.disposition)) is not None
    ]
    logged = standing.cool_down_until if standing else None
    return max([*own, *([logged] if logged else [])], default=None)


def _ordered_today(standing: AccountStanding | None, party: CalledParty, now: datetime) -> bool:
    """The fold tells the account's local day as a midnight of UTC: it is a day already, and is not moved to a zone."""
    zone = hours.known_zone(party.zone)
    if standing is None or standing.last_order_at is None or zone is None:
        return False
    return standing.last_order_at.date() == now.astimezone(zone).date()


def _retry_at(reasons: Sequence[Reason], ends: Mapping[Reason, datetime | None], now: datetime) -> datetime | None:
    own = [reason for reason in reasons if reason not in _EVERYWHERE]
    known = [ends.get(reason) or now + RECHECK for reason in own]
    return max(known, default=None)


def _grouped(rows: Iterable[T]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for row in rows:
        groups.setdefault(row.account_id, []).append(row)
    return groups


def _no_time() -> NoReturn:
    raise AssertionError("eligibility is asked only after the first word of business time")
