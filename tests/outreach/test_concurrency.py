"""Many at once: no task is claimed twice, nothing is dialled after an order, history has no gap."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import event

from outreach.desk import Desk, TaskCard
from outreach.records import Attempt, chained
from outreach.store.sql import SqlStore, create
from outreach.task import TaskState
from schemas.errors import Refused, Unavailable
from schemas.events.ours import Disposition
from schemas.ids import is_held_out
from tests.outreach.conftest import RULES
from tests.outreach.made import NOW, Room, clock, opened, withdrawn

AGENTS = 6


NAMES = [name for name in (f"acc{n}" for n in range(90)) if not is_held_out(name, NOW, RULES.holdout_salt, 0.05)][:60]


def staffed(store: SqlStore) -> Room:
    room = Room(store, Desk(RULES))
    room.tell(clock())
    for name in NAMES:
        room.account(name, opened(name, p_due=0.8))
    room.staff(*(f"agent{n}" for n in range(AGENTS)))
    return room


def work_until_done(room: Room, agent: str, gate: Barrier) -> list[str]:
    """Claim, dial and close tasks until there are none; the accounts that were dialled."""
    gate.wait()
    dialled: list[str] = []
    idle = 0
    while idle < 5:
        try:
            card = room.next(agent)
            if not isinstance(card, TaskCard):
                idle += 1
                continue
            idle = 0
            if isinstance(room.start(card, f"{card.task.version}"), Attempt):
                dialled.append(card.task.account_id)
                room.say(card, Disposition.HAS_STOCK)
        except (Refused, Unavailable):
            continue
    return dialled


def everybody_works(room: Room) -> list[str]:
    gate = Barrier(AGENTS)
    with ThreadPoolExecutor(AGENTS) as pool:
        jobs = [pool.submit(work_until_done, room, f"agent{n}", gate) for n in range(AGENTS)]
        return [account for job in jobs for account in job.result(timeout=120)]


def check_history(room: Room) -> None:
    entries = room.do(lambda tx: tx.audit.since(0, 100_000))
    assert [entry.audit_id for entry in entries] == list(range(1, len(entries) + 1))
    digest = ""
    for entry in entries:
        assert chained(entry, entry.audit_id, digest).digest == entry.digest
        digest = entry.digest


@pytest.mark.postgres
def test_no_task_is_claimed_twice(postgres_store: SqlStore) -> None:
    room = staffed(postgres_store)
    dialled = everybody_works(room)
    assert Counter(dialled) == Counter(NAMES)
    assert room.do(lambda tx: tx.tasks.counts()) == {TaskState.DONE: 60}
    check_history(room)


@pytest.mark.postgres
def test_orders_arrive_while_everybody_calls(postgres_store: SqlStore) -> None:
    room = staffed(postgres_store)
    covered = NAMES[::2]

    def orders() -> None:
        for name in covered:
            while True:
                try:
                    room.tell(withdrawn(name, version=9))
                    break
                except Unavailable:
                    continue

    with ThreadPoolExecutor(1) as pool:
        arriving = pool.submit(orders)
        dialled = everybody_works(room)
        arriving.result(timeout=60)
    assert max(Counter(dialled).values()) == 1
    states = room.do(lambda tx: tx.tasks.counts())
    assert sum(states.values()) == 60
    assert set(states) <= {TaskState.DONE, TaskState.SUPERSEDED}
    assert set(NAMES[1::2]) <= set(dialled), "no account is forgotten"
    check_history(room)


@pytest.mark.postgres
def test_two_desks_open_one_task(postgres_store: SqlStore) -> None:
    room = Room(postgres_store, Desk(RULES))
    room.tell(clock())
    gate = Barrier(4)

    def tell(group: str) -> bool:
        gate.wait()
        while True:
            try:
                room.tell(opened("a", group))
            except Unavailable:
                continue
            return True

    with ThreadPoolExecutor(4) as pool:
        assert all(job.result(timeout=60) for job in [pool.submit(tell, f"g{n}") for n in range(4)])
    assert room.do(lambda tx: tx.tasks.counts()) == {TaskState.READY: 1}
    task = room.task("a")
    assert len(room.do(lambda tx: tx.needs.lines([task.task_id]))) == 4


@pytest.mark.postgres
def test_a_database_that_is_away_says_so() -> None:
    away = SqlStore(create("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1"))
    with pytest.raises(Unavailable, match="the task database"), away.begin():
        pytest.fail("there is nothing to begin")
    away.close()


def test_sqlite_writers_wait_and_readers_do_not(sqlite_store: SqlStore, tmp_path: Path) -> None:
    room = Room(sqlite_store, Desk(RULES))
    room.tell(clock())
    with sqlite_store.begin() as writing:
        room.desk.apply_effects(writing, [opened("a")])
        with sqlite_store.read() as reading:
            assert reading.tasks.counts() == {}, "a reader sees what is committed, at once"
    with sqlite_store.read() as reading:
        assert reading.tasks.counts() == {TaskState.READY: 1}


@pytest.mark.postgres
def test_upkeep_waits_for_locks_only_before_it_holds_any_that_effects_take(postgres_store: SqlStore) -> None:
    """Effects lock tasks, then reorders, then the history's end: who holds a later one must not wait for another."""
    room = staffed(postgres_store)
    everybody_works(room)
    for number, name in enumerate(NAMES):
        room.account(name, opened(name, p_due=0.8, cycle=number + 2))
    asked: list[str] = []

    def listen(connection: object, cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(postgres_store.engine, "before_cursor_execute", listen)
    try:
        room.do(lambda tx: room.desk.upkeep(tx, tx.db_now()))
    finally:
        event.remove(postgres_store.engine, "before_cursor_execute", listen)
    waited = [place for place, one in enumerate(asked) if "FOR UPDATE" in one and "SKIP LOCKED" not in one]
    held = [place for place, one in enumerate(asked) if "SKIP LOCKED" in one or "advisory" in one]
    assert waited
    assert held
    assert max(waited) < min(held), f"{asked[min(held)]}\nis held while this is waited for:\n{asked[max(waited)]}"
