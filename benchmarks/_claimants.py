"""The processes of the claims benchmark: each works for some agents, as a console does, with a pool of connections."""

import heapq
import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.queues import Queue

from sqlalchemy import bindparam, select, update
from sqlalchemy.exc import IntegrityError

from benchmarks import _call_centre as made
from outreach.desk import Desk, TaskCard
from outreach.store import schema
from outreach.store.sql import SqlStore, create
from outreach.task import TaskState
from schemas.decisions import TaskClass
from schemas.errors import Refused, Unavailable

CLAIM, BARE = "claim", "bare"
THREADS = 4
CLOSE_SECONDS = 0.5
_T = schema.tasks.c
_BEST = (
    select(_T.task_id, _T.version)
    .where(
        schema.in_state({TaskState.READY}),
        schema.AWAKE,
        _T.queue == "",
        _T.skill == bindparam("skill"),
        _T.task_class == TaskClass.SELLING,
    )
    .order_by(_T.rank, _T.task_id)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_TAKE = (
    update(schema.tasks)
    .where(_T.task_id == bindparam("the_task"), _T.version == bindparam("seen"))
    .values(state=TaskState.LEASED, agent_id=bindparam("agent"), token="bare", version=_T.version + 1)
)
_CLOSE = (
    update(schema.tasks)
    .where(_T.task_id.in_(bindparam("the_tasks", expanding=True)), _T.agent_id.is_not(None))
    .values(state=TaskState.DONE, agent_id=None, token=None, timer_until=None, held_since=None, version=_T.version + 1)
)


@dataclass(frozen=True, slots=True)
class Window:
    """What is done between two instants of the monotonic clock, which all processes share."""

    kind: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What every process does."""

    windows: tuple[Window, ...]
    pause_seconds: float
    """Mean time between two claims of an agent."""


@dataclass(frozen=True, slots=True)
class Done:
    """One claim, of either kind; without a task it says why."""

    kind: str
    wanted_at: float
    seconds: float
    """From the moment at which the agent wanted it: also while no thread was free to ask for it."""
    asked_seconds: float
    """From the moment at which it was asked for."""
    task_id: str | None
    refusal: str = ""


def work(
    url: str, numbers: Sequence[int], ready: "Queue[bool]", orders: "Queue[Plan]", answers: "Queue[list[Done]]"
) -> None:
    """Work for these agents until the plan's last window ends; in a process of its own."""
    store = SqlStore(create(url))
    ready.put(True)
    floor = _Floor(orders.get(), numbers, store)
    threads = [threading.Thread(target=floor.serve) for _ in range(THREADS)]
    threads.append(threading.Thread(target=floor.close))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()
    answers.put(floor.done)


class _Floor:
    """Agents by the time at which they want a task; threads take the next one."""

    def __init__(self, plan: Plan, numbers: Sequence[int], store: SqlStore) -> None:
        self._plan, self._store, self._desk = plan, store, Desk(made.RULES)
        self._chance = random.Random(min(numbers))
        first, pause = plan.windows[0].begins, plan.pause_seconds
        self._wishes = [(first + self._chance.random() * pause, number) for number in numbers]
        heapq.heapify(self._wishes)
        self._lock = threading.Lock()
        self._held: dict[int, str] = {}
        """Task of each agent who holds one."""
        self.done: list[Done] = []

    def serve(self) -> None:
        """One thread: wait for the next wish, fulfil it."""
        while True:
            with self._lock:
                if not self._wishes:
                    return
                at, number = heapq.heappop(self._wishes)
            time.sleep(max(0.0, at - time.monotonic()))
            window = next((one for one in self._plan.windows if one.begins <= at < one.ends), None)
            if window is None:
                if at >= self._plan.windows[-1].ends:
                    return
            else:
                self._fulfil(window.kind, at, number)
            with self._lock:
                again = at + self._plan.pause_seconds * (0.6 + 0.8 * self._chance.random())
                heapq.heappush(self._wishes, (again, number))

    def _fulfil(self, kind: str, at: float, number: int) -> None:
        task_id, refusal = None, ""
        if number in self._held:
            self.done.append(Done(kind, at, 0.0, 0.0, None, "the last one is not closed yet"))
            return
        asked_at = time.monotonic()
        try:
            task_id = self._claim(number) if kind == CLAIM else self._bare(number)
            refusal = "" if task_id else "nothing to do"
        except (Refused, Unavailable, IntegrityError) as error:
            refusal = type(error).__name__
        ended_at = time.monotonic()
        self.done.append(Done(kind, at, ended_at - at, ended_at - asked_at, task_id, refusal))
        if task_id is not None:
            self._held[number] = task_id

    def _claim(self, number: int) -> str | None:
        with self._store.begin() as tx:
            card = self._desk.next_task(tx, made.name_of(number), tx.db_now())
        return card.task.task_id if isinstance(card, TaskCard) else None

    def _bare(self, number: int) -> str | None:
        skill = made.skills_of(number)[-1]
        with self._store.engine.begin() as connection:
            row = connection.execute(_BEST, {"skill": skill}).first()
            if row is None:
                return None
            connection.execute(_TAKE, {"the_task": row[0], "seen": row[1], "agent": made.name_of(number)})
        return str(row[0])

    def close(self) -> None:
        """What is held is closed in bulk, so that each agent is free when he wants the next task."""
        while time.monotonic() < self._plan.windows[-1].ends:
            time.sleep(CLOSE_SECONDS)
            held = dict(self._held)
            close_held(self._store, list(held.values()))
            for number in held:
                del self._held[number]


def close_held(store: SqlStore, task_ids: Sequence[str]) -> None:
    """End tasks that agents hold, as if their calls were over."""
    if task_ids:
        with store.engine.begin() as connection:
            connection.execute(_CLOSE, {"the_tasks": sorted(task_ids)})
