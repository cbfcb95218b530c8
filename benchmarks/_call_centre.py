"""A made call centre of any size for benchmarks: open tasks with their accounts, numbers and needs, loaded in bulk."""

import json
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Table

from outreach import hours, priority
from outreach.desk import Desk, DeskRules
from outreach.hours import CalledParty
from outreach.records import Agent, ContactPoint, Need, NeedStatus, Task
from outreach.store import schema
from outreach.store.sql import SqlStore
from outreach.task import TaskState
from schemas import ids
from schemas.decisions import NeedKind, Reason, TaskClass
from schemas.events.accounts import Size
from schemas.events.ours import Phase
from schemas.needs import AccountStanding, ClockMoved, Evidence, Place

NOW = datetime(2024, 3, 5, 17, 0, tzinfo=UTC)
"""A Tuesday, five in the afternoon in London, six in the morning in Honolulu."""
RULES = DeskRules(holdout_salt="benchmark")
PLACES = (
    ("GB", None, "Europe/London"),
    ("US", "NY", "America/New_York"),
    ("US", "IL", "America/Chicago"),
    ("US", "CA", "America/Los_Angeles"),
    ("US", "HI", "Pacific/Honolulu"),
)
"""The last is shut now, and opens with the second hour of business time from now."""
SERVICE_EVERY, KEY_ACCOUNT_EVERY, HELD_OUT = 20, 7, 0.05
CHUNK = 20_000
_EDGES = [100.0 * step for step in range(1, 10)]
_EVIDENCE = Evidence(
    as_of=NOW,
    model_version="m1",
    profiles_version="standard",
    profile="small-maintenance",
    method="renewal",
    p_due=0.8,
    order_days=9,
    usual_gap_days=28.0,
    sentence="It orders every 28 days; the last time was 27 days ago.",
).model_dump_json(exclude_none=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """One open task and all that belongs to it."""

    task: Task
    need: Need
    standing: AccountStanding
    contact: ContactPoint


def open_tasks(count: int, seed: int = 1) -> Iterator[Opened]:
    """So many ready tasks, of accounts that are not held out; every twentieth is a service task."""
    chance, number, made = random.Random(seed), 0, 0
    while made < count:
        number += 1
        account = f"account-{number:07d}"
        if not ids.is_held_out(account, NOW, RULES.holdout_salt, HELD_OUT):
            made += 1
            yield _opened(account, number, chance)


def _opened(account: str, number: int, chance: random.Random) -> Opened:
    task = _task(account, number, chance)
    spend, phone = chance.random() * 1000.0, f"+447700{number:08d}"
    standing = _standing(account, number, spend, task.created_at)
    return Opened(task, _need(task), standing, ContactPoint(f"{account}-c1", account, "Robin Example", phone))


def _task(account: str, number: int, chance: random.Random) -> Task:
    task_class = TaskClass.SERVICE if number % SERVICE_EVERY == 0 else TaskClass.SELLING
    large, p_due = number % KEY_ACCOUNT_EVERY == 0, 0.5 + chance.random() / 2
    created = NOW - timedelta(days=chance.randrange(5), hours=1)
    since, until = window(*PLACES[number % len(PLACES)])
    return Task(
        task_id=ids.task_id(account, task_class, ids.need_id(account, "argon", 1)),
        account_id=account,
        task_class=task_class,
        state=TaskState.READY,
        version=1,
        created_at=created,
        changed_at=created,
        valid_until=NOW + timedelta(days=9),
        skill="key_accounts" if large else "sales",
        rank=priority.rank(
            callback_due=False,
            p_due=p_due,
            value_decile=chance.randrange(10),
            account_tier=2,
            profile_tier=2 if large else 4,
            created_at=created,
        ),
        p_due=p_due,
        eligible_from=since,
        eligible_until=until,
        hint_reason=Reason.OUTSIDE_CALLING_HOURS if since else None,
    )


def _need(task: Task) -> Need:
    return Need(
        need_id=ids.need_id(task.account_id, "argon", 1),
        account_id=task.account_id,
        account_version=2,
        status=NeedStatus.OPEN,
        group="argon",
        at=task.created_at,
        group_name="Argon",
        cycle=1,
        kind=NeedKind.RECOVERY if task.task_class is TaskClass.SERVICE else NeedKind.EXPECTED_REORDER,
        task_class=task.task_class,
        task_id=task.task_id,
        quantity_units=2.0,
        p_due=task.p_due,
        valid_until=task.valid_until,
        opened_at=task.created_at,
        evidence_json=_EVIDENCE,
    )


def _standing(account: str, number: int, spend: float, at: datetime) -> AccountStanding:
    country, region, zone = PLACES[number % len(PLACES)]
    return AccountStanding(
        account_id=account,
        account_version=1,
        at=at,
        place=Place(partition=0, offset=number),
        size=Size.LARGE if number % KEY_ACCOUNT_EVERY == 0 else Size.SMALL,
        phase=Phase.MAINTENANCE,
        country=country,
        region=region,
        zone=zone,
        yearly_spend=spend,
        last_order_at=NOW - timedelta(days=27),
    )


@cache
def window(country: str, region: str | None, zone: str) -> tuple[datetime | None, datetime | None]:
    """The hints that the desk would keep: (from, until) of the present or next calling window."""
    found = hours.next_window(CalledParty(zone, country, region), NOW)
    if found is None:
        return None, None
    return (found[0] if found[0] > NOW else None), found[1]


def load(store: SqlStore, tasks: int, agents: int, told: Callable[[int], None]) -> None:
    """Fill an empty, migrated database: business time, agents (every fifth with both skills), open tasks."""
    desk = Desk(RULES)
    with store.begin() as tx:
        desk.apply_effects(tx, [ClockMoved(partition=0, as_of=NOW)])
        tx.agents.put(Agent(name_of(n), skills=skills_of(n)) for n in range(agents))
        tx.facts.put("value_edges", json.dumps(_EDGES))
    rows = open_tasks(tasks)
    while chunk := list(islice(rows, CHUNK)):
        with store.begin() as tx:
            _write(tx.connection, schema.standings, map(_standing_row, chunk))
            _write(tx.connection, schema.tasks, (_row(one.task) for one in chunk))
            _write(tx.connection, schema.needs, (_row(one.need) for one in chunk))
            _write(tx.connection, schema.contacts, (_row(one.contact) for one in chunk))
        told(len(chunk))
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM ANALYZE" if connection.dialect.name == "postgresql" else "ANALYZE")


def name_of(number: int) -> str:
    """An agent's id."""
    return f"agent-{number:03d}"


def skills_of(number: int) -> tuple[str, ...]:
    """Most agents sell; every fifth serves key accounts, too."""
    return ("sales", "key_accounts") if number % 5 == 0 else ("sales",)


def _standing_row(one: Opened) -> dict[str, Any]:
    standing = one.standing
    return {
        "account_id": standing.account_id,
        "account_version": standing.account_version,
        "yearly_spend": standing.yearly_spend,
        "value": standing.yearly_spend,
        "body": standing.model_dump_json(exclude_defaults=True),
    }


def _row(record: Any) -> dict[str, Any]:
    names = tuple(record.__dataclass_fields__)
    return dict(zip(names, attrgetter(*names)(record), strict=True))


def _write(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """COPY on PostgreSQL, one INSERT with many values on SQLite."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        connection.execute(table.insert(), list(rows))


def _copy(connection: Connection, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    convert = [
        (column.name, column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect))
        for column in table.c
    ]
    names = ", ".join(f'"{name}"' for name, _ in convert)
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([row[name] if bound is None else bound(row[name]) for name, bound in convert])
