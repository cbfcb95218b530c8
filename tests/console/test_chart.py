"""The axis of the consumption chart: everything in its order, nothing beside it."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from console.chart import Outlook, timeline

TODAY = date(2011, 12, 9)
DAYS = st.integers(min_value=-900, max_value=900)


def outlook(last: int = -27, early: int = -1, mid: int = 2, late: int = 13) -> Outlook:
    early_on, mid_on, late_on = (TODAY + timedelta(days=days) for days in (early, mid, late))
    return Outlook(TODAY, early_on, mid_on, late_on, (TODAY + timedelta(days=last),))


def test_the_order_of_days_is_the_order_of_places() -> None:
    drawn = timeline(outlook())
    assert drawn.past[0].at < drawn.start < drawn.now.at < drawn.mid.at < drawn.start + drawn.width <= 100


@given(DAYS, DAYS, st.integers(0, 400), st.integers(0, 40_000))
def test_nothing_stands_beside_the_picture(last: int, early: int, further: int, late: int) -> None:
    drawn = timeline(outlook(last, early, early + further, early + further + late))
    marks = [*drawn.months, *drawn.past, drawn.mid, drawn.now]
    assert all(0 <= mark.at <= 100 for mark in marks)
    assert 0 <= drawn.start <= drawn.start + drawn.width <= 101
    assert len(drawn.months) <= 7


def test_words_at_an_edge_grow_inwards() -> None:
    drawn = timeline(outlook(last=-2000, early=300, mid=350, late=363))
    assert drawn.mid.anchor == "end"
