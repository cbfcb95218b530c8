"""The quantity of a reorder proposal, from what the fold knows of a pair."""

import math

from forecasting.telemetry import DAILY_NOISE
from forecasting.winsor import believed
from outreach.profiles import Profile
from outreach.quantities import Pack, Stock, Use, left_of_last_order, reorder_quantity, use_of_orders
from schemas.needs import QuantityParts
from streams.core.context import Folding
from streams.core.facts import lead_time
from streams.core.outlook import Outlook
from streams.state import Pair

OPEN_ORDER_DAYS = 30
"""An order that was not delivered within this time is no longer counted on."""


def quantity_of(folding: Folding, profile: Profile, group: str, pair: Pair, outlook: Outlook) -> QuantityParts | None:
    """How much to propose, with its parts; None where no use is known: then the usual quantity must do."""
    use = _use(pair, outlook)
    if use is None:
        return None
    stock = _stock(folding, pair, outlook, use)
    lead = lead_time(folding, profile, group)
    return reorder_quantity(use, lead, 1 - profile.service_level, stock, _pack(folding, group))


def _use(pair: Pair, outlook: Outlook) -> Use | None:
    """A meter's rate where there is one; else what the orders say."""
    if outlook.stock_units is None:
        ring = pair.orders.ring
        return use_of_orders([float(mark.day) for mark in ring], believed([mark.quantity for mark in ring]))
    rate = outlook.units_a_day
    if not rate > 0 or outlook.usual_quantity_units <= 0:
        return None
    return Use(rate, DAILY_NOISE * rate, outlook.usual_quantity_units / rate)


def _stock(folding: Folding, pair: Pair, outlook: Outlook, use: Use) -> Stock:
    """Of a metered pair what is on its way comes on top; an unmetered one's stock rises when it orders."""
    if outlook.stock_units is not None:
        waits = [units for units, since in pair.on_order.values() if folding.today - since <= OPEN_ORDER_DAYS]
        return Stock(outlook.stock_units, known=True, open_order_units=math.fsum(waits))
    last = pair.orders.ring[-1].day
    bought = math.fsum(mark.quantity for mark in pair.orders.ring if mark.day == last)
    return Stock(left_of_last_order(use, bought, folding.today - last), known=False)


def _pack(folding: Folding, group: str) -> Pack:
    product = folding.context.partition.products.get(group)
    return Pack() if product is None else Pack(product.minimum_units, product.multiple_units)
