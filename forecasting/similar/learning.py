"""Learning to suggest: windows of the past that have closed teach the ranker, the day itself gives the population."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.similar.answered import answered
from forecasting.similar.baskets import baskets_of
from forecasting.similar.candidates import NARROW, WIDE, candidates
from forecasting.similar.features import account_activity, features
from forecasting.similar.population import EXACT_SKUS, population_of
from forecasting.similar.ranker import Examples, fit_ranker
from forecasting.similar.recommender import Recommender

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from forecasting.history import OrderDays
    from forecasting.similar.answered import Answers
    from forecasting.similar.answers import AccountSuggestions
    from forecasting.similar.baskets import Baskets
    from forecasting.similar.catalogue import Catalogue

HORIZON_DAYS = 60
SHORTEST_HORIZON_DAYS = 7
WINDOWS, SPARSE_WINDOWS = 5, 2
STEP_SHARE = 0.25  # of the horizon, between two windows
BEFORE_SHARE = 0.75  # of the horizon, the least history before a window
TEACHERS, SILENT = 1_500, 1_000  # accounts of a window that bought something new, and that did not
ACCOUNTS_AT_ONCE = 250
FEWEST_ACCOUNTS = 30  # with something new, over all windows: else nothing is learnt


def fit_recommender(
    history: OrderDays,
    as_of_day: float,
    catalogue: Catalogue | None = None,
    *,
    exact: bool | None = None,
    answers: Answers | None = None,
    advance: Callable[[int], None] | None = None,
) -> Recommender:
    """Learn from the order days, and from answers to suggestions, before as_of_day (ordinal).

    exact: dense item weights; by default where there are at most EXACT_SKUS products. answers: over the history's
    lists of names. advance: told 1 after each of `steps` of work.
    """
    tell = advance or (lambda _: None)
    dense = len(history.skus) <= EXACT_SKUS if exact is None else exact
    told = None if answers is None else answers.before(as_of_day)
    now = baskets_of(history, as_of_day)
    past = _Past(history, now, as_of_day, catalogue, told)
    horizon, days = windows_before(history, as_of_day, WINDOWS if dense else SPARSE_WINDOWS)
    examples = []
    for day in days:
        examples.append(_examples(past, day, horizon, dense))
        tell(1)
    taught = sum(len(np.unique(one.row[one.bought])) for one in examples)
    ranker = fit_ranker(examples, horizon) if taught >= FEWEST_ACCOUNTS else None
    tell(1)
    found = Recommender(as_of_day, population_of(now, catalogue, exact=dense, answers=told), ranker)
    tell(1)
    return found


def suggest(
    history: OrderDays, as_of_day: float, k: int, catalogue: Catalogue | None = None
) -> Iterator[list[AccountSuggestions]]:
    """Learn, then at most k new products for each account with orders before as_of_day, in chunks of accounts."""
    recommender = fit_recommender(history, as_of_day, catalogue)
    for chunk in recommender.recommend(baskets_of(history, as_of_day), k):
        yield chunk.accounts()


def steps(history: OrderDays, as_of_day: float, *, exact: bool | None = None) -> int:
    """How often `fit_recommender` will call `advance`."""
    dense = len(history.skus) <= EXACT_SKUS if exact is None else exact
    return len(windows_before(history, as_of_day, WINDOWS if dense else SPARSE_WINDOWS)[1]) + 2


def windows_before(history: OrderDays, as_of_day: float, most: int) -> tuple[float, list[float]]:
    """The horizon in days, and the days on which windows begin that had closed by as_of_day, newest first."""
    if not len(history):
        return HORIZON_DAYS, []
    span = as_of_day - float(history.day.min())
    horizon = float(min(HORIZON_DAYS, span // (1 + BEFORE_SHARE)))
    if horizon < SHORTEST_HORIZON_DAYS:
        return horizon, []
    begins = [as_of_day - horizon - round(number * STEP_SHARE * horizon) for number in range(most)]
    return horizon, [day for day in begins if day - float(history.day.min()) >= BEFORE_SHARE * horizon]


@dataclass(frozen=True, slots=True)
class _Past:
    """All that is known on the day of learning; `now`: its baskets."""

    history: OrderDays
    now: Baskets
    as_of_day: float
    catalogue: Catalogue | None
    answers: Answers | None


def _examples(past: _Past, day: float, horizon: float, dense: bool) -> Examples:
    """Candidates of a day of the past, and whether they were bought, or accepted, before the window closed."""
    then = answered(baskets_of(past.history, day), past.answers, day)
    wanted, buyers = _wanted(past, day, horizon)
    said = None if past.answers is None else past.answers.before(day)
    population = population_of(then, past.catalogue, exact=dense, answers=said)
    parts = []
    for rows, weight in _teachers(then, buyers):
        carts = then.take(rows)
        found = candidates(population, carts, WIDE if dense else NARROW)
        bought = np.isin(rows[found.row] * len(then.skus) + found.sku, wanted)
        examples = Examples(found.row, features(population, found), bought, account_activity(carts), weight)
        parts.append(examples.thinned())
    return joined(parts)


def _wanted(past: _Past, day: float, horizon: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys (account * skus + sku) of what was bought first, or accepted, within the horizon; and whose they are."""
    now, age = past.now, past.as_of_day - day
    inside = (now.first_age <= age) & (now.first_age > age - horizon)
    account, sku = now.account[inside].astype(np.int64), now.sku[inside].astype(np.int64)
    if past.answers is not None:
        said = past.answers
        some = said.where(said.accepted & (said.day >= day) & (said.day < day + horizon))
        account, sku = np.concatenate([account, some.account]), np.concatenate([sku, some.sku])
    return account * len(now.skus) + sku, account


def _teachers(
    then: Baskets, found_something: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Accounts with orders before the day, in chunks: those who bought something new, and some who did not.

    With how many of their kind each stands for, on the scale of the first kind.
    """
    active = then.active()
    new = np.isin(active, found_something)
    taught, silent = _spread(active[new], TEACHERS), _spread(active[~new], SILENT)
    rate = new.sum() / max(len(taught), 1)
    weight = np.ones(then.accounts, np.float32)
    weight[silent] = (~new).sum() / max(len(silent), 1) / max(rate, 1e-9)
    some = np.union1d(taught, silent)
    for start in range(0, len(some), ACCOUNTS_AT_ONCE):
        rows = some[start : start + ACCOUNTS_AT_ONCE]
        yield rows, weight[rows]


def _spread(places: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    if len(places) <= most:
        return places
    return places[np.linspace(0, len(places) - 1, most).astype(np.int64)]


def joined(parts: list[Examples]) -> Examples:
    """Chunks of one day as one, rows counted on."""
    offset = np.cumsum([0, *(len(one.activity) for one in parts)])
    return Examples(
        np.concatenate([one.row + offset[number] for number, one in enumerate(parts)]),
        np.concatenate([one.features for one in parts]),
        np.concatenate([one.bought for one in parts]),
        np.concatenate([one.activity for one in parts]),
        np.concatenate([one.weight for one in parts]),
    )
