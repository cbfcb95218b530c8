"""A heated tank: with degree days the filter knows that the days ahead take more than those behind."""

from datetime import date

import numpy as np
import pytest

from benchmarks.made.calendar import temperatures
from forecasting.metering import DELIVERY, LEVEL, Metering, Report, run_out_days, stocks, take_in, total
from forecasting.weather import DegreeClock, Follows, weather_of

FIRST = date(2021, 1, 4).toordinal()
CELSIUS = temperatures(4 * 365, np.random.default_rng(5))
LITRES_A_DAY, TANK = 10.0, 2000.0
TODAY = date(2023, 10, 1).toordinal()


def known(until: int = TODAY) -> DegreeClock:
    """Degree days as known when a day begins."""
    clock = weather_of(FIRST, {"": CELSIUS[: until - FIRST]}, {"OIL": Follows(15.5, even=0.1)}).clock("OIL")
    assert clock is not None
    return clock


TRUTH = known(FIRST + len(CELSIUS))


def summer(clock: DegreeClock | None, rng: np.random.Generator) -> Metering:
    """A full tank in June, read each week until today."""
    kept, begin = Metering(), TODAY - 120
    for day in range(begin, TODAY, 7):
        used = LITRES_A_DAY * float(TRUTH.between(begin, day)) * (1 + 0.02 * rng.normal())
        take_in(kept, Report(float(day), LEVEL, TANK - used), clock)
    return kept


def empty_on(kept: Metering) -> float:
    """The day on which the tank really is."""
    days = np.arange(TODAY, TODAY + 400)
    left = total(kept.now).level
    since = int(total(kept.now).day)
    return float(days[np.argmax(LITRES_A_DAY * TRUTH.between(float(since), days.astype(float)) >= left)])


def test_run_out_comes_in_winter_as_the_climatology_says():
    kept, blind = summer(known(), np.random.default_rng(1)), summer(None, np.random.default_rng(1))
    told = run_out_days(stocks(kept.now, TODAY, clock=known()), TODAY, (0.1, 0.5, 0.9), known())
    plain = run_out_days(stocks(blind.now, TODAY), TODAY, (0.1, 0.5, 0.9))
    truth = empty_on(kept)
    assert told[0] <= truth <= told[2]
    assert abs(told[1] - truth) < 15
    assert abs(plain[1] - truth) > 4 * abs(told[1] - truth)


def test_a_state_of_before_there_were_temperatures_draws_near_to_the_rate_of_a_degree_day():
    kept = summer(None, np.random.default_rng(1))
    before = total(kept.now).rate
    level = total(kept.now).level
    for week in range(1, 9):
        used = LITRES_A_DAY * float(TRUTH.between(TODAY, TODAY + 7 * week))
        take_in(kept, Report(TODAY + 7.0 * week, LEVEL, level - used), known(TODAY + 7 * week))
    rate = total(kept.now).rate
    assert abs(rate - LITRES_A_DAY) < 0.75 * abs(before - LITRES_A_DAY)


@pytest.mark.parametrize("order", [1, -1])
def test_late_reports_are_put_in_their_place_by_the_clock_too(order: int):
    reports = [
        Report(TODAY - 20.0, LEVEL, 900.0),
        Report(TODAY - 10.0, DELIVERY, 500.0),
        Report(TODAY - 5.0, LEVEL, 1300.0),
    ]
    kept = Metering()
    for report in reports[::order]:
        take_in(kept, report, known())
    straight = Metering()
    for report in reports:
        take_in(straight, report, known())
    assert kept.now == straight.now
