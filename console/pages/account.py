"""One record of one account: standing, needs with the reasons of a no, tasks, reorders, contacts, timeline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.consumption import bought, charts
from console.context import Console, Me, Services
from console.counting import ask
from console.gate import Principal
from console.history import SEEN, Happening, happenings, paged
from console.places import place_text
from console.roles import CALLERS
from console.survival import Survival, picture
from console.texts import named, plain, text
from console.times import moment_text
from console.words import KINDS
from console.worth import quantity_words, value_rows
from outreach.desk import AccountRecord
from outreach.hours import known_zone
from outreach.ports import Transaction
from outreach.records import AuditEntry, Need, NeedStatus
from outreach.wording import sentence_on
from schemas.errors import NotFound

FORECASTS_SHOWN = 4
HISTORY = 2000
"""Audit entries that the timeline goes back to."""


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A need in words."""

    name: str
    kind: str
    state: str
    tone: str
    why: str
    evidence: str
    at: str


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/accounts", find, methods=["GET"], include_in_schema=False)
    app.add_api_route("/account-history", show_history, methods=["GET"], include_in_schema=False)
    app.add_api_route("/accounts/{account_id:path}", show, methods=["GET"], include_in_schema=False)


def find(console: Services, me: Me, account_id: str = "") -> Response:
    """The search; an id leads to its page."""
    wanted = account_id.strip()
    if wanted:
        return RedirectResponse(f"/accounts/{quote(wanted, safe='')}", status_code=303)
    with console.store.read() as tx:
        return _find_page(console, tx, me, "")


def show(console: Services, me: Me, account_id: str, kind: str = "", page: int = 1) -> HTMLResponse:
    """The record; who looked is in the audit. Contacts are for those who call."""
    record = _record(console, me, account_id)
    with console.store.read() as tx:
        if record is None:
            return _find_page(console, tx, me, account_id)
        generated = any(contact.origin == "generated" for contact in record.contacts)
        return console.page(
            "account.html",
            me=me,
            tx=tx,
            here="/accounts",
            record=record,
            facts=_facts(record),
            consents=_consents(tx, record),
            worth=value_rows(record),
            needs=[_need_row(need) for need in record.needs],
            forecasts=_forecasts(
                record, console.desk.business_time(tx) or console.clock(), console.settings.default_zone
            ),
            tasks=[(task, plain(task.state), moment_text(task.changed_at)) for task in record.tasks],
            reorders=[
                (one, plain(one.state), moment_text(one.changed_at), quantity_words(one)) for one in record.reorders
            ],
            **_history(happenings(record), record, kind, page, "reading" if "account" in console.admin else "none"),
            asked_page=page,
            sees_contacts=me.role in CALLERS,
            made=text("made.account") if generated else "",
        )


def show_history(console: Services, me: Me, account_id: str, kind: str = "", page: int = 1) -> HTMLResponse:
    """Timeline and consumption with what the log holds; reading it takes longer than a page may."""
    record = _record(console, me, account_id)
    if record is None:
        raise NotFound("no_such_account", account_id)
    told = ask(console.admin, "account", {"account_id": account_id})
    shown = _history(happenings(record, told["events"]), record, kind, page, "")
    with console.store.read() as tx:
        now = console.desk.business_time(tx) or console.clock()
        today = now.astimezone(_zone_of(record, console.settings.default_zone)).date()
        shown["charts"] = charts(bought(tx, told["orders"]), record.needs, today)
    return HTMLResponse(console.render("timeline_list.html", **shown))


def _history(found: Sequence[Happening], record: AccountRecord, kind: str, page: int, log: str) -> dict[str, object]:
    path = f"/accounts/{quote(record.account_id, safe='')}"
    return {"shown": paged(found, kind, page), "log": log, "charts": None, "path": path}


def _record(console: Console, me: Principal, account_id: str) -> AccountRecord | None:
    """The record, and the note that this user read it; None when nothing is held of such an account."""
    try:
        with console.store.read() as tx:
            known = console.desk.account(tx, account_id)
            record = replace(known, history=tuple(tx.audit.about(account_id=account_id, limit=HISTORY)))
    except NotFound:
        return None
    parts = (record.standing, record.needs, record.tasks, record.contacts, record.history)
    if not any(parts):
        return None
    with console.store.begin() as tx:
        at = console.desk.business_time(tx) or tx.db_now()
        tx.audit.append([_seen(me, account_id, at)])
    return record


def _seen(me: Principal, account_id: str, at: datetime) -> AuditEntry:
    return AuditEntry(0, at, f"account:{account_id}", account_id, me.user_id, SEEN, None, None, 0)


def _find_page(console: Console, tx: Transaction, me: Principal, missing: str) -> HTMLResponse:
    page = console.page("accounts.html", me=me, tx=tx, here="/accounts", missing=missing)
    page.status_code = 404 if missing else 200
    return page


def _facts(record: AccountRecord) -> list[tuple[str, str]]:
    """What the fold says of the account, name and value; unknown is said, not left out."""
    standing = record.standing
    if standing is None:
        return []
    rows = (
        ("size", plain(standing.size)),
        ("phase", plain(standing.phase)),
        ("trade", plain(standing.trade or "").capitalize()),
        ("place", ", ".join(place_text(standing.region, standing.country))),
        ("zone", standing.zone),
        ("spend", f"{standing.yearly_spend:,.0f}"),
        ("last_order", moment_text(standing.last_order_at)),
        ("attempts", str(standing.selling_attempts)),
        ("cool_down", moment_text(standing.cool_down_until) or text("account.none")),
        ("credit", text("account.on_hold") if standing.credit_hold else text("account.none")),
        ("complaints", ", ".join(standing.open_complaints) or text("account.none")),
        ("manager", standing.account_manager or text("account.none")),
    )
    return [(text(f"account.fact_{name}"), value or text("unknown")) for name, value in rows]


def _consents(tx: Transaction, record: AccountRecord) -> list[tuple[str, str]]:
    """What they allowed, what they took back, how they like to be reached, and which numbers nobody calls."""
    standing = record.standing
    if standing is None:
        return []
    numbers = [contact.number for contact in record.contacts if contact.number]
    listed = len(tx.do_not_call.among(numbers)) if numbers else 0
    return [
        (text("account.consent_given"), _pairs(standing.given)),
        (text("account.consent_withdrawn"), _pairs(standing.withdrawn)),
        (text("account.consent_channel"), plain(standing.preferred_channel or "") or text("unknown")),
        (text("account.consent_listed"), str(listed) if listed else text("account.none")),
    ]


def _pairs(consents: Sequence[tuple[str, str]]) -> str:
    said = (text("account.consent", purpose=plain(purpose), channel=plain(channel)) for purpose, channel in consents)
    return ", ".join(said) or text("account.none")


def _forecasts(record: AccountRecord, now: datetime, default_zone: str | None) -> list[tuple[str, str, Survival]]:
    """(product, sentence, picture) of needs that have not ended, also of those that nobody acts on; newest first."""
    live = sorted((need for need in record.needs if need.status is not NeedStatus.ENDED), key=lambda one: one.at)
    zone = _zone_of(record, default_zone)
    today, found = now.astimezone(zone).date(), []
    for need in reversed(live):
        drawn = picture(need.evidence, today, zone) if need.evidence else None
        if drawn is not None and need.evidence is not None:
            found.append((named(need.group_name or need.group), sentence_on(need.evidence, today, zone), drawn))
    return found[:FORECASTS_SHOWN]


def _zone_of(record: AccountRecord, default_zone: str | None) -> tzinfo:
    """In which its days are counted."""
    return known_zone(record.standing.zone if record.standing else None) or known_zone(default_zone) or UTC


def _need_row(need: Need) -> NeedRow:
    tone = {NeedStatus.OPEN: "accent", NeedStatus.REFUSED: "warn"}.get(need.status, "")
    why = ", ".join(plain(reason) for reason in need.reasons)
    if need.status is NeedStatus.ENDED:
        why = plain(need.cause or "")
    evidence = need.evidence
    return NeedRow(
        name=named(need.group_name or need.group),
        kind=KINDS[need.kind] if need.kind else "",
        state=text(f"account.need_{need.status}"),
        tone=tone,
        why=why,
        evidence=evidence.sentence if evidence else "",
        at=moment_text(need.at),
    )
