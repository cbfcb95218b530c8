"""Folding orders: what covers a need, and what takes that back."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from forecasting.pair import OrderMark, add_order, mark_of, order_key, reduce_order, remove_order
from schemas.envelope import Event
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine, OrderPlaced, OrderReturned
from streams.core.booking import (
    book,
    book_new,
    give_back,
    is_booked,
    look_hour,
    note_return,
    past_order,
    spend,
    too_old_to_tell,
    unbook,
)
from streams.core.context import Folding
from streams.core.needs import end_need, next_cycle
from streams.core.winback import covered as win_back_covered
from streams.state import Pair, PastOrder, Product, Returned

REMEMBERED_SETTLED = 64
"""Changed or cancelled orders whose OrderPlaced may still be on its way."""

REMEMBERED_ON_ORDER = 64
"""Orders of a metered pair that may still be delivered; some ERPs never say that they were."""

MOST_CENTS = 1e13
"""No order is worth more; a month of such orders still fits the 64 bits in which spend is kept."""

_ZERO = Decimal(0)
_CHANGED, _CANCELLED = "changed", "cancelled"


def placed(folding: Folding, event: Event, fact: OrderPlaced) -> None:
    """Any positive order in the group withdraws the need, whatever its size; told again it withdraws nothing."""
    quantities = group_quantities(folding, fact.lines)
    cents = worth_cents(folding, fact.lines, fact.currency, event.time)
    key, day, account = order_key(fact.order_id), folding.event_day, folding.account
    past, settled = past_order(account, key), account.settled_orders.get(key)
    if past is not None:
        _told_again(folding, past, quantities, cents)
    elif too_old_to_tell(account, day):
        account.late_events += 1
    elif settled is not None:
        _old_news(folding, day, key, quantities, settled)
    elif (is_new := mark_of(account.orders, key) is None) or not _is_booked(folding, day, key, cents, quantities):
        (book_new if is_new else book)(folding, day, key, cents)
        win_back_covered(folding, fact.order_id)
        for group, quantity in quantities.items():
            _cover(folding, group, OrderMark(day, key, quantity), fact.order_id)
        for returned_before in account.returns.get(key, ()):
            _give_back(folding, key, returned_before.units, returned_before.cents, fact.order_id)


def changed(folding: Folding, event: Event, fact: OrderChanged) -> None:
    """The order has exactly these lines: groups that left it were not ordered, new ones were."""
    quantities = group_quantities(folding, fact.lines)
    cents = worth_cents(folding, fact.lines, fact.currency, event.time)
    key = order_key(fact.order_id)
    past, before = past_order(folding.account, key), dict(_marks(folding, key))
    usual_day = folding.event_day if past is None else past.day
    day = min((mark.day for mark in before.values()), default=usual_day)
    book(folding, day, key, cents)
    if past is None and not before and quantities:  # the order itself is still on its way, and is old news then
        win_back_covered(folding, fact.order_id)
    folding.account.returns.pop(key, None)  # the lines are what is left of the order, whatever came back
    for group in sorted(before.keys() - quantities.keys()):
        _take_back(folding, group, key)
    for group, quantity in quantities.items():
        mark = OrderMark(day, key, quantity)
        if group in before:
            pair = folding.account.pair(group)
            expect_more(pair, key, quantity - before[group].quantity)
            add_order(pair.orders, mark)
            _reschedule(folding, pair)
        elif past is None or not _is_in_sums(folding.account.pairs.get(group), day):
            _cover(folding, group, mark, fact.order_id)
    _settle(folding, key, _CHANGED)


def cancelled(folding: Folding, event: Event, fact: OrderCancelled) -> None:
    """The order never was; a need that it covered may persist, as a new one."""
    del event
    key = order_key(fact.order_id)
    for group in sorted(dict(_marks(folding, key))):
        _take_back(folding, group, key)
    unbook(folding, key)
    folding.account.returns.pop(key, None)
    _settle(folding, key, _CANCELLED)


def returned(folding: Folding, event: Event, fact: OrderReturned) -> None:
    """Goods came back: taken from their order, or from the most recent ones of the product."""
    quantities = group_quantities(folding, fact.lines)
    cents = worth_cents(folding, fact.lines, fact.currency, event.time)
    if fact.order_id is None:
        spend(folding, folding.event_day, -_give_back_newest(folding, quantities, cents))
    else:
        key = order_key(fact.order_id)
        if folding.account.settled_orders.get(key) != _CANCELLED:
            note_return(folding.account, key, Returned(quantities, cents))
            _give_back(folding, key, quantities, cents, fact.order_id)
    folding.look_again()


def group_quantities(folding: Folding, lines: Iterable[OrderLine]) -> dict[str, float]:
    """Units of each SKU group; lines of one order are one. Raises BadEvent where a master is loaded and lacks a SKU."""
    totals: dict[str, float] = {}
    products = folding.context.partition.products
    for line in lines:
        sku, units = line.sku, float(line.quantity)
        if products:
            product = product_of(folding, sku)
            sku, units = product.group, units * product.unit_factor
        totals[sku] = totals[sku] + units if sku in totals else units
    return totals


def product_of(folding: Folding, sku: str) -> Product:
    """The master's product, or the SKU itself while no master is loaded."""
    products = folding.context.partition.products
    product = products.get(sku)
    if product is None:
        if products:
            raise BadEvent(DeadLetterReason.UNKNOWN_SKU, f"sku {sku!r} is not in the product master; publish it first")
        return Product(group=sku)
    return product


def worth_cents(folding: Folding, lines: Iterable[OrderLine], currency: str | None, at: datetime) -> int:
    """What the lines are worth in cents of the reporting currency. Raises BadEvent where the day has no rate."""
    rate = _rate(folding, currency, at)
    total = _ZERO
    for line in lines:
        if line.unit_price is not None:
            total += line.quantity * line.unit_price
    cents = float(total) * rate * 100
    if not cents <= MOST_CENTS:  # also where a rate without end made it no number
        raise BadEvent(DeadLetterReason.BAD_DATA, "lines: worth more than 100 billion; correct the prices or the rate")
    return round(cents)


def _rate(folding: Folding, currency: str | None, at: datetime) -> float:
    """The newest rate that was known on the day."""
    if currency is None or currency == folding.context.installation.reporting_currency:
        return 1.0
    by_day = folding.context.partition.rates.get(currency, {})
    known = max((day for day in by_day if day <= at.toordinal()), default=None)
    if known is None:
        raise BadEvent(DeadLetterReason.UNKNOWN_CURRENCY, f"no rate of {currency} on {at.date()}; publish RatesChanged")
    return by_day[known]


def expect_more(pair: Pair, key: int, units: float) -> None:
    """Of a metered pair's order so many more units are still to come, or fewer; nothing where none was expected."""
    coming, since = pair.on_order.get(key, (0.0, 0))
    left = round(coming + units, 9)
    if coming > 0 and left > 0:
        pair.on_order[key] = (left, since)
    elif coming > 0:
        del pair.on_order[key]


def _marks(folding: Folding, key: int) -> Iterable[tuple[str, OrderMark]]:
    for group, pair in folding.account.pairs.items():
        mark = mark_of(pair.orders, key)
        if mark is not None:
            yield group, mark


def _is_booked(folding: Folding, day: int, key: int, cents: int, quantities: dict[str, float]) -> bool:
    """Whether the order is known as it is told: sent again under another event id it covers no later need."""
    if not is_booked(folding.account, day, key, cents):
        return False
    return {group: mark.quantity for group, mark in _marks(folding, key)} == _net(folding, key, quantities)


def _net(folding: Folding, key: int, quantities: dict[str, float]) -> dict[str, float]:
    """Units of an order less what came back of it, one return after the other."""
    left = dict(quantities)
    for one in folding.account.returns.get(key, ()):
        for group, units in one.units.items():
            left[group] = left.get(group, 0.0) - min(units, left.get(group, 0.0))
    return {group: units for group, units in left.items() if units > 0}


def _told_again(folding: Folding, past: PastOrder, quantities: dict[str, float], cents: int) -> None:
    """An order that left the account's ring: its worth and what is left of it in rings may be mended, no more."""
    back = sum(one.cents for one in folding.account.returns.get(past.key, ()))
    if past.cents != max(cents - back, 0):
        book(folding, past.day, past.key, max(cents - back, 0))
    net = _net(folding, past.key, quantities)
    for group, mark in list(_marks(folding, past.key)):
        if net.get(group, mark.quantity) != mark.quantity:
            pair = folding.account.pairs[group]
            add_order(pair.orders, OrderMark(mark.day, past.key, net[group]))
            _reschedule(folding, pair)


def _is_in_sums(pair: Pair | None, day: int) -> bool:
    """Whether the pair's order of this day has left the ring."""
    return pair is not None and pair.orders.folded is not None and day <= pair.orders.folded.last_day


def _give_back(folding: Folding, key: int, units: dict[str, float], cents: int, order_id: str | None) -> None:
    """Take what came back off its order, in units and in worth; an order of which nothing is left never was."""
    found = False
    for group, quantity in units.items():
        pair = folding.account.pairs.get(group)
        if pair is not None and reduce_order(pair.orders, key, quantity) < quantity:
            found = True
            next_cycle(folding, group, pair, "cancelled_order", order_id)
            _reschedule(folding, pair)
    give_back(folding, key, cents)
    if found and not any(True for _ in _marks(folding, key)) and past_order(folding.account, key) is None:
        unbook(folding, key)


def _give_back_newest(folding: Folding, units: dict[str, float], cents: int) -> int:
    """Take what came back off the newest orders of each product, and its worth off these; the cents left over."""
    taken: dict[int, dict[str, float]] = {}
    for group, quantity in units.items():
        pair, left = folding.account.pairs.get(group), quantity
        for mark in [] if pair is None else reversed(pair.orders.ring):
            if left > 0:
                taken.setdefault(mark.key, {})[group] = min(left, mark.quantity)
                left -= mark.quantity
    whole = sum(units.values())
    for key, parts in taken.items():
        share = round(cents * sum(parts.values()) / whole)
        _give_back(folding, key, parts, share, None)
        cents -= share
    return cents


def _cover(folding: Folding, group: str, mark: OrderMark, order_id: str) -> None:
    pair = folding.account.pair(group)
    add_order(pair.orders, mark)
    if pair.need is not None or pair.refusal is not None:
        end_need(folding, group, pair, "covered", order_id)
    pair.cycle += 1
    pair.hold_until = None
    _reschedule(folding, pair)
    if pair.stock is not None:
        pair.on_order[mark.key] = (mark.quantity, mark.day)
        while len(pair.on_order) > REMEMBERED_ON_ORDER:
            del pair.on_order[min(pair.on_order, key=lambda key: (pair.on_order[key][1], key))]


def _reschedule(folding: Folding, pair: Pair) -> None:
    """From the orders that are there now, so that the way there does not matter."""
    day = pair.orders.newest_day
    pair.due_hour = folding.next_look_hour if day is None else look_hour(folding, day)


def _take_back(folding: Folding, group: str, key: int) -> None:
    pair = folding.account.pairs[group]
    remove_order(pair.orders, key)
    pair.on_order.pop(key, None)
    next_cycle(folding, group, pair, "cancelled_order")
    _reschedule(folding, pair)


def _old_news(folding: Folding, day: int, key: int, quantities: dict[str, float], known: str) -> None:
    """The order was cancelled or changed before its OrderPlaced came: leave what the right order would have left."""
    present = dict(_marks(folding, key))
    for group in sorted(quantities.keys() - present.keys()):
        pair = folding.account.pair(group)
        next_cycle(folding, group, pair, "cancelled_order")
        pair.cycle += 1
        _reschedule(folding, pair)
    for group, mark in present.items():
        pair = folding.account.pairs[group]
        add_order(pair.orders, OrderMark(day, key, mark.quantity))
        _reschedule(folding, pair)
    folding.account.attempts = 0
    if known == _CHANGED:
        book(folding, day, key, unbook(folding, key))
    folding.look_again()


def _settle(folding: Folding, key: int, how: str) -> None:
    settled = folding.account.settled_orders
    settled[key] = how
    while len(settled) > REMEMBERED_SETTLED:
        del settled[next(iter(settled))]
    folding.look_again()
