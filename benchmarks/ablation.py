"""What each part of the model adds: the same origins, one part more in every row.

    python -m benchmarks.ablation [--small] [--sets retail,fuel]

At each origin renewals, products and examples are made once, then every row fits its own hazards on them. Judged are
pairs and accounts with three order days or more, as in `ringahead backtest`; pairs with one or two ("few") beside them.
--small uses a little made trade and one origin; its figures mean nothing.
"""

import argparse
from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.made.__main__ import made
from benchmarks.made.groceries import groceries
from forecasting.artefact import PopulationModel
from forecasting.backtest.cases import CURVE_DAYS, Candidates, Prediction, candidates_at, outcome_of
from forecasting.backtest.origins import choose_origins
from forecasting.backtest.run import LEVELS, take_outcome, take_prediction
from forecasting.backtest.scores import score
from forecasting.forecasts import HORIZONS_DAYS, QUANTILES
from forecasting.history import OrderDays, order_days
from forecasting.learn import material_of, with_hazards
from forecasting.parts import ACCOUNT, GROUPS, OWN, PRODUCT, PULSE, Parts

STEPS: dict[str, Parts] = {
    "renewal alone": Parts((), bends=False, seldom=False, stacked=False, clock=False),
    "+ hazard, own figures": Parts((OWN,), bends=False, seldom=False, stacked=False, clock=False),
    "+ account's figures": Parts((OWN, ACCOUNT), bends=False, seldom=False, stacked=False, clock=False),
    "+ account's pulse": Parts((OWN, ACCOUNT, PULSE), bends=False, seldom=False, stacked=False, clock=False),
    "+ product": Parts((OWN, ACCOUNT, PULSE, PRODUCT), bends=False, seldom=False, stacked=False, clock=False),
    "+ season": Parts(GROUPS, bends=False, seldom=False, stacked=False, clock=False),
    "+ bends": Parts(GROUPS, seldom=False, stacked=False, clock=False),
    "+ few orders apart": Parts(GROUPS, stacked=False, clock=False),
    "+ stacking": Parts(clock=False),
    "+ clock: all": Parts(),
}
ORIGINS = {"retail": ("2011-07-04", "2011-08-01", "2011-09-05", "2011-10-03")}
SHOWN = ("auc14", "bss14", "lift14", "rpss", "cov80", "crps")
MIN_ORDERS = 3


def ablation(history: OrderDays, origins: list[int]) -> pd.DataFrame:
    """Scores by step and judged kind (pair, few, account), mean over the origins."""
    rows = [row for day in origins for row in _at(history, day)]
    return pd.DataFrame(rows).groupby(["judged", "step"], sort=False).mean()


def _at(history: OrderDays, day: int) -> Iterator[dict[str, object]]:
    found = material_of(history, day)
    judged = [candidates_at(history, day, level, 1) for level in LEVELS]
    outcomes = [outcome_of(history, candidates) for candidates in judged]
    for step, parts in STEPS.items():
        model = PopulationModel(with_hazards(found, parts))
        for candidates, came in zip(judged, outcomes, strict=True):
            said, often = _said(model, candidates), came.orders >= MIN_ORDERS
            for kind, rows in ((candidates.level, often), ("few", ~often)):
                if kind != "few" or candidates.level == "pair":
                    scores = score(take_prediction(said, rows), take_outcome(came, rows))
                    yield {"judged": kind, "step": step, **{name: scores[name] for name in SHOWN}}


def _said(model: PopulationModel, candidates: Candidates) -> Prediction:
    """Each level by itself: accounts are not raised to their pairs."""
    forecaster, day = (model.pair if candidates.level == "pair" else model.account), candidates.day
    chances, days = forecaster.answers(candidates.pairs.columns, day, CURVE_DAYS.tolist(), QUANTILES)
    curve = np.stack(chances, 1)
    return Prediction(curve[:, np.searchsorted(CURVE_DAYS, HORIZONS_DAYS)], curve, np.stack(days, 1) - day)


def shown(title: str, scores: pd.DataFrame) -> Table:
    """One set's table."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for head in ("judged", "step", *SHOWN):
        table.add_column(head, justify="right" if head in SHOWN else "left")
    ordered = scores.sort_index(level=0, sort_remaining=False, ascending=False, kind="stable").reset_index()
    for row in ordered.to_dict("records"):
        figures = [f"{row[name]:.2f}" if name == "lift14" else f"{row[name]:.4f}" for name in SHOWN]
        table.add_row(str(row["judged"]), str(row["step"]), *figures)
    return table


def main() -> None:
    """Print a table for each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--sets", default="retail,fuel")
    arguments = parser.parse_args()
    if arguments.small:
        sets = {"small": order_days(groceries(accounts=40, days=300))}
    else:
        sets = {name: order_days(made(name)) for name in arguments.sets.split(",")}
    for name, history in sets.items():
        told = ORIGINS.get(name)
        days = [date.fromisoformat(one).toordinal() for one in told] if told else choose_origins(history, 4)
        scores = ablation(history, days[-1:] if arguments.small else days)
        Console(width=110).print(shown(f"{name}, mean of {1 if arguments.small else len(days)} origins", scores))


if __name__ == "__main__":
    main()
