"""Season as a clock: learnt from whole years only, in closed form, flat where nothing is known."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from forecasting.artefact import dumps, loads
from forecasting.history import order_days
from forecasting.learn import fit_population
from forecasting.season import COEFFICIENTS, operational_days, seasons_of
from tests.forecasting.population import order_lines

AS_OF = date(2023, 1, 1).toordinal()


def lines(days: pd.DatetimeIndex, sku: str) -> pd.DataFrame:
    return pd.DataFrame({"account_id": "A", "sku": sku, "quantity": 1.0, "ordered_at": days})


def winter_and_even(first: str) -> pd.DataFrame:
    every = pd.date_range(first, "2022-12-31")
    return pd.concat([lines(every[(every.month < 3) | (every.month > 10)], "heat"), lines(every[::3], "even")])


def test_winter_counts_more_for_what_is_burnt_in_winter():
    history = order_days(winter_and_even("2020-12-31"))
    seasons = seasons_of(history, AS_OF)
    january, july = date(2023, 1, 1).toordinal(), date(2023, 7, 1).toordinal()
    winter, summer = (operational_days(seasons, day, day + 30.0) for day in (january, july))
    even, heat = history.skus.index("even"), history.skus.index("heat")
    assert winter[heat] > 40 > 25 > summer[heat] > 0
    assert winter[even] == pytest.approx(summer[even], rel=0.3)


def test_operational_days_add_up_to_the_year_and_to_each_other():
    seasons = seasons_of(order_days(winter_and_even("2020-12-31")), AS_OF)
    whole = operational_days(seasons, float(AS_OF), AS_OF + 365.25)
    np.testing.assert_allclose(whole, 365.25, rtol=1e-9)
    parts = [operational_days(seasons, AS_OF + a, AS_OF + b) for a, b in ((0.0, 40.0), (40.0, 100.0))]
    np.testing.assert_allclose(sum(parts), operational_days(seasons, float(AS_OF), AS_OF + 100.0), rtol=1e-9)


def test_less_than_a_year_says_nothing():
    seasons = seasons_of(order_days(winter_and_even("2022-03-01")), AS_OF)
    assert seasons.shape == (2, len(COEFFICIENTS))
    assert not seasons.any()
    np.testing.assert_array_equal(operational_days(seasons, float(AS_OF), AS_OF + 9.0), 9.0)


def test_half_a_year_of_orders_long_ago_says_nothing():
    history = order_days(winter_and_even("2022-07-01"))
    assert not seasons_of(history, date(2024, 5, 1).toordinal()).any()


def test_a_model_of_half_a_year_of_orders_long_ago_can_be_read():
    history = order_days(order_lines(accounts=60))
    recent = history.where(history.day >= history.day.max() - 180)
    model = fit_population(recent, int(history.day.max()) + 770)
    assert loads(dumps(model)).record.products == model.record.products
