"""What an order is worth to the account as a whole: its order days, its spend by month, and what came back."""

from datetime import date
from functools import lru_cache

from forecasting.pair import OrderMark, add_order, mark_of, remove_order, set_quantity
from streams.core.context import Folding
from streams.state import Account, PastOrder, Returned, hour_of_day

REMEMBERED_PAST = 128
"""Orders that left the account's ring and are still known by name."""

REMEMBERED_RETURNS = 64
"""Orders of which it is known what came back."""


def book(folding: Folding, day: int, key: int, cents: int) -> None:
    """Count the order for the account as a whole; one that is known already is now worth this."""
    account, past = folding.account, past_order(folding.account, key)
    if past is not None:  # its day is in the sums already
        spend(folding, past.day, cents - past.cents)
        account.past_orders.set_cents(key, cents)
        _bought(folding, day)
    else:
        if mark_of(account.orders, key) is not None:
            unbook(folding, key)
        book_new(folding, day, key, cents)


def book_new(folding: Folding, day: int, key: int, cents: int) -> None:
    """Count an order that is neither in the account's ring nor among those that left it."""
    _remember(folding.account, OrderMark(day, key, float(cents)))
    spend(folding, day, cents)
    _bought(folding, day)


def _bought(folding: Folding, day: int) -> None:
    account, hour = folding.account, look_hour(folding, day)
    account.attempts = 0
    account.check_hour = hour if account.check_hour is None else min(account.check_hour, hour)


def unbook(folding: Folding, key: int) -> int:
    """Take the order back; its cents, or 0 when it is unknown or too long ago."""
    account, past = folding.account, past_order(folding.account, key)
    if past is not None:
        account.past_orders.remove(key)
        spend(folding, past.day, -past.cents)
        return past.cents
    mark = mark_of(account.orders, key)
    if mark is None:
        return 0
    spend(folding, mark.day, -round(mark.quantity))
    remove_order(account.orders, key)
    return round(mark.quantity)


def is_booked(account: Account, day: int, key: int, cents: int) -> bool:
    """Whether the order is known as it is told, less what came back of it."""
    mark = mark_of(account.orders, key)
    if mark is None:
        return False
    back = sum(one.cents for one in account.returns.get(key, ()))
    return (mark.day, round(mark.quantity)) == (day, max(cents - back, 0))


def past_order(account: Account, key: int) -> PastOrder | None:
    """An order that left the account's ring, if it is still known."""
    return account.past_orders.get(key)


def too_old_to_tell(account: Account, day: int) -> bool:
    """Whether an order of this day may be one of those that are no longer known by name."""
    past = account.past_orders
    return len(past) == REMEMBERED_PAST and day < next(iter(past)).day


def note_return(account: Account, key: int, returned: Returned) -> None:
    """Remember what came back of an order, also of one that is still on its way to us."""
    account.returns.setdefault(key, []).append(returned)
    while len(account.returns) > REMEMBERED_RETURNS:
        del account.returns[next(iter(account.returns))]


def give_back(folding: Folding, key: int, cents: int) -> int:
    """Take a credit off the order's own worth and month, so that its cancellation takes off only the rest; the rest."""
    account = folding.account
    past, mark = past_order(account, key), mark_of(account.orders, key)
    if past is not None:
        taken = min(cents, past.cents)
        account.past_orders.set_cents(key, past.cents - taken)
        spend(folding, past.day, -taken)
    elif mark is not None:
        taken = min(cents, round(mark.quantity))
        set_quantity(account.orders, key, mark.quantity - taken)
        spend(folding, mark.day, -taken)
    else:
        return cents
    return cents - taken


def look_hour(folding: Folding, day: int) -> int:
    """Nobody calls on the day of an order: the pair is looked at when the day is over."""
    known, hour = folding.look
    if known != day:
        hour = max(folding.next_look_hour, hour_of_day(day + 1) + folding.spread_hours)
        folding.look = (day, hour)
    return hour


def spend(folding: Folding, day: int, cents: int) -> None:
    """Add to the month of the day; a month that comes to nothing is forgotten."""
    month = _month(day)
    by_month = folding.account.spend_cents
    by_month[month] = by_month.get(month, 0) + cents
    if by_month[month] == 0:
        del by_month[month]


@lru_cache(maxsize=4096)
def _month(day: int) -> int:
    on = date.fromordinal(day)
    return on.year * 12 + on.month


def take_orders(survivor: Account, loser: Account) -> None:
    """The orders, spend and returns of a merged account become the survivor's; both knew different orders."""
    known = {mark.key for mark in survivor.orders.ring} | {past.key for past in survivor.past_orders}
    for mark in loser.orders.ring:
        if mark.key not in known:
            _remember(survivor, mark)
    _keep_past(survivor, [past for past in loser.past_orders if past.key not in known])
    for month, cents in loser.spend_cents.items():
        survivor.spend_cents[month] = survivor.spend_cents.get(month, 0) + cents
    for key, returned in loser.returns.items():
        for one in returned:
            note_return(survivor, key, one)


def _remember(account: Account, mark: OrderMark) -> None:
    """Put the order into the ring; what leaves it stays known by name."""
    for left in add_order(account.orders, mark):
        account.past_orders.add(PastOrder(left.day, left.key, round(left.quantity)), REMEMBERED_PAST)


def _keep_past(account: Account, more: list[PastOrder]) -> None:
    if more:
        known = sorted([*account.past_orders, *more], key=lambda one: (one.day, one.key))
        account.past_orders.put(known[-REMEMBERED_PAST:])
