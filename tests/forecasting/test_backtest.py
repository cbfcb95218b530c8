"""The backtest: no future leaks, scores are what they say, a missing library costs a row and not the run."""

import sys
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from forecasting.backtest.cases import CURVE_DAYS, Outcome, Prediction, candidates_at, outcome_of
from forecasting.backtest.features import all_features, rows_at
from forecasting.backtest.intermittent import daily_series
from forecasting.backtest.intervals import intervals
from forecasting.backtest.method import MEDIAN, OURS, PRODUCT, Method, all_methods, chosen
from forecasting.backtest.origins import check_origins, choose_origins, without_strays
from forecasting.backtest.product_hazard import product_hazard
from forecasting.backtest.run import COLD, Backtest, run
from forecasting.backtest.scores import auc, brier_skill, calibration_error, crps, lift, ranked_skill, score
from forecasting.backtest.simple import constant_rate, poisson_gamma
from forecasting.backtest.tables import interval_table, means, predictions_table, scores_table
from forecasting.columns import REMEMBERED
from forecasting.history import OrderDays, order_days
from schemas.errors import BadInput
from tests.forecasting.population import order_lines

DAY = date(2022, 3, 7).toordinal()
LEVELS = ("pair", "account")


@cache
def history() -> OrderDays:
    return order_days(order_lines(accounts=60))


@cache
def small() -> Backtest:
    methods = [method for method in all_methods() if method.name in (OURS, "Poisson-gamma", "boosting, all")]
    return run(history(), [DAY - 28, DAY], LEVELS, methods)


def outcome(wait: list[float], days_left: int = 60) -> Outcome:
    rows = np.arange(len(wait))
    return Outcome(np.array(wait), days_left, rows, np.full(len(wait), 3.0))


def test_no_method_sees_what_comes_after_the_origin():
    lines = order_lines(accounts=30)
    late = lines.ordered_at >= pd.Timestamp(date.fromordinal(DAY))
    moved = lines.copy()
    moved.loc[late, "ordered_at"] = pd.Timestamp(date.fromordinal(DAY)) + pd.Timedelta(days=1)
    moved.loc[late, "quantity"] = 1e6
    for method in all_methods():
        if method.name in ("Croston-SBA", "TSB", "splines, all"):
            continue  # another environment; slow, and on the same features as boosting
        for level in LEVELS:
            said = [method.predict(candidates_at(past, DAY, level)) for past in (order_days(lines), order_days(moved))]
            np.testing.assert_array_equal(said[0].probability, said[1].probability, err_msg=method.name)
            assert len(np.unique(said[0].probability[:, 1])) > 5


def test_training_windows_had_closed():
    """A window that opened 14 days ago teaches 14 days, never 28."""
    events = candidates_at(history(), DAY, "pair").events()
    then = rows_at(events, DAY - 14)
    assert then.wait.max() < 14
    assert events.day.max() < DAY


@pytest.mark.parametrize("level", LEVELS)
def test_candidates_and_truth_are_the_referees(level):
    """Counted once more from the lines themselves."""
    lines = order_lines(accounts=60).assign(day=lambda d: d.ordered_at.dt.normalize())
    if level == "account":
        lines = lines.assign(sku="*")
    days = lines.drop_duplicates(["account_id", "sku", "day"])
    origin = pd.Timestamp(date.fromordinal(DAY))
    past = days[days.day < origin].groupby(["account_id", "sku"]).day.agg(["size", "max"])
    past = past[(past["size"] >= 3) & (past["max"] >= origin - pd.Timedelta(days=365))]
    following = days[days.day >= origin].groupby(["account_id", "sku"]).day.min()
    wait = (following - origin).dt.days.reindex(past.index).fillna(np.inf)
    candidates = candidates_at(history(), DAY, level)
    names = list(zip(candidates.pairs.account_names(), candidates.pairs.sku_names(), strict=True))
    assert names == list(past.index)
    np.testing.assert_array_equal(outcome_of(history(), candidates).wait_days, wait.to_numpy(float))
    np.testing.assert_array_equal(candidates.pairs.columns.orders, past["size"])


def test_rows_for_boosting_are_the_candidates():
    candidates = candidates_at(history(), DAY, "pair")
    rows = rows_at(candidates.events(), DAY)
    np.testing.assert_array_equal(rows.account, candidates.pairs.account)
    np.testing.assert_array_equal(rows.sku, candidates.pairs.sku)
    columns = candidates.pairs.columns
    whole = columns.orders <= REMEMBERED  # a state's median is over what it remembers
    np.testing.assert_array_equal(rows["median"][whole], columns.median_gap[whole])
    table = all_features(candidates.events(), candidates.account_events(), rows, DAY)
    assert table.shape == (len(candidates), 41)
    assert np.isfinite(table.to_numpy(float)).all()


def test_auc_is_sklearns_and_weights_are_repetition():
    rng = np.random.default_rng(0)
    came, p = (rng.random(300) < 0.3).astype(float), np.round(rng.random(300), 1)
    weight = rng.integers(0, 4, 300)
    assert auc(came, p) == pytest.approx(roc_auc_score(came, p), abs=1e-12)
    again = np.repeat(came, weight), np.repeat(p, weight)
    assert auc(came, p, weight.astype(float)) == pytest.approx(auc(*again), abs=1e-12)
    assert brier_skill(came, p, weight.astype(float)) == pytest.approx(brier_skill(*again), abs=1e-12)
    assert np.isnan(auc(np.ones(3), np.ones(3)))
    assert np.isnan(brier_skill(np.zeros(3), np.ones(3)))


def test_skills_of_the_base_rate_and_of_the_truth():
    came = np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0], [1, 1, 1.0]])
    assert ranked_skill(came, came) == 1
    assert ranked_skill(came, np.broadcast_to(came.mean(0), came.shape)) == pytest.approx(0)
    assert brier_skill(came[:, 1], np.full(4, 0.5)) == pytest.approx(0)
    assert lift(np.array([1.0] * 10 + [0.0] * 90), np.linspace(1, 0, 100)) == pytest.approx(10 / 20 / 0.1)
    assert calibration_error(np.array([0.0, 1.0] * 30), np.full(60, 0.4)) == pytest.approx(0.1)


def test_crps_coverage_and_pinball_by_hand():
    sure = Prediction(np.zeros((2, 3)), (CURVE_DAYS >= 11).astype(float)[None, :].repeat(2, 0))
    assert crps(sure.curve, outcome([10.0, 10.0])) == 0  # an order on day 10 is within 11 days
    assert crps(sure.curve, outcome([13.0, np.inf])) == pytest.approx((3 + 50) / 2)
    assert crps(sure.curve, outcome([np.inf, np.inf], days_left=19)) == pytest.approx(10)
    quantiles = np.array([[1.0, 5.0, 10.0], [1.0, 5.0, 100.0], [2.0, 5.0, 10.0]])
    found = score(Prediction(np.zeros((3, 3)), None, quantiles), outcome([10.0, np.inf, 1.0]))
    assert found["cov80"] == 0.5  # the second interval ends outside of the data
    assert found["share_known"] == pytest.approx(2 / 3)
    assert found["mae50"] == pytest.approx(4.5)


def test_simple_curves_and_quantiles_agree():
    for prediction in (poisson_gamma(candidates_at(history(), DAY, "pair")), constant_rate(np.array([0.01, 0.2]))):
        days = prediction.quantile_days[:, 1]
        rows = np.flatnonzero(days < CURVE_DAYS[-1] - 1)
        at = days[rows].astype(int)  # the day itself is reached within day + 1 days: place `day` of the curve
        assert (prediction.curve[rows, at] >= 0.5 - 1e-9).all()
        assert (prediction.curve[rows, np.maximum(at - 1, 0)] < 0.5)[at > 0].all()


def test_daily_series_hold_each_order_day_once():
    candidates = candidates_at(history(), DAY, "pair")
    series = list(daily_series(candidates))
    np.testing.assert_array_equal([one.sum() for one in series], candidates.pairs.columns.orders - 1)
    np.testing.assert_array_equal([len(one) for one in series], DAY - 1 - candidates.pairs.columns.first_day)


def test_a_missing_library_costs_its_rows_only(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    methods = [method for method in all_methods() if method.name in (OURS, "Croston-SBA")]
    found = run(history(), [DAY], ["account"], methods)
    assert found.names() == [OURS]
    assert "pip install 'ringahead[backtest]'" in found.left_out["Croston-SBA"]


def test_ours_tells_more_than_rates_alone():
    table = means(scores_table(small()), "pair")
    assert table.loc[OURS, "auc14"] > table.loc["Poisson-gamma", "auc14"]
    assert table.loc[OURS, "crps"] < table.loc["Poisson-gamma", "crps"]
    assert np.isnan(table.loc["boosting, all", "crps"])


def test_tables_hold_every_forecast_and_stratum():
    backtest = small()
    predictions, scores = predictions_table(backtest), scores_table(backtest)
    assert len(predictions) == sum(len(one.candidates) for one in backtest.judged)
    one = backtest.of("pair", OURS)[0]
    rows = scores[(scores.level == "pair") & (scores.method == OURS) & (scores.origin == scores.origin.min())]
    parts = rows[~rows.stratum.isin(("all", *COLD))]
    assert parts.rows.sum() == rows[rows.stratum == "all"].rows.item() == len(one.candidates)


def test_intervals_hold_the_figure_and_are_seeded():
    backtest = small()
    found = intervals(backtest, "pair", np.random.default_rng(1), draws=60)
    again = intervals(backtest, "pair", np.random.default_rng(1), draws=60)
    value = means(scores_table(backtest), "pair").loc[OURS, "auc14"]
    low, high = found.of(OURS, "auc14")
    assert low < value < high
    assert found.of(OURS, "auc14") == again.of(OURS, "auc14")
    assert found.ahead(OURS, OURS, "rpss") == (0, 0)
    assert set(interval_table({"pair": found}).metric) == {"auc14", "bss14", "rpss"}


def test_origins_are_chosen_inside_the_data():
    days = choose_origins(history())
    assert len(days) == 6
    assert len({day % 7 for day in days}) == 1
    assert date.fromordinal(days[-1]).weekday() == 0
    assert days[-1] + 28 <= history().day.max() + 1
    assert days[0] - history().day.min() >= 56
    assert check_origins(history(), [DAY, DAY - 7, DAY]) == [DAY - 7, DAY]


def test_too_short_a_history_has_no_origins():
    known = history()
    first = known.day.min()
    with pytest.raises(BadInput, match="too few for 6 origins"):
        choose_origins(known.before(first + 60))
    with pytest.raises(BadInput, match="cannot be judged"):
        check_origins(known, [int(known.day.max()) - 3])
    with pytest.raises(BadInput, match="no order"):
        choose_origins(known.before(0))


def test_a_mistyped_year_moves_no_origin():
    known = history()
    typed = replace(known, day=np.where(np.arange(len(known)) == len(known) - 1, known.day + 3650, known.day))
    assert len(without_strays(typed)) == len(known) - 1
    assert len(without_strays(known)) == len(known)


def test_baselines_are_chosen_by_name():
    methods = [Method(name, "", lambda candidates: None) for name in (OURS, "a", "b")]
    assert [method.name for method in chosen(methods, ["none"])] == [OURS]
    assert [method.name for method in chosen(methods, [" B "])] == [OURS, "b"]
    assert len(chosen(methods, ["all"])) == 3
    with pytest.raises(BadInput, match="no such baseline: c"):
        chosen(methods, ["c"])


def test_a_cold_start_is_judged_apart_beside_the_products_hazard():
    methods = chosen(all_methods(), [PRODUCT, MEDIAN])
    result = run(history(), [DAY], LEVELS, methods)
    table = scores_table(result)
    cold = table[table.stratum.isin(COLD)]
    assert set(cold.method) == {OURS, PRODUCT, MEDIAN}
    few = cold[(cold.level == "pair") & (cold.stratum == COLD[0])]
    known = history().before(DAY).pairs().columns
    assert (few.rows == ((known.orders < 3) & (known.last_day >= DAY - 365)).sum()).all()
    whole = table[(table.stratum == "all") & (table.level == "pair")]
    assert (whole.rows == ((known.orders >= 3) & (known.last_day >= DAY - 365)).sum()).all()


def test_the_products_hazard_falls_with_silence_where_its_gaps_are_short():
    first = pd.Timestamp("2022-01-01")
    rows = [(f"A{i}", first + pd.Timedelta(days=7 * k + i)) for i in range(20) for k in range(8)]
    rows += [("B", first), ("C", pd.Timestamp("2022-03-10"))]
    lines = pd.DataFrame(rows, columns=["account_id", "ordered_at"]).assign(sku="S", quantity=1.0)
    day = date(2022, 3, 12).toordinal()
    candidates = candidates_at(order_days(lines), day, "pair", 1)
    said = dict(zip(candidates.pairs.account_names(), product_hazard(candidates).probability[:, 0], strict=True))
    assert said["C"] > 2 * said["B"]
    assert all(0 < chance < 1 for chance in said.values())
