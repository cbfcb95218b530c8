"""Files that no shop sends on a good day: `ringahead recommend` answers with fewer products and the reason."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from forecasting.history import OrderDays, order_days
from forecasting.similar import FEW_LEFT, NOTHING_LEFT, Catalogue, baskets_of, fit_recommender
from ops.cli import run

AS_OF = pd.Timestamp("2022-01-01")


def lines(rows: list[tuple[str, str, int]]) -> pd.DataFrame:
    """(account, SKU, days ago)."""
    days = pd.to_timedelta([days for _, _, days in rows], unit="D")
    frame = pd.DataFrame({"account_id": [row[0] for row in rows], "sku": [row[1] for row in rows]})
    frame = frame.assign(quantity=1.0, unit_price=2.0, ordered_at=AS_OF - days)
    return frame.assign(order_id=[f"o{number}" for number in range(len(frame))])


def recommended(frame: pd.DataFrame, folder: Path, k: int = 3) -> tuple[pd.DataFrame, dict[str, tuple[int, str]]]:
    """The result, and (how many, reason) of those with fewer."""
    frame.to_parquet(folder / "orders.parquet")
    out = folder / "out.csv"
    command = ["recommend", "--orders", str(folder / "orders.parquet"), "--as-of", "2022-01-01"]
    assert run([*command, "-k", str(k), "--out", str(out)]) == 0
    reasons = pd.read_csv(folder / "out.csv.reasons.csv")
    fewer = {row.account_id: (row.suggestions, row.reason) for row in reasons.itertuples()}
    return pd.read_csv(out), fewer


def test_one_account_has_bought_all_that_is_known(tmp_path: Path) -> None:
    table, fewer = recommended(lines([("only", f"s{n % 5}", n) for n in range(1, 200)]), tmp_path)
    assert table.empty
    assert fewer == {"only": (0, NOTHING_LEFT)}


def test_one_line(tmp_path: Path) -> None:
    table, fewer = recommended(lines([("only", "s", 5)]), tmp_path)
    assert table.empty
    assert fewer == {"only": (0, NOTHING_LEFT)}


def test_one_product(tmp_path: Path) -> None:
    table, fewer = recommended(lines([(f"a{n % 50}", "s", n) for n in range(1, 300)]), tmp_path)
    assert table.empty
    assert fewer == {f"a{n}": (0, NOTHING_LEFT) for n in range(50)}


def test_all_bought_everything(tmp_path: Path) -> None:
    rows = [(f"a{a}", f"s{s}", 1 + (7 * a + 3 * s) % 250) for a in range(60) for s in range(12)]
    table, fewer = recommended(lines(rows), tmp_path)
    assert table.empty
    assert fewer == {f"a{n}": (0, NOTHING_LEFT) for n in range(60)}


def test_all_but_one_bought_everything(tmp_path: Path) -> None:
    rows = [(f"a{a}", f"s{s}", 1 + (7 * a + 3 * s) % 250) for a in range(60) for s in range(12)]
    table, fewer = recommended(lines([*rows, ("new", "s3", 8), ("late", "s0", 3)]), tmp_path, k=12)
    assert set(table[table.account_id == "new"].sku) == {f"s{n}" for n in range(12)} - {"s3"}
    assert fewer["new"] == (11, FEW_LEFT)
    assert fewer["a0"] == (0, NOTHING_LEFT)
    assert len(fewer) == 62


def reseller(accounts: int, products: int, days: int) -> OrderDays:
    """One account that buys every product of the range but three on every day, among others that buy little."""
    rng = np.random.default_rng(2)
    sku = np.tile(np.arange(products - 3), days)
    big = pd.DataFrame({"account_id": "reseller", "sku": sku, "ago": np.repeat(np.arange(1, days + 1), products - 3)})
    count = accounts * 12
    whose = rng.integers(0, accounts, count)
    small = pd.DataFrame({"sku": rng.integers(0, products, count), "ago": rng.integers(1, days + 1, count)})
    small.insert(0, "account_id", [f"a{number}" for number in whose])
    unbought = pd.DataFrame({"account_id": ["a0", "a1", "a2"], "sku": products - 3 + np.arange(3), "ago": 1})
    both = pd.concat([big, small, unbought])  # what nobody buys is no product
    frame = both.assign(sku="s" + both.sku.astype(str), quantity=1.0)
    return order_days(frame.assign(ordered_at=AS_OF - pd.to_timedelta(both.ago, unit="D")).drop(columns="ago"))


@pytest.mark.parametrize(
    ("products", "days", "exact"),
    [
        (80, 60, True),
        (80, 60, False),
        pytest.param(3_400, 300, True, marks=pytest.mark.slow),
        pytest.param(3_400, 300, False, marks=pytest.mark.slow),
    ],
)
def test_an_account_of_a_million_lines_gets_what_is_left(products: int, days: int, exact: bool) -> None:
    known = reseller(300, products, days)
    day = AS_OF.toordinal()
    found = fit_recommender(known, day, exact=exact)
    told = {one.account_id: one for chunk in found.recommend(baskets_of(known, day), 10) for one in chunk.accounts()}
    left = {f"s{products - n}" for n in (1, 2, 3)}
    assert {one.sku for one in told["reseller"].suggestions} == left
    assert told["reseller"].reason == FEW_LEFT
    assert all(len(one.suggestions) == 10 for name, one in told.items() if name != "reseller")


def test_master_data_of_products_that_nobody_bought_and_orders_of_products_without_any() -> None:
    known = reseller(60, 40, 60)
    day = AS_OF.toordinal()
    master = Catalogue(
        {"never sold": 9.0, "s1": float("nan"), "s2": -1.0},
        {"never sold": "a thing", "s3": ""},
        {"never sold": "g", "s4": "g"},
        frozenset({"gone", "s5"}),
    )
    found = fit_recommender(known, day, master)
    told = [one for chunk in found.recommend(baskets_of(known, day), 5) for one in chunk.accounts()]
    skus = {one.sku for account in told for one in account.suggestions}
    assert skus <= {f"s{number}" for number in range(40)} - {"s5"}
    assert all(np.isfinite(one.score) for account in told for one in account.suggestions)
