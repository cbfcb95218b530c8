"""Which tasks the people who are there can call before the next hour: kept as a window of the queue.

What lies behind it waits with the reason `capacity`. The reason never keeps a free agent from a call: where everything
before it is taken or blocked, he claims what lies behind it, and the next upkeep moves the window on. It says, hour by
hour, what nobody will get to. Claims only read the window: two hundred who wrote it would wait for each other.
"""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from outreach.capacity import Crew, Window, calls_until_next, window
from outreach.desk.context import Context
from outreach.desk.teams import works_now
from outreach.ports import Transaction
from outreach.records import AgentState, Task
from outreach.task import TaskState
from schemas.decisions import TaskClass

_FACT = "window"


@dataclass(frozen=True, slots=True)
class _Kept:
    """The window, and what it was reckoned for."""

    mark: str
    crew: list[list[str]]
    window: Window


def window_of(tx: Transaction) -> Window | None:
    """The window in force; None before the first: then nothing is behind it."""
    kept = _read(tx)
    return None if kept is None else kept.window


def is_behind(offered: Window | None, task: Task) -> bool:
    """Whether a task waits for want of people. Service and callbacks that are due never do."""
    waits = task.state is TaskState.READY and task.task_class is TaskClass.SELLING and task.callback_at is None
    return waits and offered is not None and not offered.holds(task.skill, (task.rank, task.task_id))


def renew(context: Context, now: datetime) -> bool:
    """Reckon the window anew in another hour of business time, when other agents are there, or when it is used up;
    whether it was changed."""
    crew = crew_of(context.tx, now)
    mark = f"{now:%Y-%m-%dT%H}"
    people = sorted([*sorted(held), str(count)] for held, count in crew.items())
    kept = _read(context.tx)
    if kept is not None and (kept.mark, kept.crew) == (mark, people) and not _used_up(context, kept.window, crew, now):
        return False
    fresh = _Kept(mark, people, reckoned(context, crew, now))
    if fresh != kept:
        _write(context.tx, fresh)
    return fresh != kept


def _used_up(context: Context, offered: Window, crew: Crew, now: datetime) -> bool:
    """Whether nothing is left inside of what was offered of some skill; with an empty window, whether tasks wait."""
    skills = set(offered.last) or {skill for held in crew for skill in held}
    found = ((skill, context.tx.reports.queue([skill], now, 1)) for skill in sorted(skills))
    return any(best and not offered.holds(skill, (best[0].rank, best[0].task_id)) for skill, best in found)


def reckoned(context: Context, crew: Crew, now: datetime) -> Window:
    """The window of the queue as it is now."""
    calls_each = context.rules.calls_per_agent_hour
    skills = {skill for held in crew for skill in held}
    found = context.tx.reports.queue(skills, now, calls_until_next(crew, calls_each)) if skills else []
    return window(((place.skill, (place.rank, place.task_id)) for place in found), crew, calls_each)


def crew_of(tx: Transaction, now: datetime) -> Crew:
    """Agents who are available and on shift, by skills."""
    there = (one for one in tx.agents.all() if one.state == AgentState.AVAILABLE and works_now(one, now))
    return Counter(frozenset(agent.skills) for agent in there)


def _read(tx: Transaction) -> _Kept | None:
    stored = tx.facts.get(_FACT)
    if stored is None:
        return None
    told = json.loads(stored)
    last = {skill: (int(rank), str(task_id)) for skill, (rank, task_id) in told["last"].items()}
    return _Kept(told["mark"], told["crew"], Window(last, told["places"]))


def _write(tx: Transaction, kept: _Kept) -> None:
    told = {"mark": kept.mark, "crew": kept.crew, "last": dict(kept.window.last), "places": kept.window.places}
    tx.facts.put(_FACT, json.dumps(told))
