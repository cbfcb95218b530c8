"""Baselines of machine learning, from scikit-learn: boosting on simple and on all features, splines on all.

Each horizon has a model of its own, trained on windows that lie before the origin and had closed by it. Parameters are
those of the project's bar.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from forecasting.backtest.cases import HORIZONS_DAYS, Prediction
from forecasting.backtest.features import all_features, rows_at, simple_features
from forecasting.backtest.method import MissingExtra

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from forecasting.backtest.cases import Candidates
    from forecasting.backtest.method import Predict
    from forecasting.columns import Floats

SIMPLE_BACK_DAYS = (28, 56, 84)
ALL_BACK_DAYS = (14, 21, 28, 42, 56, 70, 84, 112)
MOST_WINDOWS = 6
LEAST_PAST_ROWS = 500
ROWS_FOR_THREADS = 20_000
MOST_TRAINING_ROWS = 150_000
"""A sample beyond it: more changes no figure, and takes minutes."""


@dataclass(frozen=True, slots=True)
class _Window:
    opened_days_back: int
    table: pd.DataFrame
    wait_days: Floats


def boosting_simple(seed: int = 0) -> Predict:
    """Gradient boosting on simple_features."""

    def new() -> Any:
        return _sklearn("ensemble").HistGradientBoostingClassifier(
            max_iter=150, learning_rate=0.06, max_leaf_nodes=15, l2_regularization=1.0, random_state=seed
        )

    return lambda candidates: _predict(candidates, new, SIMPLE_BACK_DAYS, _simple, 0, seed)


def boosting_all(seed: int = 0) -> Predict:
    """Gradient boosting on all_features."""

    def new() -> Any:
        return _sklearn("ensemble").HistGradientBoostingClassifier(
            max_iter=200,
            learning_rate=0.05,
            max_leaf_nodes=15,
            min_samples_leaf=60,
            l2_regularization=5.0,
            random_state=seed,
        )

    return lambda candidates: _predict(candidates, new, ALL_BACK_DAYS, _all, LEAST_PAST_ROWS, seed)


def splines(seed: int = 0) -> Predict:
    """Penalised logistic regression on cubic splines of all_features: smooth and additive."""

    def new() -> Any:
        steps = _sklearn("preprocessing")
        return _sklearn("pipeline").make_pipeline(
            steps.StandardScaler(),
            steps.SplineTransformer(4, degree=3, knots="quantile"),
            _sklearn("linear_model").LogisticRegression(C=0.02, max_iter=400),
        )

    return lambda candidates: _predict(candidates, new, ALL_BACK_DAYS, _all, LEAST_PAST_ROWS, seed)


def _predict(
    candidates: Candidates,
    new: Callable[[], Any],
    back_days: tuple[int, ...],
    features: Callable[[Candidates, pd.DataFrame, pd.DataFrame, float], pd.DataFrame],
    least_rows: int,
    seed: int,
) -> Prediction:
    """One model a horizon, trained on windows that closed by the origin; the base rate where nothing can be trained."""
    new()  # says at once if the library is missing
    events, day = candidates.events(), float(candidates.day)
    least_orders = int(candidates.pairs.columns.orders.min(initial=3))
    rows = rows_at(events, day, least_orders)
    table, windows = features(candidates, events, rows, day), []
    for back in back_days:
        opened = day - back
        if (events.day < opened).sum() >= max(least_rows, 1):
            then = rows_at(events, opened, least_orders)
            if len(then):
                windows.append(_Window(back, features(candidates, events, then, opened), then.wait.to_numpy(float)))
    found = [_one_horizon(horizon, windows, table, new, seed) for horizon in HORIZONS_DAYS]
    return Prediction(np.stack(found, 1))


def _one_horizon(
    horizon: int, windows: list[_Window], table: pd.DataFrame, new: Callable[[], Any], seed: int
) -> Floats:
    closed = [window for window in windows if window.opened_days_back >= horizon][:MOST_WINDOWS]
    if not closed:
        return np.zeros(len(table))
    regressors = pd.concat([window.table for window in closed])
    came = np.concatenate([window.wait_days < horizon for window in closed]).astype(int)
    if len(came) > MOST_TRAINING_ROWS:
        kept = np.random.default_rng(seed).choice(len(came), MOST_TRAINING_ROWS, replace=False)
        regressors, came = regressors.iloc[kept], came[kept]
    if came.min() == came.max():
        return np.full(len(table), float(came.mean()))
    with _threads(len(came)):
        return np.asarray(new().fit(regressors, came).predict_proba(table)[:, 1], float)


def _threads(rows: int) -> AbstractContextManager[object]:
    """One thread for little data: several wait for each other longer than they work, far longer on a busy machine."""
    from threadpoolctl import threadpool_limits  # comes with scikit-learn

    limits: AbstractContextManager[object] = threadpool_limits(1 if rows < ROWS_FOR_THREADS else None)
    return limits


def _simple(candidates: Candidates, events: pd.DataFrame, rows: pd.DataFrame, day: float) -> pd.DataFrame:
    return simple_features(rows, day)


def _all(candidates: Candidates, events: pd.DataFrame, rows: pd.DataFrame, day: float) -> pd.DataFrame:
    return all_features(events, candidates.account_events(), rows, day)


def _sklearn(part: str) -> Any:
    try:
        from importlib import import_module

        return import_module(f"sklearn.{part}")
    except ImportError as error:
        raise MissingExtra("scikit-learn") from error
