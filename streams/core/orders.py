"""Folding orders: what covers a need, and what takes that back."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from forecasting.pair import OrderMark, add_order, order_key, reduce_order, remove_order
from schemas.envelope import Event
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine, OrderPlaced, OrderReturned
from streams.core.context import Folding, earliest
from streams.core.needs import next_cycle
from streams.core.winback import covered as win_back_covered
from streams.state import Pair, Product, hour_of_day

REMEMBERED_SETTLED = 64
"""Changed or cancelled orders whose OrderPlaced may still be on its way."""

REMEMBERED_ON_ORDER = 64
"""Orders of a metered pair that may still be delivered; some ERPs never say that they were."""

MOST_CENTS = 1e13
"""No order is worth more; a month of such orders still fits the 64 bits in which spend is kept."""

_CHANGED, _CANCELLED = "changed", "cancelled"


def placed(folding: Folding, event: Event, fact: OrderPlaced) -> None:
    """Any positive order in the group withdraws the need, whatever its size."""
    quantities = group_quantities(folding, fact.lines)
    cents = worth_cents(folding, fact.lines, fact.currency, event.time)
    key, day = order_key(fact.order_id), folding.local_day(event.time)
    known = folding.account.settled_orders.get(key)
    if known is not None:
        _old_news(folding, day, key, quantities, known)
        return
    if _is_booked(folding, day, key, cents, quantities):
        return
    _book(folding, day, key, cents)
    win_back_covered(folding, fact.order_id)
    for group, quantity in quantities.items():
        _cover(folding, group, OrderMark(day, key, quantity), fact.order_id)


def changed(folding: Folding, event: Event, fact: OrderChanged) -> None:
    """The order has exactly these lines: groups that left it were not ordered, new ones were."""
    quantities = group_quantities(folding, fact.lines)
    cents = worth_cents(folding, fact.lines, fact.currency, event.time)
    key = order_key(fact.order_id)
    before = dict(_marks(folding, key))
    day = min((mark.day for mark in before.values()), default=folding.local_day(event.time))
    _book(folding, day, key, cents)
    for group in sorted(before.keys() - quantities.keys()):
        _take_back(folding, group, key)
    for group, quantity in quantities.items():
        mark = OrderMark(day, key, quantity)
        if group in before:
            pair = _pair(folding, group)
            expect_more(pair, key, quantity - before[group].quantity)
            add_order(pair.orders, mark)
            _reschedule(folding, pair)
        else:
            _cover(folding, group, mark, fact.order_id)
    _settle(folding, key, _CHANGED)


def cancelled(folding: Folding, event: Event, fact: OrderCancelled) -> None:
    """The order never was; a need that it covered may persist, as a new one."""
    del event
    key = order_key(fact.order_id)
    for group in sorted(dict(_marks(folding, key))):
        _take_back(folding, group, key)
    _unbook(folding, key)
    _settle(folding, key, _CANCELLED)


def returned(folding: Folding, event: Event, fact: OrderReturned) -> None:
    """Goods came back: taken from their order, or from the most recent ones."""
    quantities = group_quantities(folding, fact.lines)
    cents = worth_cents(folding, fact.lines, fact.currency, event.time)
    key = None if fact.order_id is None else order_key(fact.order_id)
    for group, quantity in quantities.items():
        pair = folding.account.pairs.get(group)
        if pair is None or reduce_order(pair.orders, key, quantity) >= quantity:
            continue
        next_cycle(folding, group, pair, "cancelled_order", fact.order_id)
        _reschedule(folding, pair)
    _spend(folding, folding.local_day(event.time), -cents)
    if key is not None and not any(True for _ in _marks(folding, key)):
        remove_order(folding.account.orders, key)
    folding.look_again()


def group_quantities(folding: Folding, lines: Iterable[OrderLine]) -> dict[str, float]:
    """Units of each SKU group; lines of one order are one. Raises BadEvent where a master is loaded and lacks a SKU."""
    totals: dict[str, Decimal | float] = {}
    for line in lines:
        product = product_of(folding, line.sku)
        totals[product.group] = float(totals.get(product.group, 0.0)) + float(line.quantity) * product.unit_factor
    return {group: float(total) for group, total in totals.items()}


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
    total = sum((line.quantity * line.unit_price for line in lines if line.unit_price is not None), Decimal(0))
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


def _pair(folding: Folding, group: str) -> Pair:
    return folding.account.pair(group)


def _marks(folding: Folding, key: int) -> Iterable[tuple[str, OrderMark]]:
    for group, pair in folding.account.pairs.items():
        for mark in pair.orders.ring:
            if mark.key == key:
                yield group, mark


def _is_booked(folding: Folding, day: int, key: int, cents: int, quantities: dict[str, float]) -> bool:
    """Whether the order is known as it is told: sent again under another event id it covers no later need."""
    whole = OrderMark(day, key, float(cents)) in folding.account.orders.ring
    return whole and {group: mark.quantity for group, mark in _marks(folding, key)} == quantities


def _cover(folding: Folding, group: str, mark: OrderMark, order_id: str) -> None:
    pair = _pair(folding, group)
    add_order(pair.orders, mark)
    next_cycle(folding, group, pair, "covered", order_id)
    pair.hold_until = None
    _reschedule(folding, pair)
    if pair.stock is not None:
        pair.on_order[mark.key] = (mark.quantity, mark.day)
        while len(pair.on_order) > REMEMBERED_ON_ORDER:
            del pair.on_order[min(pair.on_order, key=lambda key: (pair.on_order[key][1], key))]


def _reschedule(folding: Folding, pair: Pair) -> None:
    """From the orders that are there now, so that the way there does not matter."""
    ring = pair.orders.ring
    pair.due_hour = _after(folding, ring[-1].day) if ring else folding.next_look_hour


def _after(folding: Folding, day: int) -> int:
    """Nobody calls on the day of an order: the pair is looked at when the day is over."""
    return max(folding.next_look_hour, hour_of_day(day + 1))


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
        pair = _pair(folding, group)
        next_cycle(folding, group, pair, "cancelled_order")
        pair.cycle += 1
        _reschedule(folding, pair)
    for group, mark in present.items():
        pair = folding.account.pairs[group]
        add_order(pair.orders, OrderMark(day, key, mark.quantity))
        _reschedule(folding, pair)
    folding.account.attempts = 0
    if known == _CHANGED:
        _book(folding, day, key, round(_unbook(folding, key)))
    folding.look_again()


def _book(folding: Folding, day: int, key: int, cents: int) -> None:
    """Count the order for the account as a whole."""
    _unbook(folding, key)
    add_order(folding.account.orders, OrderMark(day, key, float(cents)))
    _spend(folding, day, cents)
    account = folding.account
    account.attempts = 0
    account.check_hour = earliest(account.check_hour, _after(folding, day))


def _unbook(folding: Folding, key: int) -> float:
    """Take the order back; its cents, or 0 when it is unknown or too long ago."""
    for mark in folding.account.orders.ring:
        if mark.key == key:
            _spend(folding, mark.day, -round(mark.quantity))
            remove_order(folding.account.orders, key)
            return mark.quantity
    return 0.0


def _spend(folding: Folding, day: int, cents: int) -> None:
    """Add to the month of the day; a month that comes to nothing is forgotten."""
    on = date.fromordinal(day)
    month = on.year * 12 + on.month
    spend = folding.account.spend_cents
    spend[month] = spend.get(month, 0) + cents
    if spend[month] == 0:
        del spend[month]


def _settle(folding: Folding, key: int, how: str) -> None:
    settled = folding.account.settled_orders
    settled[key] = how
    while len(settled) > REMEMBERED_SETTLED:
        del settled[next(iter(settled))]
    folding.look_again()
