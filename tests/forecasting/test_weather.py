"""Degree days: cold days count more, days ahead count by what is usual, and nothing after as-of is looked at."""

from datetime import date

import numpy as np
import pytest

from benchmarks.degree_days import HEATED_SKUS, weather
from benchmarks.made.fuel import fuel
from forecasting.artefact import PopulationModel, dumps, loads
from forecasting.backtest.cases import candidates_at, outcome_of
from forecasting.backtest.origins import choose_origins
from forecasting.backtest.ours import predicted_by
from forecasting.backtest.run import take_outcome, take_prediction
from forecasting.backtest.scores import crps
from forecasting.forecasts import forecastable
from forecasting.history import order_days
from forecasting.learn import fit_population, material_of
from forecasting.weather import Follows, Weather, weather_of

FIRST = date(2020, 1, 1).toordinal()
YEARS = np.arange(3 * 365)
COLD_IN_JANUARY = 10.0 - 10.0 * np.cos(2 * np.pi * YEARS / 365.25)
MADE = (4, 30, 640)


def clock_of(celsius: np.ndarray, **follows: float):
    return weather_of(FIRST, {"": celsius}, {"OIL": Follows(15.5, **follows)}).clock("OIL")


def test_a_year_has_as_many_operational_days_as_days_and_winter_most_of_them():
    clock = clock_of(COLD_IN_JANUARY, even=0.1)
    assert clock is not None
    assert float(clock.between(FIRST, FIRST + 365.25)) == pytest.approx(365.25, rel=0.02)
    winter, summer = clock.between(FIRST, FIRST + 30), clock.between(FIRST + 182, FIRST + 212)
    assert float(winter) > 45
    assert float(summer) == pytest.approx(0.1 * 30, abs=0.5)


def test_days_ahead_count_by_what_is_usual_of_their_season_and_far_ones_as_days():
    clock = clock_of(COLD_IN_JANUARY, even=0.0)
    end = FIRST + len(YEARS)
    year_before, ahead = clock.between(end - 365, end - 335), clock.between(end, end + 30)
    assert float(ahead) == pytest.approx(float(year_before), rel=0.05)
    assert float(clock.between(end + 900, end + 910)) == pytest.approx(10.0)


def test_less_than_a_year_of_temperatures_or_none_that_is_cold_makes_no_clock():
    assert clock_of(COLD_IN_JANUARY[:300]) is None
    assert clock_of(np.full(800, 25.0)) is None
    assert weather_of(FIRST, {}, {"OIL": Follows(15.5)}).clock("OIL") is None


def test_cooling_counts_hot_days():
    clock = weather_of(FIRST, {"": COLD_IN_JANUARY}, {"ICE": Follows(15.5, cooling=True, even=0.0)}).clock("ICE")
    assert float(clock.between(FIRST + 170, FIRST + 200)) > 60
    assert float(clock.between(FIRST, FIRST + 30)) == pytest.approx(0.0, abs=0.1)


def test_days_that_nobody_told_are_filled_and_regions_without_temperatures_take_the_mean():
    gappy = COLD_IN_JANUARY.copy()
    gappy[400:430] = np.nan
    told = weather_of(FIRST, {"north": gappy - 4, "south": gappy}, {"OIL": Follows(15.5)})
    assert np.isfinite(np.array(told.celsius["north"])).all()
    assert told.celsius["north"][410] == pytest.approx(COLD_IN_JANUARY[410] - 4, abs=2.0)
    assert told.clock("OIL", "west") is not None
    assert told.celsius[""][0] == pytest.approx(COLD_IN_JANUARY[0] - 2)


@pytest.mark.parametrize("gap", [slice(200, 230), slice(795, 800), slice(0, 40)])
def test_days_that_nobody_told_are_filled_from_the_days_before(gap: slice):
    mild = COLD_IN_JANUARY.copy()
    mild[gap] = np.nan
    frosty, day = mild.copy(), gap.stop + (gap.start == 0)
    frosty[day:] -= 20.0
    told, other = (weather_of(FIRST, {"": one}, {"OIL": Follows(15.5)}).before(FIRST + day) for one in (mild, frosty))
    assert told == other


def test_a_region_that_is_told_later_says_nothing_before():
    south = np.where(YEARS < 800, np.nan, COLD_IN_JANUARY + 40)
    frosty = np.where(YEARS < 800, np.nan, COLD_IN_JANUARY - 60)
    follows, day = {"OIL": Follows(15.5)}, FIRST + 700
    north = {"north": COLD_IN_JANUARY}
    alone, told, other = (
        weather_of(FIRST, north | more, follows) for more in ({}, {"south": south}, {"south": frosty})
    )
    assert told.before(day) == other.before(day)
    assert told.before(day).celsius[""] == told.before(day).celsius["south"] == alone.before(day).celsius[""]
    assert told.celsius["south"][900] == pytest.approx(COLD_IN_JANUARY[900] + 40, abs=0.01)


def test_days_before_the_first_temperature_are_left_out():
    late = np.where(YEARS < 100, np.nan, COLD_IN_JANUARY)
    told = weather_of(FIRST, {"": late}, {"OIL": Follows(15.5)})
    assert told.first_day == FIRST + 100
    assert told.celsius[""][0] == pytest.approx(COLD_IN_JANUARY[100], abs=0.01)
    assert weather_of(FIRST, {"": np.full(800, np.nan)}, {"OIL": Follows(15.5)}).clock("OIL") is None


def test_temperatures_after_as_of_change_nothing():
    history, known = order_days(fuel(*MADE)), weather(*MADE)
    day = int(history.day.max()) - 100
    days = day - known.first_day
    other = Weather(known.first_day, {"": (*known.celsius[""][:days], *[-20.0] * 50)}, known.follows)
    assert material_of(history, day, weather=known).record == material_of(history, day, weather=other).record


def test_heated_products_are_forecast_better_with_temperatures_and_the_artefact_keeps_them():
    made = (3, 26, 3 * 365)
    history, known = order_days(fuel(*made)), weather(*made)
    found = {False: 0.0, True: 0.0}
    for day in choose_origins(history, 4)[1:3]:
        candidates = candidates_at(history, day, "pair")
        came = outcome_of(history, candidates)
        heated = np.isin(candidates.pairs.sku_names(), HEATED_SKUS)
        for told in (False, True):
            model = fit_population(candidates.past, day, weather=known if told else None)
            said = predicted_by(loads(dumps(model)), candidates)
            np.testing.assert_array_equal(said.probability, predicted_by(model, candidates).probability)
            found[told] += crps(take_prediction(said, heated).curve, take_outcome(came, heated))
    assert found[True] < 0.9 * found[False]


def test_a_row_depends_on_itself_alone():
    history, known = order_days(fuel(*MADE)), weather(*MADE)
    day = int(history.day.max()) - 100
    model: PopulationModel = fit_population(history, day, weather=known)
    pairs = forecastable(history, day, "pair").columns
    together = model.pair.probability(pairs, day, 10.0)
    alone = [float(model.pair.probability(pairs.take(np.array([row])), day, 10.0)[0]) for row in range(len(pairs))]
    np.testing.assert_array_equal(together, alone)
