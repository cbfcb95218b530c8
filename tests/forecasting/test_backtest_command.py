"""`ringahead backtest`: a table, files, a page that needs nothing else, and one line for what cannot be judged."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from forecasting.backtest.svg import Line, Plot, ticks
from ops.cli import run
from tests.forecasting.population import order_lines

COLUMNS = ("account_id", "sku", "quantity", "unit_price", "ordered_at", "order_id")


def command(*arguments: str) -> int:
    return run(["backtest", *arguments])


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("backtest")
    order_lines(accounts=40).to_parquet(folder / "orders.parquet", index=False)
    told = ("--baselines", "Poisson-gamma", "--origins", "2022-02-07,2022-03-07", "--draws", "20")
    assert command("--orders", str(folder / "orders.parquet"), *told, "--out", str(folder / "out")) == 0
    return folder / "out"


def test_the_page_needs_nothing_but_itself(written):
    page = (written / "report.html").read_text("utf-8")
    assert not re.search(r"https?://|<script|@import|url\(|<link|<img", page)
    assert "95 % intervals" in page
    for plot in re.findall(r"<svg.*?</svg>", page):
        ElementTree.fromstring(plot)  # well-formed, or it raises
    assert len(re.findall(r"<svg", page)) == 12
    assert "nan" not in re.sub(r"<style>.*?</style>", "", page, flags=re.S).lower()


def test_the_files_say_what_the_page_says(written):
    scores = pd.read_parquet(written / "scores.parquet")
    whole = scores[(scores.stratum == "all") & (scores.level == "pair")].groupby("method").auc14.mean()
    page = (written / "report.html").read_text("utf-8")
    assert f"{whole['ringahead']:.3f}" in page
    predictions = pd.read_parquet(written / "predictions.parquet")
    assert set(predictions.method) == {"ringahead", "Poisson-gamma"}
    assert predictions.prob_14d.between(0, 1).all()
    assert {"level", "method", "metric", "low", "high"} == set(pd.read_parquet(written / "intervals.parquet").columns)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--origins", "0"), "judges nothing"),
        (("--origins", "soon"), "--origins 'soon' is not a date"),
        (("--origins", "2022-06-25"), "cannot be judged"),
        (("--origins", "900"), "too few for 900 origins"),
        (("--baselines", "prophet"), "no such baseline: prophet"),
        (("--out", "nowhere/else"), "cannot make this folder"),
        (("--orders", "absent.csv"), "there is no such file"),
        (("--min-orders", "9999"), "there is nothing to judge"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path, capsys, arguments, says):
    order_lines(accounts=12).to_parquet(tmp_path / "orders.parquet", index=False)
    capsys.readouterr()
    usual = () if "--orders" in arguments else ("--orders", str(tmp_path / "orders.parquet"))
    assert command("--baselines", "none", *usual, *arguments) == 2
    error = capsys.readouterr().err.splitlines()
    assert says in error[-1]
    assert not any("Traceback" in line for line in error)


def rows_of(kind: str) -> list[tuple]:
    day = pd.Timestamp("2021-01-04")
    weekly = [day + pd.Timedelta(days=7 * week) for week in range(60)]
    match kind:
        case "one account":
            return [("A", f"S{s}", 1, "", at, f"O{at}") for s in range(3) for at in weekly]
        case "one order":
            return [("A", "S", 1, "", day, "O")]
        case "all on one day":
            return [(f"A{a}", "S", 1, "", day, f"O{a}") for a in range(50)]
        case "constant gaps":
            return [(f"A{a}", "S", 10_000_000, "nan", at, f"O{a}{at}") for a in range(40) for at in weekly]
        case "gaps of years":
            return [
                (f"A{a}", "S", 1, "", day + pd.Timedelta(days=700 * n), f"O{a}{n}") for a in range(9) for n in range(5)
            ]
        case _:
            return [(f"A{a}", "S", 0, "", at, f"O{a}{at}") for a in range(4) for at in weekly]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("one account", 0),
        ("one order", 2),
        ("all on one day", 2),
        ("constant gaps", 0),
        ("gaps of years", 2),
        ("quantities of zero", 2),
    ],
)
def test_odd_orders_are_judged_or_refused_in_one_line(tmp_path, capsys, kind, code):
    pd.DataFrame(rows_of(kind), columns=list(COLUMNS)).to_csv(tmp_path / "orders.csv", index=False)
    told = ("--orders", str(tmp_path / "orders.csv"), "--origins", "2", "--draws", "20")
    assert command(*told, "--baselines", "median gap;Poisson-gamma;boosting, simple;boosting, all") == code
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    assert "nan" not in said.out


def test_ticks_are_round_and_inside():
    assert ticks(0, 1) == [0, 0.25, 0.5, 0.75, 1.0]
    assert ticks(0.61, 0.79)[0] >= 0.61
    plot = Plot("<b>", "x", "y", (0, 0), (1, 1), [Line("a & b", [0.0, float("nan")], [1.0, 1.0], 0)])
    ElementTree.fromstring(plot.svg())
