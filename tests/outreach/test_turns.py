"""Two calls that start in one instant are counted one after the other: of one account, or to one number."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from datetime import timedelta

import pytest

from outreach.desk import Blocked, TaskCard
from outreach.desk.eligibility import number_key
from outreach.records import Attempt
from schemas.decisions import Reason, TaskClass
from tests.outreach.made import NOW, Room, contact, opened

CAP = 5
"""Contacts in seven days by the standard profiles."""
NUMBER = "+447700900123"


def called_before(room: Room, account: str, times: int) -> None:
    """Calls to the number two days ago, of both classes, so that no class is at its own cap."""
    earlier = [
        Attempt(
            f"{account}-{n}",
            "gone",
            account,
            list(TaskClass)[n % 2],
            "anna",
            NOW - timedelta(days=2, hours=n),
            number_key=number_key(NUMBER),
        )
        for n in range(times)
    ]
    room.do(lambda tx: tx.attempts.put(earlier))


def claimed(room: Room, agent: str, account: str, task_class: TaskClass) -> TaskCard:
    task_id = room.task(account, task_class).task_id
    card: TaskCard = room.do(lambda tx: room.desk.claim_task(tx, agent, task_id, room.clock()))
    return card


def started_at_once(room: Room, first: TaskCard, second: TaskCard) -> tuple[object, object]:
    """The second call starts while the first one's transaction is open."""
    with ThreadPoolExecutor(1) as pool:
        with room.store.begin() as tx:
            begun = room.desk.start_call(tx, first.task.task_id, first.task.token or "", "k", room.clock())
            later: Future[object] = pool.submit(room.start, second)
            with pytest.raises(NotYet):
                later.result(timeout=0.3)
        return begun, later.result(timeout=30)


def test_the_cap_holds_for_both_classes_of_one_account(room: Room) -> None:
    room.staff("ben")
    room.account("a", opened("a"), opened("a", "complaint:1", task_class=TaskClass.SERVICE))
    called_before(room, "a", CAP - 1)
    cards = [claimed(room, *who) for who in (("anna", "a", TaskClass.SERVICE), ("ben", "a", TaskClass.SELLING))]
    first, second = started_at_once(room, *cards)
    assert isinstance(first, Attempt)
    assert second == Blocked((Reason.FREQUENCY_CAP,))


def test_the_cap_holds_for_two_accounts_with_one_number(room: Room) -> None:
    room.staff("ben")
    for name in ("a", "b"):
        room.account(name, opened(name))
        room.do(lambda tx, name=name: room.desk.put_contacts(tx, [contact(name, number=NUMBER)]))
    called_before(room, "a", CAP - 1)
    cards = [claimed(room, *who) for who in (("anna", "a", TaskClass.SELLING), ("ben", "b", TaskClass.SELLING))]
    first, second = started_at_once(room, *cards)
    assert isinstance(first, Attempt)
    assert second == Blocked((Reason.FREQUENCY_CAP,))
