"""The curve against scipy's incomplete beta, row by row; exactly what was fitted at the ends; the search for a day."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc, gammaln

from forecasting.columns import Floats, PairColumns
from forecasting.curve import NEVER_DAYS
from forecasting.hazard_curve import ENDS_DAYS, LEAST_HAZARD, TAIL_LIMITS, HazardCurve, bases, joined
from forecasting.history import order_days
from forecasting.learn import PRIOR_ACCOUNT, PRIOR_PAIR
from forecasting.pair import OrderMark, PairState, add_order, summarise
from forecasting.renewal import RenewalCurve, RenewalParameters, renewal_curve, whole_days
from tests.forecasting.population import order_lines

DAY = date(2022, 3, 1).toordinal()
NEAR = 1e-9
PRIORS = {"pair": PRIOR_PAIR, "account": PRIOR_ACCOUNT}
gaps = st.sampled_from([0.5, 1, 2, 7, 30, 365, 4000]) | st.integers(1, 90)
rows = st.tuples(st.lists(gaps, max_size=25), st.integers(0, 700))


def columns_of(drawn: list[tuple[list[float], int]]) -> PairColumns:
    """Pairs with such gaps, the newest order so many days ago."""
    states = []
    for some, silence in drawn:
        state, day = PairState(), DAY - silence
        days = [day, *(day - np.cumsum(np.ceil(some))).astype(int).tolist()]
        for key, one in enumerate(sorted(days)):
            add_order(state, OrderMark(int(one), key, 1.0))
        states.append(state)
    return summarise(states)


def exact_bases(p: RenewalParameters, columns: PairColumns, days: float) -> Floats:
    """The renewal's cumulated hazard as its formulas say, with scipy's functions; shape (rows,)."""
    k, n, total, logs = np.array(p.shapes, float)[:, None], columns.n, columns.S, columns.D
    a, prior_b = p.a + k * n, p.scale_days / k
    b = prior_b + total
    weight = np.log(np.array(p.weights))[:, None] + (k - 1) * logs - n * gammaln(k) + gammaln(a) - gammaln(p.a)
    weight += p.a * np.log(prior_b) - a * np.log(b)
    weight = np.exp(weight - weight.max(0))
    silence = np.maximum(DAY - columns.last_day, 0.0)

    def survival(at: Floats) -> Floats:
        parts = betainc(a, np.broadcast_to(k, a.shape), b / (b + whole_days(at)))
        return np.asarray((weight / weight.sum(0) * parts).sum(0), float)

    ended = p.alpha / (p.alpha + p.beta + columns.orders - 1)
    start, end = survival(silence), survival(silence + days)
    chance = (1 - ended) * (start - end) / (ended + (1 - ended) * start)
    return np.asarray(-np.log1p(-chance), float)


def exact(p: RenewalParameters, columns: PairColumns, eta: Floats, days: float) -> Floats:
    """P(an order within the days) as the module's formulas say; shape (rows,)."""
    ends, steps = (0.0, *ENDS_DAYS), np.exp(eta)
    at = [exact_bases(p, columns, end) for end in ends]
    place = max(j for j in range(len(ends)) if j == 0 or days > ends[j])
    found, passed = steps[:, :place].sum(1), exact_bases(p, columns, days) - at[place]
    if place < len(ENDS_DAYS):
        found += np.clip(passed / np.maximum(at[place + 1] - at[place], LEAST_HAZARD), 0.0, 1.0) * steps[:, place]
    else:
        found += passed * np.clip(steps[:, -1] / np.maximum(at[-1] - at[-2], LEAST_HAZARD), *TAIL_LIMITS)
    return np.asarray(-np.expm1(-found), float)


def curve_of(p: RenewalParameters, columns: PairColumns, seed: int) -> tuple[HazardCurve, Floats]:
    """A curve with hazards by chance, and these."""
    own = renewal_curve(p, columns, DAY)
    eta = np.random.default_rng(seed).normal(-2, 1.5, (len(columns), len(ENDS_DAYS)))
    return joined(own, bases(own), eta.T), eta


def curves(level: str) -> tuple[RenewalCurve, HazardCurve]:
    """A population's renewal, and the curve that is told its hazards."""
    known = order_days(order_lines(accounts=80)).before(DAY)
    history = known if level == "pair" else known.of_accounts()
    own = renewal_curve(PRIORS[level], history.pairs().columns, DAY)
    base = bases(own)
    return own, joined(own, base, np.log(np.diff(base, axis=0)))


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=6), st.integers(0, 9), st.floats(0.5, 3000) | st.integers(1, 400))
@pytest.mark.parametrize("level", PRIORS)
def test_every_row_is_what_scipy_says(level: str, drawn: list[tuple[list[float], int]], seed: int, days: float):
    columns = columns_of(drawn)
    curve, eta = curve_of(PRIORS[level], columns, seed)
    np.testing.assert_allclose(
        curve.window(0.0, float(days)), exact(PRIORS[level], columns, eta, float(days)), rtol=0, atol=NEAR
    )


@pytest.mark.parametrize("level", PRIORS)
def test_told_the_renewals_hazards_it_is_the_renewal(level: str):
    own, curve = curves(level)
    for day in (*range(1, 113), 140, 200, 400, 900, 30_000):
        np.testing.assert_allclose(curve.window(0.0, float(day)), own.window(0.0, float(day)), rtol=0, atol=NEAR)


def test_what_was_fitted_is_hit_at_the_ends():
    own, _ = curves("pair")
    eta = np.random.default_rng(0).normal(-2, 1, (len(own.silence), len(ENDS_DAYS)))
    curve = joined(own, bases(own), eta.T)
    for place, end in enumerate(ENDS_DAYS):
        said = curve.window(0.0, np.full(len(eta), end))
        np.testing.assert_allclose(said, -np.expm1(-np.exp(eta[:, : place + 1]).sum(1)), rtol=1e-12)


def test_numbers_rows_and_tables_of_days_are_answered_alike():
    _, curve = curves("pair")
    count = len(curve.own.silence)
    days = np.array([0.0, 0.5, 3.0, 7.0, 13.0, 28.0, 112.0, 113.0, 5000.0, 1e6])
    table = curve.window(0.0, days[:, None])
    for day, row in zip(days.tolist(), table, strict=True):
        np.testing.assert_array_equal(curve.window(0.0, day), row)
        np.testing.assert_array_equal(curve.window(0.0, np.full(count, day)), row)


@settings(max_examples=60, deadline=None)
@given(st.lists(rows, min_size=1, max_size=6), st.integers(0, 9), st.lists(st.floats(0.001, 0.999), min_size=1))
def test_the_search_finds_what_asking_every_day_finds(
    drawn: list[tuple[list[float], int]], seed: int, levels: list[float]
):
    curve, _ = curve_of(PRIOR_PAIR, columns_of(drawn), seed)
    days = np.concatenate([np.arange(1.0, 400.0), np.geomspace(400, NEVER_DAYS, 300).round()])
    chance = curve.window(0.0, days[:, None])
    found = curve.first_horizon(np.repeat(np.array(levels)[:, None], len(drawn), axis=1))
    for q, said in zip(levels, found, strict=True):
        reached = chance >= q
        first = np.where(reached.any(0), days[reached.argmax(0)], np.inf)
        np.testing.assert_array_equal(said[first < 400], first[first < 400])
        np.testing.assert_array_equal(np.isinf(said), np.isinf(first))
        far = (first >= 400) & np.isfinite(first)
        assert (curve.window(0.0, np.where(far, said, 1.0))[far] >= q).all()
        assert (curve.window(0.0, np.where(far, said - 1, 1.0))[far] < q).all()
