"""Ids are functions of what they name: equal everywhere, for ever, and unlike for unlike things."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import event_key, is_held_out, need_id, quarter_of, short_int, stable_hash, task_id

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
parts = st.lists(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x1f"), max_size=5), min_size=1)


def test_ids_are_what_they_were_in_every_release() -> None:
    """Stored in logs and databases: another value would open every need a second time."""
    assert need_id("acme", "argon", 3) == "dd691aa5673f7ec708836b2a4bb4ec3f"
    assert task_id("acme", "selling", "n1") == "2807b09cced091d36280471be8519fcb"
    assert event_key("erp", "1") == 4217027833809296956


@given(parts, parts)
def test_parts_are_kept_apart(one: list[str], other: list[str]) -> None:
    assert (stable_hash(*one) == stable_hash(*other)) == (one == other)


def test_a_boundary_that_moves_is_another_thing() -> None:
    assert need_id("ab", "c", 1) != need_id("a", "bc", 1)
    assert need_id("a", "b", 11) != need_id("a", "b1", 1)
    assert event_key("erp", "1") != event_key("er", "p1")


@given(st.text("abc", max_size=9), st.text("abc", max_size=9), st.integers(0, 99), st.integers(0, 99))
def test_another_cycle_is_another_need(account: str, group: str, cycle: int, later: int) -> None:
    same = need_id(account, group, cycle) == need_id(account, group, later)
    assert same == (cycle == later)


@given(parts)
def test_short_hashes_fit_a_signed_integer_of_64_bits(told: list[str]) -> None:
    assert 0 <= short_int(*told) < 2**63


@pytest.mark.parametrize(("month", "quarter"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3), (9, 3), (10, 4), (12, 4)])
def test_quarters(month: int, quarter: int) -> None:
    assert quarter_of(AT.replace(month=month)) == f"2026Q{quarter}"


class TestHoldOut:
    """Drawn from account, quarter and salt alone."""

    def share(self, share: float, at: datetime = AT, salt: str = "s") -> set[str]:
        return {f"a{n}" for n in range(4000) if is_held_out(f"a{n}", at, salt, share)}

    def test_is_as_large_as_it_was_set(self) -> None:
        assert 0.04 < len(self.share(0.05)) / 4000 < 0.06

    def test_nobody_and_everybody(self) -> None:
        assert self.share(0.0) == set()
        assert len(self.share(1.0)) == 4000

    def test_a_larger_share_keeps_who_is_in(self) -> None:
        assert self.share(0.05) < self.share(0.2)

    def test_stays_for_the_quarter_and_is_drawn_anew_then(self) -> None:
        assert self.share(0.05) == self.share(0.05, AT.replace(day=31))
        assert self.share(0.05) != self.share(0.05, AT + timedelta(days=40))

    def test_another_salt_draws_anew(self) -> None:
        assert self.share(0.05) != self.share(0.05, salt="t")
