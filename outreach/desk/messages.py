"""What the desk writes into its outbox: events for the log of record and for everybody, commands for the ERP."""

from datetime import datetime

from pydantic_core import to_json

from outreach.records import OutboxMessage, Task
from outreach.task import TaskEvent, TaskState
from schemas.base import Fact
from schemas.commands import PlaceOrder, SendReorder
from schemas.envelope import SCHEMA_ROOT, Event, encode
from schemas.task_events import TASK_CHANGED

SOURCE = "ringahead/desk"
LOG = "log"
TASK_EVENTS = "task-events"
COMMANDS = "commands"


def to_log(account_id: str, event_id: str, fact: Fact, at: datetime) -> OutboxMessage:
    """A fact that goes back to the log of record; its id makes a repeat harmless."""
    event = Event(id=event_id, source=SOURCE, subject=account_id, time=at, fact=fact)
    return OutboxMessage(0, f"{LOG}/{event.type}/{event_id}", LOG, account_id, encode(event), at)


def task_changed(task: Task, event: TaskEvent, before: TaskState | None, actor: str) -> OutboxMessage:
    """What became of a task, as a CloudEvent on the public topic."""
    payload = to_json(
        {
            "specversion": "1.0",
            "id": f"{task.task_id}/{task.version}",
            "source": SOURCE,
            "type": TASK_CHANGED,
            "subject": task.account_id,
            "time": task.changed_at,
            "datacontenttype": "application/json",
            "dataschema": SCHEMA_ROOT + TASK_CHANGED,
            "data": {
                "task_id": task.task_id,
                "task_class": task.task_class,
                "event": event,
                "before": before,
                "after": task.state,
                "version": task.version,
                "outcome": task.outcome,
                "actor": actor,
            },
        }
    )
    key = f"{TASK_EVENTS}/{task.task_id}/{task.version}"
    return OutboxMessage(0, key, TASK_EVENTS, task.account_id, payload, task.changed_at)


def command(order: PlaceOrder | SendReorder) -> OutboxMessage:
    """An intent for the ERP."""
    payload = order.model_dump_json(exclude_none=True).encode()
    return OutboxMessage(0, f"{COMMANDS}/{order.command_id}", COMMANDS, order.account_id, payload, order.requested_at)
