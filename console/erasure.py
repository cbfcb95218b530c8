"""The API for erasing an account: what would go, and doing it. For supervisors; the history names who did it."""

from datetime import datetime
from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from console.context import Me, Services
from console.problems import answers
from outreach.desk import ErasureReason


class Erase(BaseModel):
    """Which account, and why. ``confirmed`` false: only say what would go."""

    model_config = ConfigDict(extra="forbid")
    account_id: Annotated[str, Field(min_length=1, max_length=200)]
    reason: ErasureReason
    confirmed: bool = False


class Erased(BaseModel):
    """What went, or would go: counts, and nobody's name."""

    model_config = ConfigDict(extra="forbid")
    account_id: str
    erased_at: datetime | None
    """Business time; null while nothing was erased."""
    contacts: int
    suggestions: int
    shown: int
    attempts: int
    open_tasks: int
    pending_reorders: int


def mount(app: FastAPI) -> None:
    """Add the route."""
    app.add_api_route(
        "/v1/erasures",
        erase,
        methods=["POST"],
        response_model=Erased,
        summary="Delete an account's people, cancel its tasks, never contact it again",
        responses=answers(_404="Nothing is known of the account", _409="It continues as another one: erase that"),
    )


def erase(console: Services, me: Me, asked: Erase) -> Erased:
    """Count, and erase where it is confirmed; twice is once. Accounts that continue as this one go with it."""
    with console.store.begin() as tx:
        found = console.desk.erasable(tx, asked.account_id)
        if asked.confirmed and found.erased_at is None:
            console.desk.erase_account(tx, asked.account_id, me.user_id, asked.reason)
        done = tx.erasures.get(asked.account_id)
    erased_at = None if done is None else done.at
    return Erased(
        account_id=found.account_id,
        erased_at=erased_at,
        contacts=found.contacts,
        suggestions=found.suggestions,
        shown=found.shown,
        attempts=found.attempts,
        open_tasks=found.open_tasks,
        pending_reorders=found.pending_reorders,
    )
