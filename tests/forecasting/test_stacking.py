"""The weight between the fitted hazard and the renewal: high where the fit foretells, low where it learnt chance."""

import numpy as np
import pytest

from forecasting.additive import log_hazards
from forecasting.hazard import ENDS_DAYS
from forecasting.hazard_fit import Examples, fit_hazard
from forecasting.stacking import PRIOR_WEIGHT, drawn, earlier, fit_believed, stacking_weights

NAMES = tuple(f"p_renewal{place}" for place in range(len(ENDS_DAYS)))
LENGTHS = np.arange(7.0, 190.0, 7.0)


def examples(rows: int, speed_seen_of_late: float, speed_renewal_knows: float) -> Examples:
    """Windows of exponential waits whose speed a feature tells; in the newest 56 days it may tell of nothing."""
    rng = np.random.default_rng(8)
    length = rng.choice(LENGTHS, rows)
    speed = rng.normal(size=rows)
    strength = np.where(length <= 56, speed_seen_of_late, 1.0)
    wait = rng.exponential(40 * np.exp(-strength * speed - speed_renewal_knows))
    renewal = np.log(np.diff([0.0, *ENDS_DAYS]) / 40)
    known = renewal + np.array(speed_renewal_knows).reshape(-1, 1) + 0.1 * rng.normal(size=(rows, 1))
    features = np.column_stack([known, speed])
    return Examples(features, (*NAMES, "speed"), np.where(wait < length, wait, np.inf), length)


def test_what_foretells_is_believed_and_what_ceased_to_is_not():
    lasting = stacking_weights(examples(8000, 1.0, 0.0))
    ceased = stacking_weights(examples(8000, -0.5, 0.0))
    assert (lasting > 0.8).all()
    assert (ceased < 0.3).all()


def test_half_is_believed_where_nothing_was_held_forward():
    few = examples(200, 1.0, 0.0)
    young = few.where(few.length <= 28)
    np.testing.assert_array_equal(stacking_weights(young), PRIOR_WEIGHT)
    assert fit_believed(young.where(young.wait < 0)) is None


def test_earlier_forgets_what_came_later():
    known = examples(500, 1.0, 0.0)
    before = earlier(known, 28.0)
    seen = np.isfinite(before.wait)
    assert len(before.wait) == (known.length > 28).sum()
    assert (before.wait[seen] < before.length[seen]).all()
    assert before.length.max() == known.length.max() - 28


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_drawn_lies_between_the_renewal_and_the_fit(weight: float):
    known = examples(3000, 1.0, 0.0)
    model = fit_hazard(known)
    assert model is not None
    some = known.features[:50]
    fitted, renewal = log_hazards(model, some), some[:, : len(ENDS_DAYS)]
    mixed = log_hazards(drawn(model, np.full(len(ENDS_DAYS), weight)), some)
    near = (np.abs(some - model.mean) < 4 * np.array(model.scale)).all(1)
    np.testing.assert_allclose(mixed[near], (renewal + weight * (fitted - renewal))[near], atol=1e-4)
