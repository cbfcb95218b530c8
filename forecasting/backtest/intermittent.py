"""Baselines of intermittent demand, from Nixtla's statsforecast: Croston with Syntetos and Boylan's correction; TSB.

Both read each pair's daily series of 0 (no order) and 1 (an order day), from the day after its first order, so that
its intervals are its gaps, to the origin; their
forecast of such a series is the chance of an order on a day. Croston (1972); Syntetos, Boylan (2005); Teunter,
Syntetos, Babai (2011): the last one ages with silence, the others do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from forecasting.backtest.method import MissingExtra
from forecasting.backtest.simple import constant_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecasting.backtest.cases import Candidates, Prediction
    from forecasting.columns import Floats

TSB_SMOOTHING = 0.2, 0.03
"""Of demand and of its probability: the second slower than usual, as days are many and orders few."""
LONGEST_SERIES_DAYS = 2 * 365


def croston_sba(candidates: Candidates) -> Prediction:
    """statsforecast's CrostonSBA of each pair's daily order indicator."""
    return constant_rate(_rates(candidates, _models().CrostonSBA()))


def tsb(candidates: Candidates) -> Prediction:
    """statsforecast's TSB of each pair's daily order indicator."""
    return constant_rate(_rates(candidates, _models().TSB(*TSB_SMOOTHING)))


def daily_series(candidates: Candidates) -> Iterator[Floats]:
    """Each candidate's 0 and 1 of every day after its first order and before the origin, two years at most."""
    events = candidates.events()
    day, account, sku = (events[name].to_numpy() for name in ("day", "account", "sku"))
    skus = max(int(sku.max(initial=0)), int(candidates.pairs.sku.max(initial=0))) + 1
    key, wanted = account * skus + sku, candidates.pairs.account * skus + candidates.pairs.sku
    starts, ends = np.searchsorted(key, wanted), np.searchsorted(key, wanted, side="right")
    for start, end in zip(starts, ends, strict=True):
        first = max(int(day[start]) + 1, candidates.day - LONGEST_SERIES_DAYS)
        series = np.zeros(candidates.day - first)
        series[(day[start:end][day[start:end] >= first] - first).astype(int)] = 1.0
        yield series


def _rates(candidates: Candidates, model: Any) -> Floats:
    """Mean forecast of a day after each series; 0 where the library gives none."""
    every = daily_series(candidates)
    found = [model.forecast(y=series, h=1)["mean"][0] if series.any() else 0.0 for series in every]
    return np.asarray(np.nan_to_num(np.array(found, float)), float)


def _models() -> Any:
    try:
        from statsforecast import models
    except ImportError as error:
        raise MissingExtra("statsforecast") from error
    return models
