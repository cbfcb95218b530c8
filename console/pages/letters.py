"""Dead letters: browse by reason, open one, edit, replay, discard."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.context import Console, Me, Services
from console.letter_view import editable, history, letter_row, printable
from console.notices import Notice
from console.texts import plain, text
from outreach.ports import Transaction
from schemas.dead_letters import Edited, KeptLetter
from schemas.errors import DeadLetterReason, NotFound, Refused
from streams.letters import LetterDesk, in_order

PAGE_LETTERS = 50
MAX_CHARACTERS = 60_000
"""Of an edited message: what a form may carry. Longer ones are edited with `ringahead dead-letters edit`."""


class About(BaseModel):
    """Which letter."""

    model_config = ConfigDict(extra="forbid")
    letter_id: str = Field(max_length=600)


class Edit(About):
    """What a replay shall send."""

    key: str = Field(default="", max_length=200)
    raw: str = Field(max_length=MAX_CHARACTERS)


class Discard(About):
    """Why it is given up."""

    why: str = Field(min_length=1, max_length=200)


class Which(BaseModel):
    """A page of letters."""

    model_config = ConfigDict(extra="forbid")
    reason: DeadLetterReason
    page: int = Field(default=0, ge=0, le=100_000)


def mount(app: FastAPI) -> None:
    """Add the routes. A letter's id has slashes: it is a field and no part of the path."""
    app.add_api_route("/operator/letters", show_list, methods=["GET"], include_in_schema=False)
    app.add_api_route("/operator/letters/replay", replay_page, methods=["POST"], include_in_schema=False)
    app.add_api_route("/operator/letter", show, methods=["GET"], include_in_schema=False)
    for name, handler in (("edit", edit), ("replay", replay), ("discard", discard)):
        app.add_api_route(f"/operator/letter/{name}", handler, methods=["POST"], include_in_schema=False)


def show_list(
    console: Services, me: Me, reason: DeadLetterReason | None = None, settled: bool = False, page: int = 0
) -> HTMLResponse:
    """A page of them."""
    with console.store.read() as tx:
        listed = _listed(tx, reason, settled, max(0, page))
        return console.page("letters.html", me=me, tx=tx, here="/operator", notices=(), **listed)


def show(console: Services, me: Me, id: str) -> HTMLResponse:  # noqa: A002 - the word in the address
    """One letter whole."""
    with console.store.read() as tx:
        found = _one(tx, id)
        return console.page("letter.html", me=me, tx=tx, here="/operator", notices=(), **found)


def edit(console: Services, me: Me, sent: Annotated[Edit, Form()]) -> HTMLResponse:
    """Keep an edited message; a browser sends line ends as CR LF, and the message had none."""
    raw = sent.raw.replace("\r\n", "\n")

    def work(desk: LetterDesk) -> Notice:
        desk.edit(sent.letter_id, Edited(sent.key.encode() or None, raw.encode()), me.user_id)
        return Notice("ok", text("letters.saved"))

    return _acted(console, sent.letter_id, work)


def replay(console: Services, me: Me, sent: Annotated[About, Form()]) -> HTMLResponse:
    """Send it to where it came from."""

    def work(desk: LetterDesk) -> Notice:
        return Notice("ok", text("letters.replayed", place=desk.replay(sent.letter_id, me.user_id)))

    return _acted(console, sent.letter_id, work)


def discard(console: Services, me: Me, sent: Annotated[Discard, Form()]) -> HTMLResponse:
    """Give it up."""

    def work(desk: LetterDesk) -> Notice:
        desk.discard(sent.letter_id, sent.why, me.user_id)
        return Notice("ok", text("letters.discarded"))

    return _acted(console, sent.letter_id, work)


def replay_page(console: Services, me: Me, sent: Annotated[Which, Form()]) -> HTMLResponse:
    """Replay the letters of one page, each by itself."""
    with console.store.read() as tx:
        ids = in_order(tx.dead_letters.listed(sent.reason, PAGE_LETTERS, sent.page * PAGE_LETTERS))

    def work(desk: LetterDesk) -> Notice:
        found = desk.replay_many(ids, me.user_id)
        counted = text("letters.replayed_many", done=found.done, refused=len(found.refused))
        return Notice("warn" if found.refused else "ok", counted)

    notice = _tried(console, work)
    with console.store.read() as tx:
        listed = _listed(tx, sent.reason, False, 0)
        return HTMLResponse(console.render("letters_list.html", notices=(notice,), **listed))


def _acted(console: Console, letter_id: str, work: Callable[[LetterDesk], Notice]) -> HTMLResponse:
    notice = _tried(console, work)
    with console.store.read() as tx:
        return HTMLResponse(console.render("letter_card.html", notices=(notice,), **_one(tx, letter_id)))


def _tried(console: Console, work: Callable[[LetterDesk], Notice]) -> Notice:
    """What was done, or why nothing was."""
    if console.letters is None:
        return Notice("warn", text("letters.refused"), text("letters.no_replay"))
    try:
        return work(console.letters)
    except NotFound:
        raise
    except Refused as error:
        said = f"{plain(error.reason)}: {error.detail}" if error.detail else plain(error.reason)
        return Notice("warn", text("letters.refused"), said)


def _listed(tx: Transaction, reason: DeadLetterReason | None, settled: bool, page: int) -> dict[str, Any]:
    offset = page * PAGE_LETTERS
    if settled:
        found = tx.dead_letters.settled(PAGE_LETTERS + 1, offset)
        rows = [letter_row(kept.letter, kept) for kept in found]
    else:
        rows = [letter_row(one) for one in tx.dead_letters.listed(reason, PAGE_LETTERS + 1, offset)]
    counts = tx.dead_letters.counts()
    return {
        "letters": rows[:PAGE_LETTERS],
        "more": len(rows) > PAGE_LETTERS,
        "page": page,
        "reason": reason or "",
        "settled": settled,
        "reasons": [(word, f"{plain(word)} ({counts[word]:,})") for word in sorted(counts)],
    }


def _one(tx: Transaction, letter_id: str) -> dict[str, Any]:
    kept = tx.dead_letters.kept(letter_id)
    if kept is None:
        raise NotFound("no_such_letter", letter_id[:200])
    return {
        "letter": letter_row(kept.letter, kept),
        "waits": kept.settled_at is None,
        "original": printable(kept.letter.raw[:MAX_CHARACTERS]),
        "form": _form(kept),
        "edited": kept.edited is not None,
        "acts": history(tx.audit.about(subject=f"letter:{letter_id}")),
    }


def _form(kept: KeptLetter) -> tuple[str, str] | None:
    found = editable(kept.to_send)
    return found if found is not None and len(found[1]) <= MAX_CHARACTERS else None
