"""By when an order is to arrive, and that it did: a day that passes in silence is a late delivery.

A day is promised by the order itself or by its shipment; otherwise, where the last orders of the account were each
reported as shipped or delivered, by the lead time of what was ordered.
"""

import math
from collections.abc import Iterable

from forecasting.pair import order_key
from outreach.kinds import group_of
from schemas.decisions import NeedKind
from schemas.envelope import Event
from schemas.events.orders import (
    OrderCancelled,
    OrderChanged,
    OrderDelivered,
    OrderLine,
    OrderPlaced,
    OrderShipped,
)
from streams.core.context import Folding, earliest
from streams.core.facts import lead_time
from streams.core.orders import group_quantities
from streams.core.recovery import give_up, go_wrong, mend
from streams.state import Promise, Relation, seconds

FORGOTTEN_DAYS = 30
"""A day that was promised longer ago than this, with nothing heard since, is no news: nobody calls about it."""
REPORTED_ORDERS = 2
"""Reported arrivals in a row after which the lead time of an order counts as a promise."""
REMEMBERED_PROMISES = 64
REMEMBERED_ARRIVALS = 32
LEAST_UNITS = 1e-9


def ordered(folding: Folding, event: Event, fact: OrderPlaced) -> None:
    """A promised day, or the lead time, is waited for."""
    relation, key = folding.account.relation, order_key(fact.order_id)
    at = _promised(folding, event, fact)
    if at is None or key in relation.promises or key in relation.arrived or _is_off(folding, key):
        return
    if at >= folding.now - FORGOTTEN_DAYS * 86_400:
        units = _units(folding, fact.lines)
        _expect(folding, key, Promise(fact.order_id, at, units, units))


def changed(folding: Folding, event: Event, fact: OrderChanged) -> None:
    """It has other lines now, and perhaps another day."""
    del event
    relation, key = folding.account.relation, order_key(fact.order_id)
    known = relation.promises.get(key)
    units = _units(folding, fact.lines) if known is not None or fact.promised_at is not None else 0.0
    if known is not None:
        known.to_ship = known.to_deliver = units
    if fact.promised_at is not None and key not in relation.arrived:
        _put_off(folding, key, Promise(fact.order_id, seconds(fact.promised_at), units, units))


def called_off(folding: Folding, event: Event, fact: OrderCancelled) -> None:
    """Nobody waits for it any more."""
    del event
    _over(folding, order_key(fact.order_id), fact.order_id, "cancelled")


def shipped(folding: Folding, event: Event, fact: OrderShipped) -> None:
    """It left: it is waited for until the day that the carrier says, or no longer."""
    del event
    relation, key = folding.account.relation, order_key(fact.order_id)
    known, told = relation.promises.get(key), _units(folding, fact.lines)
    relation.delivers = True
    if key in relation.arrived:
        return
    left = _left(told, None if known is None else known.to_ship)
    if fact.expected_at is not None:
        units = told if known is None else known.to_deliver
        _put_off(folding, key, Promise(fact.order_id, seconds(fact.expected_at), left, units))
    elif left <= LEAST_UNITS:
        _arrived(relation, key)
        _over(folding, key, fact.order_id, "shipped")
    elif known is not None:
        known.to_ship = left


def delivered(folding: Folding, event: Event, fact: OrderDelivered) -> None:
    """It arrived, or a part of it."""
    del event
    relation, key = folding.account.relation, order_key(fact.order_id)
    relation.delivers = True
    known = relation.promises.get(key)
    left = _left(_units(folding, fact.lines), None if known is None else known.to_deliver)
    if left > LEAST_UNITS and known is not None:
        known.to_deliver = left
        return
    _arrived(relation, key)
    _over(folding, key, fact.order_id, "delivered")


def look_for_late(folding: Folding) -> None:
    """Deliveries whose day has passed go wrong now; the account is looked at again when the next day has.

    Where the profile calls about none, nothing new goes wrong; what went wrong before is forgotten in its time.
    """
    relation, profile = folding.account.relation, folding.profile
    if not relation.promises or profile is None:
        return
    opens = NeedKind.LATE_DELIVERY in profile.opens
    grace, now = round(profile.late_after_days * 86_400), folding.now
    for key, promise in sorted(relation.promises.items(), key=lambda one: (one[1].at, one[0])):
        if now < promise.at + grace:
            _look_at(folding, promise.at + grace)
            break
        if opens:
            go_wrong(folding, NeedKind.LATE_DELIVERY, promise.order_id, promise.at)
        if now >= promise.at + FORGOTTEN_DAYS * 86_400:
            del relation.promises[key]
            give_up(folding, NeedKind.LATE_DELIVERY, promise.order_id)
        else:
            _look_at(folding, promise.at + FORGOTTEN_DAYS * 86_400)


def take_promises(ours: Relation, theirs: Relation) -> None:
    """A merged account's promises and troubles become the survivor's."""
    ours.promises = theirs.promises | ours.promises
    ours.arrived = list(dict.fromkeys((*theirs.arrived, *ours.arrived)))[-REMEMBERED_ARRIVALS:]
    ours.troubles = theirs.troubles | ours.troubles
    both = sorted({*ours.invoices, *theirs.invoices})
    ours.invoices = {key: max(ours.invoices.get(key, 0), theirs.invoices.get(key, 0)) for key in both}
    ours.delivers = ours.delivers or theirs.delivers
    ours.credit = ours.credit or theirs.credit
    ours.edi = ours.edi or theirs.edi
    ours.channel = ours.channel or theirs.channel
    ours.manager = ours.manager or theirs.manager
    ours.joint_day = max(ours.joint_day or 0, theirs.joint_day or 0) or None


def _promised(folding: Folding, event: Event, fact: OrderPlaced) -> int | None:
    if fact.promised_at is not None:
        return seconds(fact.promised_at)
    profile = folding.profile
    if profile is None or not folding.account.relation.delivers:
        return None
    groups = group_quantities(folding, fact.lines)
    days = max(lead_time(folding, profile, group) for group in groups)
    if not _is_told(folding, folding.local_day(event.time) - math.ceil(days)):
        return None
    return seconds(event.time) + round(days * 86_400)


def _is_told(folding: Folding, by_day: int) -> bool:
    """Whether of the last orders that should have arrived by a day each was reported: else silence means nothing."""
    account = folding.account
    due = [mark.key for mark in account.orders.ring if mark.day < by_day][-REPORTED_ORDERS:]
    return len(due) == REPORTED_ORDERS and set(due) <= set(account.relation.arrived)


def _arrived(relation: Relation, key: int) -> None:
    """Or left, with nothing more to come."""
    relation.arrived = [*(one for one in relation.arrived if one != key), key][-REMEMBERED_ARRIVALS:]


def _is_off(folding: Folding, key: int) -> bool:
    """Whether the order was cancelled, perhaps before it was told of."""
    return folding.account.settled_orders.get(key) == "cancelled"


def _put_off(folding: Folding, key: int, promise: Promise) -> None:
    """Another day counts from now on; a call about the one before is over."""
    if promise.at > folding.now:
        mend(folding, NeedKind.LATE_DELIVERY, promise.order_id, "promised_anew")
    if promise.at >= folding.now - FORGOTTEN_DAYS * 86_400:
        _expect(folding, key, promise)


def _expect(folding: Folding, key: int, promise: Promise) -> None:
    promises = folding.account.relation.promises
    promises[key] = promise
    while len(promises) > REMEMBERED_PROMISES:
        gone = promises.pop(min(promises, key=lambda one: (promises[one].at, one)))
        if group_of(NeedKind.LATE_DELIVERY, gone.order_id) in folding.account.relation.troubles:
            give_up(folding, NeedKind.LATE_DELIVERY, gone.order_id)
    profile = folding.profile
    _look_at(folding, promise.at + (0 if profile is None else round(profile.late_after_days * 86_400)))


def _over(folding: Folding, key: int, order_id: str, how: str) -> None:
    known = folding.account.relation.promises.pop(key, None)
    if known is not None:
        mend(folding, NeedKind.LATE_DELIVERY, order_id, how)


def _look_at(folding: Folding, at: int) -> None:
    hour = max(-(-at // 3600), folding.next_look_hour)
    folding.account.check_hour = earliest(folding.account.check_hour, hour)


def _left(told_units: float, open_units: float | None) -> float:
    """Units still to come; none where no lines were told, or nothing is known of the order."""
    return 0.0 if told_units <= 0 or open_units is None else open_units - told_units


def _units(folding: Folding, lines: Iterable[OrderLine]) -> float:
    return sum(group_quantities(folding, lines).values(), 0.0)
