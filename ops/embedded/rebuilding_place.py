"""Where `ringahead rebuild` finds an embedded installation: a server that runs, or a file that nobody holds."""

from collections.abc import Callable
from typing import Any

from ops.embedded import rebuilding
from ops.embedded.installation import opened
from ops.embedded.rebuilding import drop, take_up
from ops.replaying import require_database
from ops.running import ask
from outreach.store.migrate import require_current
from outreach.store.sql import store_for
from schemas.settings import Settings
from streams.embedded.lock import hold, owner_of

__all__ = ["compare", "drop", "give_up", "switch", "take_up"]
NAME = "ringahead rebuild"


def compare(settings: Settings, anew: bool, advance: Callable[[int], None]) -> dict[str, Any]:
    """Build and compare beside whoever holds the data folder."""
    require_database(settings)
    store = store_for(settings.sqlalchemy_url)
    try:
        require_current(store.engine)
        with rebuilding.rebuilding(settings, store, anew=anew) as rebuild:
            rebuild.catch_up(advance)
            return rebuilding.plain(rebuild.compare())
    finally:
        store.close()


def switch(settings: Settings, by: str, advance: Callable[[int], None]) -> dict[str, Any]:
    """In the running server, else here."""
    owner = owner_of(settings.data_dir)
    if owner is not None:
        return dict(ask(owner, "rebuild", {"by": by}))
    with hold(settings.data_dir, NAME), opened(settings) as installation:
        return rebuilding.switch(installation, {"by": by}, advance)


def give_up(settings: Settings) -> None:
    """A switch of this runtime is one transaction: there is nothing to give up."""
    del settings
