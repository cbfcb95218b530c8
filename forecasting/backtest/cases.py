"""What is judged at an origin: the candidates, as they were known on that day, and apart from them what came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.forecasts import HORIZONS_DAYS, MAX_SILENCE_DAYS, QUANTILES, Level, forecastable

if TYPE_CHECKING:
    from forecasting.columns import Floats, Ints
    from forecasting.history import OrderDays, Pairs

MIN_ORDERS = 3
CURVE_DAYS = np.arange(1.0, 61.0)
"""Horizons of the curves that CRPS and the survival plots are made from."""
EVENT_COLUMNS = ["account", "sku", "day", "quantity"]


@dataclass(frozen=True, slots=True)
class Candidates:
    """All that a method may know at an origin. `past`: order days before `day`; `pairs`: who is judged."""

    level: Level
    day: int
    past: OrderDays
    pairs: Pairs

    def __len__(self) -> int:
        return len(self.pairs)

    def events(self) -> pd.DataFrame:
        """Order days at this level (account, sku: codes; day: ordinal; quantity), sorted by them."""
        return events_of(self.past if self.level == "pair" else self.past.of_accounts())

    def account_events(self) -> pd.DataFrame:
        """Order days of anything, SKU 0."""
        return events_of(self.past.of_accounts())


@dataclass(frozen=True, slots=True)
class Outcome:
    """Days from the origin to each candidate's next order (inf: none in the data), and how many days are known."""

    wait_days: Floats
    days_left: int
    account: Ints
    orders: Floats

    def came(self, horizon_days: float) -> Floats:
        """1.0 where an order day came within the horizon."""
        return (self.wait_days < horizon_days).astype(float)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A method's answer; rows as in the candidates. What a method cannot say is None.

    probability: (rows, HORIZONS_DAYS); curve: (rows, CURVE_DAYS), P(an order within); quantile_days: (rows, QUANTILES),
    days from the origin, inf for never.
    """

    probability: Floats
    curve: Floats | None = None
    quantile_days: Floats | None = None


def candidates_at(history: OrderDays, day: int, level: Level, min_orders: int = MIN_ORDERS) -> Candidates:
    """Pairs (or accounts) with at least `min_orders` order days before `day`, the newest within 365 days."""
    past = history.before(day)
    pairs = forecastable(past, day, level)
    return Candidates(level, day, past, pairs.take(pairs.columns.orders >= min_orders))


def outcome_of(history: OrderDays, candidates: Candidates) -> Outcome:
    """What came of the candidates. history: the whole, with what lies after the origin."""
    known = history if candidates.level == "pair" else history.of_accounts()
    later, pairs = known.where(known.day >= candidates.day), candidates.pairs
    skus = max(len(known.skus), 1)
    key, wanted = later.account * skus + later.sku, pairs.account * skus + pairs.sku
    wait = np.full(len(wanted), np.inf)
    if len(key):
        place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        wait = np.where(key[place] == wanted, later.day[place] - candidates.day, np.inf)
    end = int(history.day.max())
    return Outcome(wait, end - candidates.day, pairs.account, pairs.columns.orders)


def events_of(history: OrderDays) -> pd.DataFrame:
    """A history as a table with EVENT_COLUMNS."""
    columns = (history.account, history.sku, history.day, history.quantity)
    return pd.DataFrame(dict(zip(EVENT_COLUMNS, columns, strict=True)))


__all__ = [
    "CURVE_DAYS",
    "HORIZONS_DAYS",
    "MAX_SILENCE_DAYS",
    "MIN_ORDERS",
    "QUANTILES",
    "Candidates",
    "Outcome",
    "Prediction",
    "candidates_at",
    "events_of",
    "outcome_of",
]
