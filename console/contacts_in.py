"""The API for contacts, numbers that nobody calls and copies of official registers: all of a request, or nothing."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from fastapi import FastAPI, Header, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from console.again import entity_tag, matches
from console.context import Console, Me, Services
from console.gate import Principal
from console.paging import next_page
from console.problems import Problem, answers
from outreach.desk.numbers import normalised
from outreach.hours import known_zone
from outreach.ports import Transaction
from outreach.records import ContactPoint, RegisterCopy
from schemas.base import Identifier
from schemas.errors import Refused
from schemas.events.accounts import Channel
from schemas.ids import stable_hash

T = TypeVar("T")
MOST = 1000
CALLED = frozenset({Channel.PHONE, Channel.TEXT})
RegisterName = Annotated[str, Path(min_length=1, max_length=64)]
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
    if_match: str | None = Field(default=None, max_length=64)
    """Only while the contact is the one that this tag names, as an earlier answer gave it; ``none``: only a new one."""


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


class ContactsKept(Kept):
    """What was written, and by which tag each contact is known now."""

    tags: dict[str, str] = {}
    """By contact_id; for the next request's ``if_match``."""


class CopyOut(BaseModel):
    """A copy in force."""

    register_name: str = Field(serialization_alias="register")
    copied_at: datetime
    numbers: int


def mount(app: FastAPI) -> None:
    """Add the routes."""
    refused = answers(_409="The rules do not allow it", _412="If-Match: it changed", _422="Nothing of it was kept")
    for path, handler, words, model in (
        ("/v1/contacts", put_contacts, "Contacts of accounts", ContactsKept),
        ("/v1/do-not-call", put_numbers, "Numbers that nobody calls; their open tasks are cancelled at once", Kept),
        ("/v1/registers/{name}", put_copy, "A copy of an official do-not-call register", Kept),
    ):
        app.add_api_route(path, handler, methods=["POST"], response_model=model, summary=words, responses=refused)
    app.add_api_route(
        "/v1/registers", copies, methods=["GET"], response_model=list[CopyOut], summary="Copies of registers in force"
    )
    app.add_api_route(
        "/v1/registers/{name}",
        copy_of,
        methods=["GET"],
        response_model=CopyOut,
        summary="One copy in force",
        responses=answers(_404="No copy of such a register is in force"),
    )


async def put_contacts(console: Services, me: Me, sent: ContactsIn) -> ContactsKept:
    """Keep them, or refuse all with the first fault and its place."""
    points = [_point(place, one) for place, one in enumerate(sent.contacts)]
    del me

    def write(tx: Transaction) -> ContactsKept:
        _only_unchanged(tx, sent.contacts)
        kept = console.desk.put_contacts(tx, points)
        return ContactsKept(kept=kept, tags=_tags(tx, {one.contact_id for one in points}))

    return await run_in_threadpool(_written, console, write)


async def put_numbers(console: Services, me: Me, sent: NumbersIn) -> Kept:
    """List them: from now on nobody calls these numbers."""
    return await run_in_threadpool(_block, console, me, sent)


async def put_copy(
    console: Services, me: Me, name: RegisterName, sent: CopyIn, if_match: Annotated[str | None, Header()] = None
) -> Kept:
    """Fill a copy; with ``copied_at`` it is in force. With ``If-Match`` only while the copy in force is that one."""

    def write(tx: Transaction) -> int:
        if if_match is not None and not _is_still(tx, name, if_match):
            raise Problem(412, "changed", "the copy in force is not the one that If-Match names")
        numbers = [normalised(number) for number in sent.numbers]
        tx.registers.add_numbers(name, sent.generation, numbers)
        if sent.copied_at is not None:
            count = max(sent.count, len(numbers))
            console.desk.put_register(tx, name, sent.generation, sent.copied_at, count, me.user_id)
        return len(numbers)

    return Kept(kept=await run_in_threadpool(_written, console, write))


def copies(
    console: Services,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    after: Annotated[str, Query(max_length=64)] = "",
) -> list[CopyOut]:
    """By name, after this one; ``Link`` leads to the next page."""
    with console.store.read() as tx:
        found = [one for one in tx.registers.copies() if one.register > after]
    if len(found) > limit:
        response.headers["Link"] = next_page("/v1/registers", limit=limit, after=found[limit - 1].register)
    return [_copy_out(one) for one in found[:limit]]


def copy_of(console: Services, name: RegisterName) -> Response:
    """One of them; its entity tag is what If-Match takes."""
    with console.store.read() as tx:
        found = _copy(tx, name)
    if found is None:
        raise Problem(404, "no_such_register", f"no copy of {name} is in force")
    return Response(found, media_type="application/json")


def _copy_out(one: RegisterCopy) -> CopyOut:
    return CopyOut(register_name=one.register, copied_at=one.copied_at, numbers=one.numbers)


def _copy(tx: Transaction, name: str) -> bytes | None:
    """Its JSON."""
    found = next((one for one in tx.registers.copies() if one.register == name), None)
    return None if found is None else _copy_out(found).model_dump_json(by_alias=True).encode()


def _is_still(tx: Transaction, name: str, condition: str) -> bool:
    found = _copy(tx, name)
    return found is not None and matches(condition, entity_tag(found))


def _block(console: Console, me: Principal, sent: NumbersIn) -> Kept:
    with console.store.begin() as tx:
        cancelled = sum(console.desk.block_number(tx, number, me.user_id) for number in sent.numbers)
    return Kept(kept=len(sent.numbers), cancelled=cancelled)


def _tags(tx: Transaction, contact_ids: Collection[str]) -> dict[str, str]:
    """Of what is kept, an agent's note that a number is wrong included."""
    return {one.contact_id: stable_hash("contact", repr(one)).hex() for one in tx.contacts.many(contact_ids)}


def _only_unchanged(tx: Transaction, sent: Sequence[ContactIn]) -> None:
    """Raise 412 for the first contact that is not what its sender thinks; who else replaces contacts here waits."""
    tx.take_turns(["contacts"])
    conditional = {one.contact_id: place for place, one in enumerate(sent) if one.if_match is not None}
    tags = _tags(tx, conditional)
    for contact_id, place in conditional.items():
        if sent[place].if_match != tags.get(contact_id, "none"):
            raise Problem(412, "changed", f"contacts.{place}: it is not the one that if_match names")


def _written(console: Console, write: Callable[[Transaction], T]) -> T:
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
