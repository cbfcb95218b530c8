"""The same events give the same task ids, reasons and order: a log is folded anew beside the installation, compared.

The replay has its own empty file and reads of the installation only the log and the artefacts that it names. It knows
no people: accounts on whose tasks somebody acted are compared by their needs alone, since what people do is no event
of the log until it has its outcome.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event, select

from ops.embedded.installation import installation_of
from outreach.desk import Desk, rules_from
from outreach.records import Need, ReorderTask, Task
from outreach.store import schema
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, SqlTransaction, create
from outreach.store.work import SqlReorders
from outreach.task import TaskState
from schemas.errors import Misconfigured
from schemas.settings import Settings
from streams.artefacts import ArtefactSource
from streams.embedded.runtime import ArtefactsOn
from streams.microbatch.ports import Record, Write
from streams.processor import LogFolder

BATCH_RECORDS = 2000
OWN_ACTORS = ("fold", "upkeep")
"""Who changes tasks without being a person."""
_ROUNDS = 100_000
Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """What an installation holds, as far as the log decides it."""

    needs: dict[str, tuple[Any, ...]]
    tasks: dict[str, tuple[Any, ...]]
    reorders: dict[str, tuple[Any, ...]]
    order: list[str]
    """Ready task ids, the first to be called first."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What was compared, and where it first differs."""

    records: int
    needs: int
    tasks: int
    reorders: int
    ready: int
    left_out: int
    """Accounts whose tasks people worked on: compared by needs alone."""
    difference: str | None
    """None: equal."""


class _States:
    """A partition's state in memory."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        yield from sorted((key, value) for key, value in self.rows.items() if key.startswith(prefix) and key > after)

    def write(self, writes: Iterable[Write]) -> None:
        for key, value in writes:
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


def require_database(settings: Settings) -> None:
    """Raises Misconfigured where the embedded runtime's file is missing: a command that only reads makes none."""
    if settings.database_url is None and not settings.sqlite_path.exists():
        raise Misconfigured(f"there is no installation in {settings.data_dir}; RINGAHEAD_DATA_DIR names another folder")


def replay(
    settings: Settings, records: Iterable[Record], theirs: SqlTransaction, told: Advance, batch: int = BATCH_RECORDS
) -> Compared:
    """Fold the records into an empty file and compare with the installation behind ``theirs``, which is only read."""
    with _empty_store() as store:
        desk = Desk(rules_from(settings))
        _keep_profiles(theirs, store)
        count = _fold(settings, records, ArtefactsOn(theirs.connection), store, desk, told, batch)
        for _ in range(_ROUNDS):
            with store.begin() as tx:
                if not desk.upkeep(tx, tx.db_now()).more:
                    break
        touched = worked_on(theirs)
        with store.read() as ours:
            return _compare(picture(theirs, touched), picture(ours, touched), count, len(touched))


def _fold(
    settings: Settings,
    records: Iterable[Record],
    artefacts: ArtefactSource,
    store: SqlStore,
    desk: Desk,
    told: Advance,
    batch: int,
) -> int:
    """Every partition's records in their order; what the fold itself records is in the log already. How many."""
    states: dict[int, _States] = {}
    folders: dict[int, LogFolder] = {}
    count = 0
    rest = iter(records)
    while chunk := list(islice(rest, batch)):
        for partition in sorted({record.partition for record in chunk}):
            if partition not in folders:
                states[partition] = _States()
                folders[partition] = LogFolder(partition, states[partition], installation_of(settings), artefacts)
            folded = folders[partition].fold([record for record in chunk if record.partition == partition])
            states[partition].write(folded.writes)
            with store.begin() as tx:
                desk.apply_effects(tx, folded.effects)
        count += len(chunk)
        told(len(chunk))
    return count


def worked_on(tx: SqlTransaction) -> frozenset[str]:
    """Accounts whose tasks or reorders people, not the log alone, have changed."""
    columns = schema.audit.c
    query = select(columns.account_id).distinct()
    query = query.where(columns.actor.not_in(OWN_ACTORS), columns.account_id.is_not(None))
    return frozenset(tx.connection.scalars(query))


def picture(tx: SqlTransaction, without: frozenset[str]) -> Picture:
    """Needs of everybody; tasks, reorders and order of accounts that are not left out."""
    needs: list[Need] = tx.needs.all_of(tx.needs.query().order_by(tx.needs.key))
    tasks: list[Task] = tx.tasks.all_of(tx.tasks.query().order_by(tx.tasks.key))
    own = SqlReorders(tx.connection)
    reorders: list[ReorderTask] = own.all_of(own.query().order_by(own.key))
    kept = [task for task in tasks if task.account_id not in without]
    ready = sorted((task.rank, task.task_id) for task in kept if task.state is TaskState.READY)
    return Picture(
        needs={need.need_id: _need_row(need, need.account_id in without) for need in needs},
        tasks={task.task_id: _task_row(task) for task in kept},
        reorders={
            one.reorder_id: (one.account_id, one.need_id, str(one.state), one.quantity_units, one.cause)
            for one in reorders
            if one.account_id not in without
        },
        order=[task_id for _, task_id in ready],
    )


def _need_row(need: Need, touched: bool) -> tuple[Any, ...]:
    """What the log decides of it. Where people worked, a call may have ended it, and its task is another."""
    said = (need.account_id, need.group, need.cycle, need.kind and str(need.kind), need.evidence_json)
    if touched:
        return (*said, need.opened_at)
    return (*said, need.opened_at, str(need.status), need.task_id, need.cause, tuple(map(str, need.reasons)))


def _task_row(task: Task) -> tuple[Any, ...]:
    return (task.account_id, str(task.task_class), str(task.state), task.created_at, task.p_due, task.outcome)


def _compare(theirs: Picture, ours: Picture, records: int, left_out: int) -> Compared:
    found = (
        first_difference("need", theirs.needs, ours.needs)
        or first_difference("task", theirs.tasks, ours.tasks)
        or first_difference("reorder", theirs.reorders, ours.reorders)
        or _first_out_of_order(theirs.order, ours.order)
    )
    return Compared(
        records, len(theirs.needs), len(theirs.tasks), len(theirs.reorders), len(theirs.order), left_out, found
    )


def first_difference(what: str, theirs: dict[str, tuple[Any, ...]], ours: dict[str, tuple[Any, ...]]) -> str | None:
    """The first by id that is not the same on both sides, in words; None: all are."""
    for key in sorted(theirs.keys() | ours.keys()):
        if key not in ours:
            return f"{what} {key}: the installation has it, the replay does not: {_said(theirs[key])}"
        if key not in theirs:
            return f"{what} {key}: the replay has it, the installation does not: {_said(ours[key])}"
        if theirs[key] != ours[key]:
            a, b = next((a, b) for a, b in zip(theirs[key], ours[key], strict=True) if a != b)
            return f"{what} {key}: the installation says {_apart(a, b)}, the replay says {_apart(b, a)}"
    return None


def _first_out_of_order(theirs: Sequence[str], ours: Sequence[str]) -> str | None:
    for place, (a, b) in enumerate(zip_longest(theirs, ours), start=1):
        if a != b:
            return f"order: at place {place} the installation calls {a}, the replay {b}"
    return None


def _apart(value: Any, other: Any) -> str:
    """The value; of evidence only the fields in which it differs."""
    if not (isinstance(value, str) and isinstance(other, str) and value.startswith("{") and other.startswith("{")):
        return str(value)
    mine, yours = json.loads(value), json.loads(other)
    return json.dumps({name: mine[name] for name in mine if mine[name] != yours.get(name)})


def _said(values: Iterable[Any]) -> str:
    return ", ".join(str(value) for value in values)


def _keep_profiles(theirs: SqlTransaction, store: SqlStore) -> None:
    """The desk reads profiles from its own database, by digest."""
    with store.begin() as tx:
        for raw in theirs.connection.scalars(select(schema.artefacts.c.raw)):
            tx.artefacts.put(bytes(raw))


@contextmanager
def _empty_store() -> Iterator[SqlStore]:
    """A migrated file that goes with the block; nothing waits for the disk."""
    with tempfile.TemporaryDirectory(prefix="ringahead-replay-") as folder:
        engine: Engine = create(f"sqlite:///{Path(folder) / 'replay.sqlite3'}")
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        upgrade(engine)
        try:
            yield SqlStore(engine)
        finally:
            engine.dispose()
