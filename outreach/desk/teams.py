"""The team: agents with states, skills, queues and shifts; which queue takes a task; who a task waits for."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from outreach.calling.places import CalledParty, countries_of, region_code
from outreach.desk.context import Context
from outreach.desk.workspace import LET_GO, Workspace
from outreach.hours import known_zone
from outreach.records import Agent, AgentState, AuditEntry, Queue, Task
from outreach.shifts import checked, on_shift
from outreach.task import WAITING, TaskEvent, TaskState
from schemas.base import EARLIEST
from schemas.errors import NotFound, Refused
from schemas.needs import AccountStanding


def set_agent(
    context: Context,
    agent_id: str,
    state: str,
    skills: tuple[str, ...] | None = None,
    queues: tuple[str, ...] | None = None,
    shifts: tuple[str, ...] | None = None,
    zone: str | None = None,
) -> None:
    """Create an agent, or change him; see `Desk.set_agent`."""
    if state not in set(AgentState):
        raise Refused("bad_state", f"an agent is {', '.join(AgentState)}")
    if zone is not None and known_zone(zone) is None:
        raise Refused("zone_unknown", f"{zone[:64]!r} is no IANA zone of a place")
    for queue_id in queues or ():
        if context.tx.queues.get(queue_id) is None:
            raise NotFound("no_such_queue", queue_id)
    known = context.tx.agents.lock(agent_id)
    agent = replace(known or Agent(agent_id), state=state, expiries=0)
    after = replace(
        agent,
        skills=agent.skills if skills is None else skills,
        queues=agent.queues if queues is None else queues,
        shifts=agent.shifts if shifts is None else checked(shifts),
        zone=zone or agent.zone,
    )
    context.tx.agents.put([after])
    if known is None or known.state != state:
        before = known.state if known else None
        context.tx.audit.append([_about(context, f"agent:{agent_id}", agent_id, f"set_{state}", before, state)])


def works_now(agent: Agent, now: datetime | None) -> bool:
    """Whether the agent is on shift, by business time."""
    zone = known_zone(agent.zone)
    return now is None or (zone is not None and on_shift(agent.shifts, zone, now))


def put_queues(context: Context, queues: Iterable[Queue], actor: str) -> int:
    """Replace the queues; tasks move at their next ranking. How many there are."""
    wanted = {queue.queue_id: queue for queue in queues}
    known = {queue.queue_id: queue for queue in context.tx.queues.all()}
    for queue_id in sorted(known.keys() - wanted.keys()):
        context.tx.queues.remove(queue_id)
    context.tx.queues.put(wanted.values())
    if wanted != known:
        names = ",".join(sorted(wanted))
        context.tx.audit.append([_about(context, "desk:queues", actor, "queues_set", ",".join(sorted(known)), names)])
    return len(wanted)


def queue_of(queues: Sequence[Queue], task: Task, standing: AccountStanding | None, skill: str) -> str:
    """The first queue that takes the task; empty: none does, it is everybody's."""
    if not queues:
        return ""
    party = CalledParty(*((standing.zone, standing.country, standing.region) if standing else (None, None, None)))
    countries = countries_of(party)
    size = str(standing.size) if standing else "small"
    for queue in queues:
        regions = {region_code(country, party.region) or "" for country in countries}
        if (
            _takes(queue.classes, {str(task.task_class)})
            and _takes(queue.skills, {skill})
            and _takes(queue.countries, countries)
            and _takes(queue.regions, regions)
            and _takes(queue.sizes, {size})
        ):
            return queue.queue_id
    return ""


def reassign(context: Context, task_id: str, supervisor_id: str, agent_id: str | None) -> Task:
    """See `Desk.reassign`."""
    task = context.tx.tasks.lock(task_id)
    if task is None:
        raise NotFound("no_such_task", task_id)
    if agent_id is not None:
        _may_have(context, agent_id, task)
    space = Workspace(context)
    space.load([task])
    if task.state is TaskState.LEASED:
        _take_back(context, space, task, supervisor_id)
    after = _assign(context, space, space.tasks[task_id], supervisor_id, agent_id)
    space.save()
    return after


def give_to_queue(context: Context, task_id: str, supervisor_id: str, queue_id: str | None) -> Task:
    """See `Desk.give_to_queue`."""
    task = context.tx.tasks.lock(task_id)
    if task is None:
        raise NotFound("no_such_task", task_id)
    if queue_id is not None and all(queue.queue_id != queue_id for queue in context.queues):
        raise NotFound("no_such_queue", queue_id)
    if task.state not in WAITING | {TaskState.LEASED}:
        raise Refused("not_waiting", f"the task is {task.state}")
    space = Workspace(context)
    space.load([task])
    if task.state is TaskState.LEASED:
        _take_back(context, space, task, supervisor_id)
    standing = context.tx.standings.get(task.account_id)
    queue = queue_of(context.queues, task, standing, task.skill) if queue_id is None else queue_id
    said, kept = f"queue:{queue_id or ''}", queue_id is not None
    after = _assign(context, space, space.tasks[task_id], supervisor_id, None, said, queue=queue, queue_kept=kept)
    space.save()
    return after


def hand_over(context: Context, agent_id: str, supervisor_id: str, to_agent_id: str | None) -> int:
    """See `Desk.hand_over`."""
    tasks = context.tx.tasks.owned_by(agent_id)
    space = Workspace(context)
    space.load(tasks)
    for task in tasks:
        if to_agent_id is not None:
            _may_have(context, to_agent_id, task)
        _assign(context, space, task, supervisor_id, to_agent_id)
    space.save()
    return len(tasks)


def _assign(
    context: Context,
    space: Workspace,
    task: Task,
    supervisor_id: str,
    agent_id: str | None,
    said: str = "",
    **more: str | bool,
) -> Task:
    """A promise stays a promise: it is kept by somebody else. ``said``: what the audit says instead of to whom."""
    at = context.now or task.changed_at
    until = None if agent_id is None else at + timedelta(hours=context.rules.assignment_hours)
    if until is not None and task.callback_at is not None:
        until = max(at, task.callback_at) + timedelta(minutes=context.rules.callback_grace_minutes)
    return space.move(
        task.task_id,
        TaskEvent.REASSIGNED,
        at=at,
        actor=supervisor_id,
        detail=said or agent_id or "team",
        owner_id=agent_id,
        owner_until=until,
        supervised=False,
        skips=0,
        flag=None,
        **more,
    )


def _take_back(context: Context, space: Workspace, task: Task, supervisor_id: str) -> None:
    at = context.now or task.changed_at
    space.move(
        task.task_id,
        TaskEvent.TAKEN_BACK,
        at=at,
        actor=supervisor_id,
        detail=task.agent_id or "",
        **LET_GO,
        contact_id=None,
        banner="taken_back",
    )


def _may_have(context: Context, agent_id: str, task: Task) -> None:
    agent = context.tx.agents.get(agent_id)
    if agent is None:
        raise NotFound("no_such_agent", agent_id)
    if task.state not in WAITING | {TaskState.LEASED}:
        raise Refused("not_waiting", f"the task is {task.state}")
    if task.skill not in agent.skills:
        raise Refused("skill_missing", f"it needs {task.skill}")
    if task.queue and task.queue not in agent.queues:
        raise Refused("queue_missing", f"it is in the queue {task.queue}")


def _takes(wanted: tuple[str, ...], there: Iterable[str]) -> bool:
    return not wanted or bool(set(wanted) & set(there))


def _about(context: Context, subject: str, actor: str, event: str, before: str | None, after: str | None) -> AuditEntry:
    return AuditEntry(0, context.now or EARLIEST, subject, None, actor, event, before, after, 1)
