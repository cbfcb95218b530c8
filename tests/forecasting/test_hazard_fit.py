"""The penalised regression: agrees with statsmodels where nothing is penalised, and gives up details on few data."""

import numpy as np
import pytest
import statsmodels.api as sm

from forecasting.additive import fits, log_hazards
from forecasting.hazard import ENDS_DAYS
from forecasting.hazard_fit import Examples, fit_hazard
from forecasting.ridge import fit_cloglog

RNG = np.random.default_rng(5)


def made(rows: int) -> tuple[np.ndarray, np.ndarray]:
    x = RNG.normal(size=(rows, 3))
    return x, (RNG.random(rows) < -np.expm1(-np.exp(-1.0 + x @ [0.8, -0.5, 0.0]))).astype(float)


def test_without_a_penalty_it_is_the_glm():
    x, y = made(3000)
    ours = fit_cloglog(x, y, np.ones(len(y)), np.full(3, 1e-6), np.zeros(len(y)))
    family = sm.families.Binomial(sm.families.links.CLogLog())
    theirs = sm.GLM(y, sm.add_constant(x), family=family).fit().params
    np.testing.assert_allclose(ours, theirs, atol=2e-3)


def test_a_penalty_draws_to_nothing():
    x, y = made(300)
    stiff = fit_cloglog(x, y, np.ones(len(y)), np.full(3, 1e7), np.zeros(len(y)))
    assert np.abs(stiff[1:]).max() < 1e-3
    assert -np.expm1(-np.exp(stiff[0])) == pytest.approx(y.mean(), abs=1e-3)


def examples(rows: int) -> Examples:
    speed = RNG.normal(size=rows)
    wait = RNG.exponential(40 * np.exp(-speed))
    features = np.column_stack([speed, RNG.normal(size=rows), np.full(rows, 7.0)])
    length = RNG.choice([14.0, 60.0, 150.0], rows)
    return Examples(features, ("p_renewal0", "noise", "constant"), np.where(wait < length, wait, np.inf), length)


def test_finds_what_the_waits_were_made_with():
    model = fit_hazard(examples(6000))
    assert model is not None
    assert fits(model)
    assert len(model.heads) == len(ENDS_DAYS)
    fast, slow = log_hazards(model, np.array([[1.0, 0.0, 7.0], [-1.0, 0.0, 7.0]]))
    np.testing.assert_allclose(fast - slow, 2.0, atol=0.5)
    np.testing.assert_allclose(np.exp(fast), np.diff([0.0, *ENDS_DAYS]) * np.e / 40, rtol=0.35)


def test_few_examples_are_refused():
    assert fit_hazard(examples(40)) is None
