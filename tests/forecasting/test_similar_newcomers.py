"""New accounts, and the recommender as an artefact that ranks changed accounts."""

import numpy as np
import pandas as pd
import pytest

from forecasting.errors import ModelRefused
from forecasting.history import order_days
from forecasting.similar import (
    Catalogue,
    FirstOrder,
    baskets_of,
    cart_of,
    digest_of,
    dumps,
    first_suggestions,
    fit_recommender,
    loads,
    pace_prior,
    similar_accounts,
)

AS_OF = pd.Timestamp("2022-01-01")
DAY = AS_OF.toordinal()


def history(rows):
    lines = pd.DataFrame(
        [(account, sku, units, AS_OF - pd.Timedelta(days=days)) for account, sku, units, days in rows],
        columns=["account_id", "sku", "quantity", "ordered_at"],
    )
    return order_days(lines)


def trades():
    """20 welders order wire, gas and masks every 10 days, 40 cafes coffee, cups and milk every 30."""
    rows = [
        (f"W{i:02d}", sku, 2.0, 1 + i % 9 + 10 * n)
        for i in range(20)
        for sku in ("wire", "gas", "mask")
        for n in range(6)
    ]
    rows += [
        (f"C{i:02d}", sku, 5.0, 1 + i % 9 + 30 * n)
        for i in range(40)
        for sku in ("coffee", "cups", "milk")
        for n in range(3)
    ]
    return history(rows)


@pytest.fixture(scope="module")
def known():
    whole = trades()
    return whole, fit_recommender(
        whole, DAY, Catalogue({"wire": 2.0}, {"wire": "wire for welding", "gas": "gas for welding"})
    )


@pytest.mark.parametrize("exact", [True, False])
def test_an_artefact_ranks_as_what_it_was_made_from(exact):
    whole = trades()
    made = fit_recommender(whole, DAY, Catalogue({"wire": 2.0}, {"wire": "welding wire"}, {"gas": "wire"}), exact=exact)
    data = dumps(made)
    read, carts = loads(data), baskets_of(whole, DAY)
    told = [[c.accounts() for c in one.recommend(carts, 3)] for one in (made, read)]
    assert told[0] == told[1]
    assert dumps(read) == data
    assert len(digest_of(data)) == 64


def test_a_damaged_artefact_is_refused(known):
    data = dumps(known[1])
    for wrong in (
        b"",
        b"RHSIM",
        data[:-1],
        data[:50] + bytes([data[50] ^ 1]) + data[51:],
        b"X" + data[1:],
        data[:5] + b"\x09" + data[6:],
    ):
        with pytest.raises(ModelRefused, match="ringahead learn"):
            loads(wrong)


def test_a_changed_account_is_ranked_by_yesterdays_artefact(known):
    """A cafe that began to weld today gets a welder's product, without learning again."""
    whole, fitted = known
    lines = [("C00", "wire", 1.0, 0.5), ("C00", "gas", 1.0, 0.5)]
    rows = [
        (whole.account_ids[a], whole.skus[s], q, DAY - d)
        for a, s, d, q in zip(whole.account, whole.sku, whole.day, whole.quantity, strict=True)
    ]
    later = history([*((a, s, q, d) for a, s, q, d in rows), *lines])
    carts = baskets_of(later, DAY + 1)
    assert [s.sku for s in fitted.recommend_one(carts, "C00", 3).suggestions] == ["mask"]


def test_first_orders_speak_for_a_newcomer(known):
    answer = first_suggestions(known[1], "new", [FirstOrder("wire", 1), FirstOrder("unheard of", 1)], 2)
    assert [s.sku for s in answer.suggestions][:1] in (["gas"], ["mask"])
    assert {s.sku for s in answer.suggestions} == {"gas", "mask"}
    assert answer.suggestions[0].neighbours == 20


def test_the_trade_speaks_before_the_first_order(known):
    whole, fitted = known
    carts = baskets_of(whole, DAY)
    cafes = carts.take(np.array([i for i, name in enumerate(carts.account_ids) if name.startswith("C")]))
    answer = first_suggestions(fitted, "new", [], 3, cafes)
    assert {s.sku for s in answer.suggestions} == {"coffee", "cups", "milk"}
    assert answer.suggestions[0].buyers == 40
    assert answer.suggestions[0].explained
    assert len(first_suggestions(fitted, "new", [], 10).suggestions) == 6


def test_similar_accounts_give_a_prior_of_their_pace(known):
    whole, fitted = known
    carts = baskets_of(whole, DAY)
    cart = cart_of("new", carts.skus, [FirstOrder("wire", 3), FirstOrder("mask", 3)])
    alike = similar_accounts(carts, cart, fitted.population.references)
    assert {name[0] for name, _ in alike} == {"W"}
    prior = pace_prior(whole, DAY, [name for name, _ in alike])
    assert prior is not None
    assert prior.gap_days == pytest.approx(10)
    assert prior.buy_share == {"gas": 1.0, "mask": 1.0, "wire": 1.0}
    assert prior.sku_gap_days["gas"] == pytest.approx(10)
    assert pace_prior(whole, DAY, ["W00", "W01"]) is None


def test_a_cart_knows_first_and_last_day():
    cart = cart_of("new", ["a", "b"], [FirstOrder("b", 9), FirstOrder("b", 2), FirstOrder("a", 2)])
    assert cart.sku.tolist() == [0, 1]
    assert cart.first_age.tolist() == [2, 9]
    assert cart.last_age.tolist() == [2, 2]
    assert cart.order_days.tolist() == [1, 2]
    assert cart.account_order_days.tolist() == [2]
