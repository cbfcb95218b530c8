"""Dispositions: where each leads, what it sends back to the log, and that caps, callbacks and do-not-call hold."""

from datetime import timedelta
from decimal import Decimal

import pytest

from outreach.desk import NothingToDo, Outcome
from outreach.task import TaskState
from schemas.commands import CommandLine
from schemas.decisions import Reason, TaskClass
from schemas.envelope import decode
from schemas.errors import Refused, StaleToken
from schemas.events.ours import CallEnded, Disposition, NeedOverridden, OverrideReason
from schemas.needs import ProductTold
from tests.outreach.made import DAY, NOW, Room, contact, need, number_of, opened, standing, withdrawn

S, D = TaskState, Disposition
HOUR = timedelta(hours=1)


def ended(room: Room) -> list[CallEnded]:
    facts = [decode(raw).fact for raw in room.outbox("log")]
    assert all(isinstance(fact, CallEnded) for fact in facts)
    return facts  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("said", "state", "again"),
    [
        (D.NO_ANSWER, S.SCHEDULED, NOW + 4 * HOUR),
        (D.BUSY, S.SCHEDULED, NOW + HOUR / 2),
        (D.VOICEMAIL, S.SCHEDULED, NOW + DAY),
        (D.NOT_INTERESTED, S.DONE, None),
        (D.HAS_STOCK, S.DONE, None),
        (D.ORDER_TAKEN, S.AWAITING_ORDER, None),
        (D.DO_NOT_CALL, S.CANCELLED, None),
    ],
)
def test_where_it_leads(room: Room, said: Disposition, state: TaskState, again: object) -> None:
    room.account("a", opened("a"))
    task = room.call(said)
    assert (task.state, task.not_before, task.attempts) == (state, again, 1)
    assert (task.token, task.agent_id, task.timer_until) == (None, None, None)
    (fact,) = ended(room)
    assert (fact.disposition, fact.need_ids, fact.attempts) == (said, (need("a"),), 1)


def test_a_retry_is_moved_into_calling_hours(room: Room) -> None:
    room.later(NOW + 8 * HOUR)
    room.account("a", opened("a"))
    assert room.call(D.NO_ANSWER).not_before == NOW + 22 * HOUR, "18:00 + 4 h is moved to 08:00"


def test_three_calls_without_success_and_no_more(room: Room) -> None:
    room.account("a", opened("a", valid=60 * DAY))
    for day in range(3):
        room.later(NOW + day * DAY)
        task = room.call(D.NO_ANSWER)
    assert (task.state, task.outcome) == (S.EXHAUSTED, "no_answer")
    assert [(fact.attempts, fact.exhausted) for fact in ended(room)] == [(1, False), (2, False), (3, True)]
    room.tell(opened("a", "wire", version=8, at=NOW + 2 * DAY))
    assert room.task("a").state is S.SCHEDULED, "the time after an unanswered call is not over"
    room.later(NOW + 2 * DAY + 4 * HOUR)
    assert room.nothing() == {Reason.ATTEMPT_CAP}, "the log has not answered yet, and the cap holds"


def test_a_service_task_that_is_exhausted_is_a_supervisors(room: Room) -> None:
    room.account("a", opened("a", "*", task_class=TaskClass.SERVICE, p_due=None))
    for day in range(3):
        room.later(NOW + day * DAY)
        task = room.call(D.NO_ANSWER)
    assert (task.state, task.flag) == (S.EXHAUSTED, "exhausted")


def test_an_order_clears_the_count(room: Room) -> None:
    room.account("a", opened("a"))
    room.call(D.NO_ANSWER)
    room.later(NOW + DAY)
    room.tell(
        withdrawn("a", at=NOW + DAY, version=5),
        standing("a", version=5, at=NOW + DAY, last_order_at=NOW + DAY),
        opened("a", cycle=2, version=9, at=NOW + 20 * DAY),
    )
    room.later(NOW + 20 * DAY)
    assert room.claim().task.attempts == 0


def test_a_callback_goes_to_its_owner_first_then_to_the_team(room: Room) -> None:
    room.staff("ben")
    room.account("a", opened("a"))
    assert room.call(D.CALLBACK, callback_at=NOW + DAY).owner_id == "anna"
    room.account("b", opened("b", p_due=1.0, at=NOW + DAY))
    room.later(NOW + DAY)
    assert room.claim("ben").task.account_id == "b", "not the owner"
    assert room.claim("anna").task.account_id == "a", "due callbacks come first"
    card = room.do(lambda tx: room.desk.current_task(tx, "anna"))
    room.start(card)
    assert room.say(card, D.CALLBACK, callback_at=NOW + 2 * DAY).callback_at == NOW + 2 * DAY
    room.later(NOW + 2 * DAY + timedelta(minutes=14))
    room.staff("cleo")
    assert isinstance(room.next("cleo"), NothingToDo)
    room.later(NOW + 2 * DAY + timedelta(minutes=15))
    assert room.claim("cleo").task.account_id == "a", "fifteen minutes late it is the team's"


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (NOW + 12 * HOUR, "outside_calling_hours"),
        (NOW + 31 * DAY, "callback_too_far"),
        (NOW - HOUR, "callback_in_past"),
        (None, "callback_time_missing"),
    ],
)
def test_a_callback_that_could_not_be_kept_is_refused(room: Room, when: object, reason: str) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.start(card)
    with pytest.raises(Refused, match=reason):
        room.say(card, D.CALLBACK, callback_at=when)
    assert room.task("a").state is S.IN_CALL


def test_do_not_call_ends_every_task_of_the_number_at_once(room: Room) -> None:
    for name in ("a", "b", "c"):
        room.account(name, opened(name))
    shared = number_of("a")
    room.do(lambda tx: room.desk.put_contacts(tx, [contact("b", "2", number=shared)]))
    while (card := room.claim()).task.account_id != "a":
        room.start(card, card.task.task_id)
        room.say(card, D.NO_ANSWER)
    room.start(card)
    room.say(card, D.DO_NOT_CALL)
    assert {name: room.task(name).state for name in "ab"} == {"a": S.CANCELLED, "b": S.CANCELLED}
    assert room.task("c").state is not S.CANCELLED
    room.tell(opened("a", cycle=2, version=9))
    newest = room.task("a").task_id
    assert Reason.DO_NOT_CALL in room.do(lambda tx: room.desk.card(tx, newest)).reasons


def test_a_number_blocked_between_claim_and_call_is_not_dialled(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    assert room.do(lambda tx: room.desk.block_number(tx, number_of("a"), "sue")) == 1
    with pytest.raises(StaleToken, match="stale_token"):
        room.start(card)
    assert room.task("a").state is S.CANCELLED


def test_a_wrong_number_leads_to_the_next_contact_or_to_a_data_fix(room: Room) -> None:
    room.account("a", opened("a"))
    room.do(lambda tx: room.desk.put_contacts(tx, [contact("a", "2", number="+447700900999")]))
    first = room.call(D.WRONG_NUMBER)
    assert (first.state, first.flag) == (S.SCHEDULED, None)
    room.upkeep()
    card = room.claim()
    assert card.contact is not None
    assert card.contact.contact_id == "a-c2"
    room.start(card)
    assert room.say(card, D.WRONG_NUMBER).flag == "data_fix"
    room.upkeep()
    assert room.nothing() == {Reason.NO_VALID_CONTACT}


def test_an_order_that_was_taken_is_awaited_then_flagged_then_done(room: Room) -> None:
    room.account("a", opened("a"))
    room.call(D.ORDER_TAKEN)
    room.later(NOW + 23 * HOUR)
    assert room.task("a").flag is None
    room.later(NOW + 25 * HOUR)
    assert room.task("a").flag == "order_overdue"
    room.tell(withdrawn("a", at=NOW + 26 * HOUR))
    assert (room.task("a").state, room.task("a").outcome, room.task("a").flag) == (S.DONE, "order_taken", None)


def test_an_order_event_that_is_faster_than_the_agent_is_a_success(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.start(card)
    room.tell(withdrawn("a"))
    assert room.say(card, D.ORDER_TAKEN).state is S.DONE


def test_units_of_a_group_are_offered_and_learnt_from_in_units_of_the_product(room: Room) -> None:
    bottles = opened("a").model_copy(update={"quantity_units": 24.0})
    room.tell(ProductTold(sku="case", group="argon", unit_factor=12.0, as_of=NOW))
    room.account("a", bottles)
    card = room.claim()
    room.start(card)
    (offer,) = room.do(lambda tx: room.desk.card(tx, card.task.task_id)).offers
    assert (offer.sku, offer.suggested_units) == ("case", 2.0)

    def place(key: str, cases: int, **why: OverrideReason) -> None:
        lines = [CommandLine(sku="case", quantity=Decimal(cases))]
        token = card.task.token or ""
        room.do(
            lambda tx: room.desk.place_order(tx, card.task.task_id, token, key, lines, "GBP", room.clock(), reasons=why)
        )

    place("as offered", 2)
    assert [raw for raw in room.outbox("log") if b"NeedOverridden" in raw] == []
    place("less", 1, case=OverrideReason.USES_LESS)
    (raw,) = (raw for raw in room.outbox("log") if b"NeedOverridden" in raw)
    told = decode(raw).fact
    assert isinstance(told, NeedOverridden)
    assert (told.suggested_units, told.agreed_units) == (24.0, 12.0)


def test_an_order_is_placed_once_for_a_key(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.start(card)
    line = CommandLine(sku="argon", quantity=Decimal(2))
    token = card.task.token or ""

    def place(key: str) -> str:
        placed: str = room.do(
            lambda tx: room.desk.place_order(tx, card.task.task_id, token, key, [line], "GBP", room.clock())
        )
        return placed

    assert place("k") == place("k")
    assert len(room.outbox("commands")) == 1
    assert place("k2") != place("k")
    assert len(room.outbox("commands")) == 2


def test_a_supervisor_settles_what_an_agent_left_behind(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.start(card)
    room.clock.forward(seconds=601)
    room.upkeep()
    with pytest.raises(StaleToken):
        room.say(card, D.HAS_STOCK)
    settled = room.do(lambda tx: room.desk.settle(tx, card.task.task_id, "sue", Outcome(D.HAS_STOCK)))
    assert settled.state is S.DONE
    assert len(ended(room)) == 1


def test_nothing_is_said_of_a_call_that_was_not_made(room: Room) -> None:
    room.account("a", opened("a"))
    with pytest.raises(Refused, match="not_called"):
        room.say(room.claim(), D.ORDER_TAKEN)
    card = room.do(lambda tx: room.desk.current_task(tx, "anna"))
    room.start(card)
    with pytest.raises(Refused, match="not_a_service_task"):
        room.say(card, D.RESOLVED)


def test_every_change_of_state_is_told_to_everybody_once(room: Room) -> None:
    room.account("a", opened("a"))
    room.call(D.NOT_INTERESTED)
    from pydantic_core import from_json

    told = [from_json(raw) for raw in room.outbox("task-events")]
    assert [event["data"]["after"] for event in told] == ["ready", "leased", "in_call", "wrap_up", "done"]
    assert len({event["id"] for event in told}) == len(told)
    assert all(event["subject"] == "a" for event in told)
