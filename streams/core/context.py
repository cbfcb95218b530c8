"""What a fold is given besides the state and the event, and what it gives back."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from forecasting.model import Population
from outreach.profiles import Economics, Profile, ProfileSet
from outreach.value import Terms
from schemas.base import put_together
from schemas.envelope import Event
from schemas.events.accounts import Size
from schemas.events.ours import Phase
from schemas.needs import Effect, Place
from streams.codec import VERSION
from streams.core.looks import spread_hours
from streams.state import EPOCH_DAY, Account, Partition, moment, seconds

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE_SECONDS = 60
_PLACE_TOLD = set(Place.model_fields)


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings that decisions depend on; equal in every process of an installation."""

    default_zone: str = "UTC"
    holdout_salt: str = "ringahead"
    reporting_currency: str = "GBP"
    state_layout: int = VERSION
    """States are written in this one: an older one while workers of the release before still run."""


def _terms_of(profiles: ProfileSet | None) -> Terms:
    economics = Economics() if profiles is None else profiles.economics
    return Terms(
        margin_share=economics.margin_share,
        retention_share=economics.retention_share,
        capital_cost_share=economics.capital_cost_share,
        years=economics.years,
        headroom_share=economics.headroom_share,
    )


@dataclass(slots=True)
class Context:
    """One partition while it is folded. What many accounts ask of it is worked out once for each business time."""

    installation: Installation
    number: int
    partition: Partition
    profiles: ProfileSet | None = None
    model: Population | None = None
    _asked: tuple[Any, ...] = (None, None, None)
    _in_force: tuple[Population, ProfileSet] | None = None
    _cells: dict[tuple[str, str], Profile] = field(default_factory=dict)
    _moment: tuple[int, datetime, int] = (0, EPOCH, 1970 * 12 + 1)
    _valued_by: ProfileSet | None = None
    _terms: Terms = field(default_factory=lambda: _terms_of(None))

    @property
    def in_force(self) -> tuple[Population, ProfileSet] | None:
        """What decisions are taken by; None while there is no model, or no profiles whose day has come."""
        model, profiles, as_of = self._asked
        if model is not self.model or profiles is not self.profiles or as_of != self.partition.as_of:
            self._look()
        return self._in_force

    def cell(self, account: Account) -> Profile | None:
        """The profile in force for the account's size and phase; None while nothing is decided."""
        model, profiles, as_of = self._asked
        if model is not self.model or profiles is not self.profiles or as_of != self.partition.as_of:
            self._look()
        found = self._cells.get((account.size, account.phase))
        if found is None and self._in_force is not None:
            found = self._in_force[1].cell(Size(account.size), Phase(account.phase))
            self._cells[account.size, account.phase] = found
        return found

    @property
    def terms(self) -> Terms:
        """What accounts are valued by: the profiles' word, asked for only while there are profiles."""
        if self.profiles is not self._valued_by:
            self._terms, self._valued_by = _terms_of(self.profiles), self.profiles
        return self._terms

    def moment(self, at: int) -> datetime:
        """The instant of whole seconds since 1970; nearly always asked of the business time."""
        known, found, _ = self._moment
        if known != at:
            found = self._know(at)[1]
        return found

    def month(self, at: int) -> int:
        """The month of whole seconds since 1970, as spend is kept by."""
        known, _, found = self._moment
        if known != at:
            found = self._know(at)[2]
        return found

    def _know(self, at: int) -> tuple[int, datetime, int]:
        found = moment(at)
        self._moment = (at, found, found.year * 12 + found.month)
        return self._moment

    def local_day(self, zone: str | None, at: int) -> int:
        """Ordinal of the local day of a zone at whole seconds since 1970."""
        name = zone or self.installation.default_zone
        if name == "UTC":
            return EPOCH_DAY + at // 86_400
        return _local_day(zone, self.installation.default_zone, at // MINUTE_SECONDS)

    def _look(self) -> None:
        as_of = self.partition.as_of
        self._asked = (self.model, self.profiles, as_of)
        self._cells = {}
        self._in_force = None
        if self.model is None or self.profiles is None or as_of is None:
            return
        if seconds(self.profiles.effective_from) <= as_of:
            self._in_force = (self.model, self.profiles)


class Folding:
    """One account while one event is folded into it; what it causes is collected here."""

    __slots__ = (
        "_event_seconds",
        "_place",
        "_spread",
        "account",
        "context",
        "effects",
        "event_time",
        "look",
        "next_look_hour",
        "now",
        "offset",
        "recorded",
        "spend",
    )

    def __init__(self, account: Account, context: Context, offset: int, event_time: datetime) -> None:
        self.account = account
        self.context = context
        self.offset = offset
        self.event_time = event_time
        """When the event occurred; business time for what passing time causes."""
        self.effects: list[Effect] = []
        self.recorded: list[Event] = []
        """Facts about itself that the fold writes to the log."""
        self._event_seconds: int | None = None
        self._place: Place | None = None
        self._spread: int | None = None
        self.spend: float | None = None
        """Of the last twelve months, where it was asked for and no order comes after that."""
        self.look: tuple[int, int] = (0, 0)
        """A day on which there is an order, and the hour of the look that follows: an order asks once for each line."""
        as_of = context.partition.as_of
        self.now = self.event_seconds if as_of is None else as_of
        """Business time where it is known, else the event's own."""
        self.next_look_hour = 0 if as_of is None else as_of // 3600 + 1
        """The next tick: passing time decides then, for all pairs that were touched, at once."""

    @property
    def event_seconds(self) -> int:
        """When the event occurred, as whole seconds since 1970."""
        found = self._event_seconds
        if found is None:
            found = self._event_seconds = seconds(self.event_time)
        return found

    @property
    def spread_hours(self) -> int:
        """Hours into a UTC day at which the account's orders are looked at."""
        found = self._spread
        if found is None:
            found = self._spread = spread_hours(self.account.account_id)
        return found

    @property
    def at(self) -> datetime:
        """Business time as an instant."""
        return self.context.moment(self.now)

    @property
    def place(self) -> Place:
        """Where the event stands in the log."""
        if self._place is None:
            values = {"partition": self.context.number, "offset": self.offset}
            self._place = put_together(Place, values, _PLACE_TOLD, None)  # every field: said with each effect
        return self._place

    @property
    def profile(self) -> Profile | None:
        """The cell in force for the account; None while nothing is decided."""
        return self.context.cell(self.account)

    def local_day(self, at: datetime) -> int:
        """Ordinal of the account's local day at an instant."""
        return self.context.local_day(self.account.about.zone, seconds(at))

    @property
    def event_day(self) -> int:
        """Ordinal of the account's local day on which the event occurred."""
        return self.context.local_day(self.account.about.zone, self.event_seconds)

    @property
    def today(self) -> int:
        """Ordinal of the account's present local day."""
        return self.context.local_day(self.account.about.zone, self.now)

    @property
    def zone_seconds(self) -> float:
        """By what the account's clocks are ahead of UTC now."""
        ahead = self.at.astimezone(zone_of(self.account.about.zone, self.context.installation.default_zone)).utcoffset()
        return 0.0 if ahead is None else ahead.total_seconds()

    def look_again(self) -> None:
        """Have the account's size and phase judged at the next tick."""
        self.account.check_hour = earliest(self.account.check_hour, self.next_look_hour)


def earliest(first: int | None, second: int | None) -> int | None:
    """The smaller of two hours, where None is never."""
    if first is None or second is None:
        return second if first is None else first
    return min(first, second)


@lru_cache(maxsize=100_000)
def _local_day(zone: str | None, default: str, minute: int) -> int:
    """Ordinal of the local day in which a minute lies; clocks are set at whole minutes, in St John's once at 00:01."""
    at = datetime.fromtimestamp(minute * MINUTE_SECONDS, UTC)
    return at.astimezone(zone_of(zone, default)).toordinal()


@cache
def zone_of(name: str | None, default: str) -> ZoneInfo:
    """Time zone in which an account's days are counted; the default where its own is unknown or misspelt."""
    try:
        return ZoneInfo(name or default)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo(default)
