"""What a claim will ask for, read before it asks: two waits instead of a dozen. See `outreach.ports.Transaction`.

Each repository keeps the answers that were read for it and forgets them when it writes; it never answers from them what
was not read.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, Table, Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from outreach.records import Agent, Attempt, ContactPoint, Need, Task
from outreach.store import schema
from outreach.store.together import prepared, together, waits
from outreach.task import HELD
from schemas.needs import AccountStanding, ClockMoved

if TYPE_CHECKING:
    from outreach.store.sql import SqlTransaction


def _among(name: str) -> Any:
    return any_(bindparam(name, type_=ARRAY(Text)))


def _records(table: Table, record: type[Any]) -> Select[Any]:
    return select(*(table.c[field.name] for field in fields(record)))


def _clocks() -> Select[Any]:
    return select(schema.clocks.c.body).order_by(schema.clocks.c.partition)


def _facts() -> Select[Any]:
    return select(schema.desk_facts.c.name, schema.desk_facts.c.value)


def _agent() -> Select[Any]:
    return _records(schema.agents, Agent).where(schema.agents.c.agent_id == bindparam("agent")).with_for_update()


def _held() -> Select[Any]:
    return _records(schema.tasks, Task).where(schema.tasks.c.agent_id == bindparam("agent"), schema.in_state(HELD))


def _standings() -> Select[Any]:
    return select(schema.standings.c.body).where(schema.standings.c.account_id == _among("accounts"))


def _contacts() -> Select[Any]:
    return _records(schema.contacts, ContactPoint).where(schema.contacts.c.account_id == _among("accounts"))


def _blocked() -> Select[Any]:
    theirs = select(schema.contacts.c.number).where(schema.contacts.c.account_id == _among("accounts"))
    return select(schema.do_not_call.c.number).where(schema.do_not_call.c.number.in_(theirs))


def _attempts() -> Select[Any]:
    table = schema.attempts.c
    theirs = _records(schema.attempts, Attempt).where(table.account_id == _among("accounts"))
    return theirs.where(table.started_at >= bindparam("since"))


def _lines() -> Select[Any]:
    return _records(schema.needs, Need).where(schema.needs.c.task_id == _among("tasks"))


def _suggestions() -> Select[Any]:
    return select(schema.suggestion_lists).where(schema.suggestion_lists.c.account_id == _among("accounts"))


def foresee_claim(tx: "SqlTransaction", agent_id: str) -> None:
    """Read business time, the desk's facts, the agent (locked), and what he holds."""
    if not waits(tx.connection):
        return
    who = {"agent": agent_id}
    asked = [(prepared(_clocks), {}), (prepared(_facts), {}), (prepared(_agent), who), (prepared(_held), who)]
    clocks, facts, agent, held = together(tx.connection, asked)
    tx.clocks.foreseen = [ClockMoved.model_validate_json(body) for (body,) in clocks]
    tx.facts.foreseen = dict(facts)
    tx.agents.foreseen = {agent_id: tx.agents.made(agent)}
    tx.tasks.foreseen = {agent_id: tx.tasks.made(held)}


def foresee_accounts(
    tx: "SqlTransaction", account_ids: Iterable[str], task_ids: Iterable[str], since: datetime
) -> None:
    """Read what eligibility and the card need of these accounts and tasks; attempts since then."""
    if not waits(tx.connection):
        return
    accounts, tasks = sorted(set(account_ids)), sorted(set(task_ids))
    them = {"accounts": accounts}
    standings, contacts, blocked, attempts, lines, suggestions = together(
        tx.connection,
        [
            (prepared(_standings), them),
            (prepared(_contacts), them),
            (prepared(_blocked), them),
            (prepared(_attempts), {**them, "since": since}),
            (prepared(_lines), {"tasks": tasks}),
            (prepared(_suggestions), them),
        ],
    )
    known = {one.account_id: one for one in (AccountStanding.model_validate_json(body) for (body,) in standings)}
    tx.standings.foreseen = {account: [known[account]] if account in known else [] for account in accounts}
    tx.contacts.foreseen = grouped(accounts, tx.contacts.made(contacts), "account_id")
    numbers = {point.number for points in tx.contacts.foreseen.values() for point in points if point.number}
    tx.do_not_call.foreseen = (numbers, {number for (number,) in blocked})
    tx.attempts.foreseen = grouped(accounts, tx.attempts.made(attempts), "account_id")
    tx.attempts.foreseen_since = since
    tx.needs.foreseen = grouped(tasks, tx.needs.made(lines), "task_id")
    tx.suggestions.foresee(accounts, suggestions)


def grouped(keys: Sequence[str], rows: Iterable[Any], name: str) -> dict[str, list[Any]]:
    """Rows of each key; a key without rows has none."""
    found: dict[str, list[Any]] = {key: [] for key in keys}
    groups: defaultdict[str, list[Any]] = defaultdict(list, found)
    for row in rows:
        groups[getattr(row, name)].append(row)
    return dict(groups)
