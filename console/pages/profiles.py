"""Policy profiles: what was published, what a change would do, switching it on, going back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.context import Console, Me, Services
from console.counting import ask
from console.notices import Notice, of_refusal
from console.texts import plain, text
from console.times import moment_text
from schemas.errors import BadInput, Refused, RingaheadError

Shown = Mapping[str, object]
EXAMPLES = 10


class Change(BaseModel):
    """Edits of the set in force, one a line."""

    model_config = ConfigDict(extra="forbid")
    edits: str = Field(min_length=1, max_length=8000)
    note: str = Field(default="", max_length=200)
    version: str = Field(default="", max_length=200)
    """The set that the edits were tried on; another one by now refuses."""


class Back(BaseModel):
    """Which set comes back."""

    model_config = ConfigDict(extra="forbid")
    version: str = Field(min_length=1, max_length=200)


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/team/profiles", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/team/profiles/try", try_out, methods=["POST"], include_in_schema=False)
    app.add_api_route("/team/profiles/apply", apply, methods=["POST"], include_in_schema=False)
    app.add_api_route("/team/profiles/rollback", roll_back, methods=["POST"], include_in_schema=False)


def show(console: Services, me: Me) -> HTMLResponse:
    """The whole page."""
    with console.store.read() as tx:
        return console.page("profiles.html", me=me, tx=tx, here="/team", **_context(console))


def try_out(console: Services, sent: Annotated[Change, Form()]) -> HTMLResponse:
    """Say what it would change; nothing is changed."""
    try:
        told = _asked(console, "diff", edits=_lines(sent.edits), note=sent.note)
    except (Refused, BadInput) as error:
        return _answer(console, (_why(error),), sent)
    return _answer(console, (), sent, _tried(told))


def apply(console: Services, me: Me, sent: Annotated[Change, Form()]) -> HTMLResponse:
    """Switch it on, if the set is still the one that it was tried on."""
    asked = {"edits": _lines(sent.edits), "note": sent.note, "version": sent.version, "actor": me.user_id}
    return _publish(console, "apply", asked, sent)


def roll_back(console: Services, me: Me, sent: Annotated[Back, Form()]) -> HTMLResponse:
    """Publish an earlier set again, from now on."""
    return _publish(console, "rollback", {"version": sent.version, "actor": me.user_id}, None)


def _publish(console: Console, do: str, asked: Mapping[str, Any], sent: Change | None) -> HTMLResponse:
    try:
        told = _asked(console, do, **asked)
    except (Refused, BadInput) as error:
        return _answer(console, (_why(error),), sent)
    done = text("profiles.applied", version=told["version"])
    return _answer(console, (Notice("ok", text("agent.saved", what=done), str(told.get("note", ""))),), None)


def _answer(
    console: Console, notices: tuple[Notice, ...], sent: Change | None, tried: Shown | None = None
) -> HTMLResponse:
    shown = {**_context(console, sent), "notices": notices, "tried": tried}
    return HTMLResponse(console.render("profiles_board.html", **shown))


def _context(console: Console, sent: Change | None = None) -> dict[str, object]:
    possible = "profiles" in console.admin
    pages = _asked(console, "history")["pages"] if possible else ()
    return {
        "possible": possible,
        "notices": (),
        "pages": [_page(one) for one in pages],
        "edits": sent.edits if sent else "",
        "note": sent.note if sent else "",
        "tried": None,
    }


def _page(page: Mapping[str, Any]) -> Shown:
    until = page["effective_until"]
    return {
        "version": page["version"],
        "in_force": page["in_force"],
        "back": page["event"] == "profiles_rolled_back",
        "since": _moment(page["effective_from"]),
        "until": text("profiles.until", time=_moment(until)) if until else "",
        "by": page["actor"],
        "note": page["note"],
    }


def _tried(told: Mapping[str, Any]) -> Shown:
    trial = told["trial"]
    works = []
    for key, label in (("added", "profiles.added"), ("withdrawn", "profiles.withdrawn")):
        work = trial[key]
        kinds = [f"{count:,} {plain(kind)}" for kind, count in work["by_kind"].items()]
        first = [(account, plain(what), _kinds(words)) for account, what, words in work["first"][:EXAMPLES]]
        works.append((text(label, tasks=work["tasks"], accounts=work["accounts"]), kinds, first))
    counts = {"accounts": trial["accounts"], "before": trial["open_before"], "after": trial["open_after"]}
    return {
        "version": told["version"],
        "differences": told["differences"],
        "judged": text("profiles.judged", **counts),
        "undecided": text("profiles.undecided", count=trial["undecided"]) if trial["undecided"] else "",
        "works": works,
    }


def _kinds(words: str) -> str:
    return ", ".join(plain(word) for word in words.split(", "))


def _asked(console: Console, do: str, **told: object) -> Mapping[str, Any]:
    return ask(console.admin, "profiles", {"do": do, **told})


def _lines(edits: str) -> Sequence[str]:
    return [line.strip() for line in edits.splitlines() if line.strip()]


def _why(error: RingaheadError) -> Notice:
    """Our own words say what is wrong with a set; the reason alone would not."""
    told = of_refusal(error if isinstance(error, Refused) else Refused(str(error)))
    return Notice(told.tone, told.title, str(error))


def _moment(told: str) -> str:
    return moment_text(datetime.fromisoformat(told))
