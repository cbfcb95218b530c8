"""What the customer says to a suggestion: kept with what was shown, told to the log, and a refused product rests."""

from dataclasses import replace
from datetime import datetime

from outreach.desk.claims import held
from outreach.desk.context import Context
from outreach.desk.messages import to_log
from outreach.desk.suggesting import showing_id
from outreach.records import AuditEntry, Showing, Task
from outreach.task import TaskState
from schemas.errors import NotFound, Refused
from schemas.events.ours import SuggestionAnswer, SuggestionAnswered, SuggestionWhy


def answer(
    context: Context,
    task_id: str,
    token: str,
    sku: str,
    said: SuggestionAnswer,
    why: SuggestionWhy | None,
    db_now: datetime,
) -> Showing:
    """See `Desk.answer_suggestion`."""
    space, task = held(context, task_id, token, db_now)
    if task.state is TaskState.LEASED:
        raise Refused("not_called", "start the call first, or skip")
    if (said is SuggestionAnswer.REFUSED) != (why is not None):
        raise Refused("reason_missing", "a refusal has a reason, and nothing else has")
    before = context.tx.showings.get(showing_id(task.attempt_id or "", sku))
    if before is None:
        raise NotFound("not_suggested", sku)
    if before.answer is not None:
        if (before.answer, before.why) != (said, why):
            raise Refused("already_answered", f"noted as {before.answer}")
        return before
    at = context.now or task.changed_at
    after = replace(before, answer=str(said), why=None if why is None else str(why), answered_at=at)
    context.tx.showings.put([after])
    if said is SuggestionAnswer.REFUSED:
        context.tx.suggestions.drop(task.account_id, sku)
    space.note(_entry(task, after, at))
    fact = SuggestionAnswered(
        task_id=task_id,
        attempt_id=before.attempt_id,
        sku=sku,
        answer=said,
        why=why,
        objective=before.objective,
        rank=before.rank,
        version=before.version,
    )
    space.send(to_log(task.account_id, before.showing_id, fact, at))
    space.save()
    return after


def _entry(task: Task, shown: Showing, at: datetime) -> AuditEntry:
    said = f"{shown.sku}: {shown.answer}" + (f", {shown.why}" if shown.why else "")
    subject = f"suggestion:{shown.showing_id}"
    return AuditEntry(
        0, at, subject, task.account_id, task.agent_id or "", "suggestion_answered", None, shown.answer, 1, said
    )
