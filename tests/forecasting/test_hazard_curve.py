"""The tabled curve: the renewal's own where it is told those hazards, and exactly what was fitted at the ends."""

from datetime import date

import numpy as np
import pytest

from forecasting.hazard_curve import ENDS_AT, ENDS_DAYS, HazardCurve, joined, nodes_of
from forecasting.history import order_days
from forecasting.learn import PRIOR_ACCOUNT, PRIOR_PAIR
from forecasting.renewal import RenewalCurve, renewal_curve
from tests.forecasting.population import order_lines

DAY = date(2022, 3, 1).toordinal()
TABLE_ERROR = 0.002


def curves(level: str) -> tuple[RenewalCurve, HazardCurve]:
    """A renewal, and the table that is told its hazards."""
    known = order_days(order_lines(accounts=80)).before(DAY)
    history, prior = (known, PRIOR_PAIR) if level == "pair" else (known.of_accounts(), PRIOR_ACCOUNT)
    own = renewal_curve(prior, history.pairs().columns, DAY)
    base = nodes_of(own)
    return own, joined(own, base, np.log(np.diff(base[ENDS_AT], axis=0)).T)


@pytest.mark.parametrize("level", ["pair", "account"])
def test_the_table_stays_near_the_exact_curve(level: str):
    own, table = curves(level)
    for day in (*range(1, 113), 140, 200, 400, 900):
        wrong = np.abs(table.window(0.0, float(day)) - own.window(0.0, float(day)))
        assert wrong.mean() < TABLE_ERROR, day
        assert wrong.max() < 4 * TABLE_ERROR, day


def test_what_was_fitted_is_hit_at_the_ends():
    own, _ = curves("pair")
    eta = np.random.default_rng(0).normal(-2, 1, (len(own.silence), len(ENDS_DAYS)))
    table = joined(own, nodes_of(own), eta)
    for place, end in enumerate(ENDS_DAYS):
        said = table.window(0.0, np.full(len(eta), end))
        np.testing.assert_allclose(said, -np.expm1(-np.exp(eta[:, : place + 1]).sum(1)), rtol=1e-12)


def test_numbers_and_arrays_of_days_are_answered_alike():
    _, table = curves("pair")
    rows = len(table.tail)
    for day in (0.0, 0.5, 3.0, 13.0, 112.0, 113.0, 5000.0, 1e6):
        np.testing.assert_array_equal(table.window(0.0, day), table.window(0.0, np.full(rows, day)))
