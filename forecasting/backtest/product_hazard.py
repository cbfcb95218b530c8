"""A baseline for pairs of whom little is known: the hazard of their product, over everybody's gaps.

A product's hazard is constant within bins of silence (piecewise exponential), gaps that are not over are censored, and
products are drawn to the population's hazard by the weight of PRIOR_ORDERS. At account level all are one product.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest.simple import of_curve

if TYPE_CHECKING:
    from forecasting.backtest.cases import Candidates, Prediction
    from forecasting.columns import Floats, Ints

EDGES_DAYS = np.array([0.0, 7.0, 14.0, 28.0, 42.0, 56.0, 84.0, 112.0, 182.0, 365.0, 3650.0])
PRIOR_ORDERS = 5.0


def product_hazard(candidates: Candidates) -> Prediction:
    """P(an order within h | silence), by the product alone; no quantiles."""
    events, day = candidates.events(), float(candidates.day)
    at, sku, account = (events[name].to_numpy() for name in ("day", "sku", "account"))
    last = np.ones(len(at), bool)
    last[:-1] = (account[1:] != account[:-1]) | (sku[1:] != sku[:-1])
    gap = np.where(last, day - at, np.append(at[1:], day) - at)
    skus = int(sku.max()) + 1
    hazard = _cumulated(sku, gap, ~last, skus)
    pairs = candidates.pairs
    silence, row = np.maximum(day - pairs.columns.last_day, 0.0), hazard[pairs.sku]
    start = _at(row, silence)
    return of_curve(lambda horizon: -np.expm1(-(_at(row, silence + horizon) - start)))


def _cumulated(sku: Ints, gap: Floats, ended: np.ndarray, skus: int) -> Floats:
    """Cumulated hazard of each product at EDGES_DAYS, shape (skus, edges)."""
    steps = np.zeros((skus, len(EDGES_DAYS)))
    for place, (low, high) in enumerate(zip(EDGES_DAYS[:-1].tolist(), EDGES_DAYS[1:].tolist(), strict=True), 1):
        orders = np.bincount(sku, ended & (gap >= low) & (gap < high), skus)
        waited = np.bincount(sku, np.clip(gap - low, 0.0, high - low), skus)
        usual = max(float(orders.sum()), 0.5) / max(float(waited.sum()), 1.0)
        steps[:, place] = (orders + PRIOR_ORDERS) / (waited + PRIOR_ORDERS / usual) * (high - low)
    return np.cumsum(steps, axis=1)


def _at(cumulated: Floats, days: Floats) -> Floats:
    """Each row's cumulated hazard at its own day, shape (rows,)."""
    place = np.clip(np.searchsorted(EDGES_DAYS, days, side="right"), 1, len(EDGES_DAYS) - 1)
    row, low, high = np.arange(len(days)), EDGES_DAYS[place - 1], EDGES_DAYS[place]
    before, after = cumulated[row, place - 1], cumulated[row, place]
    return np.asarray(before + (after - before) * np.clip((days - low) / (high - low), 0.0, 1.0), float)
