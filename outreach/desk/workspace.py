"""Changes in the making: what a use case has read, and what it will write in one go, with its audit and outbox rows.

Reading is bulk, writing is bulk, and in between everything is plain values, so that a batch of ten thousand effects
costs a handful of statements.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from outreach.desk.context import Context
from outreach.desk.messages import task_changed
from outreach.records import AuditEntry, Need, NeedStatus, OutboxMessage, Task
from outreach.task import CLOSED, OPEN, TaskEvent, TaskState, next_state
from schemas.decisions import TaskClass

Trace = Callable[[str | None], str | None]
"""From a W3C trace context to the one that goes on."""


def carried(parent: str | None) -> str | None:
    """Without tracing a context is passed on as it came."""
    return parent


LET_GO: dict[str, Any] = {"agent_id": None, "token": None, "held_since": None, "timer_until": None}
"""What is forgotten when nobody holds a task any more."""
_SILENT = frozenset({TaskEvent.HEARTBEAT})
"""Neither history nor news: it would drown both."""


class Workspace:
    """Tasks and needs by id, as they will be. Locks lie on every task that was loaded."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.tasks: dict[str, Task] = {}
        self.needs: dict[str, Need] = {}
        self.traceparent: str | None = None
        """Of the effect that is applied; stands in the history of what it changes."""
        self.opened = 0
        self.merged = 0
        self.closed = 0
        self._versions: dict[str, int] = {}
        self._open: dict[tuple[str, TaskClass], str] = {}
        self._lines: dict[str, dict[str, None]] = {}
        self._dirty_tasks: dict[str, None] = {}
        self._dirty_needs: dict[str, None] = {}
        self._audit: list[AuditEntry] = []
        self._outbox: list[OutboxMessage] = []

    def load(self, tasks: Iterable[Task]) -> None:
        """Take in tasks that are locked, with all their lines."""
        fresh = [task for task in tasks if task.task_id not in self.tasks]
        for task in fresh:
            self.tasks[task.task_id] = task
            self._versions[task.task_id] = task.version
            if task.state in OPEN:
                self._open[task.account_id, task.task_class] = task.task_id
        if fresh:
            self.load_needs(self.context.tx.needs.lines([task.task_id for task in fresh]))

    def load_needs(self, needs: Iterable[Need]) -> None:
        """Take in needs; those of a task become its lines."""
        for need in needs:
            if need.need_id not in self.needs:
                self._place(need)

    def open_task(self, account_id: str, task_class: TaskClass) -> Task | None:
        """The account's one open task of the class, if it was loaded."""
        found = self._open.get((account_id, task_class))
        return self.tasks[found] if found is not None else None

    def open_lines(self, task_id: str) -> list[Need]:
        """The needs that the task is still for."""
        lines = (self.needs[need_id] for need_id in self._lines.get(task_id, ()))
        return [need for need in lines if need.status is NeedStatus.OPEN and need.task_id == task_id]

    def put_need(self, need: Need) -> None:
        """A need as it will be."""
        self._place(need)
        self._dirty_needs[need.need_id] = None

    def _place(self, need: Need) -> None:
        self.needs[need.need_id] = need
        if need.task_id is not None:
            self._lines.setdefault(need.task_id, {})[need.need_id] = None

    def insert(self, task: Task, actor: str) -> None:
        """A new task, in the state in which the table opens it: ready, or scheduled where it has a not_before."""
        event = TaskEvent.OPENED if task.not_before is None else TaskEvent.OPENED_LATER
        opened = replace(task, state=next_state(None, event), version=1)
        self.tasks[task.task_id] = opened
        self._open[task.account_id, task.task_class] = task.task_id
        self._dirty_tasks[task.task_id] = None
        self.opened += 1
        self._tell(opened, event, None, actor, "")

    def move(
        self, task_id: str, event: TaskEvent, *, at: datetime, actor: str, detail: str = "", **changes: Any
    ) -> Task:
        """One transition of the table, with other fields that change along; raises Refused when it is illegal."""
        before = self.tasks[task_id]
        state = next_state(before.state, event)
        if state in CLOSED:
            changes = {**LET_GO, "closed_at": at, "not_before": None, **changes}
        after = replace(before, state=state, version=before.version + 1, changed_at=at, **changes)
        self.tasks[task_id] = after
        self._dirty_tasks[task_id] = None
        if after.account_id != before.account_id:
            self._open.pop((before.account_id, before.task_class), None)
            self._open[after.account_id, after.task_class] = task_id
        if state in CLOSED:
            self._close(after, before)
        if event not in _SILENT:
            self._tell(after, event, before.state, actor, detail)
        return after

    def touch(self, task: Task) -> None:
        """Derived fields changed (rank, skill, hints): no transition, no history, the same version."""
        self.tasks[task.task_id] = task
        self._dirty_tasks[task.task_id] = None

    def rerank(self, task: Task, fresh: Task) -> None:
        """Like `touch`, for a waiting task that is locked and whose lines do not matter."""
        self._versions[task.task_id] = task.version
        self.touch(fresh)

    def note(self, entry: AuditEntry) -> None:
        """History of something that is not a task."""
        self._audit.append(entry)

    def send(self, message: OutboxMessage) -> None:
        """Something that leaves when the transaction is committed."""
        self._outbox.append(message)

    def save(self) -> None:
        """Write it all: old tasks by compare-and-set first, so that their places are free for the new ones."""
        tx = self.context.tx
        changed = [self.tasks[task_id] for task_id in self._dirty_tasks]
        old = [(task, self._versions[task.task_id]) for task in changed if task.task_id in self._versions]
        new = [task for task in changed if task.task_id not in self._versions]
        if old:
            tx.tasks.replace(old)
        if new:
            tx.tasks.insert(new)
        if self._dirty_needs:
            tx.needs.put([self.needs[need_id] for need_id in self._dirty_needs])
        tx.audit.append(self._audit)
        tx.outbox.append(self._outbox)

    def new_tasks(self) -> list[Task]:
        """Tasks that this use case has opened, as they are now."""
        return [task for task_id, task in self.tasks.items() if task_id not in self._versions]

    def _close(self, task: Task, before: Task) -> None:
        self.closed += before.state in OPEN
        if self._open.get((task.account_id, task.task_class)) == task.task_id:
            del self._open[task.account_id, task.task_class]
        for need in self.open_lines(task.task_id):
            cause = f"task_{task.outcome or task.state}"
            self.put_need(replace(need, status=NeedStatus.ENDED, ended_at=task.closed_at, cause=cause))

    def _tell(self, task: Task, event: TaskEvent, before: TaskState | None, actor: str, detail: str) -> None:
        if self.traceparent is not None:
            detail = f"{detail} trace={self.traceparent.split('-')[1]}".lstrip()
        self._audit.append(
            AuditEntry(
                audit_id=0,
                at=task.changed_at,
                subject=f"task:{task.task_id}",
                account_id=task.account_id,
                actor=actor,
                event=str(event),
                before=before,
                after=task.state,
                version=task.version,
                detail=detail,
            )
        )
        if before is not task.state:
            self._outbox.append(task_changed(task, event, before, actor))
