"""Composition of the embedded runtime from settings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from outreach.desk import Desk, rules_from
from outreach.profiles import ProfileSet
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from schemas.envelope import Event
from schemas.errors import BadEvent
from schemas.settings import Settings
from streams import learning
from streams.embedded import tables
from streams.embedded.runtime import Embedded
from streams.installing import installation_of
from streams.microbatch.ports import Record
from streams.processor import read_event
from streams.telemetry.tracing import stages, tracing_of

__all__ = ["Opened", "installation_of", "opened"]

READ_RECORDS = 2000


@dataclass(frozen=True, slots=True)
class Opened:
    """An embedded installation with its file open."""

    settings: Settings
    store: SqlStore
    desk: Desk
    runtime: Embedded

    def publish_profiles(self, profiles: ProfileSet, at: datetime) -> None:
        """Put profiles in force from the next record of the log."""
        with self.store.begin() as tx:
            self.runtime.append_in(tx, [learning.store_profiles(tx, profiles, at)])

    def publish_model(self, learnt: learning.Learnt, at: datetime) -> None:
        """Put a model in force from the next record of the log."""
        with self.store.begin() as tx:
            learning.store_model(tx, learnt, at)
            self.runtime.append_in(tx, [learnt.published])

    def read_log(self, after: int = 0) -> Iterator[tuple[int, list[Event]]]:
        """(position, events up to it) of the log behind a position; what cannot be read is a dead letter already."""
        while True:
            with self.store.read() as tx:
                records = tables.read(tx.connection, after, READ_RECORDS)
            if not records:
                return
            after = records[-1].offset
            yield after, list(_readable(records))


@contextmanager
def opened(settings: Settings, *, batch_records: int | None = None) -> Iterator[Opened]:
    """Open, and if need be create or migrate, the installation's file. The caller holds the data folder's lock."""
    Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
    engine = create(f"sqlite:///{settings.sqlite_path}")
    try:
        upgrade(engine)
        store, desk = SqlStore(engine), Desk(rules_from(settings))
        runtime = Embedded(
            store, desk, installation_of(settings), batch_records=batch_records or settings.batch_records
        )
        runtime.trace_ingest, runtime.trace_fold, desk.trace = stages(tracing_of(settings, "serve"))
        yield Opened(settings, store, desk, runtime)
    finally:
        engine.dispose()


def _readable(records: list[Record]) -> Iterator[Event]:
    for record in records:
        try:
            yield read_event(record)
        except BadEvent:
            continue
