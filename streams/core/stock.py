"""Metered pairs: readings and deliveries move a stock, and the forecast speaks of running out."""

import math

from forecasting import telemetry
from forecasting.pair import order_key
from forecasting.telemetry import StockState
from schemas.envelope import Event
from schemas.errors import BadEvent, DeadLetterReason
from schemas.events.orders import OrderDelivered
from schemas.events.usage import UsageKind, UsageReported
from streams.core.context import Folding
from streams.core.facts import lead_time
from streams.core.orders import expect_more, group_quantities, product_of
from streams.core.outlook import ROUND_DIGITS, Outlook
from streams.core.settle import settle
from streams.state import EPOCH_DAY, Pair

DELIVERY_EXPECTED_DAYS = 30
"""An order that was not delivered within this time is no longer counted on."""
NEVER = math.inf


def usage_reported(folding: Folding, event: Event, fact: UsageReported) -> None:
    """A level or a use changes the stock; where it is low the need opens at once."""
    account = folding.account
    sku = account.assets.get(fact.asset_id or "") if fact.sku is None else fact.sku
    if sku is None:
        raise BadEvent(DeadLetterReason.BAD_DATA, "data.sku: the asset is new here; say once which product it holds")
    product = product_of(folding, sku)
    group = product.group
    if fact.asset_id is not None:
        account.assets[fact.asset_id] = sku
    pair = account.pair(group)
    pair.stock = _read(pair.stock, _day(event.time.timestamp()), fact, product.unit_factor)
    profile = folding.profile
    if profile is None or pair.need is not None:
        return
    outlook = metered_outlook(folding, pair, pair.stock, lead_time(folding, profile, group), profile.service_level)
    settle(folding, profile, group, pair, outlook)


def delivered(folding: Folding, event: Event, fact: OrderDelivered) -> None:
    """The stock of metered pairs rises when the goods arrive; without lines all that was still to come did."""
    key, day = order_key(fact.order_id), _day(event.time.timestamp())
    arrived = group_quantities(folding, fact.lines)
    for group, pair in folding.account.pairs.items():
        ordered = pair.on_order.get(key, (0.0, 0))[0]
        quantity = arrived.get(group, 0.0) if fact.lines else ordered
        expect_more(pair, key, -quantity)
        if pair.stock is not None and quantity > 0:
            pair.stock = telemetry.delivered(pair.stock, day, quantity)
            pair.due_hour = folding.next_look_hour if pair.need is None else pair.due_hour


def metered_outlook(
    folding: Folding, pair: Pair, metered: StockState, lead_time_days: float, service_level: float
) -> Outlook:
    """When the stock, with what is on its way, comes to nothing."""
    today, day = folding.today, _day(folding.now)
    coming = sum(units for units, since in pair.on_order.values() if today - since <= DELIVERY_EXPECTED_DAYS)
    stock = [_with(metered, coming)]
    p_due = float(telemetry.runs_out_within(stock, day, 0.0, lead_time_days)[0])
    days_left = _days_left(stock[0], day)
    ring = pair.orders.ring
    return Outlook(
        p_due=round(p_due, ROUND_DIGITS),
        due_in_days=float(telemetry.due_in_days(stock, day, 0.0, lead_time_days, service_level)[0]),
        p_alive=math.nan,
        p10_day=NEVER,
        p50_day=today + days_left,
        p90_day=today + days_left * 1.5,
        order_days=len({mark.day for mark in ring}),
        last_day=ring[-1].day if ring else 0,
        usual_gap_days=0.0,
        usual_quantity_units=sorted(mark.quantity for mark in ring)[len(ring) // 2] if ring else 0.0,
        method="metered",
        degraded=not metered.level_known,
        stock_units=round(max(metered.level - metered.rate * max(day - metered.day, 0.0), 0.0), 3),
        units_a_day=metered.rate,
    )


def _read(stock: StockState | None, day: float, fact: UsageReported, unit_factor: float) -> StockState:
    """Readings are in units of the SKU, the stock is in units of its group."""
    value = float(fact.value) * unit_factor
    match fact.kind:
        case UsageKind.LEVEL:
            return telemetry.reading(stock, day, value)
        case UsageKind.CONSUMED:
            return telemetry.consumed(stock, day, value)
        case UsageKind.METER_TOTAL:
            return telemetry.metered(stock, day, value, reset=fact.reset)


def _with(stock: StockState, coming: float) -> StockState:
    """The stock as if what is on its way had arrived."""
    if coming <= 0:
        return stock
    return StockState(
        stock.day,
        stock.level + coming,
        stock.rate,
        stock.level_var,
        stock.covariance,
        stock.rate_var,
        stock.level_known,
    )


def _days_left(stock: StockState, day: float) -> float:
    """Days until the expected level is nothing; inf without use."""
    if stock.rate <= 0:
        return NEVER
    return max(stock.level / stock.rate - max(day - stock.day, 0.0), 0.0)


def _day(at_seconds: float) -> float:
    """UTC day ordinal with its fraction."""
    return EPOCH_DAY + at_seconds / 86_400
