"""What degree days add: made fuel trades, forecast with the temperatures of the past and without, same origins.

    python -m benchmarks.degree_days [--small]

Products that are heated with follow degree days under 15.5 degrees. Judged are pairs with three order days or more, all
and those of heated products, as mean over four origins. --small: one little trade and one origin, to see that it runs.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import pandas as pd

from benchmarks.made.calendar import COMFORT_DEGREES, FIRST_DAY
from benchmarks.made.fuel import DAYS, HEATED, fuel, fuel_temperatures
from forecasting.backtest.cases import candidates_at, outcome_of
from forecasting.backtest.origins import choose_origins
from forecasting.backtest.ours import predicted_by
from forecasting.backtest.run import take_outcome, take_prediction
from forecasting.backtest.scores import score
from forecasting.history import order_days
from forecasting.learn import fit_population
from forecasting.weather import Follows, Weather, weather_of

TRADES = {
    "fuel": (2, 140, DAYS),
    "fuel, 21 months": (12, 140, 640),
    "few fuel": (3, 26, DAYS),
    "other fuel": (21, 60, DAYS),
}
SMALL = {"small": (4, 30, 640)}
SHOWN = ["auc14", "bss14", "auc28", "bss28", "rpss", "cov80", "crps", "mae50", "rows"]
MIN_ORDERS, LEAST_ROWS = 3, 8
HEATED_SKUS = [f"P{sku:04d}" for sku in HEATED]


def weather(seed: int, accounts: int, days: int) -> Weather:
    """What is known of the weather of a made trade, and which of its products follow it."""
    told = {"": fuel_temperatures(seed, accounts, days)}
    return weather_of(FIRST_DAY.toordinal(), told, {sku: Follows(COMFORT_DEGREES) for sku in HEATED_SKUS})


def rows(name: str, made: tuple[int, int, int], origins: int) -> Iterator[dict[str, object]]:
    """Scores of a trade by origin, judged kind, and whether temperatures were known."""
    history, known = order_days(fuel(*made)), weather(*made)
    for day in choose_origins(history, origins):
        candidates = candidates_at(history, day, "pair")
        came = outcome_of(history, candidates)
        heated = np.isin(candidates.pairs.sku_names(), HEATED_SKUS)
        for what, told in (("without", None), ("with", known)):
            said = predicted_by(fit_population(candidates.past, day, weather=told), candidates)
            for kind, some in (("all", heated | True), ("heated", heated)):
                if some.sum() >= LEAST_ROWS:
                    scores = score(take_prediction(said, some), take_outcome(came, some))
                    yield {"trade": name, "pairs": kind, "degree days": what, **scores}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true")
    small = parser.parse_args().small
    found = [row for name, made in (SMALL if small else TRADES).items() for row in rows(name, made, 1 if small else 4)]
    table = pd.DataFrame(found).groupby(["trade", "pairs", "degree days"], sort=False)[SHOWN].mean()
    print(table.round(3).to_string())


if __name__ == "__main__":
    main()
