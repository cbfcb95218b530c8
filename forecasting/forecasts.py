"""Forecasts of many pairs as a table, in the columns of `ringahead forecast`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from forecasting.coherent import answers_of_accounts
from forecasting.curve import CurveForecaster
from forecasting.history import UNIX_EPOCH_DAY

if TYPE_CHECKING:
    from forecasting.artefact import PopulationModel
    from forecasting.columns import Floats
    from forecasting.history import OrderDays, Pairs
    from forecasting.model import Forecaster

Level = Literal["pair", "account"]

HORIZONS_DAYS = (7, 14, 28)
QUANTILES = (0.1, 0.5, 0.9)
MAX_SILENCE_DAYS = 365
NEVER = date(2100, 1, 1)
COLUMNS = ("account_id", "sku", "prob_7d", "prob_14d", "prob_28d", "p10", "p50", "p90")


def forecastable(history: OrderDays, as_of_day: int, level: Level) -> Pairs:
    """Pairs (or accounts, with SKU '*') with an order in the 365 days before as_of_day, with their context."""
    known = history.before(as_of_day)
    pairs = known.pairs_in_context(as_of_day) if level == "pair" else known.accounts_in_context(as_of_day)
    return pairs.take(pairs.columns.last_day >= as_of_day - MAX_SILENCE_DAYS)


def forecaster_of(model: PopulationModel, level: Level) -> Forecaster:
    """The model's forecaster for a level."""
    return model.pair if level == "pair" else model.account


def forecast_table(pairs: Pairs, forecaster: Forecaster, as_of_day: int) -> pd.DataFrame:
    """COLUMNS, one row a pair: probabilities of an order day within the horizons, and quantiles as dates."""
    columns = pairs.columns
    if isinstance(forecaster, CurveForecaster):  # one curve for all
        return _as_table(pairs, *forecaster.answers(columns, as_of_day, HORIZONS_DAYS, QUANTILES))
    chances = [forecaster.probability(columns, as_of_day, horizon) for horizon in HORIZONS_DAYS]
    return _as_table(pairs, chances, [forecaster.quantile_day(columns, as_of_day, q) for q in QUANTILES])


def account_table(accounts: Pairs, pairs: Pairs, model: PopulationModel, as_of_day: int) -> pd.DataFrame:
    """COLUMNS of accounts, never less likely to order than one of their `pairs` (see forecasting.coherent)."""
    forecasters = model.account, model.pair
    said = answers_of_accounts(forecasters, accounts, pairs, as_of_day, HORIZONS_DAYS, QUANTILES)
    return _as_table(accounts, *said)


def _as_table(pairs: Pairs, chances: list[Floats], days: list[Floats]) -> pd.DataFrame:
    figures: dict[str, object] = {"account_id": pairs.account_names(), "sku": pairs.sku_names()}
    figures |= {f"prob_{horizon}d": chance for horizon, chance in zip(HORIZONS_DAYS, chances, strict=True)}
    figures |= {f"p{round(100 * q)}": as_dates(day) for q, day in zip(QUANTILES, days, strict=True)}
    return pd.DataFrame(figures, columns=list(COLUMNS))


def as_dates(days: Floats) -> np.ndarray[tuple[int], np.dtype[np.datetime64]]:
    """Ordinals as datetime64[us]; NEVER for inf and for anything later."""
    latest = NEVER.toordinal()
    whole = np.where(np.isfinite(days), np.minimum(days, latest), latest).astype(np.int64)
    return (whole - UNIX_EPOCH_DAY).astype("datetime64[D]").astype("datetime64[us]")


def ordinals(dates: pd.Series) -> Floats:
    """Dates of `as_dates` as ordinals; inf for NEVER."""
    days = dates.to_numpy("datetime64[D]").astype(np.int64) + float(UNIX_EPOCH_DAY)
    return np.where(days >= NEVER.toordinal(), np.inf, days)


def date_of(day: float) -> date | None:
    """The date of a quantile, None for never."""
    return date(1, 1, 1) + timedelta(days=int(day) - 1) if day < NEVER.toordinal() else None
