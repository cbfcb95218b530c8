"""Policy profiles of the embedded runtime: one file holds the sets, the log and the states."""

from collections.abc import Callable
from datetime import datetime

from ops.embedded.installation import Opened, installation_of
from ops.embedded.writer import wall_hour
from outreach.ports import Store, Transaction
from outreach.profiles import ProfileSet
from schemas.envelope import Event
from streams.embedded import tables
from streams.embedded.runtime import ArtefactsOn
from streams.trial import Trial, try_out


class FilePlace:
    """See `ops.profile_desk.Place`. ``wake`` has the log folded; the trial reads beside the writer."""

    def __init__(self, opened: Opened, wake: Callable[[], object]) -> None:
        self._opened = opened
        self._wake = wake

    @property
    def store(self) -> Store:
        """The file."""
        return self._opened.store

    def now(self, tx: Transaction) -> datetime:
        """Business time."""
        return self._opened.desk.business_time(tx) or wall_hour()

    def put_in_force(self, event: Callable[[Transaction], Event]) -> None:
        """The set and its event are kept together, or not at all."""
        with self._opened.store.begin() as tx:
            self._opened.runtime.append_in(tx, [event(tx)])
        self._wake()

    def try_out(self, proposed: ProfileSet) -> Trial:
        """On the states as of the last batch."""
        with self._opened.store.read() as tx:
            states = tables.StateTable(tx.connection)
            source = ArtefactsOn(tx.connection)
            return try_out([(tables.PARTITION, states)], installation_of(self._opened.settings), source, proposed)
