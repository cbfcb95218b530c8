"""Bulk orders do not become the habit; two packs of one product are forecast together and split by share."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.history import order_days
from forecasting.substitution import Packs, shares
from forecasting.winsor import believed, limits, spread_of, winsorised
from ops.cli import run
from ops.commands.forecast import forecast

AS_OF = pd.Timestamp("2022-03-01")
PACKS = Packs(pd.DataFrame({"sku": ["small", "large"], "group": ["gas", "gas"], "unit_factor": [10.0, 50.0]}))


def two_packs(accounts: int = 60, seed: int = 3) -> pd.DataFrame:
    """Accounts that order gas regularly, now in small and now in large bottles, and other things at other times."""
    rng, rows = np.random.default_rng(seed), []
    for account in range(accounts):
        large = rng.uniform(0.2, 0.8)
        for product in ("gas", "wire", "gloves", "tips"):
            gap, day = np.exp(rng.normal(np.log(28), 0.3)), rng.uniform(0, 30)
            while day < 560:
                pack = "large" if rng.random() < large else "small"
                at = pd.Timestamp("2021-01-01") + pd.Timedelta(hours=int(24 * day))
                sku = pack if product == "gas" else product
                rows.append((f"A{account:03d}", sku, float(rng.integers(1, 4)), 2.5, at, f"O{account}-{int(day)}"))
                day += max(rng.gamma(12.0, gap / 12.0), 0.6)
    return pd.DataFrame(rows, columns=["account_id", "sku", "quantity", "unit_price", "ordered_at", "order_id"])


class TestWinsor:
    def test_one_bulk_order_counts_as_the_most_that_was_likely(self):
        usual = [12.0, 10.0, 12.0, 14.0, 12.0]
        found = believed([*usual, 80_995.0])
        assert found[:5] == usual
        assert 14 < found[5] < 60

    def test_a_sample_of_nothing_counts_as_the_least_that_was_likely(self):
        assert 2 < believed([100.0, 110.0, 90.0, 105.0, 0.0])[-1] < 90

    @pytest.mark.parametrize("few", [[], [5.0], [5.0, 80_995.0]])
    def test_few_orders_are_no_habit(self, few):
        assert believed(few) == few

    def test_a_wild_buyer_may_be_wild(self):
        wild = [1.0, 300.0, 5.0, 900.0, 40.0, 2.0, 120.0]
        assert believed(wild) == wild

    def test_the_spread_is_learnt_from_the_population(self):
        rng = np.random.default_rng(1)
        row = np.repeat(np.arange(500), 9)
        value = np.exp(rng.normal(rng.normal(2, 1, 500)[row], 0.3))
        assert spread_of(500, row, value) == pytest.approx(0.3, rel=0.1)
        beyond = np.mean(
            (value < limits(500, row, value, 0.3)[0][row]) | (value > limits(500, row, value, 0.3)[1][row])
        )
        assert 0.005 < beyond < 0.035, "1 to 99 %, seen from inside the sample"

    @settings(max_examples=60, deadline=None)
    @given(st.lists(st.lists(st.floats(0, 1e9), max_size=12), min_size=1, max_size=6))
    def test_a_row_depends_on_itself_alone_and_stays_in_its_range(self, rows):
        sizes = [len(one) for one in rows]
        row, value = np.repeat(np.arange(len(rows)), sizes), np.array([v for one in rows for v in one], float)
        together = winsorised(len(rows), row, value)
        alone = [v for one in rows for v in believed(one)]
        assert together == pytest.approx(np.array(alone))
        for number, one in enumerate(rows):
            mine = together[row == number]
            assert len(mine) == len(one)
            if len(one):
                assert min(one) * (1 - 1e-9) <= mine.min()
                assert mine.max() <= max(one) * (1 + 1e-9)


class TestPacks:
    def test_shares_are_of_order_days_and_lean_on_everybody(self):
        day = pd.to_datetime(["2022-01-01", "2022-01-10", "2022-01-10", "2022-01-20", "2022-02-01", "2020-01-01"])
        lines = pd.DataFrame(
            {"account_id": list("AAAABB"), "sku": ["small", "small", "large", "wire", "large", "small"]}
        )
        found = shares(lines.assign(quantity=1.0, ordered_at=day), PACKS, AS_OF.toordinal())
        rows = {(row.account_id, row.sku): row.share for row in found.itertuples()}
        assert set(rows) == {("A", "small"), ("A", "large"), ("A", "wire"), ("B", "large")}
        assert rows["A", "wire"] == 1.0
        assert rows["A", "small"] == pytest.approx((2 + 2 / 3) / 3)
        assert rows["B", "large"] == pytest.approx((1 + 2 / 3) / 2)

    def test_quantities_are_in_equivalent_units(self):
        lines = pd.DataFrame({"account_id": "A", "sku": ["small", "large", "wire"], "quantity": [3.0, 2.0, 1.0]})
        found = PACKS.in_groups(lines)
        assert list(zip(found.sku, found.quantity, strict=True)) == [("gas", 30.0), ("gas", 100.0), ("wire", 1.0)]

    def test_the_group_split_by_share_beats_each_pack_alone(self):
        lines = two_packs(accounts=120)
        past, later = lines[lines.ordered_at < AS_OF], lines[lines.ordered_at >= AS_OF]
        day = AS_OF.toordinal()
        alone = forecast(order_days(past), day, "pair")
        split = forecast(order_days(PACKS.in_groups(past)), day, "pair", parts=shares(past, PACKS, day))
        assert split[["account_id", "sku"]].equals(alone[["account_id", "sku"]])
        packs = alone.sku.isin(["small", "large"])
        for horizon in (7, 14, 28):
            soon = later[later.ordered_at < AS_OF + pd.Timedelta(days=horizon)]
            came = set(zip(soon.account_id, soon.sku, strict=True))
            truth = np.array([pair in came for pair in zip(alone.account_id[packs], alone.sku[packs], strict=True)])
            name = f"prob_{horizon}d"
            errors = [float(np.mean((table[name][packs] - truth) ** 2)) for table in (split, alone)]
            assert errors[0] < errors[1]
            assert split[name][packs].mean() == pytest.approx(truth.mean(), abs=0.08)
        chances = split[["prob_7d", "prob_14d", "prob_28d"]].to_numpy()
        assert (np.diff(chances, axis=1) >= 0).all()
        assert (split.p10 <= split.p50).all()
        assert (split.p50 <= split.p90).all()


class TestCommand:
    @pytest.fixture
    def orders(self, tmp_path: Path) -> Path:
        two_packs(accounts=20).to_csv(tmp_path / "orders.csv", index=False)
        return tmp_path / "orders.csv"

    def run(self, orders: Path, products: str, *more: str) -> int:
        path = orders.parent / "products.csv"
        path.write_text(products)
        out = str(orders.parent / "out.csv")
        args = ["forecast", "--orders", str(orders), "--as-of", "2022-03-01", "--products", str(path), "--out", out]
        return run([*args, *more])

    def test_every_pack_has_a_row(self, orders: Path):
        assert self.run(orders, "sku,group,unit_factor\nsmall,gas,10\nlarge,gas,50\n") == 0
        found = pd.read_csv(orders.parent / "out.csv")
        assert set(found.sku) == {"small", "large", "wire", "gloves", "tips"}
        assert found.notna().all().all()

    @pytest.mark.parametrize(
        ("products", "more", "says"),
        [
            ("sku,group\nsmall,gas\n", (), "missing column unit_factor"),
            ("sku,group,unit_factor\nsmall,gas,0\n", (), "not a positive number"),
            ("sku,group,unit_factor\nsmall,gas,nan\n", (), "not a positive number"),
            ("sku,group,unit_factor\nsmall,gas,1\nsmall,gas,2\n", (), "'small' is there twice"),
            ("sku,group,unit_factor\nsmall,gas,1\n", ("--explain",), "leave out --explain"),
            ("sku,group,unit_factor\nsmall,gas,1\n", ("--level", "account"), "--level account"),
            ("", (), "not a readable product file"),
        ],
    )
    def test_a_bad_product_file_is_one_line(
        self, orders: Path, capsys, products: str, more: tuple[str, ...], says: str
    ):
        assert self.run(orders, products, *more) == 2
        said = capsys.readouterr().err.splitlines()
        assert says in said[-1]
