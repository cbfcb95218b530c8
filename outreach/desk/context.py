"""What every use case of the desk looks at: the transaction, the rules, business time, the profiles in force."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from outreach import profiles as policy
from outreach.desk.rules import DeskRules
from outreach.ports import Transaction
from outreach.profiles import Profile, ProfileSet
from outreach.records import Queue
from schemas.base import EARLIEST
from schemas.errors import Corrupt
from schemas.events.accounts import Size
from schemas.events.ours import Phase
from schemas.needs import AccountStanding, ClockMoved

STANDARD = policy.standard_profiles("standard", EARLIEST)
"""In force until the first profile set is published."""


@dataclass(frozen=True, slots=True)
class Clockwork:
    """Business time of all partitions together."""

    now: datetime | None
    """The least: up to here everything has been seen."""
    latest: datetime | None
    """The most advanced partition's."""
    model_published_at: datetime | None
    profiles_digest: str | None


def read_clocks(clocks: Sequence[ClockMoved]) -> Clockwork:
    """The desk's time from the newest word of each partition."""
    if not clocks:
        return Clockwork(None, None, None, None)
    by_time = sorted(clocks, key=lambda moved: (moved.as_of, moved.partition))
    models = [moved.model_published_at for moved in by_time if moved.model_published_at is not None]
    digests = [moved.profiles_digest for moved in by_time if moved.profiles_digest is not None]
    return Clockwork(by_time[0].as_of, by_time[-1].as_of, min(models, default=None), digests[-1] if digests else None)


class ProfileBook:
    """Profile sets by digest, read once each."""

    def __init__(self) -> None:
        self._read: dict[str, ProfileSet] = {}

    def get(self, tx: Transaction, digest: str | None) -> ProfileSet:
        """The set of this digest; the standard one for None. Raises Corrupt when the artefact is not there."""
        if digest is None:
            return STANDARD
        if digest not in self._read:
            raw = tx.artefacts.get(digest)
            if raw is None:
                raise Corrupt(f"profiles {digest} are in force and not among the artefacts")
            self._read[digest] = policy.loads(raw)
        return self._read[digest]


class QueueBook:
    """The queues, read when they are first asked for."""

    def __init__(self) -> None:
        self._read: tuple[Queue, ...] | None = None

    def all(self, tx: Transaction) -> tuple[Queue, ...]:
        """In order of place."""
        if self._read is None:
            self._read = tuple(tx.queues.all())
        return self._read


@dataclass(frozen=True, slots=True)
class Context:
    """One use case's surroundings."""

    tx: Transaction
    rules: DeskRules
    clocks: Clockwork
    profiles: ProfileSet
    new_token: Callable[[], str]
    queue_book: QueueBook = field(default_factory=QueueBook)

    @property
    def now(self) -> datetime | None:
        """Business time; None before the first word of any partition."""
        return self.clocks.now

    @property
    def queues(self) -> tuple[Queue, ...]:
        """The parts of the work."""
        return self.queue_book.all(self.tx)

    def cell(self, standing: AccountStanding | None) -> Profile:
        """The profile of an account; an unknown account is small and new."""
        if standing is None:
            return self.profiles.cell(Size.SMALL, Phase.IGNITION)
        return self.profiles.cell(standing.size, standing.phase)
