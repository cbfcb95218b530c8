"""The backtest itself: every method at every origin, judged by what came."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest.cases import CURVE_DAYS, MIN_ORDERS, Outcome, Prediction, candidates_at, outcome_of
from forecasting.backtest.method import MEDIAN, OURS, PRODUCT, MissingExtra
from forecasting.backtest.scores import known_horizons, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from forecasting.backtest.cases import Candidates
    from forecasting.backtest.method import Method
    from forecasting.backtest.scores import Scores
    from forecasting.columns import Floats, PairColumns
    from forecasting.forecasts import Level
    from forecasting.history import OrderDays

STRATA: dict[str, tuple[float, float]] = {
    "1 order": (1, 1),
    "2 orders": (2, 2),
    "3 to 4": (3, 4),
    "5 to 9": (5, 9),
    "10 to 19": (10, 19),
    "20 and more": (20, np.inf),
}
FEW_ORDERS, YOUNG = "1 to 2 orders", "account under 60 days"
COLD = (FEW_ORDERS, YOUNG)
COLD_METHODS = (OURS, PRODUCT, MEDIAN)
YOUNG_DAYS = 60
LEVELS: tuple[Level, ...] = ("pair", "account")


@dataclass(frozen=True, slots=True)
class Survival:
    """Sums over rows of P(no order within each of CURVE_DAYS), as forecast and as it came, and the rows known."""

    forecast: Floats
    came: Floats
    rows: Floats


@dataclass(frozen=True, slots=True)
class Judged:
    """A method at an origin; `strata` has the scores by number of orders, `survival` the curves of ours by stratum.

    A cold start has COLD as strata, whatever else would be judged.
    """

    level: Level
    day: int
    method: str
    candidates: Candidates
    outcome: Outcome
    prediction: Prediction  # without its curve
    scores: Scores
    strata: dict[str, Scores]
    survival: dict[str, Survival]


@dataclass(slots=True)
class Backtest:
    """Everything that was judged, and what was left out and why (method: reason)."""

    origins: list[int]
    methods: list[Method]
    judged: list[Judged] = field(default_factory=list)
    cold: list[Judged] = field(default_factory=list)  # of those who are too new to be among `judged`
    left_out: dict[str, str] = field(default_factory=dict)

    def of(self, level: Level, method: str | None = None) -> list[Judged]:
        """Of a level, by origin; of one method, if named."""
        return [one for one in self.judged if one.level == level and method in (None, one.method)]

    def names(self) -> list[str]:
        """Methods that answered, in their order."""
        return [method.name for method in self.methods if method.name not in self.left_out]


def run(
    history: OrderDays,
    origins: Sequence[int],
    levels: Sequence[Level],
    methods: Sequence[Method],
    min_orders: int = MIN_ORDERS,
    told: Callable[[int], None] = lambda steps: None,
) -> Backtest:
    """Judge every method at every origin and level; `told(1)` after each."""
    result = Backtest(list(origins), list(methods))
    for day in origins:
        for level in levels:
            candidates = candidates_at(history, day, level, min_orders)
            outcome = outcome_of(history, candidates)
            for method in methods:
                if len(candidates) and method.name not in result.left_out:
                    try:
                        result.judged.append(_judge(method, candidates, outcome))
                    except MissingExtra as missing:
                        result.left_out[method.name] = str(missing)
                told(1)
            result.cold += _cold(history, day, level, [m for m in methods if m.name not in result.left_out])
    return result


def _cold(history: OrderDays, day: int, level: Level, methods: Sequence[Method]) -> list[Judged]:
    """Who has one or two orders, or an account under YOUNG_DAYS old, by COLD_METHODS."""
    candidates = candidates_at(history, day, level, 1)
    if not len(candidates):
        return []
    columns = candidates.pairs.columns
    first_day = columns.first_day if columns.account is None else _of_accounts(columns, columns.account)
    masks = {FEW_ORDERS: columns.orders < MIN_ORDERS, YOUNG: day - first_day < YOUNG_DAYS}
    outcome = outcome_of(history, candidates)
    return [_judge(one, candidates, outcome, masks) for one in methods if one.name in COLD_METHODS]


def _of_accounts(columns: PairColumns, accounts: PairColumns) -> Floats:
    """First order day of each row's account."""
    return accounts.first_day if columns.account_row is None else accounts.first_day[columns.account_row]


def _judge(
    method: Method, candidates: Candidates, outcome: Outcome, masks: dict[str, NDArray[np.bool_]] | None = None
) -> Judged:
    prediction = method.predict(candidates)
    strata, survival = {}, {}
    for name, rows in (dict(_strata(outcome)) if masks is None else masks).items():
        if not rows.any():
            continue
        part, came = take_prediction(prediction, rows), take_outcome(outcome, rows)
        strata[name] = score(part, came)
        if method.name == OURS:
            survival[name] = _survival(part, came)
    return Judged(
        candidates.level,
        candidates.day,
        method.name,
        candidates,
        outcome,
        replace(prediction, curve=None),
        score(prediction, outcome),
        strata,
        survival,
    )


def _strata(outcome: Outcome) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for name, (least, most) in STRATA.items():
        rows = (outcome.orders >= least) & (outcome.orders <= most)
        if rows.any():
            yield name, rows


def take_prediction(prediction: Prediction, rows: NDArray[np.bool_]) -> Prediction:
    """Some rows of a prediction."""
    parts = (prediction.probability, prediction.curve, prediction.quantile_days)
    probability, curve, quantiles = (None if part is None else part[rows] for part in parts)
    assert probability is not None  # noqa: S101  # tells mypy what the dataclass says
    return Prediction(probability, curve, quantiles)


def take_outcome(outcome: Outcome, rows: NDArray[np.bool_]) -> Outcome:
    """Some rows of an outcome."""
    return Outcome(outcome.wait_days[rows], outcome.days_left, outcome.account[rows], outcome.orders[rows])


def _survival(prediction: Prediction, outcome: Outcome) -> Survival:
    known = known_horizons(outcome)
    silent = np.asarray((outcome.wait_days[:, None] >= CURVE_DAYS[None, :]).sum(0) * known, float)
    curve = np.zeros((len(outcome.wait_days), len(CURVE_DAYS))) if prediction.curve is None else prediction.curve
    forecast = np.asarray((1 - curve).sum(0) * known, float)
    return Survival(forecast, silent, np.where(known, float(len(outcome.wait_days)), 0.0))
