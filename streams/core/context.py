"""What a fold is given besides the state and the event, and what it gives back."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from forecasting.model import Population
from outreach.profiles import Profile, ProfileSet
from schemas.envelope import Event
from schemas.events.accounts import Size
from schemas.events.ours import Phase
from schemas.needs import Effect, Place
from streams.state import Account, Partition, moment, seconds


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings that decisions depend on; equal in every process of an installation."""

    default_zone: str = "UTC"
    holdout_salt: str = "ringahead"
    reporting_currency: str = "GBP"


@dataclass(slots=True)
class Context:
    """One partition while it is folded."""

    installation: Installation
    number: int
    partition: Partition
    profiles: ProfileSet | None = None
    model: Population | None = None

    @property
    def in_force(self) -> tuple[Population, ProfileSet] | None:
        """What decisions are taken by; None while there is no model, or no profiles whose day has come."""
        if self.model is None or self.profiles is None or self.partition.as_of is None:
            return None
        if seconds(self.profiles.effective_from) > self.partition.as_of:
            return None
        return self.model, self.profiles


@dataclass(slots=True)
class Folding:
    """One account while one event is folded into it; what it causes is collected here."""

    account: Account
    context: Context
    offset: int
    event_time: datetime
    """When the event occurred; business time for what passing time causes."""
    effects: list[Effect] = field(default_factory=list)
    recorded: list[Event] = field(default_factory=list)
    """Facts about itself that the fold writes to the log."""

    @property
    def now(self) -> int:
        """Business time where it is known, else the event's own."""
        as_of = self.context.partition.as_of
        return seconds(self.event_time) if as_of is None else as_of

    @property
    def at(self) -> datetime:
        """The same as an instant."""
        return moment(self.now)

    @property
    def place(self) -> Place:
        """Where the event stands in the log."""
        return Place(partition=self.context.number, offset=self.offset)

    @property
    def profile(self) -> Profile | None:
        """The cell in force for the account; None while nothing is decided."""
        in_force = self.context.in_force
        return None if in_force is None else in_force[1].cell(Size(self.account.size), Phase(self.account.phase))

    def local_day(self, at: datetime) -> int:
        """Ordinal of the account's local day at an instant."""
        return at.astimezone(zone_of(self.account.about.zone, self.context.installation.default_zone)).toordinal()

    @property
    def today(self) -> int:
        """Ordinal of the account's present local day."""
        return self.local_day(self.at)

    @property
    def next_look_hour(self) -> int:
        """The next tick: passing time decides then, for all pairs that were touched, at once."""
        as_of = self.context.partition.as_of
        return 0 if as_of is None else as_of // 3600 + 1

    def look_again(self) -> None:
        """Have the account's size and phase judged at the next tick."""
        self.account.check_hour = earliest(self.account.check_hour, self.next_look_hour)


def earliest(first: int | None, second: int | None) -> int | None:
    """The smaller of two hours, where None is never."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


@cache
def zone_of(name: str | None, default: str) -> ZoneInfo:
    """Time zone in which an account's days are counted; the default where its own is unknown or misspelt."""
    try:
        return ZoneInfo(name or default)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(default)
