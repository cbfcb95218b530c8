"""What a row's orders, its account's and its product's say, as one matrix: the regressors of the hazard.

Everything comes from sums that a state keeps in O(1), from the renewal, and from what the model carries about products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.columns import DUE_SHARE, GAP_FLOOR_DAYS, HALF_LIVES_DAYS, PULSE
from forecasting.season import operational_days

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from forecasting.columns import Floats, PairColumns
    from forecasting.model import Days
    from forecasting.weather import RowWeather

UNKNOWN_GAP_DAYS = 60.0  # stands for the usual gap of a pair with one order
FLOOR = 1e-3  # of decayed rates, before the log
SEASON_FROM = 9  # place of the season among forecasting.products.FIGURES
AHEAD_DAYS = (14.0, 42.0)  # how far ahead the season is looked at
Columns = dict[str, "Floats"]


@dataclass(frozen=True, slots=True)
class Hazards:
    """Log hazards of a renewal in each interval, shape (intervals, rows), and its P(alive), shape (rows,)."""

    log_hazard: Floats
    alive: Floats


def log(values: Floats, floor: float = FLOOR) -> Floats:
    """log(values + floor)."""
    return np.asarray(np.log(values + floor), float)


def pair_features(
    columns: PairColumns,
    as_of_day: Days,
    own: Hazards,
    account: Columns,
    products: Floats,
    weather: RowWeather | None = None,
) -> Columns:
    """Regressors of pairs by name, shape (rows,) each.

    account: `of_account` of each row's account; products: forecasting.products.FIGURES of each row; weather: the clocks
    of rows that follow it, in place of their season.
    """
    return of_pair(columns, as_of_day, own, account, products, weather) | account | of_product(products)


def of_pair(
    columns: PairColumns,
    as_of_day: Days,
    own: Hazards,
    account: Mapping[str, Floats],
    products: Floats,
    weather: RowWeather | None = None,
) -> Columns:
    """As `pair_features`, without what is the same for all pairs of an account, or of a product."""
    found = dict(_own(columns, as_of_day, own, "p_"))
    found |= dict(_quantities(columns, products, found))
    found |= dict(_in_account(columns, found, account))
    found |= dict(_season(columns, as_of_day, products[:, SEASON_FROM:], weather))
    return found


def of_product(products: Floats) -> Columns:
    """What products say to their pairs, by name, shape (rows,) each. products: forecasting.products.FIGURES of each."""
    return dict(_of_product(products))


def of_account(columns: PairColumns, as_of_day: Days, own: Hazards) -> Columns:
    """What accounts say to their pairs, by name, shape (accounts,) each."""
    found = dict(_own(columns, as_of_day, own, "p_")) | dict(_pulse(columns))
    return {f"a_{name[2:]}": values for name, values in found.items()}


def account_features(columns: PairColumns, as_of_day: Days, own: Hazards, products: Floats) -> Columns:
    """Regressors of whole accounts by name, shape (rows,) each. products: FIGURES of the average product."""
    found = dict(_own(columns, as_of_day, own, "p_"))
    found |= dict(_pulse(columns))
    found |= dict(_season(columns, as_of_day, products[:, SEASON_FROM:]))
    return found


def matrix(found: Columns, names: Sequence[str] | None = None) -> Floats:
    """Shape (rows, features): the named ones, or all."""
    return np.stack([found[name] for name in (names or found)], axis=1)


def is_due(columns: PairColumns, as_of_day: Days) -> Floats:
    """1.0 for pairs that have been silent for most of their usual gap, shape (rows,)."""
    return np.asarray(
        (columns.orders > 1) & (as_of_day - columns.last_day > DUE_SHARE * recent_gap_days(columns)), float
    )


def recent_gap_days(columns: PairColumns) -> Floats:
    """Mean gap over the remembered order days; UNKNOWN_GAP_DAYS where there is none."""
    count, oldest = _remembered(columns)
    span = columns.recent[:, 0] - oldest
    return np.where(count > 1, np.maximum(span / np.maximum(count - 1, 1), GAP_FLOOR_DAYS), UNKNOWN_GAP_DAYS)


def _remembered(columns: PairColumns) -> tuple[Floats, Floats]:
    """How many order days are remembered, and the oldest of them."""
    count = (columns.recent > 0).sum(1)
    return count.astype(float), columns.recent[np.arange(len(columns)), np.maximum(count - 1, 0)]


def _own(columns: PairColumns, as_of_day: Days, own: Hazards, name: str) -> Iterator[tuple[str, Floats]]:
    """What a row's own order days say."""
    silence = np.maximum(as_of_day - columns.last_day, 0.0)
    rates = columns.rates * np.exp2(-silence[:, None] / np.array(HALF_LIVES_DAYS))
    for place, half_life in enumerate(HALF_LIVES_DAYS):
        yield f"{name}rate{half_life:.0f}", log(rates[:, place])
    mean = np.where(columns.n > 0, columns.S / np.maximum(columns.n, 1e-9), UNKNOWN_GAP_DAYS)
    median = np.where(columns.median_gap > 0, columns.median_gap, UNKNOWN_GAP_DAYS)
    log_silence, log_mean, log_median = np.log1p(silence), np.log1p(mean), np.log1p(median)
    yield f"{name}orders", np.log(np.maximum(columns.orders, 1.0))
    yield f"{name}silence", log_silence
    yield f"{name}mean_gap", log_mean
    yield f"{name}median_gap", log_median
    yield f"{name}overdue_mean", log_silence - log_mean
    yield f"{name}overdue_median", log_silence - log_median
    even = np.log(np.maximum(mean, GAP_FLOOR_DAYS)) - columns.D / np.maximum(columns.n, 1e-9)
    yield f"{name}unevenness", np.where(columns.n > 1, np.minimum(even, 5.0), -0.1)
    yield f"{name}age", np.log1p(np.maximum(as_of_day - columns.first_day, 0.0))
    for place, hazard in enumerate(own.log_hazard):
        yield f"{name}renewal{place}", hazard
    yield f"{name}alive", own.alive


def _pulse(columns: PairColumns) -> Iterator[tuple[str, Floats]]:
    """How broad an account is, and how much of it is due."""
    pulse = np.zeros((len(columns), len(PULSE))) if columns.pulse is None else columns.pulse
    pairs, lines, repeated, due = pulse.T
    yield "p_pairs", np.log1p(pairs)
    yield "p_lines", np.log1p(lines) - np.log(np.maximum(columns.orders, 1.0))
    yield "p_repeated", np.log1p(repeated)
    yield "p_due", np.log1p(due)
    yield "p_due_share", due / np.maximum(pairs, 1.0)


def _quantities(columns: PairColumns, products: Floats, found: Columns) -> Iterator[tuple[str, Floats]]:
    """A larger order lasts longer: the last one against the usual, and silence against the days it covers."""
    usual = np.maximum(columns.mean_quantity, 1e-9)
    last = np.clip(np.log(np.maximum(columns.last_quantity, 1e-9) / usual), -4.0, 4.0)
    cover = last + found["p_mean_gap"]
    yield "last_quantity", last
    yield "cover", cover
    yield "over_cover", found["p_silence"] - cover
    yield "to_product_quantity", np.clip(np.log(usual) - products[:, 7], -5.0, 5.0)


def _in_account(columns: PairColumns, found: Columns, of: Mapping[str, Floats]) -> Iterator[tuple[str, Floats]]:
    """The pair's share of what its account orders, and the baskets without it since."""
    yield "share", found["p_orders"] - of["a_orders"]
    for half_life in (60, 120, 365):
        yield f"share{half_life}", found[f"p_rate{half_life}"] - of[f"a_rate{half_life}"]
    yield "missed_days", found["p_silence"] - of["a_silence"]
    account = columns.account
    if account is not None:
        recent = account.recent if columns.account_row is None else account.recent[columns.account_row]
        yield "missed_baskets", np.log1p((recent > columns.last_day[:, None]).sum(1).astype(float))


def _of_product(products: Floats) -> Iterator[tuple[str, Floats]]:
    """Rates and trends, silence, buyers, repeaters, usual gap and recent pull of the product."""
    short, middle, long, silence, buyers, repeaters, gap, _, pull = products.T[:SEASON_FROM]
    yield from (("s_rate14", short), ("s_rate60", middle), ("s_rate180", long))
    yield from (("s_trend14", short - long), ("s_trend60", middle - long))
    yield from (("s_silence", silence), ("s_buyers", buyers), ("s_repeaters", repeaters), ("s_gap", gap))
    yield "s_pull", pull


def _season(
    columns: PairColumns, as_of_day: Days, season: Floats, weather: RowWeather | None = None
) -> Iterator[tuple[str, Floats]]:
    """Silence against the usual gap in the product's operational days, and how fast those pass from now on."""

    def passed(begin: Floats, end: Floats) -> Floats:
        days = operational_days(season, begin, end)
        return days if weather is None else np.maximum(weather.between(begin, end, days), 0.0)

    count, oldest = _remembered(columns)
    today = np.asarray(np.maximum(as_of_day, columns.last_day), float)
    silence = passed(columns.last_day, today)
    gap = passed(oldest, columns.recent[:, 0]) / np.maximum(count - 1, 1)
    usual = np.where(count > 1, np.maximum(gap, GAP_FLOOR_DAYS), UNKNOWN_GAP_DAYS)
    yield "o_overdue", np.log1p(silence) - np.log1p(usual)
    yield "o_gap", np.log1p(usual)
    for ahead in AHEAD_DAYS:
        yield f"o_ahead{ahead:.0f}", log(passed(today, today + ahead) / ahead, 0.02)
