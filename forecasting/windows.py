"""The recent past as examples: what was known when a window opened, and whether an order came before it closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.columns import Floats, Ints, PairColumns
    from forecasting.history import OrderDays

WINDOW_DAYS = (14, 28, 42, 56, 84)  # how long before the end of the data each window opens
HORIZONS_DAYS = (7.0, 14.0, 28.0)
MIN_ORDERS = 3
MAX_SILENCE_DAYS = 365
RATE_HALF_LIVES_DAYS = (14, 60, 180)  # a product's trend is what its short and long rates tell apart
RATE_FLOOR = 0.1


@dataclass(frozen=True, slots=True)
class Window:
    """Pairs as they were at `opened`, with the days until their next order (inf: none seen); shape (pairs,)."""

    opened: float
    length_days: float
    columns: PairColumns
    product_rates: Floats  # shape (pairs, half-lives), logs
    wait_days: Floats


def open_windows(history: OrderDays, as_of_day: float, max_rows: int, rng: np.random.Generator) -> list[Window]:
    """One window for each of WINDOW_DAYS that has pairs of at least MIN_ORDERS; at most max_rows pairs each."""
    accounts = history.of_accounts()
    windows = [window_of(history, accounts, as_of_day - days, days, max_rows, rng) for days in WINDOW_DAYS]
    return [w for w in windows if len(w.wait_days)]


def window_of(
    history: OrderDays, accounts: OrderDays, opened: float, length_days: float, max_rows: int, rng: np.random.Generator
) -> Window:
    """What was known at `opened` of pairs that could be forecast then, and what came in the window.

    accounts: `history.of_accounts()`.
    """
    known = history.before(opened)
    often = known.where(_of_frequent_pairs(known))
    pairs = often.pairs_in_context(accounts.before(opened))
    usable = opened - pairs.columns.last_day <= MAX_SILENCE_DAYS
    chosen = np.flatnonzero(usable)
    if len(chosen) > max_rows:
        usable[:] = False
        usable[rng.choice(chosen, max_rows, replace=False)] = True
    pairs = pairs.take(usable)
    later = history.where((history.day >= opened) & (history.day < opened + length_days))
    key, wanted = _key(later, later.account, later.sku), _key(history, pairs.account, pairs.sku)
    place = np.searchsorted(key, wanted)  # sorted by pair, then day: the first at or after is the next order
    place_or_last = np.minimum(place, max(len(key) - 1, 0))
    came = np.zeros(len(wanted), bool) if not len(key) else key[place_or_last] == wanted
    wait = np.full(len(wanted), np.inf)
    wait[came] = later.day[place[came]] - opened
    return Window(opened, length_days, pairs.columns, product_rates(known, opened)[pairs.sku], wait)


def product_rates(history: OrderDays, as_of_day: float) -> Floats:
    """Logs of each SKU's decayed number of order days, by RATE_HALF_LIVES_DAYS; shape (skus, half-lives)."""
    age = as_of_day - history.day
    counts = [np.bincount(history.sku, 0.5 ** (age / half), len(history.skus)) for half in RATE_HALF_LIVES_DAYS]
    return np.asarray(np.log(np.stack(counts, 1) + RATE_FLOOR), float)


def _of_frequent_pairs(history: OrderDays) -> NDArray[np.bool_]:
    """Mask of the order days of pairs with at least MIN_ORDERS of them."""
    pair = np.cumsum(history.starts()) - 1
    return np.bincount(pair)[pair] >= MIN_ORDERS if len(pair) else np.zeros(0, bool)


def _key(history: OrderDays, account: Ints, sku: Ints) -> Ints:
    """One integer a pair, in the order of the history."""
    return account * len(history.skus) + sku
