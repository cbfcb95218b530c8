"""An account orders anything at least as likely as any one of its products, whatever was learnt."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.coherent import raised
from forecasting.forecasts import HORIZONS_DAYS, account_table, forecast_table, forecastable
from forecasting.history import order_days
from forecasting.learn import fit_population, prior_model
from ops.commands.forecast import forecast
from tests.forecasting.population import order_lines

DAY = date(2022, 3, 1).toordinal()
CHANCES = [f"prob_{horizon}d" for horizon in HORIZONS_DAYS]
DATES = ["p10", "p50", "p90"]


@pytest.fixture(scope="module")
def model():
    return fit_population(order_days(order_lines(accounts=60)), DAY)


def assert_coherent(of_accounts: pd.DataFrame, of_pairs: pd.DataFrame) -> None:
    whole = of_accounts.set_index("account_id").loc[of_pairs.account_id]
    for name in CHANCES:
        assert (whole[name].to_numpy() >= of_pairs[name].to_numpy()).all(), name
    for name in DATES:
        assert (whole[name].to_numpy() <= of_pairs[name].to_numpy()).all(), name


orders = st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(1, 500), st.sampled_from([1.0, 5.0, 1e6]))


@settings(max_examples=25, deadline=None)
@given(lines=st.lists(orders, min_size=1, max_size=60), learnt=st.booleans())
def test_no_pair_is_above_its_account(model, lines, learnt):
    frame = pd.DataFrame(
        {
            "account_id": [f"A{account}" for account, *_ in lines],
            "sku": [f"S{sku:03d}" for _, sku, *_ in lines],
            "quantity": [quantity for *_, quantity in lines],
            "ordered_at": [pd.Timestamp(date.fromordinal(DAY - back)) for _, _, back, _ in lines],
        }
    )
    history, used = order_days(frame), model if learnt else prior_model()
    accounts, pairs = forecastable(history, DAY, "account"), forecastable(history, DAY, "pair")
    assert_coherent(account_table(accounts, pairs, used, DAY), forecast_table(pairs, used.pair, DAY))


def test_both_levels_of_the_command_agree():
    history = order_days(order_lines(accounts=60))
    assert_coherent(forecast(history, DAY, "account"), forecast(history, DAY, "pair"))


def test_only_what_lies_below_is_raised():
    history = order_days(order_lines(accounts=8))
    accounts, pairs = forecastable(history, DAY, "account"), forecastable(history, DAY, "pair")
    low = np.full(len(pairs), 0.1)
    low[0] = 0.9
    chances, days = raised(
        ([np.full(len(accounts), 0.5)], [np.full(len(accounts), 20.0)]), accounts, pairs, ([low], [50 - 40 * low])
    )
    expected = np.where(accounts.account == pairs.account[0], 0.9, 0.5)
    np.testing.assert_array_equal(chances[0], expected)
    np.testing.assert_array_equal(days[0], np.where(expected == 0.9, 14.0, 20.0))
