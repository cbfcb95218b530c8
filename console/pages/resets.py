"""Offset resets of a consumer group: a dry run first, then the deed."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.context import Console, Me, Services
from console.notices import Notice
from console.texts import plain, text
from schemas.errors import BadInput, NotFound, Refused, Unavailable
from streams.lag.resets import WHERES, ResetAsked, ResetPlan, Where


class Asked(BaseModel):
    """The form; what its way does not need may be empty."""

    model_config = ConfigDict(extra="forbid")
    group: str = Field(min_length=1, max_length=249)
    where: Where
    offset: str = Field(default="", max_length=19, pattern="^[0-9]*$")
    at: str = Field(default="", max_length=40)
    topic: str = Field(default="", max_length=249)

    def asked(self) -> ResetAsked:
        """What is meant; raises BadInput."""
        offset = int(self.offset) if self.where == "offset" and self.offset else None
        topics = (self.topic,) if self.topic else ()
        return ResetAsked(self.group, self.where, offset, _moment(self.at) if self.where == "time" else None, topics)


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/operator/resets", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/operator/resets/plan", plan, methods=["POST"], include_in_schema=False)
    app.add_api_route("/operator/resets/do", do, methods=["POST"], include_in_schema=False)


def show(console: Services, me: Me) -> HTMLResponse:
    """The form."""
    with console.store.read() as tx:
        return console.page("resets.html", me=me, tx=tx, here="/operator", **_choices(console), **_nothing())


def plan(console: Services, sent: Annotated[Asked, Form()]) -> HTMLResponse:
    """What it would do."""
    return _answer(console, sent, None)


def do(console: Services, me: Me, sent: Annotated[Asked, Form()]) -> HTMLResponse:
    """Do it; who did is kept."""
    return _answer(console, sent, me.user_id)


def _answer(console: Console, sent: Asked, actor: str | None) -> HTMLResponse:
    """A dry run without an actor."""
    if console.resets is None:
        raise NotFound("no_resets", text("resets.none"))
    notices: tuple[Notice, ...] = ()
    found: ResetPlan | None = None
    try:
        asked = sent.asked()
        found = console.resets.plan(asked) if actor is None else console.resets.reset(asked, actor)
    except (BadInput, Unavailable) as error:
        notices = (Notice("warn", text("resets.refused"), str(error)),)
    except Refused as error:
        notices = (Notice("warn", text("resets.refused"), error.detail or plain(error.reason)),)
    told = {"notices": notices, "plan": found, "sent": sent.model_dump(), "done": actor is not None}
    return HTMLResponse(console.render("resets_plan.html", **told))


def _choices(console: Console) -> dict[str, Any]:
    try:
        rows = console.lag.sample()
    except Unavailable:
        rows = ()
    return {
        "possible": console.resets is not None,
        "groups": sorted({row.group for row in rows}),
        "topics": sorted({row.topic for row in rows}),
        "wheres": [(where, text(f"resets.where_{where}")) for where in WHERES],
    }


def _nothing() -> dict[str, Any]:
    return {"notices": (), "plan": None, "sent": {}, "done": False}


def _moment(told: str) -> datetime:
    try:
        at = datetime.fromisoformat(told)
    except ValueError:
        raise BadInput("the time is none: write it as 2026-03-01T08:00") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at
