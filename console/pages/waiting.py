"""Waiting tasks in their order, given to somebody else; promises of who is not here passed on."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.acting import act
from console.context import Me, Services
from console.notices import Notice
from console.pages.team import answer, queue_names
from console.texts import plain, text
from console.times import moment_text
from outreach.ports import Transaction
from outreach.records import Task
from outreach.task import WAITING, TaskState

PAGE = 50
PAGES_AT_MOST = 200
"""Further down nobody looks, and every page back costs the database more."""


class Given(BaseModel):
    """To whom; empty: the team."""

    model_config = ConfigDict(extra="forbid")
    agent_id: str = Field(default="", max_length=200)


class GivenTask(BaseModel):
    """To whom: ``agent:NAME``, ``queue:ID``, ``queue:`` (whichever takes it by its criteria); empty: the team. And from
    which page it was asked."""

    model_config = ConfigDict(extra="forbid")
    to: str = Field(default="", max_length=220, pattern=r"^$|^(agent|queue):")
    back: str = Field(default="", max_length=16)
    page: int = Field(default=1, ge=1, le=PAGES_AT_MOST)


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A task in words."""

    task: Task
    what: str
    why: str
    due: str
    who: str


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/team/waiting", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/team/tasks/{task_id}/reassign", reassign, methods=["POST"], include_in_schema=False)
    app.add_api_route("/team/agents/{agent_id}/hand-over", hand_over, methods=["POST"], include_in_schema=False)


def show(console: Services, me: Me, page: int = 1) -> HTMLResponse:
    """The whole page."""
    with console.store.read() as tx:
        return console.page("waiting.html", me=me, tx=tx, here="/team", **_list(tx, page))


def reassign(console: Services, me: Me, task_id: str, sent: Annotated[GivenTask, Form()]) -> HTMLResponse:
    """Offer it to this agent first, or to who works in this queue; a leased one is taken back for it."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        kind, _, known = sent.to.partition(":")
        if kind == "queue":
            console.desk.give_to_queue(tx, task_id, me.user_id, known or None)
            name = text("team.given_queue", name=known) if known else text("team.reassign_criteria")
        else:
            console.desk.reassign(tx, task_id, me.user_id, known or None)
            name = known or text("team.reassign_team")
        return (Notice("ok", text("agent.saved", what=text("team.reassigned", name=name))),)

    notices = act(console, work)
    if sent.back != "waiting":
        return answer(console, notices)
    with console.store.read() as tx:
        return HTMLResponse(console.render("waiting_list.html", **{**_list(tx, sent.page), "notices": notices}))


def hand_over(console: Services, me: Me, agent_id: str, sent: Annotated[Given, Form()]) -> HTMLResponse:
    """Every promise of this agent passes to another one, or to the team."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        count = console.desk.hand_over(tx, agent_id, me.user_id, sent.agent_id or None)
        return (Notice("ok", text("agent.saved", what=text("team.handed_over", count=count))),)

    return answer(console, act(console, work))


def _list(tx: Transaction, page: int) -> dict[str, object]:
    shown = min(max(page, 1), PAGES_AT_MOST)
    found = tx.tasks.listed(WAITING, limit=PAGE + 1, offset=(shown - 1) * PAGE)
    return {
        "notices": (),
        "rows": [_row(task) for task in found[:PAGE]],
        "page": shown,
        "more": len(found) > PAGE and shown < PAGES_AT_MOST,
        "agents": [one.agent_id for one in tx.agents.all()],
        "queue_names": queue_names(tx),
    }


def _row(task: Task) -> WaitingRow:
    why = plain(task.hint_reason) if task.hint_reason else plain(task.state)
    if task.state is TaskState.SCHEDULED:
        why = f"{plain(task.state)}: {moment_text(task.callback_at or task.not_before)}"
    return WaitingRow(
        task=task,
        what=" · ".join(part for part in (plain(task.task_class), plain(task.skill), _queue(task)) if part),
        why=why,
        due=f"{task.p_due:.0%}",
        who=task.owner_id or text("team.nobody"),
    )


def _queue(task: Task) -> str:
    return text("team.queue_kept", queue=task.queue) if task.queue_kept else task.queue
