"""Needs become tasks: one open task of an account and class, twice is once, an order ends it."""

from datetime import timedelta

from outreach.records import NeedStatus
from outreach.task import TaskState
from schemas.decisions import Reason, TaskClass
from schemas.events.ours import Disposition
from tests.outreach.made import DAY, NOW, Room, clock, contact, opened, refused, standing, withdrawn

S = TaskState


def test_needs_of_an_account_are_lines_of_one_task(room: Room) -> None:
    room.account("a", opened("a", "argon"), opened("a", "wire", p_due=0.95))
    card = room.claim()
    assert [line.group for line in card.lines] == ["wire", "argon"]
    assert card.lines[0].evidence is not None
    assert card.lines[0].evidence.p_due == 0.95
    assert room.do(lambda tx: tx.tasks.counts()) == {S.LEASED: 1}


def test_selling_and_service_are_two_tasks(room: Room) -> None:
    room.account("a", opened("a"), opened("a", "*", task_class=TaskClass.SERVICE, p_due=None))
    assert {room.task("a").state, room.task("a", TaskClass.SERVICE).state} == {S.READY}


def test_twice_is_once(room: Room) -> None:
    effects = [standing("a"), opened("a"), opened("a", "wire", version=3), withdrawn("a", version=4), refused("b")]
    first = room.tell(*effects)
    before = room.do(lambda tx: (tx.tasks.listed(S), tx.needs.of_account("a"), tx.audit.newest()))
    again = room.tell(*effects)
    after = room.do(lambda tx: (tx.tasks.listed(S), tx.needs.of_account("a"), tx.audit.newest()))
    assert first.repeated == 0
    assert again.repeated == len(effects)
    assert before == after


def test_batches_do_not_matter(room: Room) -> None:
    for name in ("a", "b"):
        effects = [
            standing(name),
            opened(name),
            opened(name, "wire", version=3),
            withdrawn(name, "argon", version=4, at=NOW + DAY),
            withdrawn(name, "wire", version=5, at=NOW + DAY),
            opened(name, "argon", cycle=2, version=6, at=NOW + 2 * DAY),
        ]
        for batch in [effects] if name == "a" else [[effect] for effect in effects]:
            room.tell(*batch)
    at_once, one_by_one = (room.do(lambda tx, n=n: tx.tasks.listed(S, account_id=n)) for n in ("a", "b"))
    told = [(t.state, t.version, t.created_at, t.changed_at, t.closed_at, t.outcome, t.rank) for t in at_once]
    assert told == [
        (t.state, t.version, t.created_at, t.changed_at, t.closed_at, t.outcome, t.rank) for t in one_by_one
    ]
    assert [task.state for task in at_once] == [S.READY, S.SUPERSEDED]


def test_a_need_that_ended_never_opens_again(room: Room) -> None:
    room.account("a", withdrawn("a", version=5), opened("a", version=4), opened("a", version=6))
    assert room.do(lambda tx: tx.tasks.counts()) == {}


def test_a_partial_order_removes_lines_and_a_full_one_supersedes(room: Room) -> None:
    room.account("a", opened("a", "argon", p_due=0.9), opened("a", "wire", p_due=0.6))
    room.tell(withdrawn("a", "argon", version=4))
    assert (room.task("a").state, room.task("a").p_due) == (S.READY, 0.6)
    room.tell(withdrawn("a", "wire", version=5))
    task = room.task("a")
    assert (task.state, task.outcome, task.closed_at) == (S.SUPERSEDED, "covered", NOW)


def test_the_cause_names_the_end(room: Room) -> None:
    ends = {"covered": S.SUPERSEDED, "expired": S.EXPIRED, "merged": S.SCHEDULED, "not_due": S.CANCELLED}
    for cause in ends:
        room.account(cause, opened(cause), withdrawn(cause, cause=cause))
    assert {cause: room.task(cause).state for cause in ends} == ends


def test_an_order_rescinds_the_lease_and_leaves_a_banner(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.tell(withdrawn("a"))
    task = room.task("a")
    assert (task.state, task.token, task.agent_id, task.banner) == (S.SUPERSEDED, None, None, "already_ordered")
    assert room.do(lambda tx: room.desk.current_task(tx, "anna")) is None
    assert card.task.state is S.LEASED


def test_an_order_during_the_call_only_shows(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.start(card)
    room.tell(withdrawn("a"))
    task = room.task("a")
    assert (task.state, task.banner) == (S.IN_CALL, "already_ordered")
    assert room.say(card, Disposition.NO_ANSWER).state is S.SUPERSEDED, "no second call after a covering order"


def test_a_new_need_after_a_cancelled_order_is_a_new_task(room: Room) -> None:
    room.account("a", opened("a"), withdrawn("a"), opened("a", cycle=2, version=4))
    assert room.do(lambda tx: tx.tasks.counts()) == {S.READY: 1, S.SUPERSEDED: 1}


def test_validity_ends_a_task_at_its_own_time_whoever_notices(room: Room) -> None:
    room.account("a", opened("a", valid=2 * DAY))
    room.account("b", opened("b", valid=2 * DAY))
    room.tell(opened("a", "wire", version=9, at=NOW + 5 * DAY))
    room.later(NOW + 5 * DAY)
    ended = [t for t in room.do(lambda tx: tx.tasks.listed(S)) if t.state is S.EXPIRED]
    assert {(task.account_id, task.closed_at) for task in ended} == {("a", NOW + 2 * DAY), ("b", NOW + 2 * DAY)}
    assert room.task("a").state is S.READY


def test_refusals_are_kept_with_their_reasons(room: Room) -> None:
    room.tell(refused("a", Reason.HOLDOUT), refused("b", Reason.COOL_DOWN, Reason.HOLDOUT))
    room.tell(refused("a", Reason.CREDIT_HOLD, version=3), refused("a", Reason.HOLDOUT, version=1))
    counts = room.do(lambda tx: tx.needs.refused_counts())
    assert counts == {Reason.CREDIT_HOLD: 1, Reason.COOL_DOWN: 1, Reason.HOLDOUT: 1}
    (found,) = room.do(lambda tx: tx.needs.refused(Reason.CREDIT_HOLD))
    assert (found.account_id, found.reasons) == ("a", (Reason.CREDIT_HOLD,))


def test_a_refused_need_may_open_later(room: Room) -> None:
    room.account("a", refused("a"), opened("a", version=3))
    assert room.task("a").state is S.READY
    assert room.do(lambda tx: tx.needs.refused_counts()) == {}


def test_a_closed_account_ends_everything_that_waits(room: Room) -> None:
    room.account("a", opened("a"), opened("a", "*", task_class=TaskClass.SERVICE))
    room.tell(standing("a", version=9, closed=True))
    assert {room.task("a").state, room.task("a", TaskClass.SERVICE).state} == {S.CANCELLED}


def test_a_merged_account_leaves_its_contacts_to_the_survivor(room: Room) -> None:
    room.account("a", opened("a"))
    room.account("b", opened("b"))
    room.tell(standing("a", version=9, merged_into="b"))
    assert (room.task("a").state, room.task("a").outcome) == (S.SUPERSEDED, "merged")
    assert [point.contact_id for point in room.do(lambda tx: tx.contacts.of_accounts(["b"]))] == ["a-c1", "b-c1"]


def test_a_merged_account_brings_its_attempts(room: Room) -> None:
    room.account("a", opened("a"))
    room.call(Disposition.NO_ANSWER)
    room.account("b", opened("b"))
    room.tell(standing("a", version=9, merged_into="b"))
    assert [attempt.account_id for attempt in room.do(lambda tx: room.desk.account(tx, "b")).attempts] == ["b"]


def test_an_older_standing_changes_nothing(room: Room) -> None:
    room.tell(standing("a", version=5, yearly_spend=900.0), standing("a", version=4, yearly_spend=1.0))
    assert room.do(lambda tx: tx.standings.get("a")).yearly_spend == 900.0


def test_business_time_is_that_of_the_slowest_partition_and_goes_forward(room: Room) -> None:
    room.tell(clock(NOW + DAY), clock(NOW + timedelta(hours=2), partition=1), clock(NOW, partition=1))
    assert room.do(room.desk.business_time) == NOW + timedelta(hours=2)


def test_the_lines_say_what_became_of_them(room: Room) -> None:
    room.account("a", opened("a"), opened("a", "wire"), withdrawn("a", "argon", version=5))
    room.call(Disposition.NOT_INTERESTED)
    told = {need.group: (need.status, need.cause) for need in room.do(lambda tx: tx.needs.of_account("a"))}
    assert told == {"argon": (NeedStatus.ENDED, "covered"), "wire": (NeedStatus.ENDED, "task_not_interested")}


def test_needs_found_after_the_order_was_taken_open_a_new_task(room: Room) -> None:
    room.account("a", opened("a"))
    assert room.call(Disposition.ORDER_TAKEN).state is S.AWAITING_ORDER
    room.tell(opened("a", "wire", version=5), withdrawn("a", "argon", version=6))
    states = {task.state for task in room.do(lambda tx: tx.tasks.listed(S, account_id="a"))}
    assert states == {S.DONE, S.READY}
    newest = room.task("a").task_id
    assert [line.group for line in room.do(lambda tx: tx.needs.lines([newest]))] == ["wire"]


def test_contacts_are_stored_normalised(room: Room) -> None:
    room.do(lambda tx: room.desk.put_contacts(tx, [contact("a", number="+44 (7700) 900-123")]))
    assert room.do(lambda tx: tx.contacts.accounts_with("+447700900123")) == ["a"]
