"""The recent past as examples: what was known when a window opened, and how long the next order took to come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.history import accounts_in_context, with_accounts
from forecasting.products import PULL_DAYS, product_table, pull_of
from forecasting.renewal import renewal_curve
from forecasting.season import YEAR_DAYS
from forecasting.weather import Skies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from forecasting.columns import Floats, Ints, PairColumns
    from forecasting.history import OrderDays, Pairs
    from forecasting.products import ProductTable
    from forecasting.renewal import RenewalParameters
    from forecasting.weather import RowWeather, Weather

EVERY_DAYS = 7
NEAR_WINDOWS = 20  # one a week
FAR_EVERY_DAYS = 28
FURTHEST_DAYS = 2 * 365
LEAST_PAST_SHARE = 0.3  # of the history must lie before a window: earlier, all pairs look new
MAX_SILENCE_DAYS = 365
COLD_BELOW = 3  # order days: pairs with fewer have a hazard of their own


@dataclass(frozen=True, slots=True)
class Window:
    """Rows as they were at `opened`, with the days until their next order (inf: none seen until the data end).

    Shape (rows,). products: FIGURES of each row's SKU, shape (rows, FIGURES); for accounts the average product.
    """

    opened: float
    length_days: float
    columns: PairColumns
    products: Floats
    wait_days: Floats
    weather: RowWeather | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything as it was known at `day`: all pairs (without context), accounts with their pulse, products."""

    day: float
    pairs: Pairs
    accounts: Pairs
    products: ProductTable
    usable: NDArray[np.bool_]  # pairs that are not silent for too long


def window_days(first_day: float, as_of_day: float, weeks: int = NEAR_WINDOWS) -> list[float]:
    """Days on which windows open, the earliest first: `weeks` of late, then each month, of the last two years.

    With fewer weeks than NEAR_WINDOWS the months are left out.
    """
    share = YEAR_DAYS if seasonal(first_day, as_of_day) else LEAST_PAST_SHARE * (as_of_day - first_day)
    earliest = max(first_day + share, as_of_day - FURTHEST_DAYS)
    near = [as_of_day - EVERY_DAYS * place for place in range(1, weeks + 1)]
    far = np.arange(near[-1] - FAR_EVERY_DAYS, earliest, -FAR_EVERY_DAYS).tolist()
    return sorted(day for day in (*near, *(far if weeks >= NEAR_WINDOWS else ())) if day >= earliest)


def seasonal(first_day: float, as_of_day: float) -> bool:
    """Whether a season can be known: two years, so that windows have had a year before them as the forecast has."""
    return as_of_day - first_day >= 2 * YEAR_DAYS


def snapshots(
    history: OrderDays, days: list[float], renewal: RenewalParameters, *, with_season: bool
) -> Iterator[Snapshot]:
    """What was known on each day; the products' pull is what came in the PULL_DAYS before, against the renewal."""
    past = _Past(history)
    for day in days:
        pairs = past.pairs_at(day)
        if not len(pairs):
            continue
        accounts = accounts_in_context(past.accounts_at(day), pairs, day)
        products = product_table(pairs.history, pairs, day, past.pull(day, renewal), with_season=with_season)
        yield Snapshot(day, pairs, accounts, products, day - pairs.columns.last_day <= MAX_SILENCE_DAYS)


class _Past:
    """The pairs as they were on several days; what is asked for twice, as PULL_DAYS later, is made once."""

    def __init__(self, history: OrderDays) -> None:
        self._history, self._whole = history, history.of_accounts()
        self._pairs: dict[float, Pairs] = {}

    def pairs_at(self, day: float) -> Pairs:
        """All pairs that had ordered before the day."""
        self._pairs = {at: pairs for at, pairs in self._pairs.items() if at >= day - PULL_DAYS}
        if day not in self._pairs:
            self._pairs[day] = self._history.before(day).pairs()
        return self._pairs[day]

    def accounts_at(self, day: float) -> Pairs:
        """All accounts that had ordered before the day."""
        return self._whole.before(day).pairs()

    def pull(self, day: float, renewal: RenewalParameters) -> Floats:
        """Pull of each SKU at `day`, from pairs that had ordered twice PULL_DAYS before."""
        skus, opened = len(self._history.skus), day - PULL_DAYS
        earlier = self.pairs_at(opened)
        if not len(earlier):
            return np.zeros(skus)
        pairs = earlier.take(earlier.columns.orders > 1)
        expected = renewal_curve(renewal, pairs.columns, opened).window(0.0, PULL_DAYS)
        return pull_of(pairs.sku, waits(self._history.before(day), pairs, opened) < PULL_DAYS, expected, skus)


def windows_of(
    history: OrderDays,
    shot: Snapshot,
    as_of_day: float,
    max_rows: int,
    rng: np.random.Generator,
    weather: Weather | None = None,
) -> tuple[Window, Window]:
    """The pairs (at most max_rows of those ordered often, and as many of the others) and the accounts of a snapshot."""
    often = shot.pairs.columns.orders >= COLD_BELOW
    kinds = (often & shot.usable, ~often & shot.usable)
    chosen = np.concatenate([_sample(np.flatnonzero(kind), max_rows, rng) for kind in kinds])
    pairs = with_accounts(shot.pairs.take(np.sort(chosen)), shot.accounts)
    accounts = shot.accounts.take(_sample(np.arange(len(shot.accounts)), max_rows, rng))
    length = as_of_day - shot.day
    of_pairs, of_accounts = waits(history, pairs, shot.day), waits_of_accounts(history, accounts, shot.day)
    average = shot.products.rows([""] * len(accounts))
    skies = None if weather is None else Skies(weather.before(int(shot.day))).of(pairs.sku_names())
    return (
        Window(shot.day, length, pairs.columns, shot.products.of(pairs.sku), of_pairs, skies),
        Window(shot.day, length, accounts.columns, average, of_accounts),
    )


def waits(history: OrderDays, pairs: Pairs, opened: float) -> Floats:
    """Days from `opened` until each pair's next order in the history, inf where there is none; shape (pairs,)."""
    later = history.where(history.day >= opened)
    skus = len(history.skus)
    key = later.account * skus + later.sku
    return _waits(key, later.day, pairs.account * skus + pairs.sku, opened)


def waits_of_accounts(history: OrderDays, accounts: Pairs, opened: float) -> Floats:
    """As `waits`, for orders of anything."""
    later = history.where(history.day >= opened)
    order = np.lexsort((later.day, later.account))
    return _waits(later.account[order], later.day[order], accounts.account, opened)


def _waits(key: Ints, day: Floats, wanted: Ints, opened: float) -> Floats:
    """The first day of each wanted key; keys are sorted, and days within them."""
    wait = np.full(len(wanted), np.inf)
    if len(key):
        place = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
        came = key[place] == wanted
        wait[came] = day[place[came]] - opened
    return wait


def _sample(rows: NDArray[np.intp], size: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return np.sort(rng.choice(rows, size, replace=False)) if len(rows) > size else rows
