"""Season as a clock: days that count more or less by the time of the year, for each product.

    s(t) = 1 + sum over k = 1, 2 of a_k cos(2 pi k t / year) + b_k sin(2 pi k t / year)

is a product's intensity against the year's mean; the operational days between two days are the integral of s, in closed
form. The coefficients are moments of the product's order days over whole years, drawn to the population's as far as
the number of its order days does not say otherwise. Less than a year of history says nothing, and s is 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from forecasting.columns import Floats
    from forecasting.history import OrderDays
    from forecasting.model import Days

YEAR_DAYS = 365.25
HARMONICS = (1, 2)
COEFFICIENTS = ("cos1", "sin1", "cos2", "sin2")
PRIOR_DAYS = 40.0  # order days that a product is taken to have had in the population's season
LARGEST = 0.9  # of the sum of amplitudes: intensity stays positive


def seasons_of(history: OrderDays, as_of_day: float) -> Floats:
    """Coefficients of each SKU from the order days before as_of_day, shape (skus, COEFFICIENTS); zeros under a year."""
    skus = len(history.skus)
    years = int((as_of_day - history.day.min()) // YEAR_DAYS) if len(history) else 0
    if years < 1:
        return np.zeros((skus, len(COEFFICIENTS)))
    whole = history.where(history.day >= as_of_day - years * YEAR_DAYS)
    if not len(whole):  # the first year is longer than what is left of it, and nobody ordered since
        return np.zeros((skus, len(COEFFICIENTS)))
    waves = np.column_stack(_waves(whole.day))
    count = np.bincount(whole.sku, minlength=skus)[:, None]
    total = np.column_stack([np.bincount(whole.sku, wave, skus) for wave in waves.T])
    found = (2 * total + PRIOR_DAYS * 2 * waves.mean(0)) / (count + PRIOR_DAYS)
    size = np.hypot(found[:, 0], found[:, 1]) + np.hypot(found[:, 2], found[:, 3])
    return np.asarray(found * np.minimum(1.0, LARGEST / np.maximum(size, 1e-9))[:, None], float)


def operational_days(coefficients: Floats, begin: Days, end: Days) -> Floats:
    """Integral of s from begin to end (ordinals), shape (rows,); coefficients: shape (rows, COEFFICIENTS)."""
    if not coefficients.any():
        return np.asarray(np.maximum(np.broadcast_to(np.asarray(end - begin, float), len(coefficients)), 0.0), float)
    passed = np.asarray(end - begin + _area(coefficients, end) - _area(coefficients, begin), float)
    return np.asarray(np.maximum(passed, 0.0), float)


def _area(coefficients: Floats, day: Days) -> Floats:
    """Integral of the waves alone, up to a constant."""
    total = np.zeros(len(coefficients))
    for place, k in enumerate(HARMONICS):
        turn = 2 * np.pi * k / YEAR_DAYS
        sine, cosine = np.sin(turn * np.asarray(day)), np.cos(turn * np.asarray(day))
        total = total + (coefficients[:, 2 * place] * sine - coefficients[:, 2 * place + 1] * cosine) / turn
    return total


def _waves(day: Floats) -> list[Floats]:
    turns = [2 * np.pi * k / YEAR_DAYS * day for k in HARMONICS]
    return [wave(turn) for turn in turns for wave in (np.cos, np.sin)]
