"""Products from similar accounts, and the figures that explain them."""

import numpy as np
import pandas as pd

from forecasting.explain import suggestion_sentence
from forecasting.history import order_days
from forecasting.similar import NO_NEIGHBOURS, AccountSuggestions, Suggestion, baskets_of, recommend, recommend_one

AS_OF = pd.Timestamp("2022-01-01")


def history(rows):
    lines = pd.DataFrame(
        [(account, sku, 1.0, AS_OF - pd.Timedelta(days=days)) for account, sku, days in rows],
        columns=["account_id", "sku", "quantity", "ordered_at"],
    )
    return order_days(lines)


def trade():
    """20 welders buy wire and gas, 40 cafes coffee and cups; one welder lacks gas, one cafe cups."""
    rows = [(f"W{i:02d}", sku, 10 + i) for i in range(20) for sku in ("wire", "gas", "mask")]
    rows += [(f"C{i:02d}", sku, 10 + i) for i in range(40) for sku in ("coffee", "cups", "milk")]
    rows += [("W99", "wire", 5), ("W99", "mask", 9), ("C99", "coffee", 5), ("C99", "milk", 9), ("odd", "harp", 3)]
    return baskets_of(history(rows), AS_OF.toordinal())


def test_neighbours_know_what_is_missing_and_say_how_many_buy_it():
    best = recommend_one(trade(), "W99", 3).suggestions[0]
    assert (best.sku, best.rank, best.buyers, best.neighbours) == ("gas", 1, 20, 20)
    assert best.base_rate == 20 / 63
    assert best.explained
    assert suggestion_sentence(best, "shielding gas", "welders") == (
        "20 of 20 similar welders buy shielding gas; of all welders 32 % do."
    )


def test_nothing_that_was_ever_bought_is_suggested():
    baskets = trade()
    bought = {(baskets.account_ids[a], baskets.skus[s]) for a, s in zip(*baskets.bought.nonzero(), strict=True)}
    found = [(a.account_id, s.sku) for chunk in recommend(baskets, 10) for a in chunk for s in a.suggestions]
    assert found
    assert not bought & set(found)


def test_fewer_than_asked_for_has_a_reason():
    answers = {a.account_id: a for chunk in recommend(trade(), 2) for a in chunk}
    assert answers["odd"] == AccountSuggestions("odd", [], NO_NEIGHBOURS)
    assert answers["W99"].reason == "neighbours_buy_nothing_else"
    assert recommend_one(trade(), "nobody", 2).reason == NO_NEIGHBOURS


def test_one_account_is_answered_as_among_all():
    baskets = trade()
    together = {a.account_id: a for chunk in recommend(baskets, 5) for a in chunk}
    assert set(together) == set(baskets.account_ids)
    assert all(recommend_one(baskets, name, 5) == answer for name, answer in together.items())


def test_chunks_change_nothing(monkeypatch):
    whole = [a for chunk in recommend(trade(), 5) for a in chunk]
    monkeypatch.setattr("forecasting.similar.CELLS_AT_ONCE", 200)
    assert [a for chunk in recommend(trade(), 5) for a in chunk] == whole


def test_lately_bought_counts_more():
    rows = [(f"A{i:02d}", "base", 5) for i in range(24)]
    rows += [(f"A{i:02d}", "old", 300) for i in range(12)] + [(f"A{i:02d}", "new", 3) for i in range(12, 24)]
    rows += [("me", "base", 4)]
    found = recommend_one(baskets_of(history(rows), AS_OF.toordinal()), "me", 2).suggestions
    assert [s.sku for s in found] == ["new", "old"]


def test_only_orders_before_the_day_count():
    baskets = baskets_of(history([("a", "x", 1), ("b", "x", 1), ("b", "y", 0)]), AS_OF.toordinal())
    assert recommend_one(baskets, "a", 5).suggestions == []


def test_thin_figures_are_not_a_reason():
    few = Suggestion("x", 1, 1.0, buyers=5, neighbours=9, base_rate=0.01)
    usual = Suggestion("x", 1, 1.0, buyers=30, neighbours=60, base_rate=0.4)
    assert suggestion_sentence(few, "x") is None
    assert suggestion_sentence(usual, "x") is None
    assert np.isclose(usual.lift, 1.25)
