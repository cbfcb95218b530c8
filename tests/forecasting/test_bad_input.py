"""Files as the world sends them: each gives forecasts that are numbers, or one line that says what is wrong."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ops.cli import run
from ops.orders_file import COLUMNS
from tests.forecasting.population import order_lines

AS_OF = "2022-03-01"
Row = tuple[str, str, float | str, float | str, str, str]


def orders_of(account: str, sku: str, days: list[str], quantity: float | str = 2, price: float | str = 1) -> list[Row]:
    """One order a day."""
    return [(account, sku, quantity, price, day, f"{account}-{sku}-{day}") for day in days]


def every(days: int, count: int, until: str = "2022-02-20") -> list[str]:
    """Days, evenly spaced."""
    return [f"{day:%Y-%m-%d}" for day in pd.date_range(end=until, periods=count, freq=f"{days}D")]


USABLE: dict[str, list[Row]] = {
    "one account": orders_of("A", "S", every(9, 30)) + orders_of("A", "T", every(13, 20)),
    "one order": orders_of("A", "S", ["2022-02-01"]),
    "all on one day": [row for n in range(50) for row in orders_of(f"A{n}", f"S{n % 7}", ["2022-02-01"])],
    "all on the day before": [row for n in range(50) for row in orders_of(f"A{n}", "S", ["2022-02-28"])],
    "zero quantities among others": orders_of("A", "S", every(9, 9), 0) + orders_of("B", "S", every(9, 9)),
    "constant gaps": [row for n in range(40) for row in orders_of(f"A{n}", "S", every(7, 40))],
    "gaps of years": [row for n in range(40) for row in orders_of(f"A{n}", "S", every(1100, 4))],
    "future dates": [row for n in range(9) for row in orders_of(f"A{n}", "S", every(30, 20, "2023-05-05"))],
    "10 million of one product": orders_of("A", "S", every(9, 12)) + orders_of("A", "S", ["2022-02-21"], 10_000_000),
    "prices that are no numbers": orders_of("A", "S", every(9, 12), price="nan")
    + orders_of("B", "S", every(5, 5), price=""),
    "infinite prices": orders_of("A", "S", every(9, 12), price="inf"),
    "duplicate lines": orders_of("A", "S", every(9, 12)) * 3,
    "the smallest and the largest quantity": orders_of("A", "S", every(9, 9), 1e-300)
    + orders_of("B", "S", every(9, 9), 1e300),
    "an order of 1900": orders_of("A", "S", ["1900-01-01", *every(9, 5)]),
    "twice a day": [
        (*row[:4], f"{row[4]}T{hour:02}:00:00", f"{row[5]}-{hour}")
        for row in orders_of("A", "S", every(9, 9))
        for hour in (8, 17)
    ],
}
REFUSED: dict[str, tuple[list[Row], str]] = {
    "no orders before as-of": (orders_of("A", "S", every(9, 5, "2022-12-01")), "are not before the as-of date"),
    "only zero quantities": (orders_of("A", "S", every(9, 9), 0), "quantity_not_positive 9"),
    "no quantity is a number": (orders_of("A", "S", every(9, 9), "nan"), "quantity_unreadable 9"),
    "no line at all": ([], "no usable line"),
}


def write(folder: Path, rows: list[Row]) -> Path:
    path = folder / "orders.csv"
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(path, index=False)
    return path


def forecast(folder: Path, rows: list[Row], *more: str) -> int:
    path = write(folder, rows)
    return run(["forecast", "--orders", str(path), "--as-of", AS_OF, "--out", str(folder / "out.parquet"), *more])


@pytest.mark.parametrize("level", ["pair", "account"])
@pytest.mark.parametrize("case", USABLE)
def test_every_forecast_is_a_number_in_its_place(case: str, level: str, tmp_path: Path) -> None:
    assert forecast(tmp_path, USABLE[case], "--level", level, "--explain") == 0
    found = pd.read_parquet(tmp_path / "out.parquet")
    past = [row for row in USABLE[case] if row[4] < AS_OF and row[4] >= "2021-03-01" and row[2] not in (0, "nan")]
    assert len(found) == len({(row[0], row[1] if level == "pair" else "*") for row in past})
    chances = found[["prob_7d", "prob_14d", "prob_28d"]].to_numpy()
    assert np.isfinite(chances).all()
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances, axis=1) >= 0).all()
    assert found.notna().all().all()
    assert (found.p10 >= pd.Timestamp(AS_OF)).all()
    assert (found.p10 <= found.p50).all()
    assert (found.p50 <= found.p90).all()
    assert found.sentence.str.endswith(".").all()
    assert (found.degraded == (found.orders < 2)).all()


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_forecast_from_is_one_line(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows, says = REFUSED[case]
    assert forecast(tmp_path, rows) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert says in said
    assert not (tmp_path / "out.parquet").exists()


def test_too_little_to_learn_from_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert forecast(tmp_path, USABLE["one order"], "--explain") == 0
    assert "shipped prior, degraded" in capsys.readouterr().err
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert (found.method[0], bool(found.degraded[0])) == ("prior", True)
    assert found.sentence[0].startswith("They ordered this once, last 28 days ago;")
    assert found.sentence[0].endswith("a guess from what others do.")


def test_the_columns_of_the_contract_do_not_depend_on_explaining(tmp_path: Path) -> None:
    lines = order_lines(accounts=12)
    rows = list(lines[list(COLUMNS)].astype(str).itertuples(index=False, name=None))
    tables = []
    for more in ((), ("--explain",)):
        assert forecast(tmp_path, rows, *more) == 0
        tables.append(pd.read_parquet(tmp_path / "out.parquet"))
    plain, told = tables
    assert list(plain.columns) == ["account_id", "sku", "prob_7d", "prob_14d", "prob_28d", "p10", "p50", "p90"]
    pd.testing.assert_frame_equal(told[list(plain.columns)], plain)
    added = ["orders", "usual_gap_days", "last_order", "moved_by", "clock", "method", "degraded", "sentence"]
    assert list(told.columns) == [*plain.columns, *added]
    before = lines[lines.ordered_at < AS_OF].assign(day=lines.ordered_at.dt.normalize())
    days = before.groupby(["account_id", "sku"]).day.agg(["nunique", "max"])
    for row in told.itertuples():
        count, last = days.loc[(row.account_id, row.sku)]
        assert (row.orders, row.last_order) == (count, last)
        assert f"on {row.orders} days" in row.sentence or row.orders < 3


def test_duplicate_lines_are_no_more_order_days(tmp_path: Path) -> None:
    found = []
    for case in (orders_of("A", "S", every(9, 12)), USABLE["duplicate lines"]):
        assert forecast(tmp_path, case, "--explain") == 0
        found.append(pd.read_parquet(tmp_path / "out.parquet"))
    assert found[0].orders.tolist() == found[1].orders.tolist() == [12]
