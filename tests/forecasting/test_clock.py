"""Operational days: the week and the closed days are found from orders, and no chance falls on a closed day."""

from datetime import date
from functools import cache

import msgspec
import numpy as np
import pytest

from forecasting.artefact import PopulationModel
from forecasting.clock import Clock, closings_of, row_clock, weekday_of
from forecasting.clock_fit import fit_clock
from forecasting.forecasts import forecastable
from forecasting.history import OrderDays, order_days
from forecasting.learn import fit_population, material_of
from tests.forecasting.population import LAST_DAY, order_lines

TODAY = LAST_DAY.toordinal()
SATURDAY, SUNDAY = 5, 6


def history(shut: tuple[int, ...] = (SATURDAY, SUNDAY), away: tuple[date, ...] = ()) -> OrderDays:
    """Orders of days that are shut are not there."""
    whole = order_days(order_lines(accounts=120))
    days = [day.toordinal() for day in away]
    return whole.where(~np.isin(weekday_of(whole.day), shut) & ~np.isin(whole.day, days))


def test_a_weekday_on_which_nobody_orders_weighs_nothing_and_the_week_still_seven_days():
    clock = fit_clock(history().of_accounts(), TODAY)
    assert clock.week[SATURDAY] == clock.week[SUNDAY] == 0
    assert sum(clock.week) == pytest.approx(7, abs=1e-3)
    assert fit_clock(history(shut=()).of_accounts(), TODAY).week[SATURDAY] > 0.7


@pytest.mark.parametrize("days", [5, 10, 31, 45, 73, 200])
def test_a_history_that_is_no_whole_number_of_weeks_prefers_no_weekday(days: int):
    day, account = np.tile(np.arange(TODAY - days, TODAY, dtype=float), 30), np.repeat(np.arange(30), days)
    daily = OrderDays([str(one) for one in range(30)], ["*"], account, account * 0, day, day * 0 + 1)
    assert fit_clock(daily, TODAY).week == (1.0,) * 7


@cache
def learnt() -> PopulationModel:
    """Of a trade that is closed at weekends."""
    return fit_population(history(), TODAY, near_windows=6)


def test_whole_weeks_are_as_likely_as_without_a_clock_and_closed_days_get_nothing():
    model, pairs = learnt(), forecastable(history(), TODAY, "pair").columns
    chance = np.stack([model.pair.probability(pairs, TODAY, float(day)) for day in range(15)])
    by_day = np.diff(chance, axis=0)
    shut = np.isin(weekday_of(np.arange(TODAY, TODAY + 14)), (SATURDAY, SUNDAY))
    assert (by_day[shut] < 1e-9).all()
    assert (by_day[~shut].min(0) > 0).mean() > 0.99
    flat = PopulationModel(msgspec.structs.replace(model.record, clock=None))
    for days in (7.0, 14.0, 28.0):
        np.testing.assert_array_equal(
            flat.pair.probability(pairs, TODAY, days), model.pair.probability(pairs, TODAY, days)
        )


def test_quantiles_are_open_days_and_the_first_that_reach_their_level():
    model, columns = learnt(), forecastable(history(), TODAY, "pair").columns
    levels = (0.1, 0.5, 0.9)
    for q, day in zip(levels, model.pair.answers(columns, TODAY, (7.0,), levels)[1], strict=True):
        np.testing.assert_array_equal(day, model.pair.quantile_day(columns, TODAY, q))
        rows = np.flatnonzero(np.isfinite(day))
        some = columns.take(rows)
        assert not np.isin(weekday_of(day[rows]), (SATURDAY, SUNDAY)).any()
        ahead = day[rows] - TODAY
        assert (model.pair.probability(some, TODAY, ahead + 1) >= q).all()
        assert (model.pair.probability(some, TODAY, ahead) < q).all()


def test_an_account_that_orders_on_one_weekday_is_expected_on_it():
    columns = forecastable(history(), TODAY, "account").columns
    mondays = np.zeros_like(columns.recent)
    mondays[:] = np.array([TODAY - 7 - weekday_of(TODAY) - 7 * week for week in range(columns.recent.shape[1])])
    columns.recent[:] = mondays
    clock = Clock((1.4,) * 5 + (0.0, 0.0), 4.0)
    week = row_clock(clock, closings_of(clock), columns, TODAY).week
    assert (week[:, 0] > 5).all()
    assert (week[:, SATURDAY] == 0).all()


def test_closed_days_of_last_year_and_of_the_calendar_take_time_away():
    away = date(LAST_DAY.year - 1, LAST_DAY.month, LAST_DAY.day)
    closed = fit_clock(history(away=()).of_accounts(), TODAY, holidays=[TODAY + 3]).closed
    assert closed.get(TODAY + 3, 0) > 0.5 or weekday_of(TODAY + 3) in (SATURDAY, SUNDAY)
    clock = Clock((1.0,) * 7, 1e9, {TODAY + 2: 1.0})
    columns = forecastable(history(), TODAY, "account").columns
    rows = row_clock(clock, closings_of(clock), columns, TODAY)
    assert rows.passed(2.0) == pytest.approx(2.0)
    assert rows.passed(3.0) == pytest.approx(2.0)
    assert rows.passed(7.0) == pytest.approx(6.0)
    assert rows.passed(2.5) == pytest.approx(2.0)
    assert (rows.passed(np.full(len(columns), 8.0)) == pytest.approx(7.0)) and (rows.slack() == 7).all()
    assert away < LAST_DAY


def test_nothing_after_as_of_moves_the_clock():
    whole = order_days(order_lines(accounts=120))
    early = TODAY - 60
    assert material_of(whole, early).record.clock == fit_clock(whole.before(early).of_accounts(), early)
