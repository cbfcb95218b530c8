"""Reading the log of record into a ledger, and the profiles that were in force."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from ops.progress import progress
from outreach.holdout import ShareOf
from outreach.ledger import Ledger
from outreach.ports import Store
from outreach.profiles import ProfileSet, loads, standard_profiles
from outreach.store.migrate import require_current
from outreach.store.sql import SqlStore, store_for
from schemas.base import EARLIEST
from schemas.envelope import Event
from schemas.errors import BadEvent, Refused
from schemas.settings import Settings
from streams.embedded import tables
from streams.kafka.log import read_all
from streams.processor import read_event

READ_RECORDS = 2000


@contextmanager
def database(settings: Settings) -> Iterator[SqlStore]:
    """The task database, which must exist and be of this version. Nothing is locked: a server may run beside it."""
    if settings.database_url is None and not settings.sqlite_path.exists():
        raise Refused("no_data", f"{settings.sqlite_path} does not exist; `ringahead import FILE` makes it")
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        yield store
    finally:
        store.close()


def read_ledger(settings: Settings, store: SqlStore) -> Ledger:
    """Everything that reports count, from the beginning of the log to its present end."""
    ledger = Ledger(settings.reporting_currency)
    with progress("Reading the log") as advance:
        if settings.runtime == "kafka":
            asyncio.run(_from_kafka(settings, ledger, advance))
        else:
            for events in _from_file(store):
                ledger.add(events)
                advance(len(events))
    return ledger


def shares(store: Store, ledger: Ledger) -> ShareOf:
    """Hold-out share by cell and instant: of the newest set that was announced and effective by then."""
    with store.read() as tx:
        raws = {digest: tx.artefacts.get(digest) for _, _, digest in ledger.profiles}
    sets = [(at, loads(raw)) for at, _, digest in ledger.profiles if (raw := raws[digest]) is not None]

    def share_of(cell: str, at: datetime) -> float:
        return _in_force(sets, at).cells[cell].holdout_share

    return share_of


def _in_force(sets: list[tuple[datetime, ProfileSet]], at: datetime) -> ProfileSet:
    """Before the first announcement the first set counts: the demo announces it after orders of the past."""
    known = [one for announced, one in sets if announced <= at and one.effective_from <= at]
    if known:
        return known[-1]
    return sets[0][1] if sets else standard_profiles("standard", EARLIEST)


async def _from_kafka(settings: Settings, ledger: Ledger, advance: object) -> None:
    async for events in read_all(settings):
        ledger.add(events)
        advance(len(events))  # type: ignore[operator]  # a progress bar's step


def _from_file(store: SqlStore) -> Iterator[list[Event]]:
    after = 0
    while True:
        with store.read() as tx:
            records = tables.read(tx.connection, after, READ_RECORDS)
        if not records:
            return
        after = records[-1].offset
        events = []
        for record in records:
            try:
                events.append(read_event(record))
            except BadEvent:
                continue
        yield events
