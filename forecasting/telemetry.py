"""Stock behind one meter: a Kalman filter of two states, level (units) and rate (units a day).

Readings set the level, deliveries raise it, counted use lowers it and teaches the rate. Only here may one speak of
running out: with orders alone the forecast is of the next order. Scales are relative to the rate, so one setting serves
cylinders and heating oil; how unsteady a meter's own use is, is learnt from its surprises. Several meters of one
product: forecasting/metering.py. Source of the filter: Harvey (1989), "Forecasting, structural time series models and
the Kalman filter", local linear trend.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.columns import Floats
    from forecasting.model import Days

DAILY_NOISE = 0.5  # standard deviation of a day's use, in rates: one day differs from the next by half
RATE_DRIFT = 0.04  # by how much the rate itself wanders in a day, in rates
READING_ERROR = 0.01  # of a gauge, as a share of what it shows
DELIVERY_ERROR = 0.25  # of what is there after a first delivery, as a share of it
UNKNOWN_RATE_DAYS = 30.0  # a first level is guessed to last so long, give or take as much
TAIL = 2.326  # standard deviations of the predictive 1 and 99 %: beyond them a surprise teaches no more
SCALE_GAIN = 0.08  # of one surprise in what is known of the meter's unsteadiness
LEAST_SCALE, MOST_SCALE = 0.05, 20.0
WANDER_SPANS = 2.0  # expected spans for which the rate wanders; under 3, or the chance would fall with the horizon
LONGEST_DAYS = 365  # quantiles beyond are never


class StockState(msgspec.Struct, array_like=True, gc=False):
    """Level and rate with their covariance, as of `day` (local-day ordinal, with fraction); deliveries since are in."""

    day: float
    level: float = 0.0
    rate: float = 0.0
    level_var: float = 0.0
    covariance: float = 0.0
    rate_var: float = 0.0
    level_known: bool = False  # False until a reading or a delivery
    last_total: float | None = None  # of a counting meter
    counted_day: float | None = None  # until when use was counted
    scale: float = 1.0  # squared surprises against those expected: the meter's own unsteadiness


class Clock(Protocol):
    """Operational days, as forecasting.weather.DegreeClock counts them: then the rate is of an operational day."""

    def between(self, begin: Days, end: Days) -> Floats:
        """From one day (ordinal) to another."""


def between(clock: Clock | None, begin: float, end: float) -> float:
    """Days from one day to another; operational ones where there is a clock."""
    return end - begin if clock is None else float(clock.between(begin, end))


def reading(
    state: StockState | None, day: float, level: float, *, reset: bool = False, clock: Clock | None = None
) -> StockState:
    """A gauge shows `level` units. Out of order (before state.day) it counts as now. Returns the new state.

    A rise that the filter cannot explain is a delivery that nobody reported, and a gauge that was changed (reset) says
    nothing of the past: both set the level and teach no rate. A fall that is less likely than 1 % sets the level, and
    teaches the rate as one of 1 % would.
    """
    level = max(level, 0.0)
    error = (READING_ERROR * level) ** 2
    if state is None or not state.level_known:
        return _first_level(state, day, level, error)
    ahead = predict(state, day, clock=clock)
    spread = ahead.level_var + error
    surprise = level - ahead.level
    width = TAIL * math.sqrt(spread * ahead.scale)
    if reset or surprise > max(width, 0.0) or spread <= 0:
        return msgspec.structs.replace(ahead, level=level, level_var=error, covariance=0.0)
    believed = max(surprise, -width)
    gain_level, gain_rate = ahead.level_var / spread, ahead.covariance / spread
    seen = level if surprise < -width else ahead.level + gain_level * surprise
    return msgspec.structs.replace(
        ahead,
        level=max(seen, 0.0),
        rate=max(ahead.rate + gain_rate * believed, 0.0),
        level_var=(1 - gain_level) * ahead.level_var,
        covariance=(1 - gain_level) * ahead.covariance,
        rate_var=max(ahead.rate_var - gain_rate * ahead.covariance, 0.0),
        scale=_scale(ahead.scale, believed, spread),
    )


def consumed(state: StockState | None, day: float, quantity: float, *, clock: Clock | None = None) -> StockState:
    """`quantity` units were used since the last count (>= 0). Returns the new state.

    A gauge that was read meanwhile has seen a part of it already: only the share of the time since lowers the level.
    """
    quantity = max(quantity, 0.0)
    if state is None:
        return StockState(day, counted_day=day)  # over which time it was used is unknown
    since = state.day if state.counted_day is None else state.counted_day
    days = between(clock, since, day)
    unseen = quantity * _share_after(state, since, day, clock)
    level = max(state.level - unseen, 0.0)
    told = msgspec.structs.replace(state, day=max(day, state.day), level=level, counted_day=max(day, since))
    if days <= 0:
        return told
    rate, rate_var = _learnt_rate(state, quantity / days, days)
    return msgspec.structs.replace(told, rate=rate, rate_var=rate_var, covariance=0.0)


def used_since(state: StockState | None, total: float, *, reset: bool) -> float | None:
    """Units between a counter's last total and this one; None where there is no difference to speak of."""
    if state is None or reset or state.last_total is None or total < state.last_total:
        return None
    return total - state.last_total


def metered(
    state: StockState | None, day: float, total: float, *, reset: bool = False, clock: Clock | None = None
) -> StockState:
    """A counting meter shows `total`: the difference was used. A reset flag or a fall starts anew."""
    if state is None:
        return StockState(day, last_total=total, counted_day=day)
    used = used_since(state, total, reset=reset)
    if used is None:
        ahead = predict(state, day, clock=clock)
        return msgspec.structs.replace(ahead, last_total=total, counted_day=max(day, state.counted_day or day))
    return msgspec.structs.replace(consumed(state, day, used, clock=clock), last_total=total)


def delivered(
    state: StockState | None, day: float, quantity: float, *, doubt_units: float = 0.0, clock: Clock | None = None
) -> StockState:
    """`quantity` units arrived; on an unknown stock they are all there is. Returns the new state.

    doubt_units: standard deviation of how much of a delivery was meant for this meter.
    """
    quantity = max(quantity, 0.0)
    if state is None or not state.level_known:
        return _first_level(state, day, quantity, (DELIVERY_ERROR * quantity) ** 2)
    ahead = predict(state, day, clock=clock)
    if state.level - state.rate * between(clock, state.day, day) < 0:  # by all that is known it had run out
        return msgspec.structs.replace(ahead, level=quantity, level_var=ahead.level_var + doubt_units**2)
    return msgspec.structs.replace(
        state, level=max(state.level + quantity, 0.0), level_var=state.level_var + doubt_units**2
    )


def runs_out_within(
    states: Sequence[StockState],
    as_of_day: float,
    reorder_point: Floats | float,
    horizon_days: Floats | float,
    clock: Clock | None = None,
) -> Floats:
    """P(level falls to the reorder point before as_of + horizon | nothing is delivered).

    Never falls with the horizon. 0 where the level is unknown, 1 where it is there already. horizon_days: a number, one
    for each state, or of shape (horizons, 1). Result: shape (states,) or (horizons, states).
    """
    level, rate, level_var, covariance, rate_var, scale = _at(states, as_of_day, clock)
    slope = (DAILY_NOISE * rate) ** 2 - 2 * np.minimum(covariance, 0.0)  # level and rate err against each other
    days = np.maximum(np.asarray(horizon_days, float), 0.0)
    if clock is not None:
        days = np.asarray(clock.between(as_of_day, as_of_day + days), float)
    margin = level - reorder_point
    use = rate * days
    # Of the rate, from now on. Spans are told in units used, not in days: a rate may be too small to divide by.
    wander = RATE_DRIFT**2 * days * np.minimum(use, WANDER_SPANS * np.maximum(margin, 0.0)) ** 2 / 3
    spread = np.sqrt(scale * (level_var + slope * days + rate_var * days**2 + wander))
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
    ahead = np.arange(max_ahead_days + 1.0)[:, None]
    reached = runs_out_within(states, as_of_day, reorder_point, ahead + np.asarray(lead_time_days)) >= service_level
    return np.where(reached.any(0), reached.argmax(0).astype(float), np.inf)


def predict(state: StockState, day: float, *, floor: float = 0.0, clock: Clock | None = None) -> StockState:
    """The state on a later day if nothing is heard: the level falls by the rate, both grow uncertain."""
    days = between(clock, state.day, day)
    if day <= state.day or not math.isfinite(days):
        return state
    drift = (RATE_DRIFT * state.rate) ** 2 * days
    level_var = state.level_var - 2 * days * state.covariance + days**2 * state.rate_var
    return msgspec.structs.replace(
        state,
        day=day,
        level=max(state.level - state.rate * days, floor),
        level_var=max(level_var, 0.0) + (DAILY_NOISE * state.rate) ** 2 * days,
        covariance=state.covariance - days * state.rate_var,
        rate_var=state.rate_var + drift,
    )


def _first_level(state: StockState | None, day: float, level: float, level_var: float) -> StockState:
    """The level is known for the first time; the rate is what was counted, or a guess."""
    rate, rate_var = (state.rate, state.rate_var) if state else (0.0, 0.0)
    if rate <= 0:
        rate, rate_var = level / UNKNOWN_RATE_DAYS, (level / UNKNOWN_RATE_DAYS) ** 2
    total, counted = (state.last_total, state.counted_day) if state else (None, None)
    return StockState(day, level, rate, level_var, 0.0, rate_var, True, total, counted)


def _learnt_rate(state: StockState, rate_seen: float, days: float) -> tuple[float, float]:
    """Rate and its variance after `days` days of counted use at rate_seen."""
    if state.rate <= 0:
        return rate_seen, (DAILY_NOISE * rate_seen) ** 2 / days
    before = state.rate_var + (RATE_DRIFT * state.rate) ** 2 * days
    noise = (DAILY_NOISE * max(state.rate, rate_seen)) ** 2 / days
    gain = before / (before + noise) if before + noise > 0 else 1.0  # a rate too small to square
    return state.rate + gain * (rate_seen - state.rate), (1 - gain) * before


def _share_after(state: StockState, since: float, day: float, clock: Clock | None) -> float:
    """Which share of the time from `since` until `day` lies after the level was last set; 0 to 1."""
    if day < state.day:
        return 0.0
    whole = between(clock, since, day)
    return 1.0 if whole <= 0 else min(between(clock, max(since, state.day), day) / whole, 1.0)


def _scale(scale: float, surprise: float, spread: float) -> float:
    seen = min(surprise**2 / spread, TAIL**2 * scale)
    return min(max(scale + SCALE_GAIN * (seen - scale), LEAST_SCALE), MOST_SCALE)


def _at(states: Sequence[StockState], day: float, clock: Clock | None) -> Floats:
    """Predicted level, rate, their (co)variances and scale as rows of shape (6, states)."""
    ahead = [predict(s, day, clock=clock) for s in states]
    rows = [(s.level, s.rate, s.level_var, s.covariance, s.rate_var, s.scale) for s in ahead]
    return np.array(rows, float).reshape(len(states), 6).T
