"""Counts over tasks, the same from every store."""

from outreach.ports import QueuePlace
from schemas.decisions import TaskClass
from schemas.events.ours import Disposition
from tests.outreach.made import DAY, NOW, Room, opened


def test_the_queue_is_what_waits_for_an_agent(room: Room) -> None:
    for name, p_due in (("a", 0.3), ("b", 0.9), ("c", 0.6)):
        room.account(name, opened(name, p_due=p_due))
    room.account("large", opened("large"), size="large")
    room.tell(opened("a", "complaint:1", task_class=TaskClass.SERVICE))
    room.account("over", opened("over", valid=DAY))
    room.call(Disposition.NO_ANSWER)
    later = NOW + 2 * DAY
    found = room.do(lambda tx: tx.reports.queue(["sales"], later, 10))
    names = {room.task(name).task_id: name for name in ("a", "b", "c")}
    assert [names[place.task_id] for place in found][-2:] == ["c", "a"]
    assert [(place.rank, place.task_id) for place in found] == sorted((p.rank, p.task_id) for p in found)
    both = room.do(lambda tx: tx.reports.queue(["sales", "key_accounts"], later, 10))
    assert {place.skill for place in both} == {"sales", "key_accounts"}
    assert room.do(lambda tx: tx.reports.queue(["sales", "key_accounts"], later, 1)) == both[:1]
    assert room.do(lambda tx: tx.reports.queue([], later, 10)) == []


def test_behind_a_place(room: Room) -> None:
    for number in range(6):
        room.account(f"a{number}", opened(f"a{number}", p_due=0.5))
    queue: list[QueuePlace] = room.do(lambda tx: tx.reports.queue(["sales"], NOW, 10))
    for number, place in enumerate(queue):
        left = room.do(lambda tx, at=place: tx.reports.behind("sales", (at.rank, at.task_id), NOW))
        assert left == 5 - number
    assert room.do(lambda tx: tx.reports.behind("key_accounts", (0, ""), NOW)) == 0
    assert dict(room.do(lambda tx: tx.reports.waiting(NOW))) == {"sales": 6}


def test_opened_counts_the_first_instant_and_not_the_last(room: Room) -> None:
    for day in range(3):
        room.tell(opened(f"a{day}", at=NOW + day * DAY))
    counts = [
        room.do(lambda tx, span=span: tx.reports.opened(NOW + span[0] * DAY, NOW + span[1] * DAY))
        for span in ((0, 1), (0, 2), (0, 3), (1, 1))
    ]
    assert counts == [1, 2, 3, 0]


def test_fates(room: Room) -> None:
    room.account("a", opened("a"))
    room.account("b", opened("b", at=NOW + DAY))
    room.call(Disposition.NOT_INTERESTED)
    first, second = room.do(lambda tx: list(tx.reports.fates(NOW, NOW + 2 * DAY)))
    assert (first.account_id, second.account_id) == ("a", "b")
    done = first if first.attempts else second
    assert (done.state, done.outcome, done.task_class, done.attempts) == ("done", "not_interested", "selling", 1)
    assert done.closed_at == NOW
    assert room.do(lambda tx: len(list(tx.reports.fates(NOW, NOW + DAY)))) == 1


def test_what_waits_by_queue_and_class(room: Room) -> None:
    room.account("a", opened("a"))
    room.account("b", opened("b", at=NOW + DAY))
    room.tell(opened("a", "complaint:1", task_class=TaskClass.SERVICE))
    lines = room.do(lambda tx: tx.reports.queue_lines(NOW))
    assert [(one.queue, one.task_class, one.waiting, one.oldest_at) for one in lines] == [
        ("", "selling", 2, NOW),
        ("", "service", 1, NOW),
    ]
    assert room.do(lambda tx: tx.reports.queue_lines(NOW + 400 * DAY)) == []


def test_calls_of_a_day_and_the_first_call_of_each_task(room: Room) -> None:
    room.account("a", opened("a"))
    room.account("b", opened("b"))
    room.call(Disposition.NO_ANSWER)
    (handled,) = room.do(lambda tx: tx.reports.handled(NOW, NOW + DAY))
    assert (handled.task_class, handled.disposition, handled.calls) == ("selling", "no_answer", 1)
    assert room.do(lambda tx: tx.reports.handled(NOW - DAY, NOW)) == []
    calls = room.do(lambda tx: tx.reports.first_calls(TaskClass.SELLING, NOW, NOW + DAY))
    assert sorted((one.started_at for one in calls), key=str) == [NOW, None]
    assert all(one.open for one in calls)
    assert room.do(lambda tx: tx.reports.first_calls(TaskClass.SERVICE, NOW, NOW + DAY)) == []
