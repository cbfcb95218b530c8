"""The table of the task life cycle, row by row, over every store. What a row promises is asserted here once; the finer
points have tests of their own beside it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outreach.desk import NothingToDo
from outreach.task import TaskState
from schemas.commands import CommandLine
from schemas.decisions import Reason, TaskClass
from schemas.envelope import decode
from schemas.errors import NotFound, Refused, StaleToken
from schemas.events.ours import CallEnded, Disposition, NeedOverridden, OverrideReason
from tests.outreach.made import DAY, NOW, Room, contact, need, number_of, opened, standing, withdrawn

S, D = TaskState, Disposition
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
SERVICE = TaskClass.SERVICE


def facts(room: Room, kind: type[Any] = CallEnded) -> list[Any]:
    told = [decode(raw).fact for raw in room.outbox("log")]
    return [fact for fact in told if isinstance(fact, kind)]


def in_call(room: Room, account: str = "a", agent: str = "anna") -> Any:
    card = room.claim(agent)
    assert card.task.account_id == account
    room.start(card, key=f"{card.task.version}")
    return card


def ready(room: Room, name: str = "a", **more: Any) -> str:
    return room.account(name, opened(name, **more))


def test_need_found_opens_a_task_or_joins_the_open_one_of_its_class(room: Room) -> None:
    ready(room)
    assert (room.task("a").state, room.task("a").version) == (S.READY, 1)
    room.tell(opened("a"), opened("a", "wire", version=3), opened("a", "*", task_class=SERVICE))
    tasks = [room.task("a").task_id, room.task("a", SERVICE).task_id]
    assert [len(room.do(lambda tx, one=one: tx.needs.lines([one]))) for one in tasks] == [2, 1]


def test_need_found_within_the_time_between_two_attempts_is_scheduled(room: Room) -> None:
    ready(room)
    in_call(room)
    room.say(room.do(lambda tx: room.desk.current_task(tx, "anna")), D.NO_ANSWER)
    room.tell(withdrawn("a", cause="not_due"), opened("a", "wire", version=5))
    assert (room.task("a").state, room.task("a").not_before) == (S.SCHEDULED, NOW + 4 * HOUR)
    assert room.nothing() == set()


def test_scheduled_becomes_ready_when_its_time_has_come(room: Room) -> None:
    ready(room)
    room.call(D.BUSY)
    room.later(NOW + HOUR / 2 - MINUTE)
    assert room.task("a").state is S.SCHEDULED
    room.later(NOW + HOUR / 2)
    assert room.task("a").state is S.READY


def test_ready_claim_gives_a_lease_of_120_seconds_to_who_has_the_skill_and_holds_nothing(room: Room) -> None:
    ready(room)
    room.staff("ben", skills=("forklift",))
    assert isinstance(room.next("ben"), NothingToDo)
    task = room.claim().task
    assert task.timer_until - task.held_since == timedelta(seconds=120)
    with pytest.raises(Refused, match="holds_task"):
        room.next()


def test_leased_heartbeat_adds_60_seconds_up_to_10_minutes(room: Room) -> None:
    ready(room)
    card = room.claim()
    first = card.task.held_since
    for _ in range(12):
        room.clock.forward(seconds=55)
        try:
            task = room.do(lambda tx: room.desk.heartbeat(tx, card.task.task_id, card.task.token, room.clock()))
        except StaleToken:
            break
    assert task.timer_until == first + timedelta(minutes=10)


def test_leased_skip_counts_no_attempt_and_the_third_goes_to_a_supervisor(room: Room) -> None:
    ready(room)
    for name in ("anna", "ben", "cleo"):
        room.staff(name)
        card = room.claim(name)
        room.do(lambda tx, c=card: room.desk.skip(tx, c.task.task_id, c.task.token, "later", room.clock()))
        assert isinstance(room.next(name), NothingToDo), "15 minutes without it"
    task = room.task("a")
    assert (task.state, task.attempts, task.supervised, task.flag) == (S.READY, 0, True, "skipped")
    assert [one.task_id for one in room.do(room.desk.supervisor_queue)] == [task.task_id]


def test_leased_lease_expires_never_dials_and_the_second_in_a_row_sets_the_agent_away(room: Room) -> None:
    ready(room)
    for _ in range(2):
        room.claim()
        room.clock.forward(seconds=121)
        room.upkeep()
    assert (room.task("a").state, room.task("a").attempts) == (S.READY, 0)
    assert room.do(lambda tx: tx.agents.get("anna")).state == "away"


def test_leased_start_call_judges_again_and_writes_the_attempt_first(room: Room) -> None:
    ready(room)
    card = room.claim()
    attempt = room.start(card)
    assert room.start(card) == attempt, "the same key, the same attempt"
    assert room.do(lambda tx: tx.attempts.get(attempt.attempt_id)) == attempt
    ready(room, "b")
    room.staff("ben")
    other = room.claim("ben")
    room.do(lambda tx: room.desk.block_number(tx, number_of("b"), "sue"))
    with pytest.raises(StaleToken):
        room.start(other)
    assert room.task("b").attempts == 0


def test_in_call_end_begins_the_wrap_up_of_10_minutes(room: Room) -> None:
    ready(room)
    card = in_call(room)
    task = room.do(lambda tx: room.desk.end_call(tx, card.task.task_id, card.task.token, room.clock()))
    assert (task.state, task.timer_until) == (S.WRAP_UP, room.clock() + timedelta(minutes=10))


@pytest.mark.parametrize("hang_up", [False, True])
def test_in_call_and_wrap_up_agent_lost_is_a_supervisors_and_never_redialled(room: Room, hang_up: bool) -> None:
    ready(room)
    card = in_call(room)
    if hang_up:
        room.do(lambda tx: room.desk.end_call(tx, card.task.task_id, card.task.token, room.clock()))
    room.clock.forward(minutes=11)
    room.upkeep()
    assert (room.task("a").state, room.task("a").flag) == (S.NEEDS_DISPOSITION, "agent_lost")
    for days in (1, 5):
        room.later(NOW + days * DAY)
        assert isinstance(room.next("anna"), NothingToDo)
    assert room.do(room.desk.supervisor_queue)[0].account_id == "a"


@pytest.mark.parametrize(("said", "after"), [(D.NO_ANSWER, 4 * HOUR), (D.BUSY, HOUR / 2), (D.VOICEMAIL, DAY)])
def test_nobody_reached_below_the_cap_is_scheduled_again_in_hours(room: Room, said: D, after: timedelta) -> None:
    ready(room)
    task = room.call(said)
    assert (task.state, task.not_before, task.attempts) == (S.SCHEDULED, NOW + after, 1)


@pytest.mark.parametrize(("task_class", "flag"), [(TaskClass.SELLING, None), (SERVICE, "exhausted")])
def test_nobody_reached_at_the_cap_is_exhausted(room: Room, task_class: TaskClass, flag: str | None) -> None:
    ready(room, task_class=task_class, valid=60 * DAY)
    for day in range(3):
        room.later(NOW + day * DAY)
        task = room.call(D.NO_ANSWER)
    assert (task.state, task.flag, facts(room)[-1].exhausted) == (S.EXHAUSTED, flag, True)
    assert bool(room.do(room.desk.supervisor_queue)) is (flag is not None)


def test_callback_goes_to_its_owner_then_15_minutes_late_to_the_team(room: Room) -> None:
    room.staff("ben")
    ready(room)
    task = room.call(D.CALLBACK, callback_at=NOW + DAY)
    assert (task.state, task.owner_id, task.callback_at) == (S.SCHEDULED, "anna", NOW + DAY)
    room.later(NOW + DAY + 14 * MINUTE)
    assert isinstance(room.next("ben"), NothingToDo)
    room.later(NOW + DAY + 15 * MINUTE)
    assert room.claim("ben").task.account_id == "a"


def test_a_new_callback_takes_the_place_of_the_old_one(room: Room) -> None:
    ready(room)
    room.call(D.CALLBACK, callback_at=NOW + DAY)
    room.later(NOW + DAY)
    task = room.call(D.CALLBACK, callback_at=NOW + 2 * DAY)
    assert (task.callback_at, task.not_before) == (NOW + 2 * DAY, NOW + 2 * DAY)


def test_a_retry_is_no_promise(room: Room) -> None:
    ready(room)
    room.call(D.CALLBACK, callback_at=NOW + DAY)
    room.later(NOW + DAY)
    task = room.call(D.NO_ANSWER)
    assert (task.callback_at, task.owner_id, task.owner_until) == (None, None, None)


def test_in_call_place_order_is_asked_of_the_erp_once_for_a_key(room: Room) -> None:
    ready(room)
    card = in_call(room)
    lines = [CommandLine(sku="argon", quantity=2)]  # type: ignore[arg-type]

    def ask(tx: Any) -> str:
        return room.desk.place_order(tx, card.task.task_id, card.task.token, "k1", lines, "GBP", room.clock())

    assert room.do(ask) == room.do(ask)
    assert len(room.outbox("commands")) == 1
    assert room.task("a").state is S.IN_CALL
    assert room.do(lambda tx: room.desk.card(tx, card.task.task_id)).orders[0].state == "asked"


def test_order_taken_waits_for_the_order_event_and_is_flagged_after_24_hours(room: Room) -> None:
    ready(room)
    assert room.call(D.ORDER_TAKEN).state is S.AWAITING_ORDER
    room.later(NOW + 24 * HOUR)
    assert room.task("a").flag == "order_overdue"
    room.tell(withdrawn("a", at=NOW + 25 * HOUR))
    assert (room.task("a").state, room.task("a").outcome) == (S.DONE, "order_taken")


def test_has_stock_is_done_and_corrects_the_forecast(room: Room) -> None:
    ready(room)
    assert room.call(D.HAS_STOCK, stock_until=NOW + 9 * DAY).state is S.DONE
    assert facts(room)[0].stock_until == NOW + 9 * DAY


def test_not_interested_is_done_and_cools_down(room: Room) -> None:
    ready(room)
    assert room.call(D.NOT_INTERESTED).state is S.DONE
    room.tell(opened("a", "wire", version=5, at=NOW + 29 * DAY, valid=20 * DAY))
    room.later(NOW + 29 * DAY)
    assert room.nothing() == {Reason.COOL_DOWN}
    room.later(NOW + 30 * DAY + HOUR)
    assert room.claim().task.account_id == "a"


def test_wrong_number_leads_to_the_next_contact_or_to_a_data_fix(room: Room) -> None:
    ready(room)
    room.do(lambda tx: room.desk.put_contacts(tx, [contact("a", "2"), contact("a", "3", number="+44 7700 900999")]))
    assert (room.call(D.WRONG_NUMBER).state, room.task("a").flag) == (S.SCHEDULED, None)
    room.upkeep()
    assert room.claim().contact.contact_id == "a-c3", "the second contact has the same wrong number"
    card = room.do(lambda tx: room.desk.current_task(tx, "anna"))
    room.start(card)
    assert room.say(card, D.WRONG_NUMBER).flag == "data_fix"


def test_do_not_call_ends_every_task_and_callback_of_the_number_at_once(room: Room) -> None:
    ready(room)
    room.do(lambda tx: room.desk.put_contacts(tx, [replace(contact("b"), number=number_of("a"))]))
    room.tell(standing("b"), opened("b"), opened("a", "*", task_class=SERVICE, p_due=None))
    card = room.claim()
    room.start(card)
    room.say(card, D.DO_NOT_CALL)
    ended = [room.task("a"), room.task("a", SERVICE), room.task("b")]
    assert {task.state for task in ended} == {S.CANCELLED}


@pytest.mark.parametrize("state", [S.SCHEDULED, S.READY, S.LEASED])
def test_an_order_that_covers_the_need_supersedes_what_waits(room: Room, state: TaskState) -> None:
    ready(room)
    card = room.claim() if state is S.LEASED else None
    if state is S.SCHEDULED:
        room.call(D.NO_ANSWER)
    assert room.task("a").state is state
    room.tell(withdrawn("a"))
    assert (room.task("a").state, room.task("a").banner, room.task("a").token) == (
        S.SUPERSEDED,
        "already_ordered",
        None,
    )
    if card is not None:
        with pytest.raises(StaleToken, match="already_ordered"):
            room.start(card)


def test_a_partial_cover_removes_lines(room: Room) -> None:
    room.account("a", opened("a"), opened("a", "wire"))
    room.tell(withdrawn("a", "wire"))
    assert (room.task("a").state, [line.group for line in room.claim().lines]) == (S.READY, ["argon"])


@pytest.mark.parametrize("hang_up", [False, True])
def test_an_order_during_the_call_changes_nothing_but_the_banner(room: Room, hang_up: bool) -> None:
    ready(room)
    card = in_call(room)
    if hang_up:
        room.do(lambda tx: room.desk.end_call(tx, card.task.task_id, card.task.token, room.clock()))
    before = room.task("a").state
    room.tell(withdrawn("a"))
    assert (room.task("a").state, room.task("a").banner) == (before, "already_ordered")
    assert room.say(card, D.NO_ANSWER).state is S.SUPERSEDED, "nobody calls again"


def test_superseded_order_cancelled_is_a_new_need(room: Room) -> None:
    ready(room)
    room.tell(withdrawn("a"))
    first = room.task("a")
    room.tell(opened("a", cycle=2, version=4))
    assert room.task("a").task_id != first.task_id
    assert room.task("a").state is S.READY
    room.tell(opened("a", cycle=1, version=5))
    assert len(room.do(lambda tx: tx.needs.of_account("a"))) == 2, "a need ends for ever"


@pytest.mark.parametrize("state", [S.SCHEDULED, S.READY])
def test_valid_until_passed_is_expired_and_counted_as_a_miss(room: Room, state: TaskState) -> None:
    ready(room, valid=2 * DAY)
    if state is S.SCHEDULED:
        room.call(D.VOICEMAIL)
    room.later(NOW + 3 * DAY)
    assert room.task("a").state is S.EXPIRED
    assert sum(room.do(lambda tx: room.desk.missed(tx, NOW)).values()) == 1
    assert room.do(lambda tx: room.desk.missed(tx, NOW + 3 * DAY)) == {}


def test_a_complaint_does_not_go_by_being_not_needed(room: Room) -> None:
    room.account("a", opened("a", "*complaint:c", task_class=TaskClass.SERVICE, p_due=None))
    card = room.claim()
    room.start(card)
    line, token, why = card.lines[0].need_id, card.task.token or "", OverrideReason.OTHER
    with pytest.raises(NotFound, match="no_such_line"):
        room.do(lambda tx: room.desk.not_needed(tx, card.task.task_id, token, line, why, room.clock()))


def test_not_needed_removes_the_line_and_is_an_event_to_learn_from(room: Room) -> None:
    room.account("a", opened("a"), opened("a", "wire"))
    card = in_call(room)

    def no(tx: Any) -> Any:
        why = OverrideReason.STOCK_LEFT
        return room.desk.not_needed(tx, card.task.task_id, card.task.token, need("a", "wire"), why, room.clock())

    room.do(no)
    (fact,) = facts(room, NeedOverridden)
    assert (fact.group, fact.agreed_units, fact.suggested_units) == ("wire", 0.0, 2.0)
    assert [line.group for line in room.do(lambda tx: room.desk.card(tx, card.task.task_id)).lines] == ["argon"]
    room.tell(opened("a", "wire", version=7))
    assert len(room.do(lambda tx: room.desk.card(tx, card.task.task_id)).lines) == 1, "it does not come back"


def test_a_refused_step_writes_neither_history_nor_messages(room: Room) -> None:
    """State, audit and outbox are one transaction."""
    ready(room)
    card = in_call(room)
    audit, sent = room.do(lambda tx: tx.audit.newest()), len(room.outbox("task-events"))
    with pytest.raises(Refused):
        room.say(card, D.CALLBACK, callback_at=NOW - DAY)
    assert room.task("a").state is S.IN_CALL
    assert (room.do(lambda tx: tx.audit.newest()), len(room.outbox("task-events"))) == (audit, sent)


def test_every_version_of_a_task_is_one_audit_row_and_every_state_one_message(room: Room) -> None:
    ready(room)
    room.call(D.NO_ANSWER)
    room.later(NOW + 4 * HOUR)
    task = room.task("a")
    history = room.do(lambda tx: tx.audit.about(subject=f"task:{task.task_id}"))
    assert sorted(entry.version for entry in history) == list(range(1, task.version + 1))
    assert len(room.outbox("task-events")) == sum(entry.before != entry.after for entry in history)


def test_two_writers_of_one_version_and_one_wins(room: Room) -> None:
    ready(room)
    task = room.task("a")
    room.do(lambda tx: tx.tasks.replace([(replace(task, version=2, p_due=0.5), 1)]))
    with pytest.raises(Refused, match="conflict"):
        room.do(lambda tx: tx.tasks.replace([(replace(task, version=2, p_due=0.6), 1)]))
    assert room.task("a").p_due == 0.5
