"""From ready to the end of a call: claim, heartbeat, skip, start, end. Leases run on the database's clock."""

from dataclasses import replace
from datetime import datetime, timedelta

from outreach.desk import eligibility, suggesting
from outreach.desk.cards import build_card
from outreach.desk.context import Context
from outreach.desk.eligibility import Verdict
from outreach.desk.hints import refresh
from outreach.desk.results import COUNTED_AT_MOST, Blocked, NothingToDo, TaskCard
from outreach.desk.teams import works_now
from outreach.desk.workspace import LET_GO, Workspace
from outreach.ports import ClaimQuery, Hint
from outreach.records import Agent, Attempt, Task
from outreach.task import TaskEvent, TaskState
from schemas import ids
from schemas.decisions import Reason, TaskClass
from schemas.errors import NotFound, Refused, StaleToken

_PAGES = (3, 20, 50)
"""Candidates looked at in one go: few at first, so that other agents find the next best ones unlocked."""
CLAIM_WAKES, CLAIM_CLOSES = 100, 50
"""Hints that a claim which finds nothing refreshes itself: few, as others wait for it."""
_CLAIMABLE = ((), (Reason.CAPACITY,))
"""Want of people keeps no agent from a call who is free."""


def next_task(context: Context, agent_id: str, db_now: datetime) -> TaskCard | NothingToDo:
    """Claim the best eligible task; see `Desk.next_task`."""
    agent = _free_agent(context, agent_id)
    if context.now is None or eligibility.is_stopped(context):
        return _nothing(context, agent, Reason.KILL_SWITCH if context.now else Reason.FORECAST_STALE)
    classes = (TaskClass.SERVICE,) if eligibility.is_stale(context) else tuple(TaskClass)
    hints: list[Hint] = []
    chosen = _best(context, agent, classes, context.now, db_now, hints)
    if chosen is None and refresh(context, context.now, woken=CLAIM_WAKES, closed=CLAIM_CLOSES):
        chosen = _best(context, agent, classes, context.now, db_now, hints)
    _remember(context, hints)
    if chosen is not None:
        return _claim(context, agent, *chosen, db_now)
    stale = None if TaskClass.SELLING in classes else Reason.FORECAST_STALE
    return _nothing(context, agent, stale, min((h.eligible_from for h in hints if h.eligible_from), default=None))


def _best(
    context: Context, agent: Agent, classes: tuple[TaskClass, ...], now: datetime, db_now: datetime, hints: list[Hint]
) -> tuple[Task, Verdict] | None:
    """The best task that nothing blocks, among so many as one claim looks at; those before it leave a hint."""
    seen: set[str] = set()
    while len(seen) < context.rules.examined:
        limit = _PAGES[min(len(_PAGES) - 1, 0 if not seen else 1 if len(seen) < 20 else 2)]
        query = ClaimQuery(
            agent.agent_id,
            agent.skills,
            now,
            db_now,
            classes,
            limit,
            agent.queues,
        )
        page = context.tx.tasks.candidates(query, frozenset(seen))
        seen.update(task.task_id for task in page)
        chosen = _first_free(context, page, hints)
        if chosen is not None or len(page) < limit:
            return chosen
    return None


def claim_task(context: Context, agent_id: str, task_id: str, db_now: datetime) -> TaskCard:
    """Claim this one; see `Desk.claim_task`."""
    agent = _free_agent(context, agent_id)
    task = context.tx.tasks.lock(task_id)
    if task is None:
        raise NotFound("no_such_task", task_id)
    if task.state is not TaskState.READY:
        raise Refused("not_ready", f"the task is {task.state}")
    if context.now is None:
        raise Refused(Reason.FORECAST_STALE)
    verdict = eligibility.judge(context, task, eligibility.learn(context, [task]))
    blocking = [reason for reason in verdict.reasons if reason is not Reason.CAPACITY]
    if blocking:
        raise Refused(blocking[0], ", ".join(blocking))
    return _claim(context, agent, task, verdict, db_now)


def heartbeat(context: Context, task_id: str, token: str, db_now: datetime) -> Task:
    """Keep it; see `Desk.heartbeat`."""
    rules = context.rules
    space, task = held(context, task_id, token, db_now)
    if task.state is TaskState.LEASED:
        latest = (task.held_since or db_now) + timedelta(seconds=rules.lease_max_seconds)
        until = min(latest, max(_timer(task), db_now + timedelta(seconds=rules.heartbeat_seconds)))
    elif task.state is TaskState.IN_CALL:
        until = db_now + timedelta(seconds=rules.call_silence_seconds)
    else:
        until = _timer(task)
    after = space.move(task_id, TaskEvent.HEARTBEAT, at=task.changed_at, actor=task.agent_id or "", timer_until=until)
    space.save()
    return after


def skip(context: Context, task_id: str, token: str, reason: str, db_now: datetime) -> Task:
    """Give it back; see `Desk.skip`."""
    space, task = held(context, task_id, token, db_now)
    agent_id = task.agent_id or ""
    skips = task.skips + 1
    supervised = skips >= context.rules.skips_to_supervisor
    after = space.move(
        task_id,
        TaskEvent.SKIPPED,
        at=context.now or task.changed_at,
        actor=agent_id,
        detail=reason[:200],
        **LET_GO,
        contact_id=None,
        skips=skips,
        supervised=supervised,
        flag="skipped" if supervised else task.flag,
    )
    space.save()
    context.tx.tasks.exclude(task_id, agent_id, db_now + timedelta(minutes=context.rules.skip_exclusion_minutes))
    seen_alive(context, agent_id)
    return after


def start_call(context: Context, task_id: str, token: str, key: str, db_now: datetime) -> Attempt | Blocked:
    """Judge again, write the attempt; see `Desk.start_call`."""
    space, task = held(context, task_id, token, db_now)
    attempt_id = ids.stable_hash("attempt", task_id, key, size_bytes=16).hex()
    if task.state is not TaskState.LEASED:
        before = context.tx.attempts.get(attempt_id)
        if before is None or task.attempt_id != attempt_id:
            raise Refused("already_in_call", "this task's call has begun with another key")
        return before
    _take_turns(context, task)
    verdict = eligibility.judge(context, task, eligibility.learn(context, [task], dialling=True))
    at = context.now or task.changed_at
    agent_id = task.agent_id or ""
    if verdict.reasons:
        why = ", ".join(verdict.reasons)
        space.move(task_id, TaskEvent.START_REFUSED, at=at, actor=agent_id, detail=why, **LET_GO, contact_id=None)
        space.save()
        context.tx.tasks.set_hints([hint_of(task, verdict)])
        return Blocked(verdict.reasons)
    contact_id, number = (verdict.contact.contact_id, verdict.contact.number) if verdict.contact else (None, None)
    attempt = Attempt(
        attempt_id,
        task_id,
        task.account_id,
        task.task_class,
        agent_id,
        at,
        contact_id,
        number_key=eligibility.number_key(number) if number else None,
    )
    context.tx.attempts.put([attempt])
    suggesting.note_shown(context, task, attempt)
    space.move(
        task_id,
        TaskEvent.CALL_STARTED,
        at=at,
        actor=agent_id,
        detail=attempt_id,
        attempt_id=attempt_id,
        contact_id=contact_id,
        attempts=task.attempts + 1,
        timer_until=db_now + timedelta(seconds=context.rules.call_silence_seconds),
    )
    space.save()
    seen_alive(context, agent_id)
    return attempt


def _take_turns(context: Context, task: Task) -> None:
    """Calls of one account, or to one number, start one after the other: each counts those before it.

    Accounts before numbers, so that nobody waits for somebody who waits for him."""
    tx = context.tx
    tx.take_turns([f"account:{task.account_id}"])
    numbers = {contact.number for contact in tx.contacts.of_accounts([task.account_id]) if contact.number}
    tx.take_turns(f"number:{number}" for number in numbers)


def end_call(context: Context, task_id: str, token: str, db_now: datetime) -> Task:
    """Wrap-up begins; see `Desk.end_call`. Twice is once."""
    space, task = held(context, task_id, token, db_now)
    if task.state is TaskState.WRAP_UP:
        return task
    at = context.now or task.changed_at
    after = space.move(
        task_id,
        TaskEvent.CALL_ENDED,
        at=at,
        actor=task.agent_id or "",
        timer_until=db_now + timedelta(seconds=context.rules.wrap_up_seconds),
    )
    space.save()
    attempt = context.tx.attempts.get(task.attempt_id or "")
    if attempt is not None:
        context.tx.attempts.put([replace(attempt, ended_at=at)])
    return after


def held(context: Context, task_id: str, token: str, db_now: datetime) -> tuple[Workspace, Task]:
    """The task, locked, if this token still holds it; raises StaleToken, NotFound.

    A lease that ran out is over even before upkeep sees it. A call is not: its outcome is worth more than its timer.
    """
    task = context.tx.tasks.lock(task_id)
    if task is None:
        raise NotFound("no_such_task", task_id)
    if not token or task.token != token:
        raise StaleToken("stale_token", task.banner or f"the task is {task.state}")
    if task.state is TaskState.LEASED and _timer(task) <= db_now:
        raise StaleToken("lease_expired", "the lease ran out; take the next task")
    space = Workspace(context)
    space.load([task])
    return space, task


def seen_alive(context: Context, agent_id: str) -> None:
    """The agent acts: leases that ran out before no longer count against him."""
    agent = context.tx.agents.lock(agent_id)
    if agent is not None and agent.expiries:
        context.tx.agents.put([replace(agent, expiries=0)])


def hint_of(task: Task, verdict: Verdict) -> Hint:
    """When the task is worth looking at again."""
    return Hint(task.task_id, verdict.retry_at, None, verdict.reasons[0] if verdict.reasons else None)


def _free_agent(context: Context, agent_id: str) -> Agent:
    agent = context.tx.agents.lock(agent_id)
    if agent is None:
        raise NotFound("no_such_agent", agent_id)
    if agent.state != "available":
        raise Refused("away", "set yourself available first")
    if context.tx.tasks.held_by(agent_id) is not None:
        raise Refused("holds_task", "finish or skip the task you hold")
    if not works_now(agent, context.now):
        raise Refused("off_shift", "your shift is over, or has not begun")
    return agent


def _first_free(context: Context, page: list[Task], hints: list[Hint]) -> tuple[Task, Verdict] | None:
    """The first of the page that nothing blocks; the others before it leave a hint."""
    if page:
        since = eligibility.look_back(context)
        context.tx.foresee_accounts([t.account_id for t in page], [t.task_id for t in page], since)
    known = eligibility.learn(context, page)
    for task in page:
        verdict = eligibility.judge(context, task, known)
        if verdict.reasons in _CLAIMABLE:
            return task, verdict
        if verdict.retry_at is not None:
            hints.append(hint_of(task, verdict))
    return None


def _remember(context: Context, hints: list[Hint]) -> None:
    if hints:
        context.tx.tasks.set_hints(hints)


def _claim(context: Context, agent: Agent, task: Task, verdict: Verdict, db_now: datetime) -> TaskCard:
    """A lease need not wait for the disk: what is done with it (an attempt, an outcome) waits, and takes it along."""
    context.tx.forgo_disk()
    verdict = replace(verdict, reasons=())
    space = Workspace(context)
    space.load([task])
    after = space.move(
        task.task_id,
        TaskEvent.CLAIMED,
        at=context.now or task.changed_at,
        actor=agent.agent_id,
        agent_id=agent.agent_id,
        token=context.new_token(),
        held_since=db_now,
        timer_until=db_now + timedelta(seconds=context.rules.lease_seconds),
        contact_id=verdict.contact.contact_id if verdict.contact else None,
        hint_reason=None,
        eligible_from=None,
        banner=None,
    )
    space.save()
    return build_card(context, after, space.open_lines(task.task_id), verdict)


def _nothing(context: Context, agent: Agent, everywhere: Reason | None, next_at: datetime | None = None) -> NothingToDo:
    reasons = dict(context.tx.tasks.hint_counts(agent.skills, COUNTED_AT_MOST))
    ready = context.tx.tasks.ready(COUNTED_AT_MOST)
    if everywhere is not None and ready:
        reasons[everywhere] = ready
    return NothingToDo(reasons, ready, next_at)


def _timer(task: Task) -> datetime:
    if task.timer_until is None:
        raise AssertionError("a held task has a timer")
    return task.timer_until
