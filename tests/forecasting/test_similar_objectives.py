"""Objectives: what each puts first, and what its strength does."""

import numpy as np
import pytest

from forecasting.similar import Ranked
from forecasting.similar.objectives import NO_CATEGORY, Facets, new_in_range, ranks

SKUS = ("staple", "dear", "rare", "fresh", "cheap", "odd")
CHANCE = (0.30, 0.10, 0.08, 0.05, 0.20, 0.02)
BASE = (0.60, 0.20, 0.01, 0.02, 0.40, 0.03)


def wide(chance=CHANCE):
    n = len(SKUS)
    order = np.arange(n)
    zeros = np.zeros(n, np.int64)
    told = None if chance is None else np.array(chance, np.float32)
    score = np.linspace(1, 0, n).astype(np.float32)
    return Ranked(("a",), SKUS, zeros, order, order + 1, score, told, zeros, zeros, np.array(BASE), {})


def facets(value=(1.0, 9.0, 1.0, 1.0, 0.1, 1.0), category=None):
    none = np.full(len(SKUS), NO_CATEGORY)
    return Facets(
        None if value is None else np.array(value),
        np.array([sku == "fresh" for sku in SKUS]),
        none if category is None else np.array(category),
        np.zeros(len(SKUS)),
    )


def listed(objective, known=None, k=3, chance=CHANCE, **strength):
    place = ranks(wide(chance), known or facets(), k, strength)[objective]
    return [SKUS[i] for i in np.argsort(place) if place[i]]


def test_efficiency_is_expected_margin():
    assert listed("efficiency", efficiency=1.0) == ["dear", "staple", "rare"]


def test_without_strength_or_prices_efficiency_is_the_chance():
    assert listed("efficiency", efficiency=0.0) == ["staple", "cheap", "dear"]
    assert listed("efficiency", facets(value=None)) == ["staple", "cheap", "dear"]


def test_variety_prefers_what_few_buy():
    assert listed("variety", variety=1.0) == ["rare", "fresh", "odd"]
    assert listed("variety", variety=0.0) == ["staple", "cheap", "dear"]


def test_variety_takes_a_third_of_a_category_at_most_while_there_are_others():
    assert listed("variety", facets(category=(0, 1, 2, 2, 2, 2)), variety=1.0) == ["rare", "staple", "dear"]


def test_innovation_puts_the_new_first_and_fills_by_margin():
    assert listed("innovation", efficiency=1.0) == ["fresh", "dear", "staple"]
    assert listed("innovation", efficiency=1.0, innovation=0.0) == ["dear", "staple", "rare"]


def test_without_a_chance_the_ranker_order_stands_for_it():
    assert listed("efficiency", facets(value=None), chance=None) == ["staple", "dear", "rare"]


@pytest.mark.parametrize("k", [1, 4, 6, 50])
def test_every_list_has_k_places_once_each(k):
    for place in ranks(wide(), facets(), k).values():
        assert sorted(place[place > 0]) == list(range(1, min(k, len(SKUS)) + 1))


def test_a_row_does_not_disturb_another():
    one = wide()
    two = Ranked(
        ("a", "b"),
        SKUS,
        np.repeat([0, 1], len(SKUS)),
        *(np.tile(getattr(one, name), 2) for name in ("sku", "rank", "score", "probability", "buyers", "neighbours")),
        np.tile(one.base_rate, 2),
        {},
    )
    for name, place in ranks(two, facets(category=(0, 0, 0, 1, 1, 1)), 3).items():
        alone = ranks(one, facets(category=(0, 0, 0, 1, 1, 1)), 3)[name]
        assert place.tolist() == alone.tolist() * 2


def test_new_is_the_newest_tenth_and_never_a_whole_short_history():
    age = np.arange(1.0, 101.0)
    assert new_in_range(age, np.ones(100, bool)).sum() == 10
    assert not new_in_range(np.full(50, 20.0), np.ones(50, bool)).any()
    assert not new_in_range(np.linspace(200, 900, 50), np.ones(50, bool)).any()
    assert not new_in_range(np.zeros(0), np.zeros(0, bool)).any()
