"""Needs of the account as a whole: what to settle with a new one, to propose to a large one, to win a lost one back.

Rules of outreach/triggers.py say when each is due. They are asked when the account is judged, which the due index
brings about; an event that settles the matter ends the need at once.
"""

import math
from collections.abc import Sequence
from datetime import date

from outreach.kinds import ACCOUNT_WIDE, KINDS, class_of, group_of, kind_of
from outreach.profiles import Profile
from outreach.rules import blocking_reasons
from outreach.triggers import Settled, due_day
from outreach.wording import Spoken
from schemas.decisions import NeedKind, TaskClass
from schemas.events.ours import Phase
from schemas.ids import short_int
from schemas.needs import Evidence
from streams.core.context import Folding, earliest
from streams.core.facts import event_evidence, facts_of, last_order_at
from streams.core.needs import Cause, end_need, name_of, next_cycle, open_need, refuse_need
from streams.state import ACCOUNT_GROUP, Pair, hour_of_day

GROUPS = {kind: group_of(kind) for kind in ACCOUNT_WIDE}
RECHECK_HOURS = 24
"""A need that nobody acts on is looked at again after this."""
TOLD_PRODUCTS = 3
"""So many of what the account used to buy are named."""


def look_at_whole(folding: Folding, order_days: int, first_day: float, p_alive: float, *, cause: Cause | None) -> None:
    """Open what is due, end what nothing calls for any more, and set when the account must be looked at again.

    ``cause``: why needs that the profile does not open are withdrawn; None: it is the one that opened them.
    """
    profile, account = folding.profile, folding.account
    if profile is None or account.closed:
        return
    if cause is not None:
        _leave_others(folding, profile, cause)
    kinds = profile.opens_of_account
    if not kinds:
        return
    seen = _settled(folding, order_days, first_day)
    for kind in kinds:
        hour = _look(folding, profile, kind, seen, p_alive)
        account.check_hour = earliest(account.check_hour, hour)


def settled(folding: Folding, kind: NeedKind) -> None:
    """An event says that the matter is settled; should it come up again, it is another need."""
    group = GROUPS[kind]
    pair = folding.account.pairs.get(group)
    if pair is not None:
        end_need(folding, group, pair, "resolved")
        pair.cycle += 1
        pair.due_hour = pair.hold_until = None


def rest(folding: Folding, group: str, pair: Pair) -> None:
    """The need ended while its cause stands: it is not found again before some time has passed, some never."""
    kind, profile = kind_of(group), folding.profile
    if kind in ACCOUNT_WIDE and profile is not None and KINDS[kind].again:
        pair.hold_until = folding.now + round(profile.again_after_days * 86_400)


def _settled(folding: Folding, order_days: int, first_day: float) -> Settled:
    account = folding.account
    relation = account.relation
    return Settled(
        today=float(folding.today),
        phase=Phase(account.phase),
        order_days=order_days,
        first_day=first_day,
        credit=relation.credit,
        channel=relation.channel is not None,
        manager=relation.manager is not None,
        edi=relation.edi,
        joint_day=relation.joint_day,
        spread=short_int("joint_day", account.account_id) / 2**63,
    )


def _leave_others(folding: Folding, profile: Profile, cause: Cause) -> None:
    for group, pair in folding.account.pairs.items():
        told = pair.need is not None or pair.refusal is not None
        if told and group.startswith(ACCOUNT_GROUP) and kind_of(group) not in profile.opens:
            next_cycle(folding, group, pair, cause)
            pair.due_hour = None


def _look(folding: Folding, profile: Profile, kind: NeedKind, seen: Settled, p_alive: float) -> int | None:
    """Act on one kind; the hour of the next look, None where something must happen first."""
    group = GROUPS[kind]
    pair, day = folding.account.pairs.get(group), due_day(kind, seen, profile)
    if day is None:
        if pair is not None and (pair.need is not None or pair.refusal is not None):
            next_cycle(folding, group, pair, "not_due")
            pair.due_hour = None
        return None
    if day > seen.today:
        return hour_of_day(math.ceil(day))
    pair = folding.account.pair(group)
    if pair.need is not None or (pair.done_cycle == pair.cycle and pair.hold_until is None):
        return None
    if pair.hold_until is not None and folding.now < pair.hold_until:
        return pair.hold_until // 3600 + 1
    if pair.done_cycle == pair.cycle:
        pair.cycle += 1
    pair.hold_until = None
    return _act(folding, profile, kind, pair, seen, p_alive)


def _act(folding: Folding, profile: Profile, kind: NeedKind, pair: Pair, seen: Settled, p_alive: float) -> int | None:
    group, evidence = GROUPS[kind], _evidence(folding, kind, seen, p_alive)
    reasons = blocking_reasons(facts_of(folding, profile)) if class_of(kind) is TaskClass.SELLING else ()
    if reasons:
        refuse_need(folding, group, pair, kind, evidence, reasons)
        return folding.now // 3600 + RECHECK_HOURS
    until = folding.now + KINDS[kind].valid_days * 86_400
    open_need(folding, group, pair, kind, evidence, 0.0, until)
    return None


def _evidence(folding: Folding, kind: NeedKind, seen: Settled, p_alive: float) -> Evidence:
    lost = kind in (NeedKind.WIN_BACK, NeedKind.NEW_PARTNERSHIP)
    usual, last = _used_to_buy(folding) if lost else (), last_order_at(folding)
    told = Spoken(
        today=date.fromordinal(folding.today),
        first_order_on=date.fromordinal(int(seen.first_day)) if seen.first_day > 0 else None,
        last_order_on=None if last is None else last.date(),
        joint_day_on=None if seen.joint_day is None else date.fromordinal(int(seen.joint_day)),
        products=[name_of(folding, group) or group for group in usual[:TOLD_PRODUCTS]],
        managed=seen.manager,
    )
    return event_evidence(folding, kind, told, p_alive, usual)


def _used_to_buy(folding: Folding) -> Sequence[str]:
    """Groups by the days on which they were ordered, most first; those ordered last among equals."""
    found = []
    for group, pair in folding.account.pairs.items():
        days = {mark.day for mark in pair.orders.ring}
        if days and not group.startswith(ACCOUNT_GROUP):
            before = 0 if pair.orders.folded is None else pair.orders.folded.orders
            found.append((-(len(days) + before), -max(days), group))
    return [group for _, _, group in sorted(found)[: 2 * TOLD_PRODUCTS]]
