"""The supervisor's wallboard: queues, what was handled today, service level, who is doing what and since when.

Counting a long queue takes longer than a page may: `read_wall` is remembered for some seconds by whoever serves pages.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.figure import Figure
from console.texts import plain, text
from console.times import duration_text, moment_text
from console.words import DISPOSITIONS
from outreach.desk import Desk
from outreach.desk.teams import works_now
from outreach.ports import FirstCall, Handled, QueueLine, Store, Transaction
from outreach.records import Agent, AuditEntry, Task
from outreach.task import HELD
from schemas.decisions import TaskClass

WITHIN_MINUTES = (15, 60, 240, 1440)
"""What "in time" may mean for a service task; the second is what the page begins with."""
LOOK_BACK = timedelta(hours=24)
AGENTS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Wall:
    """What is counted over many tasks, at one moment of business time."""

    now: datetime
    queues: Sequence[QueueLine]
    handled: Sequence[Handled]
    """Since midnight UTC."""
    service: Sequence[FirstCall]
    """Service tasks of the last 24 hours."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue in words."""

    name: str
    task_class: str
    waiting: int
    oldest: str
    agents: int
    """Those who are here, on shift and work in it, whether they talk or not."""


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent in words."""

    agent: Agent
    state: str
    tone: str
    since: str
    task: Task | None
    calls: int
    queues: str
    shifts: str
    on_shift: bool


def read_wall(store: Store, desk: Desk) -> Wall | None:
    """None before the first word of business time; raises Unavailable."""
    with store.read() as tx:
        now = desk.business_time(tx)
        if now is None:
            return None
        end, midnight = now + timedelta(microseconds=1), now.replace(hour=0, minute=0, second=0, microsecond=0)
        return Wall(
            now,
            tx.reports.queue_lines(now),
            tx.reports.handled(midnight, end),
            tx.reports.first_calls(TaskClass.SERVICE, now - LOOK_BACK, end),
        )


def wall_figures(wall: Wall, within_minutes: int) -> list[Figure]:
    """The numbers at the top."""
    waiting = sum(line.waiting for line in wall.queues)
    calls = Counter[str]()
    for one in wall.handled:
        calls[text("wall.unsaid") if one.disposition is None else DISPOSITIONS[one.disposition]] += one.calls
    most = ", ".join(f"{count:,} {word.lower()}" for word, count in calls.most_common(3))
    return [
        Figure(text("wall.waiting"), f"{waiting:,}", _oldest(wall)),
        Figure(text("wall.handled"), f"{calls.total():,}", most or text("wall.handled_none")),
        _service_level(wall, within_minutes),
    ]


def queue_rows(wall: Wall, agents: Sequence[Agent], names: Mapping[str, str]) -> list[QueueRow]:
    """Every queue and class in which something waits, and queues in which nothing does."""
    lines = {(line.queue, str(line.task_class)): line for line in wall.queues}
    empty = {(queue, "") for queue in names} - {(queue, "") for queue, _ in lines}
    rows = []
    for queue, task_class in sorted({*lines, *empty}):
        line = lines.get((queue, task_class))
        here = [one for one in agents if one.state == "available" and works_now(one, wall.now)]
        there = [one for one in here if not queue or queue in one.queues]
        oldest = "" if line is None else duration_text((wall.now - line.oldest_at).total_seconds())
        name = names.get(queue) or queue or text("wall.everybody")
        rows.append(QueueRow(name, plain(task_class), line.waiting if line else 0, oldest, len(there)))
    return rows


def agent_rows(tx: Transaction, agents: Sequence[Agent], wall: Wall | None) -> list[AgentRow]:
    """Everybody, with the state that he is in and since when."""
    held = {task.agent_id: task for task in tx.tasks.listed(HELD, limit=500)}
    calls = Counter[str]()
    for one in wall.handled if wall else ():
        calls[one.agent_id] += one.calls
    now = wall.now if wall else None
    shown = agents[:AGENTS_SHOWN]
    said = tx.audit.newest_about(f"agent:{one.agent_id}" for one in shown)
    rows = ((one, held.get(one.agent_id), said.get(f"agent:{one.agent_id}")) for one in shown)
    return [_agent_row(one, task, newest, calls, now) for one, task, newest in rows]


def _agent_row(
    agent: Agent, task: Task | None, newest: AuditEntry | None, calls: Mapping[str, int], now: datetime | None
) -> AgentRow:
    since = task.changed_at if task else newest.at if newest else None
    state = plain(task.state) if task else plain(agent.state)
    tone = "accent" if task else "ok" if agent.state == "available" else ""
    return AgentRow(
        agent=agent,
        state=state,
        tone=tone,
        since=moment_text(since),
        task=task,
        calls=calls.get(agent.agent_id, 0),
        queues=", ".join(agent.queues) or text("wall.everybody"),
        shifts=f"{', '.join(agent.shifts)} ({agent.zone})" if agent.shifts else text("wall.always"),
        on_shift=works_now(agent, now),
    )


def _oldest(wall: Wall) -> str:
    oldest = min((line.oldest_at for line in wall.queues), default=None)
    if oldest is None:
        return text("wall.waiting_none")
    return text("wall.oldest", time=duration_text((wall.now - oldest).total_seconds()))


def _service_level(wall: Wall, within_minutes: int) -> Figure:
    """Of those that were begun, or whose time is over; what may still be in time does not count."""
    within = timedelta(minutes=within_minutes)
    name = text("wall.service", time=duration_text(within.total_seconds()))
    in_time = sum(1 for one in wall.service if one.started_at and one.started_at - one.created_at <= within)
    late = sum(1 for one in wall.service if _is_late(one, wall.now, within))
    if not in_time + late:
        return Figure(name, text("wall.service_none"), text("wall.service_note"))
    share = in_time / (in_time + late)
    note = text("wall.service_counted", good=in_time, all=in_time + late)
    return Figure(name, f"{share:.0%}", note, "warn" if share < 0.8 else "")


def _is_late(one: FirstCall, now: datetime, within: timedelta) -> bool:
    if one.started_at is not None:
        return one.started_at - one.created_at > within
    return one.open and now - one.created_at > within
