"""Suggestions on a call: which are on the card, what is kept of them, and what an answer does."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from outreach.desk import Desk
from outreach.desk.suggesting import objective_of, resting
from outreach.memory import MemoryStore
from outreach.profiles import standard_profiles
from outreach.records import Suggestion
from schemas.envelope import decode
from schemas.errors import NotFound, Refused, StaleToken
from schemas.events.ours import Disposition, SuggestionAnswer, SuggestionAnswered, SuggestionWhy
from schemas.needs import ProductTold
from tests.outreach.conftest import RULES
from tests.outreach.made import DAY, NOW, DatabaseClock, Room, clock, opened, refused, standing

YES, NO = SuggestionAnswer.ACCEPTED, SuggestionAnswer.REFUSED
SKUS = ("argon", "gas", "mask", "wire", "tip", "hose")


@pytest.fixture
def room() -> Room:
    time = DatabaseClock()
    found = Room(MemoryStore(time), Desk(RULES), time)
    found.tell(clock(NOW))
    found.staff("anna")
    found.account("a", opened("a"))
    rows = [
        Suggestion("a", n, sku, sku.title(), "", "v3", efficiency=n, variety=7 - n, innovation=n if n > 3 else 0)
        for n, sku in enumerate(SKUS, 1)
    ]
    found.do(lambda tx: tx.suggestions.replace(["a"], rows))
    return found


def on_card(room: Room, task_id: str) -> list[str]:
    return [one.sku for one in room.do(lambda tx: room.desk.card(tx, task_id)).suggestions]


def say(room: Room, card: Any, sku: str, said: SuggestionAnswer, why: SuggestionWhy | None = None) -> Any:
    token = card.task.token
    return room.do(lambda tx: room.desk.answer_suggestion(tx, card.task.task_id, token, sku, said, why, room.clock()))


def told(room: Room) -> list[SuggestionAnswered]:
    facts = [decode(raw).fact for raw in room.outbox("log")]
    return [fact for fact in facts if isinstance(fact, SuggestionAnswered)]


def with_objective(room: Room, objective: str, number: int, draw_share: float = 0.0) -> None:
    """Other profiles in force."""

    def work(tx: Any) -> None:
        said = json.loads(room.desk.profiles(tx).dumps())
        for cell in said["cells"].values():
            cell |= {"suggestion_objective": objective, "suggestions": number}
            cell |= {"suggestion_draw_share": draw_share}
        digest = tx.artefacts.put(json.dumps(said).encode())
        moved = clock(NOW).model_copy(update={"profiles_digest": digest})
        room.desk.apply_effects(tx, [moved])

    room.do(work)


def test_the_card_has_the_profiles_number_without_what_is_on_the_task(room: Room) -> None:
    card = room.claim()
    assert [one.sku for one in card.suggestions] == ["gas", "mask", "wire"], "argon is its line"
    assert on_card(room, card.task.task_id) == ["gas", "mask", "wire"]


@pytest.mark.parametrize(
    ("objective", "number", "skus"), [("variety", 2, ["hose", "tip"]), ("innovation", 3, ["wire", "tip", "hose"])]
)
def test_the_card_has_the_profiles_objective(room: Room, objective: str, number: int, skus: list[str]) -> None:
    with_objective(room, objective, number)
    card = room.claim()
    assert [one.sku for one in card.suggestions] == skus
    assert on_card(room, card.task.task_id) == skus


def test_what_was_bought_since_or_cannot_be_had_is_not_shown(room: Room) -> None:
    room.tell(
        refused("a", group="gas"),
        ProductTold(sku="mask-1", group="mask", available=False, as_of=NOW),
        ProductTold(sku="wire-1", group="wire", available=False, as_of=NOW),
        ProductTold(sku="wire-2", group="wire", available=True, as_of=NOW),
    )
    card = room.claim()
    assert on_card(room, card.task.task_id) == ["wire", "tip", "hose"]


def test_a_variant_of_what_they_use_is_not_shown(room: Room) -> None:
    room.tell(ProductTold(sku="gas", group="argon", as_of=NOW))
    assert "gas" not in on_card(room, room.claim().task.task_id)


def test_what_is_on_the_card_of_a_call_is_kept_once(room: Room) -> None:
    card = room.claim()
    room.start(card)
    room.start(card)
    kept = room.do(lambda tx: tx.showings.of_task(card.task.task_id))
    assert [(one.sku, one.rank, one.objective, one.version, one.answer) for one in kept] == [
        (sku, rank, "efficiency", "v3", None) for rank, sku in enumerate(("gas", "mask", "wire"), 1)
    ]


def test_a_refused_one_rests_and_is_an_event(room: Room) -> None:
    card = room.claim()
    room.start(card)
    first = say(room, card, "mask", NO, SuggestionWhy.LATER)
    assert say(room, card, "mask", NO, SuggestionWhy.LATER) == first, "twice is once"
    (fact,) = told(room)
    assert (fact.sku, fact.answer, fact.why, fact.rank, fact.version) == ("mask", NO, SuggestionWhy.LATER, 2, "v3")
    assert on_card(room, card.task.task_id) == ["gas", "wire", "tip"]
    room.do(lambda tx: tx.suggestions.replace(["a"], [Suggestion("a", 1, "mask", "", "", "v8")]))
    assert on_card(room, card.task.task_id) == [], "also on a list that was made at the same time"
    assert resting([first], NOW + 29 * DAY) == {("a", "mask")}
    assert resting([first], NOW + 30 * DAY) == set()


def test_an_accepted_one_stays_to_be_ordered(room: Room) -> None:
    card = room.claim()
    room.start(card)
    say(room, card, "gas", YES)
    assert on_card(room, card.task.task_id)[0] == "gas"
    shown = room.do(lambda tx: room.desk.card(tx, card.task.task_id)).answered
    assert [(one.sku, one.answer) for one in shown] == [("gas", "accepted")]
    assert resting(shown, NOW) == set()


def test_answers_that_are_none_change_nothing(room: Room) -> None:
    card = room.claim()
    with pytest.raises(Refused, match="not_called"):
        say(room, card, "gas", YES)
    room.start(card)
    for sku, said, why, error in (
        ("harp", YES, None, NotFound),
        ("gas", NO, None, Refused),
        ("gas", YES, SuggestionWhy.OTHER, Refused),
    ):
        with pytest.raises(error):
            say(room, card, sku, said, why)
    say(room, card, "gas", YES)
    with pytest.raises(Refused, match="already_answered"):
        say(room, card, "gas", NO, SuggestionWhy.NOT_USED)
    room.say(card, Disposition.NOT_INTERESTED)
    with pytest.raises(StaleToken):
        say(room, card, "mask", YES)
    assert len(told(room)) == 1


def test_what_a_merged_account_refused_rests_for_its_survivor(room: Room) -> None:
    card = room.claim()
    room.start(card)
    say(room, card, "gas", NO, SuggestionWhy.NOT_USED)
    room.tell(standing("a", version=9, merged_into="b", at=NOW + timedelta(hours=1)))
    assert [one.account_id for one in room.do(lambda tx: tx.showings.refused(NOW))] == ["b"]


def test_a_share_of_accounts_has_its_objective_drawn_and_the_draw_is_even_and_stays() -> None:
    cell = standard_profiles("x", NOW).cells["small-maintenance"].model_copy(update={"suggestion_draw_share": 0.3})
    drawn: Counter[str] = Counter()
    for number in range(3000):
        rows = [Suggestion(f"a{number}", 1, "s", "", "", "v1")]
        objective, is_drawn = objective_of(f"a{number}", cell, rows)
        assert (objective, is_drawn) == objective_of(f"a{number}", cell, rows)
        assert is_drawn or objective == cell.suggestion_objective
        drawn[objective] += is_drawn
    assert sum(drawn.values()) == pytest.approx(900, abs=90)
    assert all(count == pytest.approx(300, abs=60) for count in drawn.values()), drawn
    assert len(drawn) == 3
    other = [objective_of(f"a{n}", cell, [Suggestion(f"a{n}", 1, "s", "", "", "v2")]) for n in range(300)]
    assert other != [objective_of(f"a{n}", cell, [Suggestion(f"a{n}", 1, "s", "", "", "v1")]) for n in range(300)]


def test_what_is_shown_says_that_its_objective_was_drawn(room: Room) -> None:
    with_objective(room, "efficiency", 3, draw_share=1.0)
    card = room.claim()
    drawn, is_drawn = objective_of("a", room.do(room.desk.profiles).cells["small-maintenance"], _rows(room))
    assert is_drawn
    room.start(card)
    shown = room.do(lambda tx: tx.showings.of_task(card.task.task_id))
    assert {(one.objective, one.drawn) for one in shown} == {(drawn, True)}
    assert [one.sku for one in shown] == [one.sku for one in card.suggestions]


def _rows(room: Room) -> list[Suggestion]:
    return room.do(lambda tx: tx.suggestions.of_account("a"))
