"""Baselines that anybody would try first: the median gap, and order rates pooled over the population."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest.cases import CURVE_DAYS, HORIZONS_DAYS, QUANTILES, Prediction
from forecasting.backtest.features import rows_at

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecasting.backtest.cases import Candidates
    from forecasting.columns import Floats

UNKNOWN_GAP_DAYS = 60.0
"""Of a pair with one order, where those are judged too."""


def median_gap(candidates: Candidates) -> Prediction:
    """The nearer to due by the median gap, the likelier: a logistic curve a third of a gap wide; no quantiles."""
    rows = rows_at(candidates.events(), candidates.day, int(candidates.pairs.columns.orders.min()))
    middle = rows["median"].fillna(UNKNOWN_GAP_DAYS).to_numpy(float)
    away = np.abs(middle - rows.elapsed.to_numpy(float))
    width = np.maximum(middle, 1.0) / 3
    return of_curve(lambda h: 1 / (1 + np.exp(np.clip((away - h) / width, -500, 500))))


def poisson_gamma(candidates: Candidates) -> Prediction:
    """Orders as a Poisson process whose rate is gamma over the population, by moments; silence since then counts."""
    columns = candidates.pairs.columns
    orders, seen = columns.orders - 1, np.maximum(candidates.day - columns.first_day, 1.0)
    rate = orders / seen
    mean, variance = float(rate.mean()), max(float(rate.var(ddof=1)) if len(rate) > 1 else 0.0, 1e-12)
    a, b = orders + mean**2 / variance, seen + mean / variance
    level = np.array(QUANTILES)
    quantiles = b[:, None] * np.expm1(-np.log1p(-level)[None, :] / a[:, None])
    return of_curve(lambda h: -np.expm1(a * np.log(b / (b + h))), quantiles)


def constant_rate(rate: Floats) -> Prediction:
    """An order on any day with this probability, whatever happened since; shape (rows,)."""
    silent = np.log1p(-np.clip(rate, 1e-9, 1 - 1e-9))
    quantiles = np.log1p(-np.array(QUANTILES))[None, :] / silent[:, None]
    return of_curve(lambda h: -np.expm1(h * silent), quantiles)


def of_curve(within: Callable[[float], Floats], quantiles: Floats | None = None) -> Prediction:
    """A prediction from P(an order within h) and, where there are any, real-valued quantiles of the wait (days)."""
    curve = np.stack([within(float(h)) for h in CURVE_DAYS], 1)
    days = None if quantiles is None else np.maximum(np.ceil(quantiles) - 1, 0.0)
    return Prediction(curve[:, np.searchsorted(CURVE_DAYS, HORIZONS_DAYS)], curve, days)
