"""Learnt models are judged on days they had not seen; what does worse than the one in force is not published."""

from datetime import UTC, date, datetime
from functools import cache

import numpy as np
import pytest

from forecasting.artefact import PopulationModel, loads
from forecasting.card import card
from forecasting.history import OrderDays, order_days
from forecasting.holdout import LEAST_DAYS, MOST_DAYS, check, compare, hold_out, probabilities
from forecasting.learn import fit_population, prior_model
from schemas.errors import Refused
from streams import learning
from tests.forecasting.population import order_lines

AS_OF = date(2022, 3, 1)
AT = datetime(2022, 3, 1, tzinfo=UTC)
DAY = AS_OF.toordinal()


@cache
def history() -> OrderDays:
    return order_days(order_lines())


@cache
def good() -> PopulationModel:
    return fit_population(history(), DAY - MOST_DAYS)


@cache
def learnt() -> PopulationModel:
    return learning.fit(history(), AT, good()).model


def shifted(known: OrderDays) -> OrderDays:
    """As if a wrong column had been taken for the day until the hold-out: everything in one week of each quarter."""
    old = known.day < DAY - MOST_DAYS
    return with_days(known, np.where(old, known.day - known.day % 90 + known.day % 3, known.day))


def with_days(known: OrderDays, day: np.ndarray) -> OrderDays:
    names = known.account_ids, known.skus
    order = np.lexsort((day, known.sku, known.account))
    return OrderDays(*names, known.account[order], known.sku[order], day[order], known.quantity[order])


@pytest.mark.parametrize(
    ("seen_until", "days"), [(None, MOST_DAYS), (DAY - 1, LEAST_DAYS), (DAY - 20, 20), (DAY - 300, MOST_DAYS)]
)
def test_the_hold_out_begins_where_the_model_in_force_ends(seen_until, days):
    held = hold_out(history(), DAY, seen_until)
    assert (held.opened, held.days) == (DAY - days, days)
    assert max(held.horizons) <= days
    for candidates, _ in held.cases.values():
        assert candidates.past.day.max() < held.opened


def test_nothing_on_or_after_the_day_is_judged():
    held, whole = hold_out(history().before(DAY), DAY), hold_out(history(), DAY)
    for level, (_, outcome) in held.cases.items():
        np.testing.assert_array_equal(outcome.wait_days, whole.cases[level][1].wait_days)


def test_a_short_past_has_no_hold_out():
    known = history()
    assert hold_out(known, int(known.day.min()) + 60) is None
    assert hold_out(known.before(0), DAY) is None
    assert hold_out(order_days(order_lines(accounts=2)), DAY) is None


def test_scores_are_calibration_by_horizon_on_days_not_seen():
    held = hold_out(history(), DAY)
    scores = check(good(), held)
    said = probabilities(good(), held, "pair")
    assert scores["holdout_pair_forecast_14d"] == pytest.approx(said[:, 1].mean())
    assert scores["holdout_pair_came_14d"] == pytest.approx(scores["holdout_pair_forecast_14d"], rel=0.25)
    assert scores["holdout_pair_skill"] > 0.05
    assert all(np.isfinite(list(scores.values())))


def test_what_is_learnt_carries_its_hold_out_into_the_artefact():
    scores = loads(learnt().artefact).record.scores
    assert scores["holdout_days"] == MOST_DAYS
    assert scores["holdout_pair_skill"] == pytest.approx(scores["holdout_pair_skill_of_the_one_in_force"])


def test_a_candidate_that_does_worse_is_refused_and_may_be_published_anyway():
    with pytest.raises(Refused, match=r"worse_than_in_force.*stays in force.*--anyway"):
        learning.fit(shifted(history()), AT, good())
    assert learning.fit(shifted(history()), AT, good(), anyway=True).model.version.endswith(str(AS_OF))


def test_as_good_is_no_worse_and_better_is_not_either():
    held = hold_out(history(), DAY)
    assert compare(good(), good(), held)[1] == []
    assert compare(good(), prior_model(), held)[1] == []


def test_steps_are_told_and_the_same_history_gives_the_same_bytes():
    steps: list[str] = []
    again = learning.fit(history(), AT, good(), told=steps.append)
    assert again.model.artefact == learnt().artefact
    assert steps == [
        "keeping the newest days back",
        "fitting without them",
        "scoring them",
        "fitting on everything",
    ]


def test_the_card_says_data_calibration_parameters_and_packages():
    said, record = card(learnt()), learnt().record
    for part in (record.version, learnt().digest, f"{record.order_days:,}", record.first_day, record.until_day):
        assert part in said
    assert "| pair | 28 d |" in said
    assert "| pair | 7 d |" in said
    assert "of the model in force until then" in said
    for name, version in record.packages.items():
        assert f"- {name} {version}" in said
    assert "struct" not in said.lower()
    assert max(map(len, said.splitlines())) < 200


def test_the_card_of_the_prior_says_degraded_and_not_checked():
    said = card(prior_model())
    assert "degraded" in said
    assert "Not checked" in said
