"""Moments as people read them. Business time comes from the database; the wall only lets a clock run on."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from console.chart import day_text
from outreach.hours import known_zone

WALL_IS_NEAR = timedelta(hours=2)
"""Business time within this of the wall is the wall's, told once an hour; a demo's stands still, years away."""


@dataclass(frozen=True, slots=True)
class Now:
    """Business time for one page."""

    moment: datetime
    """UTC."""
    runs: bool
    """Whether it goes on with the wall."""


def now_for(business: datetime | None, wall: datetime) -> Now | None:
    """The time to show; None before the first business time, since then nothing is known."""
    if business is None:
        return None
    near = abs(wall - business) <= WALL_IS_NEAR
    return Now(max(wall, business), True) if near else Now(business, False)


@dataclass(frozen=True, slots=True)
class LocalClock:
    """What the page's clock starts from."""

    zone: str
    shown: str
    place: str
    """The zone as people say it: ``New York``."""
    epoch_ms: int
    runs: bool


def local_clock(now: Now | None, zone: str | None) -> LocalClock | None:
    """The time there; None when the zone or business time is not known."""
    known = known_zone(zone)
    if known is None or now is None:
        return None
    local = now.moment.astimezone(known)
    return LocalClock(known.key, f"{local:%H:%M}", place_of(known.key), int(now.moment.timestamp() * 1000), now.runs)


def place_of(zone: str) -> str:
    """``America/New_York`` as ``New York``."""
    return zone.rsplit("/", maxsplit=1)[-1].replace("_", " ")


def moment_text(moment: datetime | None, zone: ZoneInfo | None = None) -> str:
    """Day and time, in the zone or else marked as UTC; empty without a moment."""
    if moment is None:
        return ""
    local = moment.astimezone(zone or UTC)
    return f"{day_text(local.date())}, {local:%H:%M}" + ("" if zone else " UTC")


def clock_text(moment: datetime, now: datetime, zone: ZoneInfo | None = None) -> str:
    """The time alone for today, with the day for any other."""
    local = moment.astimezone(zone or UTC)
    same_day = local.date() == now.astimezone(zone or UTC).date()
    shown = f"{local:%H:%M}" if same_day else f"{local:%H:%M} on {day_text(local.date())}"
    return shown if zone else f"{shown} UTC"


def duration_text(seconds: float) -> str:
    """A length of time in its largest useful unit, e.g. ``3 min``."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f}".rstrip("0").rstrip(".") + f" {unit}"
    return f"{seconds:.0f} s" if seconds >= 1 or seconds == 0 else "under 1 s"
