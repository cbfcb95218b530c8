"""New products for an account: what is suggested, what never is, and the figures that explain it."""

import numpy as np
import pandas as pd
import pytest

from forecasting.explain import suggestion_sentence
from forecasting.history import order_days
from forecasting.similar import (
    FEW_LEFT,
    NO_ORDERS,
    NOTHING_LEFT,
    Catalogue,
    Suggestion,
    baskets_of,
    fit_recommender,
    recommender,
)

AS_OF = pd.Timestamp("2022-01-01")
DAY = AS_OF.toordinal()


def history(rows):
    lines = pd.DataFrame(
        [(account, sku, 1.0, AS_OF - pd.Timedelta(days=days)) for account, sku, days in rows],
        columns=["account_id", "sku", "quantity", "ordered_at"],
    )
    return order_days(lines)


def trade():
    """20 welders buy wire and gas, 40 cafes coffee and cups; one welder lacks gas, one cafe cups; one harp."""
    rows = [(f"W{i:02d}", sku, 10 + i) for i in range(20) for sku in ("wire", "gas", "mask")]
    rows += [(f"C{i:02d}", sku, 10 + i) for i in range(40) for sku in ("coffee", "cups", "milk")]
    rows += [("W99", "wire", 5), ("W99", "mask", 9), ("C99", "coffee", 5), ("C99", "milk", 9), ("odd", "harp", 3)]
    return history(rows)


def answers(known, k, catalogue=None, exact=None):
    fitted = fit_recommender(known, DAY, catalogue, exact=exact)
    chunks = fitted.recommend(baskets_of(known, DAY), k)
    return {one.account_id: one for chunk in chunks for one in chunk.accounts()}


def shop(seed=1, accounts=120, products=60, days=240):
    """Accounts of six kinds that now and then try a product of their kind; the range grows."""
    rng = np.random.default_rng(seed)
    kind, begins = rng.integers(0, 6, products), np.maximum(np.sort(rng.integers(-60, days, products)), 0)
    rows = []
    for account in range(accounts):
        for day in np.flatnonzero(rng.random(days) < 0.08):
            there = np.flatnonzero(begins <= day)
            liking = np.exp(2.5 * (kind[there] == account % 6) - (day - begins[there]) / 80)
            basket = rng.choice(there, min(3, len(there)), replace=False, p=liking / liking.sum())
            rows += [(f"A{account:03d}", f"S{sku:02d}", days - day) for sku in basket]
    return history(rows)


@pytest.fixture(scope="module")
def taught():
    known = shop()
    return known, fit_recommender(known, DAY)


@pytest.mark.parametrize("exact", [True, False])
def test_neighbours_know_what_is_missing_and_say_how_many_buy_it(exact):
    best = answers(trade(), 3, exact=exact)["W99"].suggestions[0]
    assert (best.sku, best.rank, best.buyers, best.neighbours) == ("gas", 1, 20, 20)
    assert best.base_rate == 20 / 63
    assert best.explained
    assert suggestion_sentence(best, "shielding gas", "welders") == (
        "20 of 20 similar welders buy shielding gas; of all welders 32 % do."
    )


def test_nothing_that_was_ever_bought_is_suggested():
    known = trade()
    bought = {(known.account_ids[a], known.skus[s]) for a, s in zip(known.account, known.sku, strict=True)}
    found = [(name, s.sku) for name, one in answers(known, 10).items() for s in one.suggestions]
    assert len(found) == len(set(found)) == 63 * 7 - len(bought)
    assert not bought & set(found)


def test_no_variant_of_what_they_use_and_nothing_unavailable():
    catalogue = Catalogue(group={"coffee": "hot", "gas": "hot"}, unavailable=frozenset({"milk"}))
    found = {name: {s.sku for s in one.suggestions} for name, one in answers(trade(), 10, catalogue).items()}
    assert found["C99"] == {"cups", "wire", "mask", "harp"}
    assert found["odd"] == {"coffee", "gas", "cups", "wire", "mask"}


def test_fewer_than_asked_for_has_a_reason():
    found = answers(trade(), 5)
    assert (len(found["odd"].suggestions), found["odd"].reason) == (5, None)
    assert (len(found["W00"].suggestions), found["W00"].reason) == (4, FEW_LEFT)
    alone = answers(history([("a", "x", 3)]), 5)
    assert (alone["a"].suggestions, alone["a"].reason) == ([], NOTHING_LEFT)


def test_who_never_bought_is_told_so(taught):
    known, fitted = taught
    assert fitted.recommend_one(baskets_of(known, DAY), "nobody", 2).reason == NO_ORDERS


@pytest.mark.parametrize("exact", [True, False])
def test_one_account_is_answered_as_among_all(exact):
    known = shop()
    fitted, carts = fit_recommender(known, DAY, exact=exact), baskets_of(known, DAY)
    together = [one for chunk in fitted.recommend(carts, 5) for one in chunk.accounts()]
    assert [one.account_id for one in together] == list(known.account_ids)
    for one in together[::10]:
        alone = fitted.recommend_one(carts, one.account_id, 5)
        assert [s.sku for s in alone.suggestions] == [s.sku for s in one.suggestions]
        assert np.allclose([s.score for s in alone.suggestions], [s.score for s in one.suggestions], atol=1e-4)


def test_chunks_and_threads_change_nothing(taught, monkeypatch):
    known, fitted = taught
    carts = baskets_of(known, DAY)
    whole = [one for chunk in fitted.recommend(carts, 5) for one in chunk.accounts()]
    monkeypatch.setattr(recommender, "ACCOUNTS_AT_ONCE", 7)
    parts = [one for chunk in fitted.recommend(carts, 5, workers=2) for one in chunk.accounts()]
    assert [(one.account_id, [s.sku for s in one.suggestions]) for one in parts] == [
        (one.account_id, [s.sku for s in one.suggestions]) for one in whole
    ]


def test_what_is_new_in_the_range_wins_where_accounts_try_what_is_new(taught):
    """Products appeal for 80 days in the made shop: who learnt it suggests younger ones."""
    known, fitted = taught
    assert fitted.ranker is not None
    untaught = recommender.Recommender(DAY, fitted.population, None)
    age = dict(zip(known.skus, fitted.population.items.log_age, strict=True))
    ages = [
        np.mean(
            [
                age[s.sku]
                for chunk in one.recommend(baskets_of(known, DAY), 3)
                for a in chunk.accounts()
                for s in a.suggestions
            ]
        )
        for one in (fitted, untaught)
    ]
    assert ages[0] < ages[1]


def test_probabilities_add_up_to_what_came():
    """The chance of the candidates, learnt on the past, is near the share that is bought afterwards."""
    known = shop(seed=3, accounts=200)
    then = DAY - 60
    fitted, carts = fit_recommender(known.before(then), then), baskets_of(known, then)
    later = baskets_of(known, DAY)
    came = {
        (later.account_ids[a], later.skus[s])
        for a, s, age in zip(later.account, later.sku, later.first_age, strict=True)
        if age <= 60
    }
    told = [(one.account_id, s) for c in fitted.recommend(carts, 10) for one in c.accounts() for s in one.suggestions]
    share = np.mean([(name, s.sku) in came for name, s in told])
    assert np.mean([s.probability for _, s in told]) == pytest.approx(share, rel=0.35)


def test_nothing_after_the_day_is_read(taught):
    known, _ = taught
    day = DAY - 30
    early, whole = known.before(day), known
    told = [
        [
            [s.sku for s in a.suggestions]
            for c in fit_recommender(h, day).recommend(baskets_of(h, day), 4)
            for a in c.accounts()
        ]
        for h in (early, whole)
    ]
    assert told[0] == told[1]


def test_thin_figures_are_not_a_reason():
    few = Suggestion("x", 1, 1.0, buyers=5, neighbours=9, base_rate=0.01)
    usual = Suggestion("x", 1, 1.0, buyers=30, neighbours=60, base_rate=0.4)
    assert suggestion_sentence(few, "x") is None
    assert suggestion_sentence(usual, "x") is None
    assert np.isclose(usual.lift, 1.25)
