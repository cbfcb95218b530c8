"""`ringahead rebuild` for the embedded runtime: build and compare beside a running server, switch inside it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ops.embedded.installation import Opened, installation_of
from outreach.store.sql import SqlStore, store_for
from schemas.settings import Settings
from streams.generations import embedded, record
from streams.generations.building import made_by
from streams.generations.comparing import Comparison
from streams.generations.files import GenerationFile


@contextmanager
def rebuilding(settings: Settings, store: SqlStore, *, anew: bool = False) -> Iterator[embedded.EmbeddedRebuild]:
    """The rebuilt state as far as it is; it is only read of the installation."""
    _finish(settings, store)
    file = GenerationFile.open(folder_of(settings) / embedded.REBUILT, maker(settings), anew=anew)
    try:
        yield embedded.EmbeddedRebuild(store, installation_of(settings), file)
    finally:
        file.close()


def switch(opened: Opened, told: Mapping[str, Any], advance: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Catch up and switch, in the process that owns the data folder; what differed, as plain values."""
    folder = folder_of(opened.settings)
    with rebuilding(opened.settings, opened.store) as rebuild:
        rebuild.catch_up(advance)
        found = embedded.switch(opened.store, opened.desk, opened.runtime, rebuild, str(told["by"]))
        with opened.store.read() as tx:
            number = record.in_force(tx)
        embedded.set_aside(rebuild.file, folder, number)
    return {"generation": number, **plain(found)}


def take_up(settings: Settings) -> None:
    """The generation before becomes the rebuilt one, to be compared and switched to."""
    store = store_for(settings.sqlalchemy_url)
    try:
        _finish(settings, store)
    finally:
        store.close()
    embedded.take_up(folder_of(settings), maker(settings)).close()


def _finish(settings: Settings, store: SqlStore) -> None:
    """A switch that was cut off after its commit is finished first: else the way back is lost."""
    with store.read() as tx:
        embedded.finish(folder_of(settings), record.in_force(tx))


def drop(settings: Settings) -> int:
    """Remove what is kept of other generations; how many files."""
    return embedded.drop(folder_of(settings))


def folder_of(settings: Settings) -> Path:
    """Where generations lie that are not in force."""
    return settings.data_dir / "generations"


def maker(settings: Settings) -> str:
    """This release with these settings."""
    try:
        release = version("ringahead")
    except PackageNotFoundError:
        release = "source"
    return made_by(release, installation_of(settings))


def plain(found: Comparison) -> dict[str, Any]:
    """A comparison for JSON."""
    told = asdict(found)
    return {**told, "fields": dict(found.fields.most_common()), "first": [one._asdict() for one in found.first]}
