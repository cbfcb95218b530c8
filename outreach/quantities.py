"""How much to reorder: the continuous-review (s, S) policy, net of stock and open orders, with every part shown.

    s = u * L + z * sd * sqrt(L)        reorder point: use over the lead time, and safety for the service level
    S = s + u * T                       order up to this; T is the time for which an order usually lasts
    Q = max(S - stock - open orders, 0) raised to the minimum, then to the next multiple

u is expected use a day, sd its standard deviation a day, L the lead time, z the normal quantile of the service level.
Source: E. A. Silver, D. F. Pyke, D. J. Thomas, Inventory and Production Management in Supply Chains, chapter 6. With
orders alone use and its variance are those of a renewal-reward process (D. R. Cox, Renewal Theory, 1962):
u = q / g and sd^2 = (var(q) + u^2 var(g)) / g, with q the quantity of an order and g the gap in days.

Safety covers the lead time only, which is also what the decision to act looks at. Were it reckoned over L + T, each
order would be larger than the last use, the next gap longer, T with it, and the proposals would grow without end.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, fmean, median, pvariance

from schemas.needs import QuantityParts

SHORTEST_GAP_DAYS = 0.5
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Use:
    """How fast an account uses a product."""

    units_a_day: float
    deviation_units: float
    """Standard deviation of one day's use."""
    cover_days: float
    """For how long an order usually lasts."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What the account has, and what is on its way to it."""

    units: float
    known: bool
    """From a meter; False: estimated from the last order."""
    open_order_units: float = 0.0


@dataclass(frozen=True, slots=True)
class Pack:
    """What an order may hold, in units; 0 where there is no such rule."""

    minimum_units: float = 0.0
    multiple_units: float = 0.0

    def allows(self, quantity_units: float) -> bool:
        """Whether an order of this quantity would be accepted."""
        if quantity_units < self.minimum_units - _TINY:
            return False
        if self.multiple_units <= 0:
            return True
        steps = quantity_units / self.multiple_units
        return abs(steps - round(steps)) < 1e-6


def use_of_orders(days: Sequence[float], quantities: Sequence[float]) -> Use | None:
    """Use from orders alone: day (ordinal) and units of each, oldest first. None with fewer than two order days."""
    by_day: dict[float, float] = {}
    for day, quantity in zip(days, quantities, strict=True):
        by_day[day] = by_day.get(day, 0.0) + quantity
    if len(by_day) < 2:
        return None
    ordered = sorted(by_day)
    gaps = [max(later - day, SHORTEST_GAP_DAYS) for day, later in pairwise(ordered)]
    cover, usual = median(gaps), median(by_day.values())
    rate = usual / cover
    variance = (pvariance(by_day.values()) + rate**2 * pvariance(gaps)) / fmean(gaps)
    return Use(rate, math.sqrt(variance), cover)


def left_of_last_order(use: Use, last_units: float, days_since: float) -> float:
    """Stock on hand where nobody measures it: the last order less the usual use since then, not under nothing."""
    return max(last_units - use.units_a_day * max(days_since, 0.0), 0.0)


def reorder_quantity(use: Use, lead_time_days: float, service_level: float, stock: Stock, pack: Pack) -> QuantityParts:
    """The quantity of the formula above and its parts; 0 where stock and open orders are enough.

    ``service_level`` is the chance that stock lasts through the lead time, under .5 taken as .5: safety is never
    negative. Raises ValueError for a number below zero.
    """
    if min(use.units_a_day, use.cover_days, lead_time_days, stock.units, stock.open_order_units) < 0:
        raise ValueError("use, times and stock cannot be negative")
    safety = _z(service_level) * use.deviation_units * math.sqrt(lead_time_days)
    demand = use.units_a_day * (lead_time_days + use.cover_days)
    net = max(demand + safety - stock.units - stock.open_order_units, 0.0)
    return QuantityParts(
        units_a_day=_shown(use.units_a_day),
        lead_time_days=lead_time_days,
        cover_days=_shown(use.cover_days),
        service_level=service_level,
        demand_units=_shown(demand),
        safety_units=_shown(safety),
        stock_units=_shown(stock.units),
        stock_known=stock.known,
        open_order_units=_shown(stock.open_order_units),
        net_units=_shown(net),
        minimum_units=pack.minimum_units,
        multiple_units=pack.multiple_units,
        quantity_units=orderable(net, pack),
    )


def orderable(wanted_units: float, pack: Pack) -> float:
    """The least quantity that may be ordered and is enough; 0 where nothing is wanted.

    Without a multiple whole units from one unit on, halves upwards: nobody orders two and a half.
    """
    if wanted_units <= _TINY:
        return 0.0
    wanted = max(wanted_units, pack.minimum_units)
    if pack.multiple_units > 0:
        return _shown(math.ceil(wanted / pack.multiple_units - 1e-6) * pack.multiple_units)
    whole = wanted if wanted < 1 else float(math.floor(wanted + 0.5))
    return max(whole, pack.minimum_units)


def days_until_wanted(parts: QuantityParts) -> float:
    """Days until stock and open orders no longer cover lead time, safety and cover; inf without use."""
    spare = parts.stock_units + parts.open_order_units - parts.demand_units - parts.safety_units
    return math.inf if parts.units_a_day <= 0 else max(spare, 0.0) / parts.units_a_day


def _z(service_level: float) -> float:
    return max(NormalDist().inv_cdf(min(max(service_level, 0.5), 0.9999)), 0.0)


def _shown(units: float) -> float:
    return round(units, 6)
