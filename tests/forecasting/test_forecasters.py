"""What every forecaster must hold, whatever it has learnt: one coherent curve for each row."""

from dataclasses import replace
from datetime import date
from functools import cache

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc

from forecasting.artefact import PopulationModel
from forecasting.curve import CurveForecaster
from forecasting.history import order_days
from forecasting.learn import PRIOR_PAIR, fit_population
from forecasting.pair import OrderMark, PairState, add_order, summarise
from forecasting.renewal import RenewalForecaster, RenewalParameters, beta_integral, gamma_of
from tests.forecasting.population import order_lines

AS_OF = 735_000
REGULAR = RenewalParameters((8,), (1.0,), a=2.0, scale_days=240.0, alpha=0.1, beta=5.0)


@cache
def learnt():
    """A population whose product A is in fashion."""
    lines = order_lines()
    history = order_days(lines.assign(sku=lines.sku.replace("S001", "A")))
    return fit_population(history, AS_OF_LEARNT)


AS_OF_LEARNT = date(2022, 3, 1).toordinal()
FORECASTERS = {
    "renewal": lambda: RenewalForecaster("v", "d", PRIOR_PAIR),
    "regular": lambda: RenewalForecaster("v", "d", REGULAR),
    "pairs": lambda: learnt().pair,
    "accounts": lambda: learnt().account,
}


@pytest.fixture(params=FORECASTERS, scope="module")
def forecaster(request) -> CurveForecaster:
    return FORECASTERS[request.param]()


@st.composite
def histories(draw):
    """One order, all on one day, constant gaps, gaps of years, huge quantities; none at all."""
    gaps = draw(st.lists(st.sampled_from([0, 1, 7, 7, 30, 400, 4000]) | st.integers(0, 60), max_size=30))
    quantity = draw(st.sampled_from([1e-9, 1.0, 1e12]))
    back = draw(st.integers(-3, 900))
    days = AS_OF - back - np.concatenate([[0], np.cumsum(gaps)]).astype(int)
    return [] if draw(st.integers(0, 20)) == 0 else [(int(day), quantity) for day in days]


def state_of(history):
    state = PairState()
    for key, (day, quantity) in enumerate(sorted(history)):
        add_order(state, OrderMark(day, key, quantity))
    return state


def columns_of(*many):
    states = [state_of(history) for history in many]
    accounts = [state_of([*history, (AS_OF - 40, 1.0), (AS_OF - 20, 1.0)]) for history in many]
    columns = summarise(states, accounts=accounts, skus=["A"] * len(states))
    pulse = np.tile([3.0, 9.0, 2.0, 1.0], (len(states), 1))
    return replace(columns, account=replace(columns.account, pulse=pulse), pulse=pulse)


@settings(max_examples=15, deadline=None)
@given(st.lists(histories(), min_size=1, max_size=5))
def test_probability_is_one_and_rises_with_the_horizon(forecaster: CurveForecaster, many):
    columns = columns_of(*many)
    horizons = [0, 1, 2, 7, 14, 28, 90, 365, 10_000, 1_000_000]
    curve = np.stack([forecaster.probability(columns, AS_OF, h) for h in horizons])
    assert np.isfinite(curve).all()
    assert (curve >= 0).all()
    assert (curve <= 1).all()
    assert (np.diff(curve, axis=0) >= -1e-12).all()
    alive = forecaster.alive(columns, AS_OF)
    assert (curve <= alive + 1e-9).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(histories(), min_size=1, max_size=5), st.floats(0.01, 0.99))
def test_quantile_is_the_first_day_that_reaches_it(forecaster: CurveForecaster, many, q):
    columns = columns_of(*many)
    day = forecaster.quantile_day(columns, AS_OF, q)
    assert not np.isnan(day).any()
    finite = np.isfinite(day)
    horizon = np.where(finite, day - AS_OF + 1, 1.0)
    assert (horizon >= 1).all()
    assert (forecaster.probability(columns, AS_OF, horizon)[finite] >= q).all()
    assert (forecaster.probability(columns, AS_OF, horizon - 1)[finite] < q).all()
    assert (forecaster.probability(columns, AS_OF, 2.0**15)[~finite] < q).all()


@settings(max_examples=15, deadline=None)
@given(st.lists(histories(), min_size=1, max_size=4), st.floats(0.5, 30), st.floats(0.05, 0.9))
def test_due_is_the_first_day_on_which_the_probability_reaches_the_level(forecaster, many, lead, level):
    columns = columns_of(*many)
    due = forecaster.due_in_days(columns, AS_OF, lead, level, 40)
    curve = forecaster.curve(columns, AS_OF)
    daily = np.stack([curve.window(float(t), lead) >= level for t in range(41)])
    expected = np.where(daily.any(0), daily.argmax(0), np.inf)
    # An order that lies after as_of has no silence before it: the walk starts at as_of, so do we.
    past = columns.last_day <= AS_OF
    assert due[past].tolist() == expected[past].tolist()


@settings(max_examples=15, deadline=None)
@given(st.lists(histories(), min_size=2, max_size=6))
def test_a_row_does_not_depend_on_its_neighbours(forecaster: CurveForecaster, many):
    together = columns_of(*many)
    for method, argument in (("probability", 14.0), ("quantile_day", 0.5), ("alive", None)):
        given = () if argument is None else (argument,)
        whole = getattr(forecaster, method)(together, AS_OF, *given)
        alone = [getattr(forecaster, method)(columns_of(one), AS_OF, *given)[0] for one in many]
        assert whole.tolist() == alone


def test_a_pair_without_orders_never_orders(forecaster: CurveForecaster):
    columns = columns_of([])
    assert forecaster.probability(columns, AS_OF, 365).tolist() == [0.0]
    assert forecaster.alive(columns, AS_OF).tolist() == [0.0]
    assert forecaster.quantile_day(columns, AS_OF, 0.1).tolist() == [np.inf]
    assert forecaster.due_in_days(columns, AS_OF, 14.0, 0.1).tolist() == [np.inf]


def test_hazard_of_a_regular_pair_rises_with_silence_and_life_fades():
    forecaster = FORECASTERS["regular"]()
    weekly = columns_of([(AS_OF - 7 * i, 1.0) for i in range(10)])
    early, due, late = (float(forecaster.probability(weekly, AS_OF + s, 2.0)[0]) for s in (1, 6, 90))
    assert early < due
    assert late < due
    alive = [float(forecaster.alive(weekly, AS_OF + s)[0]) for s in (1, 20, 60, 400)]
    assert alive == sorted(alive, reverse=True)
    assert alive[0] > 0.9
    assert alive[-1] < 0.2


def test_the_poisson_gamma_is_the_case_of_shape_one():
    plain = RenewalForecaster("v", "d", RenewalParameters((1,), (1.0,), a=2.0, scale_days=40.0, alpha=1e-9, beta=1.0))
    columns = columns_of([(AS_OF - 30, 1.0), (AS_OF - 10, 1.0)])
    a, b = 2.0 + 1.0, 40.0 + 20.0 + 9.5
    assert plain.probability(columns, AS_OF, 14.0)[0] == pytest.approx(1 - (b / (b + 14)) ** a)


@pytest.mark.parametrize("k", [1, 2, 4, 8])
def test_survival_is_the_incomplete_beta(k):
    a, x = np.meshgrid([0.05, 0.6, 3.0, 40.0, 90.0], [1e-9, 0.01, 0.3, 0.9, 1 - 1e-9, 1.0])
    np.testing.assert_allclose(beta_integral(a, k, x), betainc(a, k, x), rtol=1e-10, atol=1e-300)


@pytest.mark.parametrize("k", [1, 2, 4, 8])
def test_density_is_the_slope_of_the_survival(k):
    parameters = RenewalParameters((k,), (1.0,), a=1.3, scale_days=50.0, alpha=1.0, beta=1.0)
    gamma = gamma_of(parameters, np.array([0.0, 2.5]), np.array([0.0, 70.0]), np.array([0.0, 8.0]))
    for day in (1.0, 20.0, 300.0):
        slope = (gamma.survival(day - 1e-4) - gamma.survival(day + 1e-4)) / 2e-4
        np.testing.assert_allclose(gamma.density(day), slope, rtol=1e-5, atol=1e-10)


def test_gaps_tell_how_regular_a_pair_is():
    even = summarise([state_of([(AS_OF - 20 * i, 1.0) for i in range(8)])])
    uneven = summarise([state_of([(AS_OF - d, 1.0) for d in (0, 1, 3, 60, 62, 63, 138, 140)])])
    weights = [gamma_of(PRIOR_PAIR, c.n, c.S, c.D).weight[:, 0] for c in (even, uneven)]
    assert weights[0][-1] > PRIOR_PAIR.weights[-1] > weights[1][-1]
    assert weights[0][0] < PRIOR_PAIR.weights[0] < weights[1][0]


@settings(max_examples=15, deadline=None)
@given(st.lists(histories(), min_size=1, max_size=4), st.floats(0.5, 60))
def test_no_day_of_a_week_is_above_its_ceiling(forecaster: CurveForecaster, many, lead):
    curve = forecaster.curve(columns_of(*many), AS_OF)
    most = np.stack([curve.window(float(t), lead) for t in range(61)])
    assert (most <= np.repeat(curve.ceilings(lead, 60), 7, axis=0)[:61] + 1e-12).all()


def test_account_and_product_move_the_forecast_as_their_coefficients_say():
    record = learnt().record
    flat = [0.0] * len(record.often.heads[0])
    flat[1 + record.often.names.index("a_silence")] = -1.0
    flat[1 + record.often.names.index("s_rate60")] = 1.0
    plain = msgspec.structs.replace(record.often, heads=(tuple(flat),) * len(record.often.heads))
    pooled = PopulationModel(msgspec.structs.replace(record, often=plain)).pair
    pair = state_of([(AS_OF - days, 1.0) for days in (160, 145, 130)])
    asleep = state_of([(AS_OF - d, 1.0) for d in (175, 160, 145, 130)])
    busy = state_of([(AS_OF - d, 1.0) for d in (48, 33, 18, 3)])
    known = summarise([pair, pair, pair], accounts=[busy, asleep, busy], skus=["nobody's", "nobody's", "A"])
    active, silent, in_fashion = pooled.probability(known, AS_OF, 14.0)
    assert silent < active
    assert (in_fashion > active) == (record.products["A"][1] > record.products[""][1])


def test_without_context_the_pair_speaks_for_itself():
    pooled, own = learnt().pair, RenewalForecaster("v", "d", learnt().record.pair)
    alone = summarise([state_of([(AS_OF - 60, 1.0), (AS_OF - 30, 1.0)])])
    assert pooled.probability(alone, AS_OF, 14.0) == own.probability(alone, AS_OF, 14.0)
