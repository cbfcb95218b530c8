"""What every forecaster must hold, whatever it has learnt: one coherent curve for each row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.calibrated import PooledForecaster, RenewalForecaster, Weights
from forecasting.curve import CurveForecaster
from forecasting.learn import PRIOR_ACCOUNT, PRIOR_PAIR
from forecasting.pair import OrderMark, PairState, add_order, summarise
from forecasting.renewal import RenewalParameters

AS_OF = 735_000
WEIGHTS = Weights(constant=-0.8, pair=0.5, account=0.5, orders=0.2, share=0.2, products={"A": 0.7})
BURSTY = RenewalParameters(k=0.6, a=0.7, b=20.0, alpha=0.5, beta=1.5)
FORECASTERS = {
    "renewal": RenewalForecaster("v", "d", PRIOR_PAIR),
    "regular": RenewalForecaster("v", "d", RenewalParameters(k=9.0, a=2.0, b=30.0, alpha=0.1, beta=5.0)),
    "bursty": RenewalForecaster("v", "d", BURSTY),
    "pooled": PooledForecaster("v", "d", PRIOR_PAIR, PRIOR_ACCOUNT, WEIGHTS),
    "pooled bursty": PooledForecaster("v", "d", BURSTY, PRIOR_ACCOUNT, WEIGHTS),
}
every = pytest.mark.parametrize("forecaster", FORECASTERS.values(), ids=FORECASTERS.keys())


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
    return summarise(states, accounts=accounts, skus=["A"] * len(states))


@every
@settings(max_examples=25)
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


@every
@settings(max_examples=25)
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


@every
@settings(max_examples=25)
@given(st.lists(histories(), min_size=1, max_size=4), st.floats(0.5, 30), st.floats(0.05, 0.9))
def test_due_is_the_first_day_on_which_the_probability_reaches_the_level(forecaster, many, lead, level):
    columns = columns_of(*many)
    due = forecaster.due_in_days(columns, AS_OF, lead, level, 40)
    daily = np.stack([forecaster.probability(columns, AS_OF + t, lead) >= level for t in range(41)])
    expected = np.where(daily.any(0), daily.argmax(0), np.inf)
    # An order that lies after as_of has no silence before it: the walk starts at as_of, so do we.
    past = columns.last_day <= AS_OF
    assert due[past].tolist() == expected[past].tolist()


@every
@settings(max_examples=25)
@given(st.lists(histories(), min_size=2, max_size=6))
def test_a_row_does_not_depend_on_its_neighbours(forecaster: CurveForecaster, many):
    together = columns_of(*many)
    for method, argument in (("probability", 14.0), ("quantile_day", 0.5), ("alive", None)):
        given = () if argument is None else (argument,)
        whole = getattr(forecaster, method)(together, AS_OF, *given)
        alone = [getattr(forecaster, method)(columns_of(one), AS_OF, *given)[0] for one in many]
        assert whole.tolist() == alone


@every
def test_a_pair_without_orders_never_orders(forecaster: CurveForecaster):
    columns = columns_of([])
    assert forecaster.probability(columns, AS_OF, 365).tolist() == [0.0]
    assert forecaster.alive(columns, AS_OF).tolist() == [0.0]
    assert forecaster.quantile_day(columns, AS_OF, 0.1).tolist() == [np.inf]
    assert forecaster.due_in_days(columns, AS_OF, 14.0, 0.1).tolist() == [np.inf]


def test_hazard_of_a_regular_pair_rises_with_silence_and_life_fades():
    forecaster = FORECASTERS["regular"]
    weekly = columns_of([(AS_OF - 7 * i, 1.0) for i in range(10)])
    early, due, late = (float(forecaster.probability(weekly, AS_OF + s, 2.0)[0]) for s in (1, 6, 90))
    assert early < due
    assert late < due
    alive = [float(forecaster.alive(weekly, AS_OF + s)[0]) for s in (1, 20, 60, 400)]
    assert alive == sorted(alive, reverse=True)
    assert alive[0] > 0.9
    assert alive[-1] < 0.2


def test_the_poisson_gamma_is_the_case_of_shape_one():
    plain = RenewalForecaster("v", "d", RenewalParameters(k=1.0, a=2.0, b=40.0, alpha=1e-9, beta=1.0))
    columns = columns_of([(AS_OF - 30, 1.0), (AS_OF - 10, 1.0)])
    a, b = 2.0 + 1.0, 40.0 + 20.0 + 9.5
    assert plain.probability(columns, AS_OF, 14.0)[0] == pytest.approx(1 - (b / (b + 14)) ** a)


def test_account_and_product_move_the_forecast():
    pooled = FORECASTERS["pooled"]
    pair = state_of([(AS_OF - 160, 1.0), (AS_OF - 130, 1.0)])
    asleep = state_of([(AS_OF - d, 1.0) for d in (175, 160, 145, 130)])
    busy = state_of([(AS_OF - d, 1.0) for d in (48, 33, 18, 3)])
    known = summarise([pair, pair, pair], accounts=[busy, asleep, busy], skus=["B", "B", "A"])
    active, silent, in_fashion = pooled.probability(known, AS_OF, 14.0)
    assert silent < active < in_fashion


def test_without_context_the_pair_speaks_for_itself():
    pooled, own = FORECASTERS["pooled"], FORECASTERS["renewal"]
    alone = summarise([state_of([(AS_OF - 60, 1.0), (AS_OF - 30, 1.0)])])
    assert pooled.probability(alone, AS_OF, 14.0) == own.probability(alone, AS_OF, 14.0)
