"""Lifetime value, the growth of a base, and the live value with its parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.value import (
    AccountSpend,
    Terms,
    customers_in_year,
    headroom,
    lifetime_value,
    live_value,
    share_of_wallet,
    yearly_values,
)

TERMS = Terms(margin_share=0.25, retention_share=0.8, capital_cost_share=0.07, years=5, headroom_share=0.1)


def test_the_textbook_case() -> None:
    assert round(lifetime_value(100, 250, 0.7, 0.07, 5), 2) == 316.30


def test_its_summands_by_hand() -> None:
    told = list(yearly_values(250, 0.7, 0.07, 5))
    assert told == pytest.approx([250 * 0.7**t / 1.07**t for t in (1, 2, 3, 4, 5)])


@pytest.mark.parametrize(("kept", "customers"), [(0.85, 197_993), (0.90, 379_750)])
def test_the_base_in_year_15(kept: float, customers: int) -> None:
    assert round(customers_in_year(100_000, 0.20, kept, 15)) == customers


def test_year_1_is_the_base_as_it_is() -> None:
    assert customers_in_year(100_000, 0.2, 0.85, 1) == 100_000


@pytest.mark.parametrize("wrong", [(-0.1, 0.9, 2), (0.1, 1.1, 2), (0.1, 0.9, 0)])
def test_a_base_that_makes_no_sense_is_refused(wrong: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match="won is not negative"):
        customers_in_year(1, *wrong)


@pytest.mark.parametrize("wrong", [(1.1, 0.07, 5), (-0.1, 0.07, 5), (0.5, -1.0, 5), (0.5, 0.07, -1)])
def test_terms_that_make_no_sense_are_refused(wrong: tuple[float, float, int]) -> None:
    with pytest.raises(ValueError, match="retention is 0 to 1"):
        lifetime_value(0, 1, *wrong)


def known(**more: float | None) -> AccountSpend:
    return AccountSpend(**{"yearly_spend": 1000.0, "days_since_first": 800.0, "p_alive": 1.0, **more})  # type: ignore[arg-type]


def test_live_value_is_the_formula_without_what_is_spent_already() -> None:
    found = live_value(known(acquisition_cost=500.0), TERMS)
    assert found.value == round(lifetime_value(0, 250, 0.8, 0.07, 5), 2)
    assert (found.acquisition_cost, found.wallet_share, found.margin_known) == (500.0, None, False)


def test_half_alive_is_worth_half_and_half_the_margin_too() -> None:
    whole = live_value(known(), TERMS).value
    assert live_value(known(p_alive=0.5), TERMS).value == pytest.approx(whole / 2, abs=0.01)
    own = live_value(known(margin_share=0.125), TERMS)
    assert (own.value, own.margin_known) == (pytest.approx(whole / 2, abs=0.01), True)


@pytest.mark.parametrize(("days", "spend"), [(800.0, 1000.0), (365.0, 1000.0), (182.5, 2000.0), (10.0, 4055.56)])
def test_a_young_account_is_taken_at_its_pace(days: float, spend: float) -> None:
    assert live_value(known(days_since_first=days), TERMS).yearly_spend == spend


def test_a_known_wallet_adds_a_tenth_of_what_is_bought_elsewhere() -> None:
    without, found = live_value(known(), TERMS), live_value(known(wallet_yearly=3000.0), TERMS)
    assert found.wallet_share == pytest.approx(1 / 3)
    assert found.value == pytest.approx(without.value * 1.2, abs=0.02)


def test_share_of_wallet() -> None:
    assert (share_of_wallet(10, None), share_of_wallet(10, 0), share_of_wallet(10, 40)) == (None, None, 0.25)
    assert (share_of_wallet(50, 40), headroom(50, 40), headroom(10, None)) == (1.0, 0.0, 0.0)


@given(
    st.floats(0, 1e6), st.floats(0, 2000), st.floats(0, 1), st.none() | st.floats(0, 1), st.none() | st.floats(0, 1e7)
)
def test_value_rises_with_everything_that_is_good(
    spend: float, days: float, alive: float, margin: float | None, wallet: float | None
) -> None:
    one = AccountSpend(spend, days, alive, margin, wallet)
    more = AccountSpend(spend * 2 + 1, days, min(alive * 1.5, 1.0), margin, wallet)
    assert 0 <= live_value(one, TERMS).value <= live_value(more, TERMS).value
