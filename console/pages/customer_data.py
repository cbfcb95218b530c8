"""What the log holds of an account, shown to itself, and all that is held as one file; by the account's signed link."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.context import Console, Services
from console.counting import ask
from console.customer import Own, own
from console.links import PREFIX, OpenLink, Shut, token_of
from console.own_data import FILE, SHOWN_AT_MOST, heard, lines
from console.pages.customer import local_now, opened, shut_page
from console.wishes import entry
from outreach.desk import AccountRecord
from outreach.ports import Transaction
from schemas.errors import Unavailable

NOTHING: Mapping[str, Any] = {"events": (), "raw": ()}


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/my/{token}/data", show, methods=["GET"], include_in_schema=False)
    app.add_api_route(f"/my/{{token}}/{FILE}", save, methods=["GET"], include_in_schema=False)


def show(console: Services, request: Request) -> Response:
    """The newest events, in words; says so where they cannot be read now."""
    link = opened(console, request)
    if isinstance(link, Shut):
        return shut_page(console, request)
    events, trouble = (), ""
    try:
        events = _logged(console, link, whole=False)["events"]
    except Unavailable:
        trouble = "my.log_away"
    with console.store.read() as tx:
        zone = local_now(console, tx, tx.standings.get(link.account_id)).tzinfo
    page = console.render(
        "customer_data.html",
        account_id=link.account_id,
        address=f"{PREFIX}{token_of(request.url.path)}",
        file=FILE,
        events=heard(events, zone)[:SHOWN_AT_MOST],
        total=len(events),
        trouble=trouble,
    )
    return HTMLResponse(page)


def save(console: Services, request: Request) -> Response:
    """Everything as JSON Lines; that it was fetched is in the account's history. 503 where the log cannot be read."""
    link = opened(console, request)
    if isinstance(link, Shut):
        return shut_page(console, request)
    try:
        raw: Sequence[str] = _logged(console, link, whole=True)["raw"]
    except Unavailable:
        return RedirectResponse(f"{PREFIX}{token_of(request.url.path)}/data", status_code=303)  # which says why
    with console.store.begin() as tx:
        record = console.desk.account(tx, link.account_id)
        body = "".join(lines(record, _view(console, tx, record), raw))
        tx.audit.append([entry(link, console.desk.business_time(tx) or tx.db_now(), "fetched_own_data")])
    name = "".join(one if one.isalnum() else "-" for one in link.account_id if one.isascii())
    headers = {"content-disposition": f'attachment; filename="account-{name}.jsonl"'}
    return Response(body, media_type="application/jsonl", headers=headers)


def _logged(console: Console, link: OpenLink, *, whole: bool) -> Mapping[str, Any]:
    """What the log holds of the account. Raises Unavailable."""
    asked = {"account_id": link.account_id, "whole": whole}
    return {**NOTHING, **ask(console.admin, "account", asked)}


def _view(console: Console, tx: Transaction, record: AccountRecord) -> Own:
    return own(record, (), set(), local_now(console, tx, record.standing))
