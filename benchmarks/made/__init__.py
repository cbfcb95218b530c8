"""Made trades: seeded order lines of other kinds than the wholesaler's, and the wholesaler's split by account.

    python -m benchmarks.made NAME --out FILE [--seed N]      an orders file for `ringahead forecast` and `backtest`

Nobody tunes to them: they exist so that a model which only fits one year of one wholesaler is found out. `MADE` has
them by name; each takes a seed and gives canonical order lines.
"""

from collections.abc import Callable
from zlib import crc32

import pandas as pd

from benchmarks.made.fuel import few_fuel, fuel
from benchmarks.made.groceries import groceries
from ops.importers import online_retail

PARTS = 3


def retail(seed: int = 0) -> pd.DataFrame:
    """The wholesaler's real year; the seed changes nothing."""
    return online_retail.order_lines(online_retail.read())


def part_of(lines: pd.DataFrame, part: int, parts: int = PARTS) -> pd.DataFrame:
    """The lines of one part of the accounts, told apart by a hash of their id."""
    place = lines.account_id.map(lambda account: crc32(str(account).encode()) % parts)
    return lines[place == part].reset_index(drop=True)


def _retail_part(part: int) -> Callable[[int], pd.DataFrame]:
    return lambda seed: part_of(retail(seed), part)


def many(seed: int = 5) -> pd.DataFrame:
    """1.5 million lines and 90,000 pairs, for speed and memory only."""
    return groceries(seed, accounts=4_150, days=6 * 365, skus=100, one_offs=0.03)


MADE: dict[str, Callable[[int], pd.DataFrame]] = {
    "groceries": groceries,
    "fuel": fuel,
    "few-fuel": few_fuel,
    "retail": retail,
    "retail-1": _retail_part(0),
    "retail-2": _retail_part(1),
    "retail-3": _retail_part(2),
    "many": many,
}
