"""The walks of docs/outreach.md, from a played demo: `python -m ops.walkthroughs FOLDER [--write]`.

Five accounts are chosen by fixed rules, so that the same year gives the same five; what is said of them is what
`ringahead explain` says, and their orders are those of the log.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import click

from ops.explaining import Behind, Explanation, explain
from outreach.desk import Desk, rules_from
from outreach.records import Need, NeedStatus, ReorderTask
from outreach.store.sql import SqlStore, SqlTransaction, create
from outreach.store.work import SqlReorders
from outreach.wording import told_day
from schemas.decisions import NeedKind
from schemas.envelope import Event
from schemas.events.orders import OrderPlaced
from schemas.settings import Settings
from streams.embedded import tables
from streams.processor import read_event

PAGE = Path(__file__).parent.parent / "docs" / "outreach.md"
BEGIN, END = "<!-- walks -->", "<!-- /walks -->"
ORDERS, DECISIONS = 6, 9
K = NeedKind
Told = TypeVar("Told", Need, ReorderTask)


@dataclass(frozen=True, slots=True)
class Case:
    """What one walk shows, and which need qualifies for it."""

    title: str
    fits: Callable[[Need], bool]


CASES = (
    Case(
        "Called before the order, and called off by it", lambda n: n.kind is K.EXPECTED_REORDER and n.cause == "covered"
    ),
    Case("A meter that runs low", lambda n: n.kind is K.RUN_OUT),
    Case("A complaint before anything else", lambda n: n.kind is K.RECOVERY and n.cause == "resolved"),
    Case("Silent for too long", lambda n: n.kind is K.WIN_BACK and n.status is NeedStatus.OPEN),
)


def walks(tx: SqlTransaction, desk: Desk) -> Iterator[str]:
    """Markdown of all five."""
    needs = tx.needs.all_of(tx.needs.query().order_by(tx.needs.key))
    used: set[str] = set()
    for case in CASES:
        need = longest_known([n for n in needs if n.task_id and n.account_id not in used and case.fits(n)])
        used.add(need.account_id)
        yield from _walk(tx, desk, case.title, need)
    own = SqlReorders(tx.connection)
    proposals = own.all_of(own.query().order_by(own.key))
    proposal = longest_known([one for one in proposals if one.account_id not in used])
    yield from _reorder(tx, desk, "Proposed to procurement instead of called", proposal)


def longest_known(found: Sequence[Told]) -> Told:
    """The one with the most order days behind it; of equals the lowest account and group."""

    def known(one: Told) -> tuple[int, str, str]:
        return -(one.evidence.order_days if one.evidence else 0), one.account_id, one.group

    return min(found, key=known)


def _walk(tx: SqlTransaction, desk: Desk, title: str, need: Need) -> Iterator[str]:
    log = list(_log(tx, need.account_id))
    said = explain(tx, desk, need.task_id or "", log, 10_000)
    yield from _head(tx, title, need.account_id)
    opened = need.opened_at or need.at
    yield from _orders(log, None if need.group.startswith("*") else need.group, opened)
    line = next(one for one in said.lines if one.need_id == need.need_id)
    yield f"**Found** {_moment(opened)}, by model `{line.evidence.get('model_version')}` and profiles "
    yield f"`{line.evidence.get('profiles_version')}` (`{line.evidence.get('profile')}`): {_forecast(line.evidence)}"
    yield f"To be said on the phone: “{line.evidence.get('sentence', '')}”"
    yield ""
    yield from _became(said)


def _reorder(tx: SqlTransaction, desk: Desk, title: str, one: ReorderTask) -> Iterator[str]:
    log = list(_log(tx, one.account_id))
    yield from _head(tx, title, one.account_id)
    yield from _orders(log, one.group, one.created_at)
    evidence = {} if one.evidence is None else one.evidence.model_dump(mode="json", exclude_none=True)
    yield f"**Found** {_moment(one.created_at)}, by model `{evidence.get('model_version')}` and profiles "
    yield f"`{evidence.get('profiles_version')}` (`{evidence.get('profile')}`): {_forecast(evidence)}"
    yield f"Proposed: {one.quantity_units:g} of {_name(one.group_name, one.group)}. Nobody is called."
    yield ""
    cause = f": {one.cause}" if one.cause else ""
    yield f"**What became of it**: {one.state}{cause}{f' by order {one.order_id}' if one.order_id else ''}, "
    yield f"{_moment(one.changed_at)}."
    yield ""


def _head(tx: SqlTransaction, title: str, account_id: str) -> Iterator[str]:
    standing = tx.standings.get(account_id)
    yield f"## {title}"
    yield ""
    if standing is not None:
        spend = f"{standing.yearly_spend:,.0f} a year"
        place = standing.region or standing.country
        yield f"Account {account_id}: {standing.size}, {standing.phase}, {spend}, {place}."
        yield ""


def _log(tx: SqlTransaction, account_id: str) -> Iterator[tuple[int | None, Event]]:
    for record in tables.of_key(tx.connection, account_id.encode()):
        yield record.offset, read_event(record)


def _orders(log: Sequence[tuple[int | None, Event]], group: str | None, until: datetime) -> Iterator[str]:
    """Its newest orders before that moment: days, units, days since the one before."""
    days: dict[datetime, float] = {}
    for _, event in log:
        if isinstance(event.fact, OrderPlaced) and event.time <= until:
            lines = [line for line in event.fact.lines if group in {None, line.sku}]
            if lines:
                day = event.time.replace(hour=0, minute=0, second=0)
                units = sum(float(line.quantity) for line in lines)
                days[day] = days.get(day, 0) + units
    newest = sorted(days)[-ORDERS:]
    what = "Orders of anything" if group is None else f"Orders of {group}"
    told = [f"{day:%-d %b} ({days[day]:g})" for day in newest]
    more = f", {len(days) - len(newest)} before" if len(days) > len(newest) else ""
    gaps = [f"{(b - a) / timedelta(days=1):.0f}" for a, b in pairwise(newest)]
    yield f"**{what}** (units{more}): {', '.join(told) or 'none'}."
    yield f"Days between them: {', '.join(gaps)}." if gaps else ""
    yield ""


def _became(said: Explanation) -> Iterator[str]:
    """What was decided of the task, oldest first."""
    yield "| When | Who | What | State |"
    yield "|---|---|---|---|"
    shown = said.decisions if len(said.decisions) <= DECISIONS else (*said.decisions[:4], *said.decisions[-5:])
    for one in shown:
        detail = f" ({one.detail})" if one.detail else ""
        yield f"| {_moment(one.at)} | {one.who} | {one.what}{detail} | {one.after or ''} |"
    yield ""
    behind = [one for one in said.events if one.type in _TELLING and said.created_at <= one.at]
    for event in behind[:3]:
        yield f"- {_moment(event.at)}: {event.type}, {_short(event)}."
    if said.state == "ready":
        against = f"; against a call now: {', '.join(said.blocked_now)}" if said.blocked_now else ""
        yield f"- At {_moment(said.as_of)} it waits for an agent{against}."
    yield ""


_TELLING = {"OrderPlaced", "ComplaintOpened", "ComplaintResolved", "UsageReported", "CallEnded"}


def _short(event: Behind) -> str:
    return event.says if len(event.says) <= 80 else f"{event.says[:77]}..."


def _forecast(evidence: object) -> str:
    """Figures of the evidence in words."""
    told = evidence if isinstance(evidence, dict) else {}
    parts = []
    if "p_due" in told and "service_level" in told:
        parts.append(f"P(due within the lead time) {told['p_due']:.2f}, at least {told['service_level']:g}")
    if "usual_gap_days" in told:
        parts.append(f"{told.get('order_days', 0)} order days, usually {told['usual_gap_days']:g} days apart")
    if "stock_units" in told:
        parts.append(f"about {told['stock_units']:,.0f} units left by the meter")
    if "p50_on" in told:
        parts.append(f"p10 {told.get('p10_on', '-')}, p50 {told['p50_on']}, p90 {told.get('p90_on', '-')}")
    if "p_alive" in told and "p_due" not in told:
        parts.append(f"P(alive) {told['p_alive']:.2f}")
    return "; ".join(parts) + "." if parts else "by an event, not by a forecast."


def _name(name: str, group: str) -> str:
    return f"{name.title()} ({group})" if name else group


def _moment(at: datetime | None) -> str:
    return "" if at is None else f"{told_day(at.date(), at.date())} {at:%H:%M}"


def page_with(text: str, page: str) -> str:
    """The page with the walks between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{text.strip()}\n{END}{tail}"


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True))
@click.option("--write", is_flag=True, help="Into docs/outreach.md, between its marks.")
def main(folder: Path, write: bool) -> None:
    """Print the five walks of the demo that was played into FOLDER."""
    settings = Settings(data_dir=folder)
    store = SqlStore(create(f"sqlite:///{settings.sqlite_path}"))
    with store.read() as tx:
        text = "\n".join(walks(tx, Desk(rules_from(settings))))
    store.close()
    if write:
        PAGE.write_text(page_with(text, PAGE.read_text("utf-8")), "utf-8")
    else:
        click.echo(text)


if __name__ == "__main__":
    main()
