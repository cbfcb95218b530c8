"""One and the same: a file of order lines and the same orders as events through the fold."""

from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.artefact import PopulationModel
from forecasting.columns import CONTEXT, PairColumns
from forecasting.forecasts import HORIZONS_DAYS, QUANTILES, forecastable
from forecasting.history import Pairs, order_days
from forecasting.learn import fit_population
from forecasting.pair import summarise
from ops.orders_file import read_order_lines
from schemas.envelope import Event
from streams.core.outlook import account_columns
from tests.forecasting.population import LAST_DAY, order_lines
from tests.streams.harness import START, said
from tests.streams.scene import Scene, placed

TODAY = START.date().toordinal()
TOLERANCE = 1e-9
QUANTITIES = ("mean_quantity", "last_quantity", "usual_quantity")  # of an account: nobody adds up unlike products
SKUS = ("S001", "S002", "S003", "S999")
orders = st.tuples(
    st.integers(0, 2),
    st.integers(1, 360) | st.integers(1, 4),  # so that there are several of one day
    st.integers(0, 2),
    st.dictionaries(st.sampled_from(SKUS), st.sampled_from([1, 2, 7, 5000]), min_size=1),
)
Told = dict[tuple[int, int, int], dict[str, int]]  # account, days back and which of that day: units of each product


@cache
def learnt() -> PopulationModel:
    """A model that knows three of the four products, shifted to end today."""
    lines = order_lines(accounts=60)
    later = pd.Timedelta(days=TODAY - LAST_DAY.toordinal())
    return fit_population(order_days(lines.assign(ordered_at=lines.ordered_at + later)), TODAY)


def events(told: Told) -> Iterator[Event]:
    """Every order as an event, and every third one twice."""
    for number, ((account, back, nth), units) in enumerate(sorted(told.items(), key=lambda one: -one[0][1])):
        order = placed(f"O{account}-{back}-{nth}", **units)
        event = said(order, START - timedelta(days=back), f"E{number}", f"A{account}")
        yield event
        if number % 3 == 0:
            yield event


def of_file(told: Told) -> tuple[Pairs, Pairs]:
    """Pairs and accounts as `ringahead forecast` makes them; a line a unit count, the last one cut in two."""
    rows = [
        (f"A{account}", sku, part, "", START - timedelta(days=back, hours=-hour), f"O{account}-{back}-{nth}")
        for (account, back, nth), units in told.items()
        for sku, quantity in units.items()
        for hour, part in ((0, quantity / 4), (3, 3 * quantity / 4))
    ]
    names = ["account_id", "sku", "quantity", "unit_price", "ordered_at", "order_id"]
    frame = pd.DataFrame(rows, columns=names)
    frame["ordered_at"] = frame["ordered_at"].dt.strftime("%Y-%m-%d %H:%M:%S")
    with TemporaryDirectory() as folder:
        file = Path(folder, "orders.csv")
        frame.sample(frac=1, random_state=1).to_csv(file, index=False)
        lines = read_order_lines(file, pd.Timestamp(START.date()))
    history = order_days(lines.frame)
    return forecastable(history, TODAY, "pair"), forecastable(history, TODAY, "account")


def of_stream(told: Told, pairs: Pairs) -> tuple[PairColumns, PairColumns]:
    """The same rows from the states that a fold leaves."""
    scene = Scene(deciding=False)
    scene.hear(*events(told))
    names, skus = pairs.account_names(), pairs.sku_names()
    order = sorted(set(names))
    accounts = account_columns([scene.account(name) for name in order], np.full(len(order), float(TODAY)))
    columns = summarise([scene.account(name).pairs[sku].orders for name, sku in zip(names, skus, strict=True)])
    rows = np.array([order.index(name) for name in names], dtype=np.intp)
    return replace(columns, account=accounts.take(rows), skus=skus), accounts


def accounts_of(columns: PairColumns) -> PairColumns:
    """Of each row, whether they are repeated or told once."""
    accounts, _, row = columns.accounts()
    return accounts.take(row)


def assert_same(found: PairColumns, wanted: PairColumns, leaving: tuple[str, ...] = CONTEXT) -> None:
    for name in (field.name for field in fields(PairColumns) if field.name not in leaving):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), rtol=0, atol=TOLERANCE, err_msg=name)
    if wanted.pulse is not None:
        np.testing.assert_array_equal(found.pulse, wanted.pulse)
    if wanted.account is not None and found.account is not None:
        assert_same(accounts_of(found), accounts_of(wanted), (*CONTEXT, *QUANTITIES))


@settings(max_examples=20, deadline=None)
@given(st.lists(orders, min_size=1, max_size=60))
@pytest.mark.parametrize("level", ["pair", "account"])
def test_a_file_and_the_fold_give_the_same_forecasts(
    level: str, drawn: list[tuple[int, int, int, dict[str, int]]]
) -> None:
    told = {(account, back, nth): units for account, back, nth, units in drawn}
    pairs, accounts = of_file(told)
    streamed, whole = of_stream(told, pairs)
    batch, incremental = (pairs.columns, streamed) if level == "pair" else (accounts.columns, whole)
    assert_same(incremental, batch, CONTEXT if level == "pair" else (*CONTEXT, *QUANTITIES))
    forecaster = learnt().pair if level == "pair" else learnt().account
    one, other = (forecaster.answers(rows, TODAY, HORIZONS_DAYS, QUANTILES) for rows in (batch, incremental))
    np.testing.assert_allclose(one[0], other[0], rtol=0, atol=TOLERANCE)
    days = [np.where(np.isfinite(day), day, 0.0) for day in (*one[1], *other[1])]
    np.testing.assert_allclose(days[:3], days[3:], atol=1.0)  # a day where the curve meets the level to the last bit
