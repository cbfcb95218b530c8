"""What customers said to suggestions: which answers count, and what is learnt from them."""

from dataclasses import replace

from benchmarks._answers_made import answers_to
from benchmarks._shops import FIRST_DAY, shop
from forecasting.similar import baskets_of, dumps, fit_recommender, loads
from forecasting.similar.answered import FEWEST_ANSWERS, Answer, answered, answers_of
from forecasting.similar.features import NAMES

DAY = FIRST_DAY + 300
SKUS = ["one", "two", "three"]
ACCOUNTS = [f"a{number}" for number in range(60)]


def said(accepted: int, refused: int, sku: str) -> list[Answer]:
    yes = [Answer(f"a{n}", sku, 10.0) for n in range(accepted)]
    return yes + [Answer(f"a{n}", sku, 10.0, 180.0) for n in range(accepted, accepted + refused)]


def test_a_product_has_an_appeal_only_with_enough_answers() -> None:
    few = answers_of(said(FEWEST_ANSWERS - 1, 0, "one"), ACCOUNTS, SKUS)
    assert few.appeal(3) is None
    many = answers_of([*said(9, 3, "one"), *said(3, 9, "two"), *said(2, 0, "three")], ACCOUNTS, SKUS)
    appeal = many.appeal(3)
    assert appeal is not None
    assert appeal[0] > 0 > appeal[1]
    assert appeal[2] == 0, "two answers say nothing"


def test_the_future_and_strangers_say_nothing() -> None:
    some = answers_of(
        [Answer("a1", "one", 10.0, 180.0), Answer("who", "one", 1.0), Answer("a1", "what", 1.0)], ACCOUNTS, SKUS
    )
    assert len(some) == 1
    assert len(some.before(10.0)) == 0


def test_a_refused_product_rests_and_later_is_no_word_on_the_product() -> None:
    later = Answer("a1", "two", 10.0, 30.0, lasting=False)
    some = answers_of([Answer("a1", "one", 10.0, 180.0), later, Answer("a2", "one", 10.0)], ACCOUNTS, SKUS)
    assert some.resting(39.0, 60, 3).toarray()[1].tolist() == [1, 1, 0]
    assert some.resting(40.0, 60, 3).toarray()[1].tolist() == [1, 0, 0]
    assert some.unwanted(60, 3).toarray()[1].tolist() == [1, 0, 0]
    assert some.unwanted(60, 3).nnz == 1, "accepted is not refused"


def test_a_resting_product_is_not_suggested_and_comes_back() -> None:
    history = shop(150, 60, kinds=4)
    carts, fitted = baskets_of(history, DAY), fit_recommender(history, DAY)
    first = fitted.recommend_one(carts, history.account_ids[7], 3).suggestions[0].sku
    no = answers_of([Answer(history.account_ids[7], first, DAY - 20.0, 180.0)], history.account_ids, history.skus)
    then = fitted.recommend_one(answered(carts, no, DAY), history.account_ids[7], 60)
    assert first not in {one.sku for one in then.suggestions}
    rested = fitted.recommend_one(answered(carts, no, DAY + 170), history.account_ids[7], 60)
    assert first in {one.sku for one in rested.suggestions}


def test_the_artefact_keeps_the_appeal_and_one_of_before_is_still_read() -> None:
    history = shop(150, 60, kinds=4)
    fitted = fit_recommender(history, DAY, answers=answers_to(history, DAY, 400, seed=1))
    again = loads(dumps(fitted))
    assert again.population.appeal is not None
    assert again.population.appeal.tolist() == fitted.population.appeal.tolist()
    assert fitted.ranker is not None
    names, knots = NAMES.index("appeal"), fitted.ranker.knots
    assert any(knots[names:]), "answers were learnt from"
    before = replace(fitted, population=replace(fitted.population, appeal=None))
    assert loads(dumps(before)).population.appeal is None
