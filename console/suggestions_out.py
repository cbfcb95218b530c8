"""The API for one account's suggestions: products, the reason as a sentence and as figures, and how old they are."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import FastAPI, Path, Query
from pydantic import BaseModel, ConfigDict

from console.context import Services
from console.problems import answers
from outreach.records import Suggestion

MOST = 10
Objective = Literal["efficiency", "variety", "innovation"]


class Suggested(BaseModel):
    """One product. The figures are there only where they may be told: see docs/suggestions.md."""

    model_config = ConfigDict(extra="forbid")
    rank: int
    sku: str
    name: str
    sentence: str
    is_new: bool
    probability: float | None
    buyers: int | None
    neighbours: int | None
    base_rate: float | None


class Suggestions(BaseModel):
    """What may be suggested to an account now. Fewer than asked for: the list holds a few more than profiles show."""

    model_config = ConfigDict(extra="forbid")
    account_id: str
    objective: Objective
    version: str | None
    """Of the artefact that ranked them; null where nothing is suggested."""
    as_of: datetime | None
    suggestions: list[Suggested]


def mount(app: FastAPI) -> None:
    """Add the route."""
    app.add_api_route(
        "/v1/accounts/{account_id:path}/suggestions",
        suggestions,
        methods=["GET"],
        response_model=Suggestions,
        summary="Products that the account never bought and may be offered",
        responses=answers(_404="Nothing is known of the account"),
    )


def suggestions(
    console: Services,
    account_id: Annotated[str, Path(min_length=1, max_length=200)],
    objective: Objective | None = None,
    k: Annotated[int | None, Query(ge=1, le=MOST)] = None,
) -> Suggestions:
    """By the objective and number of the account's profile, unless the request says otherwise."""
    with console.store.read() as tx:
        wanted, found = console.desk.suggestions(tx, account_id, objective, k)
    first = found[0] if found else None
    return Suggestions.model_validate(
        {
            "account_id": account_id,
            "objective": wanted,
            "version": first.version if first else None,
            "as_of": first.as_of if first else None,
            "suggestions": [_told(rank, one) for rank, one in enumerate(found, 1)],
        }
    )


def _told(rank: int, one: Suggestion) -> Suggested:
    return Suggested(
        rank=rank,
        sku=one.sku,
        name=one.name,
        sentence=one.sentence,
        is_new=one.is_new,
        probability=one.probability,
        buyers=one.buyers,
        neighbours=one.neighbours,
        base_rate=one.base_rate,
    )
