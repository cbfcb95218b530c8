"""Size and phase, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.phase import Relationship, phase_of, size_of
from outreach.profiles import Thresholds
from schemas.events.accounts import Size
from schemas.events.ours import Phase

SMALL, LARGE = Size
IGNITION, MAINTENANCE, REACTIVATION = Phase
USUAL = Thresholds()


@pytest.mark.parametrize(
    ("spend", "before", "by_hand", "size"),
    [
        (0, SMALL, None, SMALL),
        (0, LARGE, None, SMALL),
        (8_999.99, LARGE, None, SMALL),
        (9_000, LARGE, None, LARGE),
        (9_000, SMALL, None, SMALL),
        (11_999.99, SMALL, None, SMALL),
        (12_000, SMALL, None, LARGE),
        (50_000, SMALL, SMALL, SMALL),
        (0, SMALL, LARGE, LARGE),
    ],
)
def test_size_by_spend_with_hysteresis_or_by_hand(spend: float, before: Size, by_hand: Size | None, size: Size) -> None:
    assert size_of(spend, before, by_hand, USUAL) is size


@given(st.floats(0, 1e6), st.sampled_from(Size))
def test_size_is_settled_after_one_look(spend: float, before: Size) -> None:
    once = size_of(spend, before, None, USUAL)
    assert size_of(spend, once, None, USUAL) is once


def seen(
    orders: int, *, first: float = 200, silent: float = 5, gap: float = 7, alive: float | None = 0.9
) -> Relationship:
    return Relationship(orders, first, silent, gap, alive)


@pytest.mark.parametrize(
    ("relationship", "before", "phase"),
    [
        (seen(0, first=0, silent=0, gap=0, alive=None), IGNITION, IGNITION),
        (seen(0, alive=0.0), IGNITION, IGNITION),
        (seen(0), MAINTENANCE, IGNITION),
        (seen(1, first=10, gap=0), IGNITION, IGNITION),
        (seen(2, first=89), IGNITION, IGNITION),
        (seen(2, first=89), MAINTENANCE, MAINTENANCE),
        (seen(2, first=90), IGNITION, MAINTENANCE),
        (seen(1, first=90, gap=0), IGNITION, MAINTENANCE),
        (seen(3, first=10), IGNITION, MAINTENANCE),
        (seen(20), MAINTENANCE, MAINTENANCE),
        (seen(20, silent=8, alive=0.3), MAINTENANCE, MAINTENANCE),
        (seen(20, silent=8, alive=0.299), MAINTENANCE, REACTIVATION),
        (seen(20, silent=7, alive=0.01), MAINTENANCE, MAINTENANCE),
        (seen(20, silent=7, alive=0.01), REACTIVATION, MAINTENANCE),
        (seen(1, first=20, silent=14.1, gap=0, alive=0.1), IGNITION, REACTIVATION),
        (seen(1, first=20, silent=14, gap=0, alive=0.1), IGNITION, IGNITION),
        (seen(20, silent=21), MAINTENANCE, MAINTENANCE),
        (seen(20, silent=21.1), MAINTENANCE, REACTIVATION),
        (seen(20, silent=21.1, alive=None), MAINTENANCE, REACTIVATION),
        (seen(20, silent=2000, gap=0), MAINTENANCE, MAINTENANCE),
        (seen(2, silent=100), MAINTENANCE, MAINTENANCE),
        (seen(2, first=50, silent=49), IGNITION, IGNITION),
        (seen(20, silent=8, alive=0.499), REACTIVATION, REACTIVATION),
        (seen(20, silent=8, alive=0.5), REACTIVATION, MAINTENANCE),
        (seen(20, silent=22, alive=0.9), REACTIVATION, REACTIVATION),
        (seen(2, first=30, silent=3), REACTIVATION, MAINTENANCE),
        (seen(20, silent=8, alive=None), REACTIVATION, REACTIVATION),
    ],
)
def test_phase(relationship: Relationship, before: Phase, phase: Phase) -> None:
    assert phase_of(relationship, before, USUAL) is phase


relationships = st.builds(
    Relationship,
    order_days=st.integers(0, 50),
    days_since_first=st.floats(0, 1000),
    silence_days=st.floats(0, 1000),
    usual_gap_days=st.floats(0, 100),
    p_alive=st.none() | st.floats(0, 1),
)


@given(relationships, st.sampled_from(Phase))
def test_only_who_ordered_can_be_lost(relationship: Relationship, before: Phase) -> None:
    if phase_of(relationship, before, USUAL) is REACTIVATION:
        assert relationship.order_days > 0


@given(relationships, st.sampled_from(Phase))
def test_a_phase_is_settled_after_one_look(relationship: Relationship, before: Phase) -> None:
    once = phase_of(relationship, before, USUAL)
    assert phase_of(relationship, once, USUAL) is once


@given(relationships, st.lists(st.floats(0.3, 0.4999), min_size=2, max_size=6), st.sampled_from(Phase))
def test_doubt_that_trembles_between_the_thresholds_changes_the_phase_once(
    relationship: Relationship, alive: list[float], before: Phase
) -> None:
    phase = phase_of(relationship._replace(p_alive=alive[0]), before, USUAL)
    for p_alive in alive[1:]:
        assert phase_of(relationship._replace(p_alive=p_alive), phase, USUAL) is phase


@given(relationships)
def test_an_order_today_brings_an_account_back(relationship: Relationship) -> None:
    ordered = relationship._replace(silence_days=0.0, order_days=max(relationship.order_days, 1))
    assert phase_of(ordered, REACTIVATION, USUAL) is MAINTENANCE
