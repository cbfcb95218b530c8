"""Generations of the embedded runtime: built in a file beside, while the live state goes on in another process.

Building and comparing only read the live file: a read transaction sees the live state and its watermark as of one
moment. A switch is one transaction of the process that owns the data folder: state, tasks and the record of it.
"""

from collections.abc import Callable
from pathlib import Path

from outreach.desk import Desk
from outreach.store.sql import SqlStore, SqlTransaction
from schemas.errors import Refused
from streams.core.context import Installation
from streams.embedded import tables
from streams.embedded.runtime import ArtefactsOn, Embedded
from streams.generations import record
from streams.generations.building import Builder, go_back
from streams.generations.comparing import Comparison
from streams.generations.files import GenerationFile, is_way_back, remove
from streams.generations.switching import Change, compare

READ_RECORDS = 2000
REBUILT = "rebuild.sqlite3"
BEFORE = "before-*.sqlite3"

Told = Callable[[int], None]


class EmbeddedRebuild:
    """A second state of the embedded log, in a file of its own."""

    def __init__(self, store: SqlStore, installation: Installation, file: GenerationFile) -> None:
        self.file = file
        self._store = store
        self._installation = installation
        self._builder: Builder | None = None

    def catch_up(self, told: Told) -> None:
        """Fold the log up to where the live state is, a short read at a time. ``told`` hears of each one's records.

        Raises Refused where the log has lost its beginning, Unavailable while an artefact that it names is missing.
        """
        folded = 1
        while folded:
            with self._store.read() as tx:
                folded = self._fold_some(tx, self._end(tx))
            told(folded)

    def compare(self) -> Comparison:
        """What differs, at the live state's watermark of this moment."""
        with self._store.read() as tx:
            return self.change(tx)[0]

    def change(self, tx: SqlTransaction) -> tuple[Comparison, Change]:
        """The same, and what a switch is to write and tell, as of the caller's transaction."""
        end = self._end(tx)
        while self._fold_some(tx, end):
            pass
        return compare(tables.PARTITION, tables.StateTable(tx.connection), self.file, tx, lambda _: True)

    def _end(self, tx: SqlTransaction) -> int:
        """The live watermark; raises Refused where the log or the live state cannot be followed to it."""
        end, position = tables.watermark(tx.connection), self.file.position
        if end < position:
            raise Refused("state_went_back", f"the live state is at {end}, the rebuilt one at {position}; use --anew")
        first = tables.read(tx.connection, 0, 1)
        if end > position and (not first or first[0].offset > position + 1):
            begins = first[0].offset if first else "nowhere"
            raise Refused(
                "log_is_cut",
                f"the log begins at {begins}, and what was folded before {end} cannot be folded again: a state can be "
                "rebuilt only from a log that was never cut; restore it from a backup first",
            )
        return end

    def _fold_some(self, tx: SqlTransaction, end: int) -> int:
        source = ArtefactsOn(tx.connection)
        if self._builder is None:
            self._builder = Builder(self.file, tables.PARTITION, self._installation, source)
        self._builder.read_artefacts_from(source)
        records = [one for one in tables.read(tx.connection, self.file.position, READ_RECORDS) if one.offset <= end]
        if records:
            self._builder.fold(records, records[-1].offset)
        return len(records)


def switch(store: SqlStore, desk: Desk, runtime: Embedded, rebuild: EmbeddedRebuild, actor: str) -> Comparison:
    """Make the rebuilt state the live one, and tell the desk what differs; all of it or nothing."""
    with store.begin() as tx:
        found, change = rebuild.change(tx)
        number = record.in_force(tx) + 1
        rebuild.file.keep_before(change.before, number)
        tables.write_state(tx.connection, change.writes)
        desk.apply_effects(tx, change.effects)
        detail = f"{found.different} different, {found.missing} missing, {found.unknown} unknown"
        record.switched(tx, number, actor, desk.business_time(tx), detail)
        runtime.forget()
    return found


def set_aside(file: GenerationFile, folder: Path, number: int) -> None:
    """After the switch to a generation its file is the way back to the one before."""
    file.close()
    finish(folder, number)


def finish(folder: Path, number: int) -> None:
    """The same, where a switch to the generation that is in force was cut off before it; else nothing."""
    path = folder / REBUILT
    if number > record.FIRST and is_way_back(path, number):
        path.rename(folder / BEFORE.replace("*", str(number - 1)))


def take_up(folder: Path, made_by: str) -> GenerationFile:
    """The generation before the one in force, as it was at the switch; it becomes the rebuilt one.

    Raises Refused where there is none, or another release made it.
    """
    kept = sorted(folder.glob(BEFORE), key=lambda path: int(path.stem.partition("-")[2]))
    if not kept:
        raise Refused("no_generation_before", "no generation before this one is kept")
    remove(folder / REBUILT)
    kept[-1].rename(folder / REBUILT)
    file = GenerationFile.open(folder / REBUILT, made_by)
    if not file.position:
        file.close()
        raise Refused("made_by_another_release", "the generation before was made by another release; use --anew")
    go_back(file)
    return file


def drop(folder: Path) -> int:
    """Remove what is kept of generations that are not in force; how many."""
    kept = [*folder.glob(BEFORE), *folder.glob(REBUILT)]
    for path in kept:
        remove(path)
    return len(kept)
