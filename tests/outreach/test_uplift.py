"""The hold-out's estimator: by hand, against chance, and with what makes it wrong if it is left out."""

import numpy as np
import pytest

from benchmarks.uplift import experiment
from outreach.uplift import Panel, estimate


def panel(rows: list[tuple[int, int, bool, float]], before: list[float] | None = None) -> Panel:
    account, stratum, held, outcome = zip(*rows, strict=True)
    return Panel(
        np.array(account),
        np.array(stratum),
        np.array(held),
        np.array(outcome, float),
        None if before is None else np.array(before, float),
    )


TWO_STRATA = [
    (1, 0, False, 4.0),
    (2, 0, False, 6.0),
    (3, 0, True, 1.0),
    (4, 0, True, 3.0),
    (5, 1, False, 10.0),
    (6, 1, False, 10.0),
    (7, 1, False, 13.0),
    (8, 1, True, 10.0),
    (9, 1, True, 12.0),
    (10, 1, True, 11.0),
]


def test_difference_of_means_by_hand() -> None:
    found = estimate(panel(TWO_STRATA))
    assert found is not None
    assert found.difference == pytest.approx(0.4 * (5 - 2) + 0.6 * (11 - 11))
    assert found.held_out_mean == pytest.approx(0.4 * 2 + 0.6 * 11)
    assert found.called_mean == pytest.approx(found.held_out_mean + found.difference)
    assert (found.called, found.held_out, found.left_out) == (5, 5, 0)


def test_variance_by_hand_is_neymans() -> None:
    """Sum over strata of w^2 (s1^2 / n1 + s0^2 / n0), where every account has one row."""
    found = estimate(panel(TWO_STRATA))
    variance = 0.16 * (2 / 2 + 2 / 2) + 0.36 * (3 / 3 + 1 / 3)
    assert found is not None
    reach = (found.high - found.low) / 2
    assert reach > 1.96 * variance**0.5
    assert reach / variance**0.5 == pytest.approx(2.45, abs=0.25), "Student's factor of few rows"


def test_rows_of_one_account_count_as_one() -> None:
    """The same figures twice under the same accounts tell no more than once; under other accounts they do."""
    same = panel([*TWO_STRATA, *((a, s + 2, h, y) for a, s, h, y in TWO_STRATA)])
    other = panel([*TWO_STRATA, *((a + 100, s + 2, h, y) for a, s, h, y in TWO_STRATA)])
    once, twice, more = estimate(panel(TWO_STRATA)), estimate(same), estimate(other)
    assert once is not None
    assert twice is not None
    assert more is not None
    assert twice.high - twice.low == pytest.approx(once.high - once.low)
    assert more.high - more.low < 0.75 * (once.high - once.low)


def test_a_stratum_without_both_arms_is_left_out() -> None:
    found = estimate(panel([*TWO_STRATA, (11, 5, False, 99.0), (12, 5, False, 99.0), (13, 5, True, 0.0)]))
    assert found is not None
    assert found.left_out == 3
    assert found.difference == pytest.approx(1.2)
    assert estimate(panel([(1, 0, False, 1.0), (2, 0, False, 1.0)])) is None


def test_no_spread_no_interval() -> None:
    found = estimate(panel([(n, 0, n % 2 == 0, 5.0 + (n % 2)) for n in range(8)]))
    assert found is not None
    assert (found.low, found.difference, found.high) == (1.0, 1.0, 1.0)


def test_relative_and_proof() -> None:
    found = estimate(panel([(n, 0, n % 2 == 0, 5.0 + (n % 2)) for n in range(8)]))
    assert found is not None
    assert (found.relative, found.proves) == (0.2, True)
    nothing = estimate(panel([(n, 0, n % 2 == 0, 0.0) for n in range(8)]))
    assert nothing is not None
    assert (nothing.relative, nothing.proves) == (None, False)


def test_the_year_before_takes_the_spread_away() -> None:
    random = np.random.default_rng(1)
    size = random.lognormal(3, 1, 400)
    held = np.arange(400) % 10 == 0
    outcome = size + random.normal(0, 1, 400) + np.where(held, 0, 2.0)
    blind = estimate(Panel(np.arange(400), np.zeros(400, int), held, outcome))
    wise = estimate(Panel(np.arange(400), np.zeros(400, int), held, outcome, size))
    assert blind is not None
    assert wise is not None
    assert wise.high - wise.low < 0.2 * (blind.high - blind.low)
    assert wise.low < 2.0 < wise.high


def test_a_planted_uplift_is_found_and_none_is_not() -> None:
    """A small edition of benchmarks/uplift.py; its full figures are in docs/proof.md."""
    nothing = {one.metric: one for one in experiment(0.0, 800, 60)}
    planted = {one.metric: one for one in experiment(0.5, 800, 60)}
    for metric in ("orders", "revenue", "retention"):
        assert nothing[metric].covered >= 0.85
        assert nothing[metric].proved <= 0.15
        assert planted[metric].covered >= 0.85
        assert abs(planted[metric].biased) < 4
    assert planted["orders"].proved > 0.9
    assert planted["orders"].estimates.mean() == pytest.approx(0.5, abs=0.05)
    assert abs(nothing["orders"].estimates.mean()) < 0.03
