"""The agent's page: Next, the card, the call, how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.acting import Work, act
from console.cards import call_view
from console.context import Console, Me, Services
from console.gate import Principal
from console.notices import Notice, of_banner, of_ended, of_reasons
from console.offers import REASONS, asked_orders, order_lines
from console.scripts import script_of
from console.texts import plain, text
from console.times import Now, clock_text
from console.words import DISPOSITIONS, WHYS
from outreach.desk import COUNTED_AT_MOST, Blocked, NothingToDo, Outcome
from outreach.hours import known_zone
from outreach.ports import Transaction
from outreach.task import TaskState
from schemas.decisions import Reason
from schemas.errors import BadInput, Refused
from schemas.events.accounts import LossReason
from schemas.events.ours import Disposition

SKIPS = (
    ("somebody_else", "agent.skip_somebody"),
    ("language", "agent.skip_language"),
    ("not_now", "agent.skip_later"),
    ("data_wrong", "agent.skip_data"),
)
ALREADY_ORDERED = Disposition.ORDER_TAKEN
"""The task ends as superseded whatever is said, as its lines are covered; this is the nearest word of the list."""


class Held(BaseModel):
    """An action on a task that the agent holds."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(max_length=200)


class Started(Held):
    """The call begins; the same key again is the same attempt."""

    key: str = Field(min_length=8, max_length=64)


class Skipped(Held):
    """The agent gives it back."""

    reason: str = Field(min_length=1, max_length=64)


class Disposed(Held):
    """How the call ended; times are those of the called party's wall clock."""

    disposition: Disposition
    callback_at: datetime | None = None
    stock_until: str = Field(default="", max_length=10)
    loss_reason: LossReason | Literal[""] = ""
    zone: str = Field(default="UTC", max_length=64)


@dataclass(frozen=True, slots=True)
class Idle:
    """The page without a task."""

    ready: int
    blocked: tuple[tuple[str, int], ...]
    nobody: bool
    next_at: str
    most: int = COUNTED_AT_MOST


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/agent", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/agent/desk", show_desk, methods=["GET"], include_in_schema=False)
    app.add_api_route("/agent/next", take_next, methods=["POST"], include_in_schema=False)
    for name, handler in (
        ("heartbeat", beat),
        ("start", start_call),
        ("end", end_call),
        ("skip", skip),
        ("disposition", dispose),
    ):
        app.add_api_route(f"/agent/tasks/{{task_id}}/{name}", handler, methods=["POST"], include_in_schema=False)


def show(console: Services, me: Me) -> HTMLResponse:
    """The whole page."""
    with console.store.read() as tx:
        desk = _desk_context(console, tx, me)
        return console.page("agent.html", me=me, tx=tx, here="/agent", **desk)


def show_desk(console: Services, me: Me, about: str = "") -> HTMLResponse:
    """The desk alone; with ``about``, what became of that task."""
    with console.store.read() as tx:
        task = tx.tasks.get(about) if about else None
        mine = task is not None and task.agent_id == me.user_id and task.is_open
        notices = () if task is None or mine else (of_ended(tx, task, console.now(tx)),)
        return desk_page(console, tx, me, notices)


def take_next(console: Services, me: Me) -> HTMLResponse:
    """Claim the best task; pressing the button is the proof that somebody is there."""
    nothing: list[NothingToDo] = []

    def work(tx: Transaction) -> tuple[Notice, ...]:
        _present(console, tx, me)
        found = console.desk.next_task(tx, me.user_id, tx.db_now())
        if isinstance(found, NothingToDo):
            nothing.append(found)
        return ()

    return _act(console, me, work, nothing)


def beat(console: Services, me: Me, task_id: str, sent: Annotated[Held, Form()]) -> HTMLResponse:
    """Somebody is still there: the hold lasts longer."""
    try:
        with console.store.begin() as tx:
            console.desk.heartbeat(tx, task_id, sent.token, tx.db_now())
            card = console.desk.card(tx, task_id)
            view = call_view(card, console.now(tx), tx.db_now())
            return HTMLResponse(console.render("lease.html", call=view))
    except Refused:  # the hold is at its longest: let it run out in peace
        return HTMLResponse(status_code=204)


def start_call(console: Services, me: Me, task_id: str, sent: Annotated[Started, Form()]) -> HTMLResponse:
    """Judge once more and write the attempt; the number becomes a link only in the answer."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        result = console.desk.start_call(tx, task_id, sent.token, sent.key, tx.db_now())
        return (of_reasons(tuple(result.reasons)),) if isinstance(result, Blocked) else ()

    return _act(console, me, work)


def end_call(console: Services, me: Me, task_id: str, sent: Annotated[Held, Form()]) -> HTMLResponse:
    """Hung up: wrap-up begins."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        console.desk.end_call(tx, task_id, sent.token, tx.db_now())
        return ()

    return _act(console, me, work)


def skip(console: Services, me: Me, task_id: str, sent: Annotated[Skipped, Form()]) -> HTMLResponse:
    """Give it back, with a reason."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        console.desk.skip(tx, task_id, sent.token, sent.reason, tx.db_now())
        return (Notice("ok", text("agent.skipped")),)

    return _act(console, me, work)


def dispose(console: Services, me: Me, task_id: str, sent: Annotated[Disposed, Form()]) -> HTMLResponse:
    """How the call ended."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        outcome = Outcome(
            sent.disposition,
            callback_at=_there(sent.callback_at, sent.zone),
            stock_until=_day_there(sent.stock_until, sent.zone),
            loss_reason=sent.loss_reason or None,
        )
        task = console.desk.dispose(tx, task_id, sent.token, outcome, tx.db_now())
        superseded = task.state is TaskState.SUPERSEDED
        what = text("agent.already_ordered") if superseded else DISPOSITIONS[sent.disposition]
        return (Notice("ok", text("agent.saved", what=what), text("agent.account", account_id=task.account_id)),)

    return _act(console, me, work)


def _act(console: Console, me: Principal, work: Work, nothing: list[NothingToDo] | None = None) -> HTMLResponse:
    """One transaction that writes, then the desk as it is now."""
    notices = act(console, work)
    with console.store.read() as tx:
        return desk_page(console, tx, me, notices, nothing[0] if nothing else None)


def _present(console: Console, tx: Transaction, me: Principal) -> None:
    agent = tx.agents.get(me.user_id)
    if agent is None or agent.state != "available":
        console.desk.set_agent(tx, me.user_id, "available")


def desk_page(
    console: Console, tx: Transaction, me: Principal, notices: tuple[Notice, ...], nothing: NothingToDo | None = None
) -> HTMLResponse:
    """The desk as it is now, with notices above it; ``nothing`` is what a try has just found."""
    return HTMLResponse(console.render("desk.html", **_desk_context(console, tx, me, notices, nothing)))


def _desk_context(
    console: Console,
    tx: Transaction,
    me: Principal,
    notices: tuple[Notice, ...] = (),
    nothing: NothingToDo | None = None,
) -> dict[str, object]:
    now = console.now(tx)
    card = console.desk.current_task(tx, me.user_id)
    banner = of_banner(tx, card, now) if card else None
    return {
        "notices": (*notices, banner) if banner else notices,
        "call": call_view(card, now, tx.db_now()) if card else None,
        "order_lines": order_lines(card, console.settings.reporting_currency) if card else (),
        "asked": asked_orders(card) if card else (),
        "script": script_of(card) if card else (),
        "override_reasons": REASONS,
        "whys": {str(why): words for why, words in WHYS.items()},
        "idle": None if card else _idle(tx, now, nothing),
        "skips": [(reason, text(key)) for reason, key in SKIPS],
        "already_ordered": str(ALREADY_ORDERED),
    }


def _idle(tx: Transaction, now: Now | None, nothing: NothingToDo | None) -> Idle:
    """After a try, what it found. Before one, how many wait: which may be called is judged at the claim."""
    if nothing is None:
        return Idle(tx.tasks.ready(COUNTED_AT_MOST), (), False, "")
    next_at = clock_text(nothing.next_at, now.moment) if nothing.next_at and now else ""
    return Idle(0, _counted(nothing.reasons), True, next_at)


def _counted(reasons: Mapping[Reason, int]) -> tuple[tuple[str, int], ...]:
    ordered = sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple((plain(reason), count) for reason, count in ordered)


def _there(wall: datetime | None, zone: str) -> datetime | None:
    """The instant of a wall clock in a zone; raises BadInput for a zone that is none."""
    if wall is None:
        return None
    known = known_zone(zone)
    if known is None:
        raise BadInput("the zone is not known")
    return wall.replace(tzinfo=known).astimezone(UTC) if wall.tzinfo is None else wall.astimezone(UTC)


def _day_there(day: str, zone: str) -> datetime | None:
    """The beginning of a day there; None for an empty field."""
    if not day:
        return None
    try:
        return _there(datetime.strptime(day, "%Y-%m-%d"), zone)  # noqa: DTZ007 - the zone follows
    except ValueError as error:
        raise BadInput("the day is not a day") from error
