"""What the agent is told above the card: what happened to a task, and why something was not done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from console.texts import plain, text
from console.times import Now, clock_text
from outreach.desk import TaskCard
from outreach.hours import known_zone
from outreach.ports import Transaction
from outreach.records import Need, Task
from outreach.task import TaskState
from schemas.decisions import Reason
from schemas.errors import Refused, StaleToken
from schemas.needs import AccountStanding


@dataclass(frozen=True, slots=True)
class Notice:
    """One banner."""

    tone: Literal["ok", "warn", "danger"]
    title: str
    text: str = ""


def of_refusal(error: Refused) -> Notice:
    """Why nothing was changed."""
    if isinstance(error, StaleToken):
        return Notice("warn", text("agent.lost_title"), text("agent.lost_text"))
    return Notice("warn", text("agent.refused_title"), text("agent.refused_text", reason=plain(error.reason)))


def of_reasons(reasons: tuple[str, ...]) -> Notice:
    """The call was judged once more and is not allowed."""
    told = ", ".join(plain(reason) for reason in reasons)
    return Notice("warn", text("agent.refused_title"), text("agent.refused_text", reason=told))


def of_banner(tx: Transaction, card: TaskCard, now: Now | None) -> Notice | None:
    """What happened to the account while the agent talks."""
    banner = card.task.banner
    if banner is None:
        return None
    if banner == "order_booked":
        return Notice("ok", text("order.booked_title"), text("order.booked_text"))
    if banner == Reason.NO_CONSENT:
        return Notice("danger", text("agent.consent_title"), text("agent.consent_in_call_text"))
    if banner != "already_ordered":
        return Notice("warn", plain(banner), text("agent.banner_text"))
    time = _order_time(tx.needs.lines([card.task.task_id]), card.standing, now)
    if time is None:
        return Notice("ok", text("agent.withdrawn_title_no_time"), text("agent.ordered_in_call_text"))
    return Notice("ok", text("agent.ordered_in_call_title", time=time), text("agent.ordered_in_call_text"))


def of_ended(tx: Transaction, task: Task, now: Now | None) -> Notice:
    """What became of a task that the agent had on the page."""
    if task.state is TaskState.SUPERSEDED:
        standing = tx.standings.get(task.account_id)
        time = _order_time(tx.needs.lines([task.task_id]), standing, now)
        title = text("agent.withdrawn_title", time=time) if time else text("agent.withdrawn_title_no_time")
        return Notice("ok", title, text("agent.withdrawn_text", account_id=task.account_id))
    if task.is_open and task.banner == Reason.NO_CONSENT:
        told = text("agent.consent_text", account_id=task.account_id)
        return Notice("danger", text("agent.consent_title"), told)
    if task.is_open:
        return Notice("warn", text("agent.lost_title"), text("agent.lost_text"))
    told = text("agent.ended_text", account_id=task.account_id, state=plain(task.outcome or task.state))
    return Notice("warn", text("agent.ended_title"), told)


def _order_time(lines: list[Need], standing: AccountStanding | None, now: Now | None) -> str | None:
    """When they ordered, in their own time; None when no line was covered by an order."""
    covered = [need for need in lines if need.cause == "covered" and need.ended_at is not None]
    if not covered or now is None:
        return None
    newest = max(covered, key=_ended)
    ordered = standing.last_order_at if standing and standing.last_order_at else None
    opened = newest.opened_at or newest.at
    moment = ordered if ordered is not None and ordered >= opened else _ended(newest)
    return clock_text(moment, now.moment, known_zone(standing.zone if standing else None))


def _ended(need: Need) -> datetime:
    return need.ended_at or need.at
