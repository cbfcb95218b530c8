"""`ringahead replay`: fold the log anew and compare."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import click

from ops.embedded.installation import READ_RECORDS
from ops.progress import progress
from ops.replaying import BATCH_RECORDS, Compared, replay, require_database
from outreach.store.migrate import require_current
from outreach.store.sql import SqlTransaction, store_for
from schemas.envelope import Event, decode, encode
from schemas.errors import BadEvent, BadInput
from schemas.events.ours import ModelPublished, ProfilesChanged, RolloutContinued
from schemas.settings import Settings, load_settings
from schemas.topics import Topic
from streams.embedded import tables
from streams.ingest import entry_of
from streams.kafka.log import read_records
from streams.microbatch.ports import Record

ROLLOUT = b"ringahead.RolloutContinued.v1"


@click.command()
@click.option("--log", "file", type=click.Path(path_type=Path), help="Replay this JSON Lines file, one event a line.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the installation's log to this JSON Lines file.")
@click.option("--batch", type=click.IntRange(1, 100_000), default=BATCH_RECORDS, show_default=True, help="Records.")
def command(file: Path | None, out: Path | None, batch: int) -> int:
    """Fold the log anew and compare: the same events give the same task ids, reasons and order.

    The log of the installation (the embedded file, or the topic in Kafka) is folded into an empty file of its own, and
    needs, tasks, reorders and the order of calling are compared with what the installation holds. Nothing is changed.
    Accounts on whose tasks people worked are compared by their needs. Exit code 1: they differ, and where first.
    """
    settings = load_settings()
    require_database(settings)
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        with store.read() as tx:
            records = _from_file(file) if file is not None else _log_of(settings, tx)
            if out is not None:
                click.echo(f"{_write(records, out):,} events written to {out}")
                return 0
            with progress("Replaying") as advance:
                return _say(replay(settings, records, tx, advance, batch))
    finally:
        store.close()


def _say(found: Compared) -> int:
    click.echo(
        f"{found.records:,} records; compared: {found.needs:,} needs, {found.tasks:,} tasks, "
        f"{found.reorders:,} reorders, the order of {found.ready:,} ready tasks"
    )
    if found.left_out:
        click.echo(f"{found.left_out:,} accounts on whose tasks people worked were compared by their needs")
    click.echo("equal" if found.difference is None else f"first difference: {found.difference}")
    return 0 if found.difference is None else 1


def _log_of(settings: Settings, tx: SqlTransaction) -> Iterable[Record]:
    if settings.runtime == "kafka":
        return asyncio.run(_from_kafka(settings))
    return _from_embedded(tx)


def _from_embedded(tx: SqlTransaction) -> Iterator[Record]:
    """What the installation has folded: up to its watermark."""
    after, end = 0, tables.watermark(tx.connection)
    while after < end:
        records = [one for one in tables.read(tx.connection, after, READ_RECORDS) if one.offset <= end]
        if not records:
            return
        yield from records
        after = records[-1].offset


async def _from_kafka(settings: Settings) -> list[Record]:
    return [record async for records in read_records(settings) for record in records]


def _from_file(file: Path) -> Iterator[Record]:
    """Raises BadInput for a line that is no event."""
    number = 0
    try:
        whole = _is_one_partition(file)
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                event = decode(line) if whole else _at_once(decode(line))
                if event is None:
                    continue
                entry = entry_of(event)
                yield Record(Topic.LOG.value, tables.PARTITION, number, 0, entry.key, entry.value)
    except OSError as error:
        raise BadInput(f"{file}: {error.strerror}") from error
    except BadEvent as error:
        raise BadInput(f"{file}, line {number}: {error.detail}") from error


def _is_one_partition(file: Path) -> bool:
    """Whether every slice in the file is of the only partition that a file has: then it is folded as it lies there."""
    with file.open("rb") as lines:
        slices = [decode(line).fact for line in lines if ROLLOUT in line]
    return all(not isinstance(fact, RolloutContinued) or fact.partition == tables.PARTITION for fact in slices)


def _at_once(event: Event) -> Event | None:
    """Several partitions in one file: its slices are of other accounts, so publications judge everybody themselves."""
    if isinstance(event.fact, RolloutContinued):
        return None
    if isinstance(event.fact, ModelPublished | ProfilesChanged):
        return replace(event, fact=event.fact.model_copy(update={"slice_accounts": None}))
    return event


def _write(records: Iterable[Record], out: Path) -> int:
    count = 0
    with out.open("wb") as target:
        for record in records:
            if record.value is not None:
                target.write(encode(decode(record.value)) + b"\n")
                count += 1
    return count
