"""The order of calling is the one that contracts.md names, digit by digit."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.priority import DECILE_SHARES, Parts, decile, parts, rank, worth
from schemas.needs import AccountValue
from tests.outreach.made import NOW, standing

PLAIN: dict[str, Any] = {
    "callback_due": False,
    "p_due": 0.55,
    "value_decile": 5,
    "account_tier": 2,
    "profile_tier": 4,
    "created_at": NOW,
}


@pytest.mark.parametrize(
    "better",
    [
        {"callback_due": True, "p_due": 0.0, "value_decile": 0, "account_tier": 9, "profile_tier": 9},
        {"p_due": 0.61, "value_decile": 0, "account_tier": 9, "profile_tier": 9},
        {"value_decile": 6, "account_tier": 9, "profile_tier": 9},
        {"account_tier": 1, "profile_tier": 9},
        {"profile_tier": 3, "created_at": NOW + timedelta(days=100)},
        {"created_at": NOW - timedelta(days=1)},
    ],
)
def test_each_part_outweighs_all_that_follow(better: dict[str, Any]) -> None:
    assert rank(**{**PLAIN, **better}) < rank(**PLAIN)


def test_within_a_tenth_probability_does_not_decide() -> None:
    assert rank(**{**PLAIN, "p_due": 0.59}) == rank(**{**PLAIN, "p_due": 0.51})


@given(p=st.floats(-1, 2), d=st.integers(-5, 20), a=st.integers(-3, 30), t=st.integers(-3, 30), cb=st.booleans())
def test_it_always_fits_a_database_integer(p: float, d: int, a: int, t: int, cb: bool) -> None:
    found = rank(callback_due=cb, p_due=p, value_decile=d, account_tier=a, profile_tier=t, created_at=NOW)
    assert 0 < found < 2**63


@given(
    p=st.floats(0, 1),
    d=st.integers(0, 9),
    a=st.integers(0, 9),
    t=st.integers(0, 9),
    cb=st.booleans(),
    day=st.integers(0, 9000),
)
def test_a_rank_can_be_taken_apart(p: float, d: int, a: int, t: int, cb: bool, day: int) -> None:
    at = NOW + timedelta(days=day)
    place = rank(callback_due=cb, p_due=p, value_decile=d, account_tier=a, profile_tier=t, created_at=at)
    assert parts(place) == Parts(cb, int(10 * p), d, a, t, at.date())


def test_who_was_never_valued_stands_where_its_spend_puts_it() -> None:
    assert worth(standing("a", yearly_spend=700.0)) == 700.0
    value = AccountValue(
        yearly_spend=700.0,
        margin_share=0.2,
        p_alive=0.5,
        retention_share=0.8,
        capital_cost_share=0.1,
        years=3,
        value=120.0,
    )
    assert worth(standing("a", yearly_spend=700.0, value=value)) == 120.0


def test_deciles() -> None:
    edges = [100.0 * share for share in DECILE_SHARES]
    assert [decile(spend, edges) for spend in (0.0, 9.99, 10.0, 55.0, 1e9)] == [0, 0, 1, 5, 9]
    assert decile(1e9, []) == 0
