"""A backtest as tables: scores by level, origin, stratum and method, and every single forecast with what came."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.backtest.run import COLD, STRATA
from forecasting.forecasts import HORIZONS_DAYS, QUANTILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecasting.backtest.intervals import Intervals
    from forecasting.backtest.run import Backtest
    from forecasting.forecasts import Level

WHOLE = "all"
KEYS = ["level", "stratum", "method", "origin"]


def scores_table(backtest: Backtest) -> pd.DataFrame:
    """One row for each level, stratum ('all', STRATA and COLD), method and origin, one column for each score."""
    rows = []
    for one in (*backtest.judged, *backtest.cold):
        key = {"level": one.level, "method": one.method, "origin": date.fromordinal(one.day).isoformat()}
        if not set(one.strata) <= set(COLD):
            rows.append({**key, "stratum": WHOLE, **one.scores})
        rows += [{**key, "stratum": name, **found} for name, found in one.strata.items()]
    table = pd.DataFrame(rows)
    return table[KEYS + [name for name in table.columns if name not in KEYS]] if rows else table


def means(table: pd.DataFrame, level: Level, stratum: str = WHOLE) -> pd.DataFrame:
    """Mean over origins of every score, one row a method in the order of the table."""
    rows = table[(table.level == level) & (table.stratum == stratum)]
    return rows.drop(columns=["level", "stratum", "origin"]).groupby("method", sort=False).mean()


def strata_of(table: pd.DataFrame, level: Level) -> list[str]:
    """Strata that have rows at a level, in their order."""
    present = set(table[table.level == level].stratum)
    return [name for name in (*STRATA, *COLD) if name in present]


def interval_table(found: dict[Level, Intervals]) -> pd.DataFrame:
    """level, method, metric, low, high: the middle 95 % by account bootstrap."""
    rows = [
        (level, method, metric, *intervals.of(method, metric))
        for level, intervals in found.items()
        for method, metric in intervals.draws
    ]
    return pd.DataFrame(rows, columns=["level", "method", "metric", "low", "high"])


def predictions_table(backtest: Backtest) -> pd.DataFrame:
    """Every forecast: level, origin, method, account_id, sku, orders, wait_days (inf: none came in the data), ..."""
    parts = list(_predictions(backtest))
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _predictions(backtest: Backtest) -> Iterator[pd.DataFrame]:
    for one in backtest.judged:
        pairs, prediction = one.candidates.pairs, one.prediction
        columns: dict[str, object] = {
            "level": one.level,
            "origin": pd.Timestamp(date.fromordinal(one.day)),
            "method": one.method,
            "account_id": pairs.account_names(),
            "sku": pairs.sku_names(),
            "orders": one.outcome.orders.astype(int),
            "wait_days": one.outcome.wait_days,
            "days_known": one.outcome.days_left,
        }
        for place, horizon in enumerate(HORIZONS_DAYS):
            columns[f"prob_{horizon}d"] = prediction.probability[:, place]
        quantiles = prediction.quantile_days
        for place, q in enumerate(QUANTILES):
            name = f"p{round(100 * q)}_days"
            columns[name] = np.full(len(pairs), np.nan) if quantiles is None else quantiles[:, place]
        yield pd.DataFrame(columns)
