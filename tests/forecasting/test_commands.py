"""`ringahead forecast` and `ringahead recommend`: files in, files out, and one line for what cannot be used."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from ops.cli import cli, run
from ops.orders_file import COLUMNS
from tests.forecasting.population import order_lines

AS_OF = "2022-03-01"
FORECAST_COLUMNS = ["account_id", "sku", "prob_7d", "prob_14d", "prob_28d", "p10", "p50", "p90"]
NEVER = pd.Timestamp("2100-01-01")


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    return order_lines(accounts=30)


@pytest.fixture(params=[".parquet", ".csv"])
def orders(request: pytest.FixtureRequest, tmp_path: Path, lines: pd.DataFrame) -> Path:
    path = tmp_path / f"orders{request.param}"
    if request.param == ".csv":
        lines.assign(unit_price="").to_csv(path, index=False)
    else:
        lines.to_parquet(path, index=False)
    return path


def command(name: str, orders: Path, out: Path, *more: str, as_of: str = AS_OF) -> int:
    return run([name, "--orders", str(orders), "--as-of", as_of, "--out", str(out), *more])


def read(path: Path) -> pd.DataFrame:
    texts = {"account_id": "str", "sku": "str"}
    dates = ["p10", "p50", "p90"]
    return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=texts, parse_dates=dates)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
@pytest.mark.parametrize("level", ["pair", "account"])
def test_forecast_writes_what_the_contract_says(orders, lines, suffix, level, tmp_path):
    out = tmp_path / f"out{suffix}"
    assert command("forecast", orders, out, "--level", level) == 0
    found = read(out)
    assert list(found.columns) == FORECAST_COLUMNS
    recent = lines[(lines.ordered_at < AS_OF) & (lines.ordered_at >= pd.Timestamp(AS_OF) - pd.Timedelta(days=365))]
    names = recent.assign(sku="*") if level == "account" else recent
    wanted = set(zip(names.account_id, names.sku, strict=True))
    rows = list(zip(found.account_id, found.sku, strict=True))
    assert rows == sorted(wanted)
    chances = found[["prob_7d", "prob_14d", "prob_28d"]].to_numpy()
    assert ((chances >= 0) & (chances <= 1)).all()
    assert (np.diff(chances, axis=1) >= 0).all()
    assert (found.p10 <= found.p50).all()
    assert (found.p50 <= found.p90).all()
    assert (found.p10 >= AS_OF).all()
    assert (found[["p10", "p50", "p90"]] <= NEVER).all().all()
    soon = found.p50 < pd.Timestamp(AS_OF) + pd.Timedelta(days=28)
    assert (found.prob_28d[soon] >= 0.5 - 1e-6).all()
    assert (found.prob_28d[~soon] < 0.5).all()


def test_both_formats_say_the_same(lines, tmp_path):
    lines.to_parquet(tmp_path / "orders.parquet", index=False)
    lines.to_csv(tmp_path / "orders.csv", index=False)
    results = []
    for suffix in (".parquet", ".csv"):
        out = tmp_path / f"out{suffix}.parquet"
        assert command("forecast", tmp_path / f"orders{suffix}", out) == 0
        results.append(pd.read_parquet(out))
    pd.testing.assert_frame_equal(*results)


def test_lines_on_or_after_the_day_change_nothing(lines, tmp_path):
    lines.to_parquet(tmp_path / "all.parquet", index=False)
    lines[lines.ordered_at < AS_OF].to_parquet(tmp_path / "past.parquet", index=False)
    for name in ("forecast", "recommend"):
        results = []
        for file in ("all", "past"):
            assert command(name, tmp_path / f"{file}.parquet", tmp_path / "out.parquet") == 0
            results.append(pd.read_parquet(tmp_path / "out.parquet"))
        pd.testing.assert_frame_equal(*results)


def test_recommend_suggests_only_what_is_new(orders, lines, tmp_path):
    out = tmp_path / "new.csv"
    assert command("recommend", orders, out, "-k", "4") == 0
    found = read_suggestions(out)
    assert list(found.columns) == ["account_id", "sku", "rank"]
    past = lines[lines.ordered_at < AS_OF]
    bought = set(zip(past.account_id, past.sku, strict=True))
    assert not bought & set(zip(found.account_id, found.sku, strict=True))
    for _, ranks in found.groupby("account_id")["rank"]:
        assert ranks.tolist() == list(range(1, len(ranks) + 1))
    counts = found.groupby("account_id").size().reindex(past.account_id.unique(), fill_value=0)
    assert counts.max() == 4
    reasons = pd.read_csv(f"{out}.reasons.csv", dtype={"account_id": "str"})
    assert set(reasons.account_id) == set(counts[counts < 4].index)


def test_recommend_says_why_there_are_fewer(tmp_path, capsys):
    rows = [
        ("7", "A", 1, "", "2022-01-01", "1"),
        ("8", "A", 1, "", "2022-01-02", "2"),
        ("9", "Z", 1, "", "2022-01-02", "3"),
    ]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / "orders.csv", index=False)
    assert command("recommend", tmp_path / "orders.csv", tmp_path / "out.csv") == 0
    reasons = pd.read_csv(tmp_path / "out.csv.reasons.csv", dtype=str)
    assert reasons.to_numpy().tolist() == [
        ["7", "1", "few_products_left"],
        ["8", "1", "few_products_left"],
        ["9", "1", "few_products_left"],
    ]
    assert "3 accounts have fewer than 10" in capsys.readouterr().err


def read_suggestions(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype={"account_id": "str", "sku": "str"})


def test_ids_keep_their_leading_zeros_and_are_no_missing_values(tmp_path):
    rows = [
        ("007", "0012", 1, "", "2022-02-01T10:00:00Z", "0001"),
        ("NA", "null", 1, "", "2022-02-01T23:30:00-02:00", "nan"),
        (" 8 ", "x, y", 1, "", "2022-02-02", "2"),
    ]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / "orders.csv", index=False)
    assert command("forecast", tmp_path / "orders.csv", tmp_path / "out.parquet") == 0
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert list(zip(found.account_id, found.sku, strict=True)) == [("007", "0012"), ("8", "x, y"), ("NA", "null")]


def test_numeric_ids_of_parquet_become_plain_strings(tmp_path):
    lines = pd.DataFrame(
        {
            "account_id": [12346.0, np.nan, 12346.0],
            "sku": [22423, 22423, 7],
            "quantity": [1, 2, 3],
            "unit_price": [None, None, 2.5],
            "ordered_at": pd.to_datetime(["2022-02-01", "2022-02-01", "2022-02-02"]),
            "order_id": [1, 2, 3],
        }
    )
    lines.to_parquet(tmp_path / "orders.parquet", index=False)
    assert command("forecast", tmp_path / "orders.parquet", tmp_path / "out.parquet") == 0
    found = pd.read_parquet(tmp_path / "out.parquet")
    assert list(zip(found.account_id, found.sku, strict=True)) == [("12346", "22423"), ("12346", "7")]


def test_bad_lines_are_left_out_and_counted_by_reason(lines, tmp_path, capsys):
    good = lines.head(500).to_csv(index=False)
    bad = [
        ",S1,1,1,2022-01-01,O1",
        "A1,,1,1,2022-01-01,O1",
        "A1,S1,many,1,2022-01-01,O1",
        "A1,S1,nan,1,2022-01-01,O1",
        "A1,S1,-5,1,2022-01-01,O1",
        "A1,S1,0,1,2022-01-01,O1",
        "A1,S1,1,1,yesterday,O1",
        "A1,S1,1,1,9999-01-01,O1",
        "A1,S1,1,1,2022-01-01,",
        "A1,S1,1,1,2022-01-01,O1,too,many",
        "A1,S1,1",
    ]
    (tmp_path / "good.csv").write_text(good)
    (tmp_path / "bad.csv").write_text(good + "\n".join(bad))
    results = []
    for name in ("good", "bad"):
        assert command("forecast", tmp_path / f"{name}.csv", tmp_path / "out.parquet") == 0
        results.append(pd.read_parquet(tmp_path / "out.parquet"))
    pd.testing.assert_frame_equal(*results)
    said = capsys.readouterr().err
    for part in (
        "read 511 lines",
        "no_account_id 1",
        "no_sku 1",
        "no_order_id 1",
        "ordered_at_unreadable 2",
        "quantity_unreadable 2",
        "quantity_not_positive 2",
        "wrong_number_of_fields 2",
    ):
        assert part in said


def bad_files(folder: Path, lines: pd.DataFrame) -> dict[str, tuple[Path, str]]:
    """Files that cannot be used, and what is said of each."""
    sample, files = lines.head(50), {}

    def add(name: str, suffix: str, content: bytes, says: str) -> None:
        path = folder / f"{name}{suffix}"
        path.write_bytes(content)
        files[name] = (path, says)

    text = sample.to_csv(index=False)
    sample.to_parquet(folder / "whole.parquet")
    whole = (folder / "whole.parquet").read_bytes()
    sample.drop(columns="quantity").to_parquet(folder / "lacking.parquet")
    add("semicolons", ".csv", text.replace(",", ";").encode(), "separated by semicolons; save the file with commas")
    add("tabs", ".csv", text.replace(",", "\t").encode(), "separated by tabs")
    add(
        "lacking", ".csv", sample.drop(columns=["sku", "order_id"]).to_csv(index=False).encode(), "column sku, order_id"
    )
    add("half", ".parquet", whole[: len(whole) // 2], "only a part of one; export the orders again")
    add("empty", ".csv", b"", "the file is empty")
    add("empty_too", ".parquet", b"", "the file is empty")
    add("header_only", ".csv", text.splitlines()[0].encode() + b"\n", "no usable line before 2022-03-01")
    add("other_code", ".csv", text.encode("utf-16"), "UTF-8")
    add("latin", ".csv", text.replace("S0", "Ü0").encode("latin-1"), "UTF-8")
    add("twice", ".csv", text.replace("unit_price", "quantity", 1).encode(), "missing column unit_price")
    add("all_bad", ".csv", text.replace("2021", "MMXXI").replace("2022", "x").encode(), "ordered_at_unreadable 50")
    add("sheet", ".xlsx", b"PK", "save orders as .parquet or .csv")
    files["lacking_too"] = (folder / "lacking.parquet", "missing column quantity")
    files["absent"] = (folder / "absent.csv", "there is no such file")
    return files


@pytest.mark.parametrize("name", ["forecast", "recommend"])
def test_a_bad_file_is_exit_code_2_and_one_line(name, lines, tmp_path, capsys):
    for kind, (path, says) in bad_files(tmp_path, lines).items():
        out = tmp_path / "out.parquet"
        assert command(name, path, out) == 2, kind
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1, kind
        assert says in said, kind
        assert not out.exists(), kind


def test_nothing_before_the_day_is_no_usable_line(orders, tmp_path, capsys):
    assert command("forecast", orders, tmp_path / "out.csv", as_of="2020-01-01") == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert "are not before the as-of date" in said


@pytest.mark.parametrize(
    ("out", "as_of", "says"),
    [
        ("out.xlsx", AS_OF, "call the result .parquet or .csv"),
        ("nowhere/out.csv", AS_OF, "there is no folder"),
        ("out.csv", "01/03/2022", "write it as 2011-09-01"),
        ("out.csv", "2022-02-30", "is not a date"),
    ],
)
def test_what_cannot_be_done_is_said_before_the_work(orders, tmp_path, capsys, out, as_of, says):
    assert command("forecast", orders, tmp_path / out, as_of=as_of) == 2
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 1
    assert says in said


def test_one_order_is_enough_for_an_answer(tmp_path):
    row = pd.DataFrame([("A", "S", 1, "", "2022-02-01", "1")], columns=list(COLUMNS))
    row.to_csv(tmp_path / "orders.csv", index=False)
    assert command("forecast", tmp_path / "orders.csv", tmp_path / "out.csv") == 0
    found = read(tmp_path / "out.csv")
    assert len(found) == 1
    assert found.notna().all().all()


def test_an_account_silent_for_a_year_has_no_row(tmp_path):
    rows = [("A", "S", 1, "", "2021-02-28", "1"), ("B", "S", 1, "", "2021-03-01", "2")]
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / "orders.csv", index=False)
    assert command("forecast", tmp_path / "orders.csv", tmp_path / "out.csv") == 0
    assert read(tmp_path / "out.csv").account_id.tolist() == ["B"]
    assert date.fromisoformat(AS_OF).toordinal() - date(2021, 3, 1).toordinal() == 365


@pytest.mark.parametrize("name", ["forecast", "recommend"])
def test_help_shows_the_columns(name):
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert "account_id" in result.output
