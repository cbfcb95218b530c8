"""What the customer says to a suggestion: yes, or no with a reason of a closed list."""

from typing import Annotated, Literal

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.acting import act
from console.context import Me, Services
from console.notices import Notice
from console.pages.agent import desk_page
from console.texts import named, text
from outreach.ports import Transaction
from schemas.events.ours import SuggestionAnswer, SuggestionWhy


class Answered(BaseModel):
    """One suggestion of the call that the agent holds."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(max_length=200)
    sku: str = Field(min_length=1, max_length=200)
    answer: SuggestionAnswer
    why: SuggestionWhy | Literal[""] = ""


def mount(app: FastAPI) -> None:
    """Add the route."""
    app.add_api_route("/agent/tasks/{task_id}/suggestion", answer, methods=["POST"], include_in_schema=False)


def answer(console: Services, me: Me, task_id: str, sent: Annotated[Answered, Form()]) -> HTMLResponse:
    """Note it; a refused product rests."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        told = console.desk.answer_suggestion(
            tx, task_id, sent.token, sent.sku, sent.answer, sent.why or None, tx.db_now()
        )
        return (Notice("ok", text("suggestion.noted"), named(told.name) or told.sku),)

    notices = act(console, work)
    with console.store.read() as tx:
        return desk_page(console, tx, me, notices)
