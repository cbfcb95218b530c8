"""One transaction a batch: log, state, tasks and letters become durable together.

The caller owns the store and the thread; only one runtime may write to a file at a time (streams/embedded/lock.py).
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from outreach.desk import Desk
from outreach.store.sql import SqlStore, SqlTransaction
from schemas.dead_letters import DeadLetter
from schemas.envelope import Event
from schemas.errors import Unavailable
from streams.core.context import Installation
from streams.embedded import tables
from streams.ingest import IngestRules, LogEntry, entry_of, ingest
from streams.microbatch.ports import Record
from streams.processor import Folded, LogFolder
from streams.telemetry.context import Trace, carried

LOG_DESTINATION = "log"
"""Where the desk's outbox sends what came of a call: back to the log of record."""

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of raw messages, in their order: None for an accepted one, else its letter."""

    letters: tuple[DeadLetter | None, ...] = ()

    @property
    def accepted(self) -> int:
        """How many are in the log."""
        return sum(letter is None for letter in self.letters)


@dataclass(slots=True)
class Figures:
    """Totals since the start."""

    records: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    effects: int = 0


class Embedded:
    """The log, its fold and the desk's side of it over one SQLite file."""

    def __init__(self, store: SqlStore, desk: Desk, installation: Installation, *, batch_records: int = 500) -> None:
        self.store = store
        self._desk = desk
        self._installation = installation
        self._batch_records = batch_records
        self._state: tables.StateTable | None = None
        self._folder: LogFolder | None = None
        self._more = True
        """Whether the last batch left something in the log, or put something there."""
        self.figures = Figures()
        self.trace_ingest: Trace = carried
        self.trace_fold: Trace = carried
        with store.begin() as tx:
            tables.create_tables(tx.connection)

    def take(self, raws: Sequence[Record], rules: IngestRules) -> Taken:
        """Ingest raw messages: good ones are in the log, bad ones are letters, when this returns."""
        results = [ingest(raw, rules, self.trace_ingest) for raw in raws]
        with self.store.begin() as tx:
            tables.append(tx.connection, [one for one in results if isinstance(one, LogEntry)], _now_ms())
            tx.dead_letters.put([one for one in results if isinstance(one, DeadLetter)])
        return Taken(tuple(one if isinstance(one, DeadLetter) else None for one in results))

    def append(self, events: Iterable[Event]) -> int:
        """Append events of our own (time, models, profiles, simulated facts) to the log; how many."""
        with self.store.begin() as tx:
            return self.append_in(tx, events)

    def append_in(self, tx: SqlTransaction, events: Iterable[Event]) -> int:
        """The same in a transaction of the caller: an artefact and the event that names it are kept together."""
        return tables.append(tx.connection, [entry_of(event) for event in events], _now_ms())

    def fold_all(self, told: Told | None = None) -> int:
        """Fold batch after batch until the log's end; how many records. ``told`` hears of each batch's size."""
        total, self._more = 0, True
        while self._more:
            size = self.fold_batch()
            total += size
            if told is not None:
                told(size)
        return total

    def fold_batch(self) -> int:
        """Fold the next records of the log, with what the desk says of calls, in one transaction; how many.

        A failure leaves the file as it was; the memory of the fold is thrown away and built again from the file.
        """
        try:
            with self.store.begin() as tx:
                return self._fold_next(tx)
        except BaseException:
            self._folder = None
            raise

    def forget(self) -> None:
        """The state was changed by another hand: what the fold has in memory is built again from the file."""
        self._folder = None

    def _fold_next(self, tx: SqlTransaction) -> int:
        self._return_outcomes(tx)
        records = tables.read(tx.connection, tables.watermark(tx.connection), self._batch_records)
        self._more = len(records) == self._batch_records
        if not records:
            return 0
        folded = self._folder_on(tx.connection).fold(records)
        self._apply(tx, folded)
        tables.set_watermark(tx.connection, records[-1].offset)
        self.figures.records += len(records)
        return len(records)

    def _apply(self, tx: SqlTransaction, folded: Folded) -> None:
        self._more |= bool(folded.recorded)
        self._desk.apply_effects(tx, folded.effects)
        tx.dead_letters.put(folded.letters)
        tables.append(tx.connection, [entry_of(event) for event in folded.recorded], _now_ms())
        tables.write_state(tx.connection, folded.writes)
        self.figures.counts.update(folded.counts)
        self.figures.effects += len(folded.effects)

    def _return_outcomes(self, tx: SqlTransaction) -> None:
        """What the desk says of calls goes to the end of the log, in the same transaction as its mark."""
        messages = tx.outbox.pending(LOG_DESTINATION)
        if not messages:
            return
        entries = [LogEntry(message.key.encode(), message.payload, broadcast=False) for message in messages]
        tables.append(tx.connection, entries, _now_ms())
        tx.outbox.mark_sent([message.outbox_id for message in messages], tx.db_now())

    def _folder_on(self, connection: Connection) -> LogFolder:
        """The partition's folder, reading through this connection; built from the file when there is none."""
        source = ArtefactsOn(connection)
        if self._folder is None or self._state is None:
            self._state = tables.StateTable(connection)
            self._folder = LogFolder(tables.PARTITION, self._state, self._installation, source)
            self._folder.trace = self.trace_fold
        else:
            self._state.use(connection)
            self._folder.read_artefacts_from(source)
        return self._folder


class ArtefactsOn:
    """Published artefacts, read through a transaction that is open."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, digest: str) -> bytes:
        """The artefact's bytes; raises Unavailable while it is not in the database."""
        raw = SqlTransaction(self._connection).artefacts.get(digest)
        if raw is None:
            raise Unavailable(f"artefact {digest[:12]} is not in the database; run `ringahead learn`")
        return raw


def _now_ms() -> int:
    """Record time: the wall clock, as a broker stamps it. Nothing is decided by it."""
    return time.time_ns() // 1_000_000
