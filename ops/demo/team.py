"""The demo's people: one sells and sees everything, one takes the service calls, which come before all others."""

from console.access import add_user, one_time_link
from ops.embedded.installation import Opened
from outreach.records import Queue
from outreach.task import TaskState
from schemas.decisions import TaskClass

USER, SERVICE = "demo", "service"
WAITING = (TaskState.READY, TaskState.SCHEDULED)
AT_MOST = 5000


def put_team(opened: Opened) -> None:
    """A queue for service calls: whoever looks around would settle a hundred of them before the first sale."""
    with opened.store.begin() as tx:
        queue = Queue(SERVICE, "Service", classes=(str(TaskClass.SERVICE),))
        opened.desk.put_queues(tx, [queue], USER)
        for task in tx.tasks.listed(WAITING, limit=AT_MOST):
            if task.task_class is TaskClass.SERVICE:
                opened.desk.give_to_queue(tx, task.task_id, USER, SERVICE)
        opened.desk.set_agent(tx, SERVICE, "off", queues=(SERVICE,))


def links(opened: Opened, address: str) -> str:
    """Where to go on, once for each of the two."""
    with opened.store.begin() as tx:
        add_user(tx, USER, "admin", None)
        add_user(tx, SERVICE, "agent", None)
        sells, serves = one_time_link(tx, USER, address), one_time_link(tx, SERVICE, address)
    return (
        "\nThe console; each link signs in once (Ctrl-C stops it):\n"
        f"  {sells}\n    sells, and sees the pages of supervisors and operators: press n there, then s\n"
        f"  {serves}\n    takes the service calls"
    )
