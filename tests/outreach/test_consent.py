"""A consent that is withdrawn acts at once: a hold ends before the call, and who is talking is told."""

from outreach.task import TaskState
from schemas.decisions import Reason
from schemas.events.ours import Disposition
from tests.outreach.made import Room, opened, standing

WITHDRAWN = (("selling", "phone"),)


def test_a_hold_ends_and_nobody_is_offered_it(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.tell(standing("a", version=9, withdrawn=WITHDRAWN))
    task = room.task("a")
    assert (task.state, task.token, task.agent_id, task.banner) == (TaskState.READY, None, None, "no_consent")
    assert task.version > card.task.version
    assert room.nothing() == {Reason.NO_CONSENT}


def test_who_talks_is_told_once_and_goes_on(room: Room) -> None:
    room.account("a", opened("a"))
    card = room.claim()
    room.start(card)
    for version in (9, 10):
        room.tell(standing("a", version=version, withdrawn=WITHDRAWN))
    task = room.task("a")
    assert (task.state, task.banner) == (TaskState.IN_CALL, "no_consent")
    flagged = [entry for entry in room.do(lambda tx: tx.audit.about(account_id="a")) if entry.event == "flagged"]
    assert [entry.detail for entry in flagged] == ["no_consent"]
    assert room.say(card, Disposition.NO_ANSWER).banner is None


def test_another_purpose_changes_nothing(room: Room) -> None:
    room.account("a", opened("a"))
    room.claim()
    room.tell(standing("a", version=9, withdrawn=(("service", "phone"), ("selling", "text"))))
    assert (room.task("a").state, room.task("a").banner) == (TaskState.LEASED, None)


def test_given_again_it_is_offered_without_the_old_banner(room: Room) -> None:
    room.account("a", opened("a"))
    room.claim()
    room.tell(standing("a", version=9, withdrawn=WITHDRAWN))
    room.tell(standing("a", version=10))
    assert room.claim().task.banner is None
