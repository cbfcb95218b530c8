"""Where `ringahead rebuild` finds a Kafka installation: its log, changelog and database."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ops.embedded.installation import installation_of
from ops.embedded.rebuilding import folder_of, maker, plain
from outreach.store.migrate import require_current
from outreach.store.sql import SqlStore, store_for
from schemas.errors import Refused
from schemas.settings import Settings
from streams.faust_app import ArtefactsInStore
from streams.generations import kafka, kafka_switch, record
from streams.generations.building import go_back
from streams.generations.comparing import Comparison
from streams.generations.files import GenerationFile, is_way_back, remove
from streams.kafka.names import changelog_of
from streams.kafka_topics import drop_changelogs, make_changelog

Advance = Callable[[int], None]
REBUILT, BEFORE = "rebuild-*.sqlite3", "before-*-*.sqlite3"


def compare(settings: Settings, anew: bool, advance: Advance) -> dict[str, Any]:
    """Build and compare beside the workers, partition after partition."""
    with _opened(settings) as (store, place):
        return plain(asyncio.run(_compare(store, place, anew, advance)))


async def _compare(store: SqlStore, place: kafka.Place, anew: bool, advance: Advance) -> Comparison:
    total = Comparison()
    for partition in range(place.settings.kafka_partitions):
        async with kafka.rebuilt(place, partition, advance, anew=anew) as (live, file):
            with store.read() as tx:
                total.add(kafka.beside(place, partition, live, file, tx)[0])
    return total


def switch(settings: Settings, by: str, advance: Advance) -> dict[str, Any]:
    """Publish the rebuilt state as the next generation, tell the desk, name it in the database."""
    with _opened(settings) as (store, place):
        found = asyncio.run(kafka_switch.switch(place, store, by, advance))
        _set_aside(place, place.generation + 1)
        return {"generation": place.generation + 1, **plain(found)}


def _set_aside(place: kafka.Place, number: int) -> None:
    """After the switch to a generation its files are the way back; also after one that was cut off before this."""
    for partition in range(place.settings.kafka_partitions if number > record.FIRST else 0):
        file = place.file_of(partition)
        if is_way_back(file, number):
            file.rename(file.with_name(f"before-{number - 1}-{partition}.sqlite3"))


def take_up(settings: Settings) -> None:
    """The generation before becomes the rebuilt one; its files lie where the switch was made."""
    with _opened(settings) as (_, place):
        kept = [place.folder / f"before-{place.generation - 1}-{n}.sqlite3" for n in range(settings.kafka_partitions)]
        if not all(path.exists() for path in kept):
            raise Refused("no_generation_before", f"{place.folder} does not hold the generation before this one")
        for partition, path in enumerate(kept):
            remove(place.file_of(partition))
            path.rename(place.file_of(partition))
            file = GenerationFile.open(place.file_of(partition), place.made_by)
            go_back(file)
            file.close()


def drop(settings: Settings) -> int:
    """Remove files and changelogs of generations that are not in force; how many."""
    with _opened(settings) as (_, place):
        files = [*place.folder.glob(REBUILT), *place.folder.glob(BEFORE)]
        for path in files:
            remove(path)
        if place.generation == record.FIRST:
            return len(files)
        asyncio.run(make_changelog(settings, changelog_of(record.FIRST)))  # the catalogue has it, so it stays, empty
        names = [changelog_of(number) for number in range(record.FIRST + 1, place.generation + 2)]
        dropped = asyncio.run(drop_changelogs(settings, changelog_of(place.generation), names))
        return len(files) + 1 + len(dropped)


def give_up(settings: Settings) -> None:
    """A switch that came to nothing holds workers no more."""
    with _opened(settings, switching=True) as (store, _), store.begin() as tx:
        record.set_switching(tx, False)


@contextmanager
def _opened(settings: Settings, *, switching: bool = False) -> Iterator[tuple[SqlStore, kafka.Place]]:
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        with store.read() as tx:
            generation = record.in_force(tx)
            if record.is_switching(tx) and not switching:
                raise Refused(
                    "switching", "a switch is under way; if it came to nothing, `ringahead rebuild --give-up`"
                )
        place = kafka.Place(
            settings=settings,
            installation=installation_of(settings),
            artefacts=ArtefactsInStore(store),
            folder=folder_of(settings),
            made_by=maker(settings),
            generation=generation,
        )
        _set_aside(place, generation)
        yield store, place
    finally:
        store.close()
