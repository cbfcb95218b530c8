"""Learning: finds what the data were made with, gives the same bytes for the same history, never sees the future."""

from datetime import date
from functools import cache

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from forecasting.artefact import PopulationModel
from forecasting.forecasts import COLUMNS, date_of, forecast_table, forecastable, forecaster_of
from forecasting.history import OrderDays, order_days, order_days_of
from forecasting.learn import FITTED_BEFORE, PRIOR_PAIR, fit_population, prior_model, refresh_population
from forecasting.likelihood import fit_renewal, gaps_of
from forecasting.pair import OrderMark, PairState, add_order, summarise
from forecasting.parts import ACCOUNT, GROUPS, OWN, PRODUCT, PULSE, Parts, group_of
from forecasting.renewal import RenewalForecaster, RenewalParameters
from tests.forecasting.population import order_lines

AS_OF = date(2022, 3, 1).toordinal()


@cache
def history() -> OrderDays:
    return order_days(order_lines())


@cache
def model() -> PopulationModel:
    return fit_population(history(), AS_OF)


def test_finds_the_parameters_that_gaps_were_drawn_with():
    rng, rows = np.random.default_rng(7), []
    for pair in range(1500):
        theta, day = rng.gamma(4.0, 1 / 30.0), float(rng.integers(1, 60))
        while day < 700:
            rows.append((f"A{pair}", "S", 1.0, pd.Timestamp("2020-01-01") + pd.Timedelta(days=int(day))))
            if rng.random() < 0.1:
                break
            day += max(rng.gamma(4.0, 1 / theta), 1.0)
    lines = pd.DataFrame(rows, columns=["account_id", "sku", "quantity", "ordered_at"])
    found, _ = fit_renewal(gaps_of(order_days(lines), date(2021, 12, 1).toordinal()), PRIOR_PAIR)
    assert dict(zip(found.shapes, found.weights, strict=True))[4] > 0.8
    assert found.a == pytest.approx(4.0, rel=0.25)
    assert found.scale_days / found.a == pytest.approx(4 * 30 / 4, rel=0.1)
    assert found.alpha / (found.alpha + found.beta) == pytest.approx(0.1, abs=0.03)


def test_same_history_same_bytes_and_another_order_of_lines_too():
    lines = order_lines(accounts=40)
    first = fit_population(order_days(lines), AS_OF)
    again = fit_population(order_days(lines.sample(frac=1, random_state=3)), AS_OF)
    assert first.artefact == again.artefact
    assert first.digest == again.digest


def test_the_future_is_not_seen():
    lines = order_lines(accounts=40)
    past = lines[lines.ordered_at < pd.Timestamp(date.fromordinal(AS_OF))]
    seen, whole = order_days(past), order_days(lines)
    assert fit_population(seen, AS_OF).record.pair == fit_population(whole, AS_OF).record.pair
    for level in ("pair", "account"):
        tables = [forecast_table(forecastable(h, AS_OF, level), model().pair, AS_OF) for h in (seen, whole)]
        assert sorted(map(tuple, tables[0].to_numpy())) == sorted(map(tuple, tables[1].to_numpy()))


@pytest.mark.parametrize("level", ["pair", "account"])
def test_forecasts_tell_who_orders(level):
    pairs = forecastable(history(), AS_OF, level)
    table = forecast_table(pairs, forecaster_of(model(), level), AS_OF)
    assert tuple(table.columns) == COLUMNS
    later = order_lines().query("ordered_at >= '2022-03-01' and ordered_at < '2022-03-15'")
    came = set(zip(later.account_id, later.sku if level == "pair" else ["*"] * len(later), strict=True))
    ordered = [pair in came for pair in zip(table.account_id, table.sku, strict=True)]
    assert roc_auc_score(ordered, table.prob_14d) > 0.75
    assert np.mean(ordered) == pytest.approx(table.prob_14d.mean(), rel=0.2)


def test_calibration_is_learnt_from_enough_past_only():
    assert None not in (model().record.often, model().record.seldom, model().record.whole)
    short = order_days(order_lines(accounts=15))
    assert fit_population(short, date(2021, 4, 1).toordinal()).record.often is None


def test_with_nothing_to_learn_from_the_prior_answers_and_says_so():
    nothing = prior_model()
    assert nothing.degraded
    assert nothing.record.pair == PRIOR_PAIR
    assert not model().degraded
    few = order_days(order_lines(accounts=1))
    assert fit_population(few, AS_OF).degraded


@pytest.mark.parametrize("day", ["2021-01-02", "2021-01-20", "2021-03-01"])
def test_a_young_history_is_no_reason_to_fail(day):
    young = fit_population(history(), date.fromisoformat(day).toordinal())
    table = forecast_table(forecastable(history(), AS_OF, "pair"), young.pair, AS_OF)
    assert table.notna().all().all()


def test_constant_and_same_day_gaps_can_be_learnt_from():
    days = [pd.Timestamp("2021-01-01") + pd.Timedelta(days=7 * week) for week in range(60)]
    rows = [(f"A{a}", "S", 1e12, day) for a in range(40) for day in days]
    regular = order_days(pd.DataFrame(rows, columns=["account_id", "sku", "quantity", "ordered_at"]))
    learnt = fit_population(regular, date(2022, 2, 20).toordinal())
    assert all(np.isfinite(list(learnt.record.scores.values())))
    table = forecast_table(forecastable(regular, date(2022, 2, 20).toordinal(), "pair"), learnt.pair, AS_OF)
    assert table.notna().all().all()


def test_columns_from_a_file_and_from_the_stream_agree():
    known = history().before(AS_OF)
    pairs = known.pairs_in_context(AS_OF)
    states: dict[tuple[str, str], PairState] = {}
    for row in range(len(known)):
        names = known.account_ids[known.account[row]], known.skus[known.sku[row]]
        add_order(states.setdefault(names, PairState()), OrderMark(int(known.day[row]), row, known.quantity[row]))
    names = list(zip(pairs.account_names(), pairs.sku_names(), strict=True))
    streamed = summarise([states[name] for name in names])
    for field in (
        "orders",
        "first_day",
        "last_day",
        "n",
        "S",
        "D",
        "mean_quantity",
        "last_quantity",
        "usual_quantity",
        "median_gap",
        "rates",
        "recent",
    ):
        np.testing.assert_allclose(getattr(streamed, field), getattr(pairs.columns, field), rtol=1e-9)
    rebuilt = order_days_of((account, sku, state) for (account, sku), state in states.items())
    assert rebuilt.day.max() == known.day.max()
    assert len(rebuilt) <= len(known)


def test_never_is_2100():
    stopped = RenewalParameters((1,), (1.0,), a=1.0, scale_days=10.0, alpha=50.0, beta=0.05)
    pairs = forecastable(history(), AS_OF, "pair")
    table = forecast_table(pairs, RenewalForecaster("v", "d", stopped), AS_OF)
    assert (table.p90 == pd.Timestamp("2100-01-01")).all()
    assert date_of(float("inf")) is None
    assert date_of(float(AS_OF)) == date(2022, 3, 1)


def test_accounts_that_never_buy_the_same_twice_are_refreshed_too():
    learnt = model()
    whole = PopulationModel(msgspec.structs.replace(learnt.record, often=None, seldom=None))
    found = refresh_population(whole, history(), AS_OF + 7)
    assert found.record.products
    asked = forecastable(history(), AS_OF + 7, "account").columns
    assert np.isfinite(found.account.probability(asked, AS_OF + 7, 28.0)).all()


def test_a_refreshed_model_keeps_its_coefficients_and_learns_the_products():
    once = refresh_population(model(), history(), AS_OF + 7)
    twice = refresh_population(once, history(), AS_OF + 14)
    assert twice.record.often == model().record.often
    assert (once.record.scores[FITTED_BEFORE], twice.record.scores[FITTED_BEFORE]) == (7, 14)
    assert model().record.products != once.record.products != twice.record.products
    assert twice.version.endswith(str(date.fromordinal(AS_OF + 14)))
    assert twice.record.order_days == len(history().before(AS_OF + 14))


def test_every_feature_belongs_to_a_part():
    record = model().record
    groups = {name: group_of(name) for name in (*record.often.names, *record.whole.names)}
    assert set(groups.values()) == set(GROUPS)
    assert (groups["a_due"], groups["p_due"], groups["a_silence"]) == (PULSE, PULSE, ACCOUNT)
    assert (groups["share60"], groups["p_renewal0"], groups["s_pull"]) == (ACCOUNT, OWN, PRODUCT)


def test_parts_that_are_left_out_are_not_in_the_model():
    alone = fit_population(history(), AS_OF, parts=Parts(())).record
    assert alone.often is None
    assert alone.pair == model().record.pair
    lines = fit_population(history(), AS_OF, parts=Parts((OWN,), bends=False, stacked=False)).record.often
    assert {group_of(name) for name in lines.names} == {OWN}
    assert not any(lines.knots)
