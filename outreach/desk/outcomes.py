"""What came of a call: the dispositions, each with its transition, its effect, and its event on the log."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from outreach import hours
from outreach.desk import eligibility, numbers
from outreach.desk.claims import held, seen_alive
from outreach.desk.context import Context
from outreach.desk.eligibility import Verdict
from outreach.desk.messages import to_log
from outreach.desk.results import Outcome
from outreach.desk.spacing import spacing_after
from outreach.desk.workspace import LET_GO, Workspace
from outreach.kinds import SETTLED_BY_WORD
from outreach.profiles import Profile
from outreach.records import Attempt, Need, Task
from outreach.task import TALKING, TaskEvent, TaskState
from schemas.decisions import TaskClass
from schemas.errors import NotFound, Refused
from schemas.events.ours import CallEnded, Disposition

D = Disposition
_FAILED = frozenset({D.NO_ANSWER, D.BUSY, D.VOICEMAIL, D.WRONG_NUMBER})
"""Nobody was reached: tried again until the cap."""
_PROMISED_NOTHING: dict[str, Any] = {"callback_at": None, "owner_id": None, "owner_until": None}
_FINAL = {
    D.HAS_STOCK: TaskEvent.HAS_STOCK,
    D.NOT_INTERESTED: TaskEvent.NOT_INTERESTED,
    D.DO_NOT_CALL: TaskEvent.DO_NOT_CALL,
    D.RESOLVED: TaskEvent.RESOLVED,
}


def dispose(context: Context, task_id: str, token: str, outcome: Outcome, db_now: datetime) -> Task:
    """The agent says what came of it; see `Desk.dispose`."""
    space, task = held(context, task_id, token, db_now)
    after = _settle(context, space, task, task.agent_id or "", outcome)
    seen_alive(context, task.agent_id or "")
    return after


def settle(context: Context, task_id: str, supervisor_id: str, outcome: Outcome) -> Task:
    """A supervisor says what came of it; see `Desk.settle`."""
    task = context.tx.tasks.lock(task_id)
    if task is None:
        raise NotFound("no_such_task", task_id)
    if task.state is not TaskState.NEEDS_DISPOSITION:
        raise Refused("not_needed", f"the task is {task.state}")
    space = Workspace(context)
    space.load([task])
    return _settle(context, space, task, supervisor_id, outcome)


def _settle(context: Context, space: Workspace, task: Task, actor: str, outcome: Outcome) -> Task:
    if task.state not in TALKING:
        raise Refused("not_called", "start the call first, or skip")
    attempt = context.tx.attempts.get(task.attempt_id or "")
    if attempt is None:
        raise Refused("not_called", "no attempt is known")
    at = context.now or task.changed_at
    verdict = eligibility.judge(context, task, eligibility.learn(context, [task]))
    lines = space.open_lines(task.task_id)
    profile = context.cell(context.tx.standings.get(task.account_id))
    exhausted = outcome.disposition in _FAILED and verdict.attempts >= profile.attempt_cap
    event, changes = _transition(context, task, lines, outcome, verdict, profile, at, exhausted=exhausted)
    if outcome.disposition is D.WRONG_NUMBER:
        flag = numbers.invalidate(context, attempt.contact_id, task.account_id)
        changes.setdefault("flag", flag)
    if event is TaskEvent.ORDER_TAKEN:
        for need in lines:
            space.put_need(replace(need, attempt_id=attempt.attempt_id))
    after = space.move(
        task.task_id,
        event,
        at=at,
        actor=actor,
        detail=outcome.override_reason or str(outcome.disposition),
        **{**LET_GO, "attempt_id": None, "contact_id": None, "banner": None, "outcome": outcome.disposition, **changes},
    )
    ended = replace(
        attempt,
        ended_at=attempt.ended_at or at,
        disposition=outcome.disposition,
        override_reason=outcome.override_reason,
    )
    context.tx.attempts.put([ended])
    space.send(_call_ended(task, ended, lines, outcome, verdict.attempts, exhausted, at))
    if outcome.disposition is D.DO_NOT_CALL:
        numbers.block_contact(context, space, attempt.contact_id, actor, at)
    space.save()
    return after


def _transition(
    context: Context,
    task: Task,
    lines: Sequence[Need],
    outcome: Outcome,
    verdict: Verdict,
    profile: Profile,
    at: datetime,
    *,
    exhausted: bool,
) -> tuple[TaskEvent, dict[str, Any]]:
    """Which row of the table applies, and what changes with it."""
    said = outcome.disposition
    if said is D.RESOLVED and task.task_class is not TaskClass.SERVICE and not _settles(lines):
        raise Refused("not_a_service_task", "only a service call, or one about a joint day, resolves something")
    if said in _FINAL:
        return _FINAL[said], {}
    if not lines:
        return (TaskEvent.ORDER_SEEN if said is D.ORDER_TAKEN else TaskEvent.COVERED), {}
    if said is D.ORDER_TAKEN:
        return TaskEvent.ORDER_TAKEN, {**_PROMISED_NOTHING, "awaiting_since": at, "not_before": None}
    if said is D.CALLBACK:
        return TaskEvent.CALLBACK, _callback(context, task, outcome, verdict, profile, at)
    if exhausted:
        service = task.task_class is TaskClass.SERVICE
        return TaskEvent.EXHAUSTED, {"flag": "exhausted" if service else None}
    again = {**_PROMISED_NOTHING, "not_before": _retry_at(context, said, verdict, profile, at)}
    return (TaskEvent.WRONG_NUMBER if said is D.WRONG_NUMBER else TaskEvent.RETRY), again


def _settles(lines: Sequence[Need]) -> bool:
    """Whether all that was talked about is settled by word of mouth: nothing that an order would have to cover."""
    return bool(lines) and all(need.kind in SETTLED_BY_WORD for need in lines)


def _retry_at(context: Context, said: Disposition, verdict: Verdict, profile: Profile, at: datetime) -> datetime:
    """After the profile's time for this ending, moved into calling hours; at once for a wrong number."""
    wanted = at + spacing_after(context, profile, said)
    return hours.moved_into_hours(verdict.party, wanted, context.rules.book) or wanted


def _callback(
    context: Context, task: Task, outcome: Outcome, verdict: Verdict, profile: Profile, at: datetime
) -> dict[str, Any]:
    """One live callback a task, promised by its owner; refused where it could not be kept."""
    when = outcome.callback_at
    if when is None or when.tzinfo is None:
        raise Refused("callback_time_missing", "say when, with a time zone")
    if when <= at:
        raise Refused("callback_in_past", "that time has passed")
    if when > at + timedelta(days=context.rules.callback_max_days):
        raise Refused("callback_too_far", f"at most {context.rules.callback_max_days} days ahead")
    why = hours.blocked(verdict.party, when, context.rules.book)
    if why is not None:
        raise Refused(why, "nobody may be called at that time")
    if verdict.attempts >= profile.attempt_cap:
        told = f"the account was called {verdict.attempts} times; the cap is {profile.attempt_cap}"
        raise Refused("attempt_cap", told)
    return {
        "callback_at": when,
        "not_before": when,
        "owner_id": task.agent_id,
        "owner_until": when + timedelta(minutes=context.rules.callback_grace_minutes),
        "valid_until": max(task.valid_until, when + timedelta(days=1)),
    }


def _call_ended(
    task: Task,
    attempt: Attempt,
    lines: Sequence[Need],
    outcome: Outcome,
    attempts: int,
    exhausted: bool,
    at: datetime,
) -> Any:
    fact = CallEnded(
        task_id=task.task_id,
        attempt_id=attempt.attempt_id,
        task_class=task.task_class,
        disposition=outcome.disposition,
        need_ids=tuple(sorted(need.need_id for need in lines)),
        groups=tuple(sorted({need.group for need in lines})),
        attempts=attempts,
        exhausted=exhausted,
        stock_until=outcome.stock_until,
        callback_at=outcome.callback_at,
        override_reason=outcome.override_reason,
        loss_reason=outcome.loss_reason,
    )
    return to_log(task.account_id, attempt.attempt_id, fact, at)
