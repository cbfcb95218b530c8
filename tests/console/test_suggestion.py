"""Answers to suggestions on the agent's page."""

from schemas.envelope import decode
from schemas.events.ours import SuggestionAnswer, SuggestionAnswered, SuggestionWhy
from schemas.needs import ProductTold
from tests.console.conftest import Site
from tests.console.seeds import NOW
from tests.console.test_agent import claimed, in_call

SKU = "22720"


def told(site: Site) -> list[SuggestionAnswered]:
    with site.store.read() as tx:
        facts = [decode(message.payload).fact for message in tx.outbox.pending("log", 500)]
    return [fact for fact in facts if isinstance(fact, SuggestionAnswered)]


def say(agent, task_id: str, token: str, **fields: str):
    return agent.post(f"/agent/tasks/{task_id}/suggestion", data={"token": token, "sku": SKU, **fields})


def test_the_card_asks_for_an_answer_only_in_a_call(site: Site) -> None:
    agent, task_id, token, card = claimed(site)
    assert "Also worth a word" in card.text
    assert "/suggestion" not in card.text
    page = agent.post(f"/agent/tasks/{task_id}/start", data={"token": token, "key": "k" * 16}).text
    assert page.count('data-opens="no-1"') == page.count('id="no-1"') == 1
    assert 'data-key="a"' in page


def test_yes_is_an_event_and_stays_on_the_card(site: Site) -> None:
    agent, task_id, token = in_call(site)
    page = say(agent, task_id, token, answer="accepted").text
    assert "wanted: add it to the order" in page
    assert 'id="no-1"' not in page, "it is answered"
    assert 'id="no-2"' in page
    (fact,) = told(site)
    assert (fact.sku, fact.answer, fact.why, fact.rank) == (SKU, SuggestionAnswer.ACCEPTED, None, 1)


def test_no_has_a_reason_and_takes_it_off_the_card(site: Site) -> None:
    agent, task_id, token = in_call(site)
    assert "reason missing" in say(agent, task_id, token, answer="refused").text
    assert told(site) == []
    page = say(agent, task_id, token, answer="refused", why="too_expensive").text
    assert "no: too expensive" in page
    assert f'name="sku" value="{SKU}"' not in page, "nor in the order"
    assert told(site)[0].why is SuggestionWhy.TOO_EXPENSIVE


def test_an_order_names_a_product_and_not_its_group(site: Site) -> None:
    with site.store.begin() as tx:
        site.desk.apply_effects(tx, [ProductTold(sku="22720-6", group=SKU, as_of=NOW)])
    agent, _, _ = in_call(site)
    page = agent.get("/agent").text
    assert 'name="sku" value="22720-6"' in page
    assert f'name="sku" value="{SKU}"' not in page


def test_what_was_not_suggested_or_is_no_reason_is_refused(site: Site) -> None:
    agent, task_id, token = in_call(site)
    assert say(agent, task_id, token, answer="refused", why="because").status_code == 422
    page = agent.post(f"/agent/tasks/{task_id}/suggestion", data={"token": token, "sku": "harp", "answer": "accepted"})
    assert told(site) == []
    assert page.status_code in {200, 404}
