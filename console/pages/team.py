"""The supervisor's page: wallboard, calls that nobody finished, flagged tasks, reorder proposals, who is there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.acting import act
from console.context import Console, Me, Services
from console.notices import Notice
from console.texts import named, plain, text
from console.times import duration_text, moment_text
from console.wallboard import WITHIN_MINUTES, agent_rows, queue_rows, wall_figures
from console.words import DISPOSITIONS
from console.worth import quantity_words
from outreach.desk import Outcome
from outreach.ports import Transaction
from outreach.records import ReorderState, ReorderTask, Task
from outreach.task import OPEN, TaskState
from schemas.decisions import TaskClass
from schemas.events.ours import Disposition

SHOWN = 50
SETTLED_BY = (
    Disposition.NO_ANSWER,
    Disposition.VOICEMAIL,
    Disposition.ORDER_TAKEN,
    Disposition.HAS_STOCK,
    Disposition.NOT_INTERESTED,
    Disposition.WRONG_NUMBER,
    Disposition.DO_NOT_CALL,
)
"""What a supervisor can say of a call that he did not make; callbacks are promised by who talks."""


class Settled(BaseModel):
    """How a lost call ended."""

    model_config = ConfigDict(extra="forbid")
    disposition: Disposition


class Because(BaseModel):
    """Why a supervisor ends something."""

    model_config = ConfigDict(extra="forbid")
    reason: str = Field(default="supervisor", min_length=1, max_length=64)


class Quantity(BaseModel):
    """An approved quantity, perhaps another one than proposed."""

    model_config = ConfigDict(extra="forbid")
    quantity: float | None = Field(default=None, gt=0, le=1e9, allow_inf_nan=False)


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task that waits for a decision."""

    task: Task
    why: str
    since: str
    lost: bool
    choices: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ReorderRow:
    """A proposal that waits for a decision."""

    reorder: ReorderTask
    name: str
    quantity: str
    why: str
    because: str
    """Where the quantity comes from."""
    state: str
    until: str


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/team", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/team/board", show_board, methods=["GET"], include_in_schema=False)
    for path, handler in (
        ("/team/tasks/{task_id}/settle", settle),
        ("/team/tasks/{task_id}/release", release),
        ("/team/tasks/{task_id}/cancel", cancel),
        ("/team/reorders/{reorder_id}/approve", approve),
        ("/team/reorders/{reorder_id}/reject", reject),
    ):
        app.add_api_route(path, handler, methods=["POST"], include_in_schema=False)


def show(console: Services, me: Me, within: int = WITHIN_MINUTES[1]) -> HTMLResponse:
    """The whole page; service tasks are in time ``within`` so many minutes."""
    with console.store.read() as tx:
        return console.page("team.html", me=me, tx=tx, here="/team", **_board(console, tx, within))


def show_board(console: Services, within: int = WITHIN_MINUTES[1]) -> HTMLResponse:
    """The part that renews itself."""
    return answer(console, (), within)


def settle(console: Services, me: Me, task_id: str, sent: Annotated[Settled, Form()]) -> HTMLResponse:
    """Say what came of a call whose agent was lost."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        console.desk.settle(tx, task_id, me.user_id, Outcome(sent.disposition))
        return (_done(DISPOSITIONS[sent.disposition]),)

    return answer(console, act(console, work))


def release(console: Services, me: Me, task_id: str) -> HTMLResponse:
    """Offer it to the team again."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        console.desk.release(tx, task_id, me.user_id)
        return (_done(text("team.released")),)

    return answer(console, act(console, work))


def cancel(console: Services, me: Me, task_id: str, sent: Annotated[Because, Form()]) -> HTMLResponse:
    """End it."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        console.desk.cancel(tx, task_id, me.user_id, sent.reason)
        return (_done(text("team.cancelled")),)

    return answer(console, act(console, work))


def approve(console: Services, me: Me, reorder_id: str, sent: Annotated[Quantity, Form()]) -> HTMLResponse:
    """Approve, and hand it to the ERP at once."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        console.desk.approve_reorder(tx, reorder_id, me.user_id, sent.quantity)
        console.desk.send_reorder(tx, reorder_id, me.user_id)
        return (_done(text("team.sent")),)

    return answer(console, act(console, work))


def reject(console: Services, me: Me, reorder_id: str, sent: Annotated[Because, Form()]) -> HTMLResponse:
    """Turn it down; the need rests for a while."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        console.desk.reject_reorder(tx, reorder_id, me.user_id, sent.reason)
        return (_done(text("team.rejected")),)

    return answer(console, act(console, work))


def _done(what: str) -> Notice:
    return Notice("ok", text("agent.saved", what=what))


def answer(console: Console, notices: Sequence[Notice], within: int = WITHIN_MINUTES[1]) -> HTMLResponse:
    """The board as it is now, under these notices."""
    with console.store.read() as tx:
        return HTMLResponse(console.render("team_board.html", **{**_board(console, tx, within), "notices": notices}))


def _board(console: Console, tx: Transaction, within: int) -> dict[str, object]:
    lost = tx.tasks.listed({TaskState.NEEDS_DISPOSITION}, limit=SHOWN)
    flagged = tx.tasks.listed(OPEN - {TaskState.NEEDS_DISPOSITION}, flagged=True, limit=SHOWN)
    reorders = tx.reorders.listed({ReorderState.PROPOSED, ReorderState.APPROVED}, limit=SHOWN)
    agents, wall = tx.agents.all(), console.wall.get()
    minutes = within if within in WITHIN_MINUTES else WITHIN_MINUTES[1]
    names = dict(queue_names(tx))
    return {
        "notices": (),
        "tasks": [_task_row(task) for task in (*lost, *flagged)],
        "reorders": [_reorder_row(one) for one in reorders],
        "agents": agent_rows(tx, agents, wall),
        "queue_names": queue_names(tx),
        "figures": wall_figures(wall, minutes) if wall else (),
        "queues": queue_rows(wall, agents, names) if wall else (),
        "within": minutes,
        "withins": [(one, duration_text(60 * one)) for one in WITHIN_MINUTES],
    }


def queue_names(tx: Transaction) -> list[tuple[str, str]]:
    """(id, name) of every queue, in the order in which they take tasks."""
    return [(one.queue_id, one.name or one.queue_id) for one in tx.queues.all()]


def _task_row(task: Task) -> TaskRow:
    lost = task.state is TaskState.NEEDS_DISPOSITION
    mended = (Disposition.RESOLVED,) if task.task_class is TaskClass.SERVICE else ()
    return TaskRow(
        task=task,
        why=plain(task.flag or task.state),
        since=moment_text(task.changed_at),
        lost=lost,
        choices=tuple((str(one), DISPOSITIONS[one]) for one in (*mended, *SETTLED_BY)) if lost else (),
    )


def _reorder_row(one: ReorderTask) -> ReorderRow:
    evidence = one.evidence
    return ReorderRow(
        reorder=one,
        name=named(one.group_name or one.group),
        quantity=f"{one.quantity_units:.6g}",
        why=evidence.sentence if evidence and evidence.sentence else text("agent.why_unknown"),
        because=quantity_words(one),
        state=plain(one.state),
        until=moment_text(one.valid_until),
    )
