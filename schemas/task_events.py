"""What became of a task, for everybody: the ``data`` of the events on ``ringahead.task-events``."""

from schemas.base import Code, Identifier, Message
from schemas.decisions import TaskClass

TASK_CHANGED = "ringahead.TaskChanged.v1"
"""CloudEvents type."""


class TaskChanged(Message):
    """A task moved from one state to another. States and events are those of docs/tasks.md."""

    task_id: Identifier
    task_class: TaskClass
    event: Code
    """What happened to it."""
    before: Code | None = None
    """State before; none for a new task."""
    after: Code
    """State now."""
    version: int
    """Counts the task's changes; a repeat or an older one is recognised by it."""
    outcome: Code | None = None
    actor: Identifier
    """Who caused it: an agent's login, or the part of Ringahead."""
