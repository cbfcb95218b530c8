"""Features of the past for boosting and splines: those of the project's bar, from the candidates' past only.

Simple: order counts, silence, gaps of the pair, of its account and of its product. All: beside them decayed order
counts at several half-lives, the account's silence against its usual gap, shares, quantities, what else is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.backtest.cases import MAX_SILENCE_DAYS, MIN_ORDERS

if TYPE_CHECKING:
    from forecasting.columns import Floats

HALF_LIVES_DAYS = (7, 14, 30, 60, 120, 365)
PRODUCT_HALF_LIVES_DAYS = (14, 60, 180)
KEY = ["account", "sku"]


def rows_at(events: pd.DataFrame, day: float, min_orders: int = MIN_ORDERS) -> pd.DataFrame:
    """Who can be judged at `day`, with figures of its gaps and `wait` (days to the next order in `events`, NaN: none).

    events: columns account, sku, day, quantity, sorted by the first three.
    """
    past = events[events.day < day]
    gap = past.day.diff().where(past.account.eq(past.account.shift()) & past.sku.eq(past.sku.shift()))
    grouped = past.assign(gap=gap).groupby(KEY, sort=True)
    rows = grouped.agg(
        n=("day", "size"),
        first=("day", "min"),
        last=("day", "max"),
        mean=("gap", "mean"),
        median=("gap", "median"),
        std=("gap", "std"),
    ).reset_index()
    rows = rows[(rows.n >= min_orders) & (rows["last"] >= day - MAX_SILENCE_DAYS)].reset_index(drop=True)
    following = events[events.day >= day].groupby(KEY).day.min().rename("next").reset_index()
    rows = rows.merge(following, how="left", on=KEY)
    return rows.assign(elapsed=day - rows["last"], wait=rows["next"] - day)


def simple_features(rows: pd.DataFrame, day: float) -> pd.DataFrame:
    """15 columns, one row each of `rows_at`."""
    mean, middle = rows["mean"].fillna(0.0), rows["median"].fillna(0.0)
    table = pd.DataFrame(
        {
            "n": np.log(rows.n),
            "el": np.log1p(rows.elapsed),
            "mean": np.log1p(mean),
            "med": np.log1p(middle),
            "cv": (rows["std"] / mean).fillna(-1.0),
            "ratio": rows.elapsed / mean.clip(lower=1),
            "ratio2": rows.elapsed / middle.clip(lower=1),
            "age": np.log1p(day - rows["first"]),
        }
    )
    accounts, skus = rows.groupby("account"), rows.groupby("sku")
    table["ael"] = np.log1p(accounts.elapsed.transform("min"))
    table["an"] = np.log1p(accounts.n.transform("sum"))
    table["ac"] = np.log1p(accounts.n.transform("size"))
    table["amean"] = np.log1p(accounts["mean"].transform("median"))
    table["sn"] = np.log1p(skus.n.transform("sum"))
    table["smean"] = np.log1p(skus["mean"].transform("median"))
    table["sel"] = np.log1p(skus.elapsed.transform("median"))
    return table


def all_features(events: pd.DataFrame, of_accounts: pd.DataFrame, rows: pd.DataFrame, day: float) -> pd.DataFrame:
    """41 columns, one row each of `rows_at`. of_accounts: order days of anything, same columns as events."""
    table = simple_features(rows, day)
    past, whole = events[events.day < day], of_accounts[of_accounts.day < day]
    pairs, age, whole_age = _Keys(past, rows), day - past.day.to_numpy(), day - whole.day.to_numpy()
    for half in HALF_LIVES_DAYS:
        table[f"pair{half}"] = _log_decayed(pairs.of_events, age, half, pairs.of_rows)
        table[f"account{half}"] = _log_decayed(whole.account.to_numpy(), whole_age, half, rows.account.to_numpy())
    for half in PRODUCT_HALF_LIVES_DAYS:
        table[f"sku{half}"] = _log_decayed(past.sku.to_numpy(), age, half, rows.sku.to_numpy())
    table["sku_trend"] = table.sku14 - table.sku180
    _add_account(table, whole, rows, day)
    _add_quantity(table, past, pairs)
    due = rows.elapsed / rows["median"].clip(lower=1) > 0.8
    table["due"] = np.log1p(due.groupby(rows.account).transform("sum"))
    table["due_share"] = due.groupby(rows.account).transform("mean")
    table["missed_baskets"] = np.log1p(rows.elapsed) - table.account_silence
    return table.fillna(-1.0)


class _Keys:
    """One integer a pair, for the events and for the rows."""

    def __init__(self, past: pd.DataFrame, rows: pd.DataFrame) -> None:
        skus = int(past.sku.max()) + 1
        self.of_events = (past.account * skus + past.sku).to_numpy()
        self.of_rows = (rows.account * skus + rows.sku).to_numpy()


def _log_decayed(group: np.ndarray, age: Floats, half_life: float, wanted: np.ndarray) -> Floats:
    """Log of each wanted group's order days, each halved in weight every half-life."""
    groups, place = np.unique(group, return_inverse=True)
    total = np.bincount(place, 0.5 ** (age / half_life))
    at = np.minimum(np.searchsorted(groups, wanted), len(groups) - 1)
    result: Floats = np.log(np.where(groups[at] == wanted, total[at], np.nan) + 1e-3)
    return result


def _add_account(table: pd.DataFrame, whole: pd.DataFrame, rows: pd.DataFrame, day: float) -> None:
    grouped = whole.groupby("account").day
    gap = grouped.diff().groupby(whole.account).median()
    table["account_silence"] = np.log1p(day - grouped.max().reindex(rows.account).to_numpy())
    table["account_gap"] = np.log1p(gap.reindex(rows.account).fillna(60).to_numpy())
    table["account_overdue"] = table.account_silence - table.account_gap
    table["share"] = table["n"] - table["an"]
    table["share365"], table["share60"] = table.pair365 - table.account365, table.pair60 - table.account60


def _add_quantity(table: pd.DataFrame, past: pd.DataFrame, pairs: _Keys) -> None:
    quantity = past.quantity.groupby(pairs.of_events).agg(["mean", "last"]).reindex(pairs.of_rows).clip(lower=0)
    table["last_quantity"] = np.log1p(quantity["last"].to_numpy()) - np.log1p(quantity["mean"].to_numpy())
