"""Two pack sizes of one product: the group is forecast in equivalent units, and its orders are split by share.

An account that buys now 10 kg and now 50 kg orders the product regularly and each pack irregularly. So the next order
of the group is forecast, and each order of the group holds the pack with the share s of order days that held it; shares
of few order days lean on those of all accounts. With the group's usual gap g between the orders after the next one,

    P_pack(t) = s [P(t) + (1 - s) P(t - g) + (1 - s)^2 P(t - 2 g) + ...]

which rises with t, so that probabilities and quantiles of a pack are one curve again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from forecasting.forecasts import COLUMNS, HORIZONS_DAYS, MAX_SILENCE_DAYS, QUANTILES, as_dates
from forecasting.history import UNIX_EPOCH_DAY

if TYPE_CHECKING:
    from forecasting.columns import Floats, PairColumns
    from forecasting.history import Pairs
    from forecasting.model import Forecaster

LEAN_DAYS = 1.0  # order days' worth of what all accounts do, in a share
UNKNOWN_GAP_DAYS = 3650.0  # of a group that was ordered once: what follows the next order is not counted on
MOST_ORDERS = 40  # of the group that are counted on; a pack that is in none of them is rare
FURTHEST_DAYS = 1023  # a pack's quantile beyond is never


@dataclass(frozen=True, slots=True)
class Packs:
    """SKUs that belong to a group. sku: distinct; unit_factor: units of the group in one of the SKU, > 0."""

    table: pd.DataFrame  # sku, group, unit_factor

    @property
    def trivial(self) -> bool:
        """Whether every SKU is its own group: there is nothing to split."""
        return bool((self.table["sku"] == self.table["group"]).all() and (self.table["unit_factor"] == 1).all())

    def in_groups(self, lines: pd.DataFrame) -> pd.DataFrame:
        """Order lines of groups instead of SKUs, quantities in units of the group; SKUs of no group stay."""
        known = self.table.set_index("sku")
        group = lines["sku"].map(known["group"])
        factor = lines["sku"].map(known["unit_factor"]).fillna(1.0)
        return lines.assign(sku=group.fillna(lines["sku"]).astype("str"), quantity=lines["quantity"] * factor)


def shares(lines: pd.DataFrame, packs: Packs, as_of_day: int) -> pd.DataFrame:
    """account_id, group, sku, share: of the group's order days in the last year, those that hold the SKU; in (0, 1].

    Only what was ordered within that year has a row. Several packs of one day each have the day.
    """
    from_day = pd.Timestamp((as_of_day - MAX_SILENCE_DAYS - UNIX_EPOCH_DAY) * 86_400, unit="s")
    late = lines[lines["ordered_at"] >= from_day]
    days = late.assign(group=packs.in_groups(late)["sku"], day=late["ordered_at"].dt.normalize())
    whole = days.drop_duplicates(["account_id", "group", "day"])
    own = days.drop_duplicates(["account_id", "group", "sku", "day"])
    counted = own.groupby(["account_id", "group", "sku"], sort=True).size().rename("own").reset_index()
    counted["all"] = _sizes(whole, ["account_id", "group"], counted)
    everybody = _sizes(own, ["group", "sku"], counted) / _sizes(whole, ["group"], counted)
    counted["share"] = (counted["own"] + LEAN_DAYS * everybody) / (counted["all"] + LEAN_DAYS)
    return counted[["account_id", "group", "sku", "share"]]


def split_table(groups: Pairs, forecaster: Forecaster, as_of_day: int, parts: pd.DataFrame) -> pd.DataFrame:
    """COLUMNS of `ringahead forecast`, one row for each row of `parts` (see `shares`) whose group is in `groups`."""
    names = pd.DataFrame({"account_id": groups.account_names(), "group": groups.sku_names()})
    names["row"] = np.arange(len(names))
    rows = parts.merge(names, on=["account_id", "group"], how="inner")
    columns = groups.columns.take(rows["row"].to_numpy())
    curve = _Split(forecaster, columns, as_of_day, rows["share"].to_numpy(float))
    figures: dict[str, object] = {"account_id": rows["account_id"], "sku": rows["sku"]}
    for horizon in HORIZONS_DAYS:
        figures[f"prob_{horizon}d"] = curve.within(np.full(len(rows), float(horizon)))
    for q in QUANTILES:
        figures[f"p{round(100 * q)}"] = as_dates(as_of_day + curve.first_horizon(q) - 1)
    return pd.DataFrame(figures, columns=list(COLUMNS))


@dataclass(frozen=True, slots=True)
class _Split:
    """The curve of packs, from that of their groups; one row each."""

    forecaster: Forecaster
    columns: PairColumns
    as_of_day: int
    share: Floats

    def within(self, horizon_days: Floats) -> Floats:
        """P(an order day that holds the pack within the horizon); shape (rows,)."""
        gap = np.maximum(np.where(self.columns.median_gap > 0, self.columns.median_gap, UNKNOWN_GAP_DAYS), 1.0)
        chance, missed = np.zeros(len(self.share)), np.ones(len(self.share))
        for nth in range(MOST_ORDERS):
            left = horizon_days - nth * gap
            rows = np.flatnonzero(left > 0)
            if not len(rows):
                break
            came = self.forecaster.probability(self.columns.take(rows), self.as_of_day, left[rows])
            chance[rows] += self.share[rows] * missed[rows] * came
            missed *= 1 - self.share
        return chance

    def first_horizon(self, q: float) -> Floats:
        """Smallest whole horizon that reaches q, inf beyond FURTHEST_DAYS; by bisection."""
        low, high = np.zeros(len(self.share)), np.full(len(self.share), float(FURTHEST_DAYS))
        never = self.within(high) < q
        for _ in range(FURTHEST_DAYS.bit_length()):
            middle = np.floor((low + high) / 2)
            reached = self.within(np.maximum(middle, 1.0)) >= q
            low, high = np.where(reached, low, middle), np.where(reached, np.maximum(middle, 1.0), high)
        return np.where(never, np.inf, high)


def _sizes(frame: pd.DataFrame, keys: list[str], into: pd.DataFrame) -> Floats:
    """Rows of `frame` for each row of `into` by keys."""
    sizes = frame.groupby(keys).size().rename("size").reset_index()
    return into[keys].merge(sizes, on=keys, how="left")["size"].to_numpy(float)
