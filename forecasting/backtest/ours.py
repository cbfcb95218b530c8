"""Our model as a method of the backtest: fitted at each origin on its past, then asked like in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest.cases import CURVE_DAYS, Prediction
from forecasting.coherent import answers_of_accounts
from forecasting.forecasts import HORIZONS_DAYS, QUANTILES, forecastable

if TYPE_CHECKING:
    from collections.abc import Collection

    from forecasting.artefact import PopulationModel
    from forecasting.backtest.cases import Candidates
    from forecasting.backtest.method import Predict
    from forecasting.weather import Weather

ROWS_AT_ONCE = 20_000


def ours(seed: int = 0, holidays: Collection[int] = (), weather: Weather | None = None) -> Predict:
    """Fits once an origin; both levels of one origin share the fit. holidays, weather: see `fit_population`."""
    kept: dict[tuple[int, int, float], PopulationModel] = {}

    def predict(candidates: Candidates) -> Prediction:
        from forecasting.learn import fit_population  # statsmodels takes seconds to import

        past = candidates.past
        key = (candidates.day, len(past), float(past.quantity.sum()))
        if key not in kept:
            kept.clear()
            kept[key] = fit_population(past, candidates.day, seed=seed, holidays=holidays, weather=weather)
        return predicted_by(kept[key], candidates)

    return predict


def predicted_by(model: PopulationModel, candidates: Candidates) -> Prediction:
    """What a model that was learnt already says of candidates."""
    if candidates.level == "account":
        return _of_accounts(model, candidates)
    parts = []
    for start in range(0, max(len(candidates), 1), ROWS_AT_ONCE):
        rows = np.arange(start, min(start + ROWS_AT_ONCE, len(candidates)))
        parts.append(_of_rows(model, candidates, rows))
    probability, curve, quantile_days = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Prediction(probability, curve, quantile_days)


def _of_accounts(model: PopulationModel, candidates: Candidates) -> Prediction:
    """As `ringahead forecast --level account`: coherent with all pairs."""
    accounts, day = candidates.pairs, candidates.day
    pairs, asked = forecastable(candidates.past, day, "pair"), ([float(h) for h in CURVE_DAYS], QUANTILES)
    chances, days = answers_of_accounts((model.account, model.pair), accounts, pairs, day, *asked)
    curve = np.stack(chances, 1)
    return Prediction(curve[:, np.searchsorted(CURVE_DAYS, HORIZONS_DAYS)], curve, np.stack(days, 1) - day)


def _of_rows(
    model: PopulationModel, candidates: Candidates, rows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    forecaster, day = model.pair, candidates.day
    columns = candidates.pairs.take(rows).columns
    chances, days = forecaster.answers(columns, day, [float(h) for h in CURVE_DAYS], QUANTILES)
    curve = np.stack(chances, 1)
    return curve[:, np.searchsorted(CURVE_DAYS, HORIZONS_DAYS)], curve, np.stack(days, 1) - day
