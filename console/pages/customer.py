"""The page that an account sees of itself, by a signed link: no login, no script, and nothing of anybody else."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Form, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel

from console.chart import day_text
from console.context import Console, Services
from console.customer import own
from console.customer_texts import TEXTS, WRONG, say
from console.gate import Principal
from console.links import PREFIX, OpenLink, Shut, open_link, token_of
from console.roles import Role
from console.wishes import BadWish, Wish, correct, entry, grant, prefer, stop, tell_wrong
from outreach.hours import known_zone
from outreach.ports import Transaction
from schemas.base import EARLIEST
from schemas.errors import Unavailable
from schemas.needs import AccountStanding

DONE = {name: f"my.done_{name}" for name in ("channel", "stop", "contact", "wrong", "again")}
STATUS = {Shut.INVALID: 404, Shut.EXPIRED: 410, Shut.REVOKED: 410, Shut.ERASED: 410, Shut.CLOSED: 410}


class Sent(BaseModel):
    """Any of the page's forms; what is missing is empty, and judged by who needs it."""

    form: str = ""
    channel: str = ""
    topic: str = ""
    contact_id: str = ""
    person: str = ""
    number: str = ""
    gone: str = ""


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/my/{token}", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/my/{token}/{wish}", ask, methods=["POST"], include_in_schema=False)


def recognised(console: Console, request: Request) -> Principal | None:
    """The account whose link it is; None: the link leads nowhere."""
    found = opened(console, request)
    if isinstance(found, Shut):
        return None
    return Principal(f"customer:{found.link_id}", found.account_id, Role.CUSTOMER)


def shut_page(console: Console, request: Request) -> HTMLResponse:
    """Why a link leads nowhere. An address that nobody signed says nothing of any account."""
    found = opened(console, request)
    why = found if isinstance(found, Shut) else Shut.INVALID
    page = console.render("customer_shut.html", message=say(f"my.shut_{why}"))
    return HTMLResponse(page, status_code=STATUS[why])


def show(console: Services, request: Request, done: str = "") -> Response:
    """The page; that it was opened is in the history, unless that is its last line."""
    found = opened(console, request)
    if isinstance(found, Shut):
        return shut_page(console, request)
    if not done:
        _note(console, found)
    return _page(console, request, found, said=DONE.get(done, ""))


async def ask(console: Services, request: Request, wish: str, sent: Annotated[Sent, Form()]) -> Response:
    """One of the wishes, then the page again by its address: going back or reloading sends nothing twice."""
    return await run_in_threadpool(_ask, console, request, wish, sent)


def _ask(console: Console, request: Request, name: str, sent: Sent) -> Response:
    found = opened(console, request)
    if isinstance(found, Shut):
        return shut_page(console, request)
    signer = console.signer
    with console.store.read() as tx:
        now = tx.db_now()
    form = signer.read_form(found.link_id, sent.form, now) if signer else None
    if form is None:
        return _page(console, request, found, trouble="my.form_old", status=403)
    try:
        wish: Wish
        match name:
            case "channel":
                wish = prefer(sent.channel)
            case "stop":
                wish = stop(console, found)
            case "contact":
                wish = correct(console, found, sent.contact_id, sent.person, sent.number, bool(sent.gone))
            case "wrong":
                wish = tell_wrong(sent.topic, form)
            case _:
                return shut_page(console, request)
        done = wish.name if grant(console, found, form, wish) else "again"
    except BadWish as error:
        return _page(console, request, found, trouble=str(error), status=422)
    except Unavailable:
        return _page(console, request, found, trouble="my.not_now", status=503)
    return RedirectResponse(f"{PREFIX}{token_of(request.url.path)}?done={done}", status_code=303)


def opened(console: Console, request: Request) -> OpenLink | Shut:
    """Whose link the request's address is, or why it leads nowhere."""
    if console.signer is None:
        return Shut.INVALID
    token = token_of(request.url.path)
    if console.signer.read(token) is None:
        return Shut.INVALID
    with console.store.read() as tx:
        return open_link(tx, console.signer, token)


def _page(
    console: Console, request: Request, link: OpenLink, *, said: str = "", trouble: str = "", status: int = 200
) -> HTMLResponse:
    token = token_of(request.url.path)
    read = console.signer.read(token) if console.signer else None
    with console.store.read() as tx:
        account_id, db_now = link.account_id, tx.db_now()
        record = console.desk.account(tx, account_id)
        numbers = [one.number for one in record.contacts if one.number]
        view = own(
            record,
            tx.asked_orders.of_account(account_id),
            tx.do_not_call.among(numbers),
            local_now(console, tx, record.standing),
        )
    page = console.render(
        "customer.html",
        account_id=account_id,
        address=f"{PREFIX}{token}",
        ends=day_text(read[2].date()) if read else "",
        form=console.signer.form(link.link_id, db_now) if console.signer else "",
        view=view,
        wrong=WRONG,
        said=TEXTS.get(said, ""),
        trouble=TEXTS.get(trouble, ""),
        made=any(one.origin == "generated" for one in record.contacts),
    )
    return HTMLResponse(page, status_code=status)


def local_now(console: Console, tx: Transaction, standing: AccountStanding | None) -> datetime:
    """Business time where the account is."""
    now = console.now(tx)
    zone = known_zone(standing.zone if standing else None) or known_zone(console.settings.default_zone) or UTC
    return (now.moment if now else tx.db_now()).astimezone(zone)


def _note(console: Console, link: OpenLink) -> None:
    """That the account looked: staff see it in the history. Reloading does not fill it."""

    def looked(tx: Transaction) -> bool:
        newest = tx.audit.about(account_id=link.account_id, limit=1)
        wanted = entry(link, EARLIEST, "opened_own_page")
        return bool(newest) and (newest[0].actor, newest[0].event) == (wanted.actor, wanted.event)

    with console.store.read() as tx:
        if looked(tx):
            return
    with console.store.begin() as tx:
        at = console.desk.business_time(tx) or tx.db_now()
        tx.audit.append([entry(link, at, "opened_own_page")])
