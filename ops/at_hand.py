"""What commands about people and accounts need of this installation: its database, and the address of its console."""

from collections.abc import Iterator
from contextlib import contextmanager

from console.server import address
from outreach.ports import Transaction
from outreach.store import migrate
from outreach.store.sql import store_for
from schemas.settings import Settings
from streams.embedded.lock import owner_of


@contextmanager
def transaction(settings: Settings) -> Iterator[Transaction]:
    """On this installation's database, brought to this version first."""
    store = store_for(settings.sqlalchemy_url)
    try:
        migrate.upgrade(store.engine)
        with store.begin() as tx:
            yield tx
    finally:
        store.close()


def base_url(settings: Settings) -> str:
    """Where people reach the console; else the server that runs here, or that the settings would start."""
    if settings.console_url:
        return settings.console_url.rstrip("/")
    owner = owner_of(settings.data_dir)
    if owner is not None and owner.url:
        return owner.url
    return address(settings.console_host, settings.console_port)
