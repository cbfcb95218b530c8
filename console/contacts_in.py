"""The API for contacts, numbers that nobody calls and copies of official registers: all of a request, or nothing."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from console.context import Console, Me, Services
from console.gate import Principal
from console.problems import Problem
from outreach.desk.numbers import normalised
from outreach.hours import known_zone
from outreach.ports import Transaction
from outreach.records import ContactPoint
from schemas.base import Identifier
from schemas.errors import Refused
from schemas.events.accounts import Channel

MOST = 1000
CALLED = frozenset({Channel.PHONE, Channel.TEXT})
Number = Annotated[str, Field(min_length=5, max_length=40, pattern=r"^\+?[0-9 ().-]+$")]


class ContactIn(BaseModel):
    """Whom to reach, and how. A known contact_id is replaced."""

    model_config = ConfigDict(extra="forbid")
    contact_id: Identifier
    account_id: Identifier
    person: str = Field(min_length=1, max_length=200)
    number: Number | None = None
    """With + and country code. Needed for phone and text."""
    channel: Channel = Channel.PHONE
    zone: str | None = Field(default=None, max_length=64)
    """IANA name; else the account's own."""
    rank: int = Field(default=1, ge=1, le=99)
    """1 is tried first."""


class ContactsIn(BaseModel):
    """Up to 1,000 contacts."""

    model_config = ConfigDict(extra="forbid")
    contacts: list[ContactIn] = Field(min_length=1, max_length=MOST)


class NumbersIn(BaseModel):
    """Up to 1,000 numbers."""

    model_config = ConfigDict(extra="forbid")
    numbers: list[Number] = Field(min_length=1, max_length=MOST)


class CopyIn(BaseModel):
    """A copy of an official register, in parts: the last one says when it was copied, and puts it in force."""

    model_config = ConfigDict(extra="forbid")
    generation: Identifier
    """The same for all parts of one copy."""
    numbers: list[Number] = Field(max_length=MOST)
    copied_at: AwareDatetime | None = None
    count: int = Field(default=0, ge=0)
    """With copied_at: how many numbers the copy has in all."""


class Kept(BaseModel):
    """What was written."""

    status: Literal["kept"] = "kept"
    kept: int
    cancelled: int = 0
    """Open tasks that ended because of it."""


class CopyOut(BaseModel):
    """A copy in force."""

    register_name: str = Field(serialization_alias="register")
    copied_at: datetime
    numbers: int


def mount(app: FastAPI) -> None:
    """Add the routes."""
    refused: dict[int | str, dict[str, Any]] = {
        409: {"description": "The rules do not allow it"},
        422: {"description": "Nothing of it was kept"},
    }
    for path, handler, words in (
        ("/v1/contacts", put_contacts, "Contacts of accounts"),
        ("/v1/do-not-call", put_numbers, "Numbers that nobody calls; their open tasks are cancelled at once"),
        ("/v1/registers/{name}", put_copy, "A copy of an official do-not-call register"),
    ):
        app.add_api_route(path, handler, methods=["POST"], response_model=Kept, summary=words, responses=refused)
    app.add_api_route(
        "/v1/registers", copies, methods=["GET"], response_model=list[CopyOut], summary="Copies of registers in force"
    )


async def put_contacts(console: Services, me: Me, sent: ContactsIn) -> Kept:
    """Keep them, or refuse all with the first fault and its place."""
    points = [_point(place, one) for place, one in enumerate(sent.contacts)]
    kept = await run_in_threadpool(_written, console, lambda tx: console.desk.put_contacts(tx, points))
    del me
    return Kept(kept=kept)


async def put_numbers(console: Services, me: Me, sent: NumbersIn) -> Kept:
    """List them: from now on nobody calls these numbers."""
    return await run_in_threadpool(_block, console, me, sent)


async def put_copy(console: Services, me: Me, name: str, sent: CopyIn) -> Kept:
    """Fill a copy; with ``copied_at`` it is in force."""

    def write(tx: Transaction) -> int:
        numbers = [normalised(number) for number in sent.numbers]
        tx.registers.add_numbers(name[:64], sent.generation, numbers)
        if sent.copied_at is not None:
            count = max(sent.count, len(numbers))
            console.desk.put_register(tx, name[:64], sent.generation, sent.copied_at, count, me.user_id)
        return len(numbers)

    return Kept(kept=await run_in_threadpool(_written, console, write))


def copies(console: Services) -> list[CopyOut]:
    """By name."""
    with console.store.read() as tx:
        return [
            CopyOut(register_name=one.register, copied_at=one.copied_at, numbers=one.numbers)
            for one in tx.registers.copies()
        ]


def _block(console: Console, me: Principal, sent: NumbersIn) -> Kept:
    with console.store.begin() as tx:
        cancelled = sum(console.desk.block_number(tx, number, me.user_id) for number in sent.numbers)
    return Kept(kept=len(sent.numbers), cancelled=cancelled)


def _written(console: Console, write: Callable[[Transaction], int]) -> int:
    try:
        with console.store.begin() as tx:
            return write(tx)
    except Refused as error:
        raise Problem(422, error.reason, error.detail or error.reason) from error


def _point(place: int, one: ContactIn) -> ContactPoint:
    where = f"contacts.{place}"
    if one.number is None and one.channel in CALLED:
        raise Problem(422, "no_number", f"{where}.number: {one.channel} needs one")
    if one.zone is not None and known_zone(one.zone) is None:
        raise Problem(422, "unknown_zone", f"{where}.zone: no IANA zone of a place")
    try:
        number = None if one.number is None else normalised(one.number)
    except Refused as error:
        raise Problem(422, error.reason, f"{where}.number: {error.detail}") from error
    return ContactPoint(one.contact_id, one.account_id, one.person, number, one.channel, one.zone, rank=one.rank)
