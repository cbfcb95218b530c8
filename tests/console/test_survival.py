"""The forecast's picture: the curve says what the evidence says, everything has its place, and words say the same."""

from datetime import date, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.survival import curve_of, left_at, picture
from schemas.needs import Evidence
from tests.console.seeds import NOW, SURVIVAL, evidence

TODAY = NOW.date()
ROUGH = {"survival": ()}


def seen(**changes: object) -> Evidence:
    return evidence("They order every 28 days.").model_copy(update=changes)


def test_the_curve_is_that_of_the_evidence() -> None:
    points = curve_of(seen())
    assert points == [(0, 1.0), *SURVIVAL]
    assert left_at(points, 7) == 0.22
    assert 0.15 < left_at(points, 8) < 0.22, "between its days the hazard is even"
    assert left_at(points, 8) == pytest.approx((0.22**2 * 0.15) ** (1 / 3))


def test_of_three_days_alone_it_is_drawn_through_them_and_says_so() -> None:
    drawn = picture(seen(**ROUGH), TODAY)
    assert drawn is not None
    assert not drawn.says.exact
    assert curve_of(seen(**ROUGH)) == [(0, 1.0), (1, 0.9), (3, 0.5), (14, 0.1)]


def test_without_days_there_is_no_picture() -> None:
    assert picture(seen(p10_on=None, **ROUGH), TODAY) is None


def test_due_day_lead_time_and_level_are_marked() -> None:
    drawn = picture(seen(), TODAY)
    assert drawn is not None
    assert drawn.due is not None
    assert drawn.due.words == "50 % by 11 Dec 2011"
    assert drawn.level_down == 50
    day_width = (drawn.corners[1][0] - drawn.corners[0][0]) or 1
    assert drawn.lead_width / day_width == pytest.approx(8, abs=0.1), "seven days of delivery and one to the next look"
    assert drawn.corners[0] == (drawn.lead_start, 0.0)
    assert len(drawn.past) == 2


def test_words_say_what_the_picture_shows() -> None:
    drawn = picture(seen(), TODAY)
    assert drawn is not None
    assert drawn.says.description == (
        "Last order 12 Nov 2011. Seen from 9 Dec 2011, the chance that they have not ordered yet falls to 22 % by 15"
        " Dec 2011, 10 % by 22 Dec 2011, 4 % by 29 Dec 2011. An order of that day is there by 17 Dec 2011. The 50 %"
        " from which we call are reached by 11 Dec 2011."
    )
    assert [row[0] for row in drawn.says.rows] == ["15 Dec 2011", "22 Dec 2011", "29 Dec 2011"]


def test_of_a_stock_it_speaks_of_running_out() -> None:
    drawn = picture(seen(stock_units=12.0), TODAY)
    assert drawn is not None
    assert "nothing has run out yet" in drawn.says.description


@given(
    st.lists(st.floats(0, 1), min_size=12, max_size=12),
    st.integers(-400, 0),
    st.one_of(st.none(), st.floats(0.01, 0.99)),
    st.one_of(st.none(), st.floats(0, 90)),
    st.integers(0, 200),
)
def test_nothing_stands_beside_the_picture(
    left: list[float], last: int, level: float | None, lead_days: float | None, later: int
) -> None:
    falling = sorted(left, reverse=True)
    told = seen(
        survival=tuple((days, chance) for (days, _), chance in zip(SURVIVAL, falling, strict=True)),
        past_orders_on=(),
        last_order_on=TODAY + timedelta(days=last),
        service_level=level,
        lead_time_days=lead_days,
    )
    drawn = picture(told, TODAY + timedelta(days=later))
    assert drawn is not None
    marks = [*drawn.months, *drawn.past, drawn.now, *([drawn.due] if drawn.due else [])]
    assert all(0 <= mark.at <= 100 for mark in marks)
    assert all(0 <= across <= 100 and 0 <= down <= 100 for across, down in drawn.corners)
    assert all(one[0] <= two[0] and one[1] <= two[1] + 1e-9 for one, two in pairwise(drawn.corners))
    assert 0 <= drawn.lead_start + drawn.lead_width <= 100
    assert drawn.says.rows


def test_a_forecast_of_long_ago_still_shows_today() -> None:
    drawn = picture(seen(), date(2012, 2, 1))
    assert drawn is not None
    assert drawn.now.at > drawn.lead_start


def test_days_are_those_of_the_account_and_not_of_utc() -> None:
    evening = seen(as_of=NOW + timedelta(hours=19))  # 4:00 on the 10th in UTC, 20:00 on the 9th in Los Angeles
    there, utc = picture(evening, TODAY, ZoneInfo("America/Los_Angeles")), picture(seen(), TODAY)
    assert there is not None
    assert there == utc, "the same forecast, seen from the same day"
    assert curve_of(seen(as_of=evening.as_of, **ROUGH), ZoneInfo("America/Los_Angeles")) == curve_of(seen(**ROUGH))
