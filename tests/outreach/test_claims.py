"""Claim, heartbeat, skip, start: one holder, one task a holder, leases on the database's clock."""

from datetime import timedelta

import pytest

from outreach.desk import Blocked, NothingToDo
from outreach.ports.work import Hint
from outreach.records import Attempt
from outreach.task import TaskState
from schemas.decisions import Reason
from schemas.errors import NotFound, Refused, StaleToken
from schemas.events.ours import Disposition
from tests.outreach.made import DAY, NOW, Room, opened, standing

S = TaskState


def test_the_card_has_all_that_an_agent_needs(room: Room) -> None:
    room.account("a", opened("a"), country="US", region="NY", zone="America/New_York")
    room.later(NOW + timedelta(hours=6))
    card = room.claim()
    assert card.contact is not None
    assert card.contact.person == "Robin Example"
    assert card.local_time is not None
    assert f"{card.local_time:%H:%M}" == "11:00"
    assert (card.profile, card.reasons, card.standing.region) == ("small-maintenance", (), "NY")  # type: ignore[union-attr]
    assert card.task.token


def test_the_most_urgent_first_then_value_then_age(room: Room) -> None:
    room.account("old", opened("old", p_due=0.75), yearly_spend=10.0)
    room.account("rich", opened("rich", p_due=0.71, at=NOW + timedelta(hours=1)), yearly_spend=5000.0)
    room.account("sure", opened("sure", p_due=0.93, at=NOW + timedelta(hours=1)), yearly_spend=1.0)
    room.account("new", opened("new", p_due=0.70, at=NOW + 3 * DAY), yearly_spend=10.0)
    room.later(NOW + 3 * DAY)
    order = []
    for _ in range(4):
        order.append(room.claim().task.account_id)
        card = room.do(lambda tx: room.desk.current_task(tx, "anna"))
        room.start(card)
        room.say(card, Disposition.NOT_INTERESTED)
    assert order == ["sure", "rich", "old", "new"]


def test_an_agent_holds_one_task(room: Room) -> None:
    room.account("a", opened("a"))
    room.account("b", opened("b"))
    room.claim()
    with pytest.raises(Refused, match="holds_task"):
        room.next()


def test_two_agents_get_two_tasks(room: Room) -> None:
    room.staff("ben")
    room.account("a", opened("a"))
    room.account("b", opened("b"))
    assert {room.claim("anna").task.account_id, room.claim("ben").task.account_id} == {"a", "b"}
    room.staff("cleo")
    assert isinstance(room.next("cleo"), NothingToDo)


def test_skills_decide_who_is_offered_what(room: Room) -> None:
    room.staff("ben", skills=("key_accounts",))
    room.account("a", opened("a"))
    assert isinstance(room.next("ben"), NothingToDo)
    room.account("big", opened("big"), size="large", phase="ignition")
    assert room.claim("ben").task.account_id == "big"


def test_what_waits_is_counted_so_far_and_no_further(room: Room) -> None:
    for name in "abc":
        room.account(name, opened(name))
    for most, expected in ((2, 2), (3, 3), (10, 3)):
        assert room.do(lambda tx, most=most: tx.tasks.ready(most)) == expected
    ids = [task.task_id for task in room.do(lambda tx: tx.tasks.listed({TaskState.READY}))]
    room.do(lambda tx: tx.tasks.set_hints([Hint(one, None, None, Reason.CAPACITY) for one in ids]))
    for most, expected in ((2, 2), (10, 3)):
        counts = room.do(lambda tx, most=most: tx.tasks.hint_counts(("sales",), most))
        assert counts == {Reason.CAPACITY: expected}
    assert room.do(lambda tx: tx.tasks.hint_counts(("other",), 10)) == {}


def test_who_is_away_or_unknown_gets_nothing(room: Room) -> None:
    room.do(lambda tx: room.desk.set_agent(tx, "anna", "away"))
    with pytest.raises(Refused, match="away"):
        room.next()
    with pytest.raises(NotFound):
        room.next("nobody")


def test_a_lease_ends_and_its_token_is_worth_nothing(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.clock.forward(seconds=121)
    with pytest.raises(StaleToken, match="lease_expired"):
        room.start(card)
    assert room.upkeep().leases_expired == 1
    assert room.task("a").state is S.READY
    room.staff("ben")
    room.claim("ben")
    with pytest.raises(StaleToken, match="stale_token"):
        room.start(card)


def test_a_heartbeat_keeps_the_lease_ten_minutes_at_most(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    token = card.task.token or ""
    for _ in range(11):
        room.clock.forward(seconds=50)
        room.do(lambda tx: room.desk.heartbeat(tx, card.task.task_id, token, room.clock()))
    room.clock.forward(seconds=51)
    with pytest.raises(StaleToken):
        room.do(lambda tx: room.desk.heartbeat(tx, card.task.task_id, token, room.clock()))


def test_two_leases_that_run_out_in_a_row_set_the_agent_away(room: Room) -> None:
    room.account("a", opened("a"))
    for expected in ("available", "away"):
        room.claim()
        room.clock.forward(seconds=121)
        room.upkeep()
        assert room.do(lambda tx: tx.agents.get("anna")).state == expected


def test_a_skip_costs_no_attempt_and_shuts_this_agent_out_for_a_while(room: Room) -> None:
    room.staff("ben")
    room.account("a", opened("a"))
    card = room.claim()
    token = card.task.token or ""
    room.do(lambda tx: room.desk.skip(tx, card.task.task_id, token, "lunch there", room.clock()))
    assert isinstance(room.next("anna"), NothingToDo)
    room.clock.forward(minutes=15)
    assert room.claim("anna").task.attempts == 0


def test_the_third_skip_goes_to_a_supervisor(room: Room) -> None:
    room.account("a", opened("a"))
    for name in ("anna", "ben", "cleo"):
        room.staff(name)
        card = room.claim(name)
        token = card.task.token or ""
        room.do(lambda tx, c=card, t=token: room.desk.skip(tx, c.task.task_id, t, "no", room.clock()))
    room.staff("dora")
    assert isinstance(room.next("dora"), NothingToDo)
    (flagged,) = room.do(lambda tx: tx.tasks.listed(S, flagged=True))
    assert (flagged.flag, flagged.supervised) == ("skipped", True)
    room.do(lambda tx: room.desk.release(tx, flagged.task_id, "sue"))
    assert room.claim("dora").task.account_id == "a"


def test_a_call_starts_once_for_a_key(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    first, again = room.start(card, "k"), room.start(card, "k")
    assert isinstance(first, Attempt)
    assert first == again
    assert len(room.do(lambda tx: room.desk.account(tx, "a")).attempts) == 1
    with pytest.raises(Refused, match="already_in_call"):
        room.start(card, "other")


def test_what_changed_since_the_claim_stops_the_call(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.tell(standing("a", version=9, open_complaints=("c-1",)))
    answer = room.start(card)
    assert isinstance(answer, Blocked)
    assert answer.reasons == ("open_complaint",)
    assert (room.task("a").state, room.task("a").attempts) == (S.READY, 0)
    assert room.do(lambda tx: room.desk.account(tx, "a")).attempts == ()


def test_a_chosen_task_is_judged_like_any_other(room: Room) -> None:
    room.account("a", opened("a"))
    task_id = room.task("a").task_id
    room.tell(standing("a", version=9, credit_hold=True))
    with pytest.raises(Refused, match="credit_hold"):
        room.do(lambda tx: room.desk.claim_task(tx, "anna", task_id, room.clock()))
    room.tell(standing("a", version=10))
    card = room.do(lambda tx: room.desk.claim_task(tx, "anna", task_id, room.clock()))
    assert card.task.state is S.LEASED
    with pytest.raises(NotFound):
        room.do(lambda tx: room.desk.claim_task(tx, "ben", "no-such", room.clock()))


def test_a_silent_agent_in_a_call_is_lost_and_nobody_redials(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.start(card)
    room.clock.forward(seconds=601)
    assert room.upkeep().agents_lost == 1
    task = room.task("a")
    assert (task.state, task.flag, task.token) == (S.NEEDS_DISPOSITION, "agent_lost", None)
    assert isinstance(room.next(), NothingToDo)


def test_a_refusal_changes_nothing(room: Room) -> None:
    room.account("a", opened("a"))
    room.claim()
    before = room.task("a")
    newest = room.do(lambda tx: tx.audit.newest())
    with pytest.raises(StaleToken):
        room.do(lambda tx: room.desk.skip(tx, before.task_id, "forged", "x", room.clock()))
    assert (room.task("a"), room.do(lambda tx: tx.audit.newest())) == (before, newest)


def test_history_is_complete_ordered_and_shows_tampering(room: Room) -> None:
    room.account("a", opened("a"))
    room.call(Disposition.NO_ANSWER)
    entries = room.do(lambda tx: room.desk.changes_since(tx, 0))
    assert [entry.audit_id for entry in entries] == list(range(1, len(entries) + 1))
    told = [entry.event for entry in entries if entry.subject.startswith("task:")]
    assert told == ["opened", "claimed", "call_started", "call_ended", "retry"]
    from outreach.records import chained

    for before, entry in zip([None, *entries], entries, strict=False):
        assert chained(entry, entry.audit_id, before.digest if before else "").digest == entry.digest
