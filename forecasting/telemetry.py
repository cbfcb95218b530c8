"""Stock of a metered pair: a Kalman filter of two states, level (units) and rate (units a day).

Readings set the level, deliveries raise it, reported consumption lowers it and teaches the rate. Only here may one
speak of running out: with orders alone the forecast is of the next order. Scales are relative to the rate, so one
setting serves cylinders and heating oil.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.columns import Floats

DAILY_NOISE = 0.5  # standard deviation of a day's use, in rates: one day differs from the next by half
RATE_DRIFT = 0.04  # by how much the rate itself wanders in a day, in rates
READING_ERROR = 0.01  # of a gauge, as a share of what it shows
UNKNOWN_RATE_DAYS = 30.0  # a first level is guessed to last so long, give or take as much


class StockState(msgspec.Struct, array_like=True, gc=False):
    """Level and rate with their covariance, as of `day` (local-day ordinal, with fraction)."""

    day: float
    level: float = 0.0
    rate: float = 0.0
    level_var: float = 0.0
    covariance: float = 0.0
    rate_var: float = 0.0
    level_known: bool = False  # False until a reading or a delivery
    last_total: float | None = None  # of a counting meter


def reading(state: StockState | None, day: float, level: float) -> StockState:
    """A gauge shows `level` units. Out of order (before state.day) it counts as now. Returns the new state."""
    level = max(level, 0.0)
    error = (READING_ERROR * level) ** 2
    if state is None or not state.level_known:
        rate, rate_var = (state.rate, state.rate_var) if state else (0.0, 0.0)
        if rate <= 0:
            rate, rate_var = level / UNKNOWN_RATE_DAYS, (level / UNKNOWN_RATE_DAYS) ** 2
        total = state.last_total if state else None
        return StockState(day, level, rate, error, 0.0, rate_var, True, total)
    ahead = _predict(state, day)
    spread = ahead.level_var + error
    if spread <= 0:
        return ahead
    surprise = level - ahead.level
    gain_level, gain_rate = ahead.level_var / spread, ahead.covariance / spread
    return StockState(
        ahead.day,
        max(ahead.level + gain_level * surprise, 0.0),
        max(ahead.rate + gain_rate * surprise, 0.0),
        (1 - gain_level) * ahead.level_var,
        (1 - gain_level) * ahead.covariance,
        max(ahead.rate_var - gain_rate * ahead.covariance, 0.0),
        True,
        ahead.last_total,
    )


def consumed(state: StockState | None, day: float, quantity: float) -> StockState:
    """`quantity` units were used since the last event of the pair (>= 0). Returns the new state."""
    quantity = max(quantity, 0.0)
    if state is None:
        return StockState(day)  # over which time it was used is unknown
    days = day - state.day
    level = max(state.level - quantity, 0.0)
    if days <= 0:
        return msgspec.structs.replace(state, level=level)
    if state.rate <= 0:
        rate, rate_var = quantity / days, (DAILY_NOISE * quantity / days) ** 2 / days
    else:
        before = state.rate_var + (RATE_DRIFT * state.rate) ** 2 * days
        noise = (DAILY_NOISE * max(state.rate, quantity / days)) ** 2 / days
        gain = before / (before + noise) if before + noise > 0 else 1.0  # a rate too small to square
        rate, rate_var = state.rate + gain * (quantity / days - state.rate), (1 - gain) * before
    return msgspec.structs.replace(state, day=day, level=level, rate=rate, rate_var=rate_var, covariance=0.0)


def metered(state: StockState | None, day: float, total: float, *, reset: bool = False) -> StockState:
    """A counting meter shows `total`: the difference was used. A reset flag or a fall starts anew."""
    if state is None:
        return StockState(day, last_total=total)
    if reset or state.last_total is None or total < state.last_total:
        return msgspec.structs.replace(_predict(state, day), last_total=total)
    return msgspec.structs.replace(consumed(state, day, total - state.last_total), last_total=total)


def delivered(state: StockState | None, day: float, quantity: float) -> StockState:
    """`quantity` units arrived; on an unknown stock they are all there is. Returns the new state."""
    if state is None or not state.level_known:
        rate, rate_var = (state.rate, state.rate_var) if state else (0.0, 0.0)
        if rate <= 0:
            rate, rate_var = quantity / UNKNOWN_RATE_DAYS, (quantity / UNKNOWN_RATE_DAYS) ** 2
        total = state.last_total if state else None
        return StockState(day, max(quantity, 0.0), rate, (0.25 * quantity) ** 2, 0.0, rate_var, True, total)
    ahead = _predict(state, day)
    return msgspec.structs.replace(ahead, level=max(ahead.level + quantity, 0.0))


def runs_out_within(
    states: Sequence[StockState], as_of_day: float, reorder_point: Floats | float, horizon_days: Floats | float
) -> Floats:
    """P(level falls to the reorder point before as_of + horizon | nothing is delivered); shape (states,).

    Never falls with the horizon. 0 where the level is unknown, 1 where it is there already.
    """
    level, rate, level_var, covariance, rate_var = _at(states, as_of_day)
    slope = (DAILY_NOISE * rate) ** 2 - 2 * np.minimum(covariance, 0.0)  # level and rate err against each other
    days = np.maximum(np.asarray(horizon_days, float), 0.0)
    spread = np.sqrt(level_var + slope * days + rate_var * days**2)
    margin = level - reorder_point
    use = rate * days
    score = np.divide(use - margin, spread, out=np.where(use >= margin, np.inf, -np.inf), where=spread > 0)
    known = np.array([s.level_known for s in states], bool)
    return np.where(known, np.where(margin <= 0, 1.0, ndtr(score)), 0.0)


def due_in_days(
    states: Sequence[StockState],
    as_of_day: float,
    reorder_point: Floats | float,
    lead_time_days: Floats | float,
    service_level: Floats | float,
    max_ahead_days: int = 60,
) -> Floats:
    """Whole days until the first day t with P(at the reorder point before t + lead time) >= service level.

    inf where there is none within max_ahead_days. Shape (states,).
    """
    due = np.full(len(states), np.inf)
    for ahead in range(max_ahead_days, -1, -1):
        reached = runs_out_within(states, as_of_day, reorder_point, ahead + np.asarray(lead_time_days))
        due = np.where(reached >= service_level, float(ahead), due)
    return due


def _at(states: Sequence[StockState], day: float) -> Floats:
    """Predicted level, rate and their (co)variances as rows of shape (5, states)."""
    ahead = [_predict(s, day) for s in states]
    rows = [(s.level, s.rate, s.level_var, s.covariance, s.rate_var) for s in ahead]
    return np.array(rows, float).reshape(len(states), 5).T


def _predict(state: StockState, day: float) -> StockState:
    """The state on a later day if nothing is heard: the level falls by the rate, both grow uncertain."""
    days = day - state.day
    if days <= 0 or not math.isfinite(days):
        return state
    drift = (RATE_DRIFT * state.rate) ** 2 * days
    level_var = state.level_var - 2 * days * state.covariance + days**2 * state.rate_var
    return msgspec.structs.replace(
        state,
        day=day,
        level=max(state.level - state.rate * days, 0.0),
        level_var=max(level_var, 0.0) + (DAILY_NOISE * state.rate) ** 2 * days,
        covariance=state.covariance - days * state.rate_var,
        rate_var=state.rate_var + drift,
    )
