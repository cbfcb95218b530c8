"""Degree days as a clock: for products whose use follows the weather, cold (or hot) days count more.

    w(day) = e + (1 - e) * degrees(day) / normal      degrees = max(base - mean temperature, 0); for cooling the reverse

with `normal` the mean degree days of a day over the year, so that a year has as many operational days as calendar ones,
and e the share of the use that does not follow, fitted from gaps: that e under which the logs of a pair's gaps vary
least. Days of the past count by their temperature; days ahead by the climatology of the days before: the mean by day of
the year, over the days around it. Source of degree days: Day (2006), CIBSE TM41.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecasting.columns import Floats
    from forecasting.history import OrderDays
    from forecasting.model import Days

YEAR_DAYS = 365.25
AROUND_DAYS = 10  # on either side of a day of the year that its climatology is the mean of
YEARS_BACK = 5  # that say what is usual of a day that nobody told
AHEAD_DAYS = 800  # for which the climatology is laid out
EVEN_SHARES = (0.0, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
LEAST_GAPS = 12  # of a product: fewer say nothing of its even share
DOUBTED_SHARE = 0.2  # which is this then
LEAST_GAP_DAYS = 0.5
DIGITS = 2
EVERYWHERE = ""
DEGREE_DAYS, DAYS, UNKNOWN = "degree days", "days", "days, temperatures unknown"


class Follows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A product's use follows degree days under base_celsius, or, for cooling, over it. even: share that does not."""

    base_celsius: float
    cooling: bool = False
    even: float = DOUBTED_SHARE


class Weather(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Daily mean temperatures from first_day (ordinal) on, by region ('' the mean of all), and who follows them."""

    first_day: int
    celsius: dict[str, tuple[float, ...]]
    follows: dict[str, Follows]

    def before(self, day: int) -> Weather:
        """What was known when `day` began."""
        days = max(day - self.first_day, 0)
        return msgspec.structs.replace(self, celsius={name: told[:days] for name, told in self.celsius.items()})

    def clock(self, group: str, region: str = EVERYWHERE) -> DegreeClock | None:
        """The clock of a product group in a region; None where nobody said so, or less than a year is known."""
        follows = self.follows.get(group)
        told = self.celsius.get(region) or self.celsius.get(EVERYWHERE)
        return None if follows is None or not told else degree_clock(self.first_day, np.array(told), follows)


@dataclass(frozen=True, slots=True)
class DegreeClock:
    """`passed`: operational days from `first` until each day after it; outside, days count as days."""

    first: int
    passed: Floats

    def at(self, day: Days) -> Floats:
        """Operational days until a day (ordinal, with fraction), of its shape."""
        last = len(self.passed) - 1
        since = np.asarray(day, float) - self.first
        inside = np.clip(since, 0.0, float(last))
        low = np.minimum(np.floor(inside).astype(np.intp), last - 1)
        begin = self.passed[low]
        return np.asarray(begin + (inside - low) * (self.passed[low + 1] - begin) + (since - inside), float)

    def between(self, begin: Days, end: Days) -> Floats:
        """Operational days from one day to another."""
        return self.at(end) - self.at(begin)


def fits(weather: Weather) -> bool:
    """Whether the figures are those of temperatures: finite, and as many for every region."""
    told = [np.array(one, float) for one in weather.celsius.values()]
    finite = all(bool(np.isfinite(one).all()) for one in told) and len({len(one) for one in told}) <= 1
    return finite and all(np.isfinite(one.base_celsius) and 0 <= one.even <= 1 for one in weather.follows.values())


def weather_of(
    first_day: int, celsius: Mapping[str, Floats], follows: Mapping[str, Follows], history: OrderDays | None = None
) -> Weather:
    """Temperatures as the artefact keeps them; days that nobody told are filled, each region's mean is ''.

    celsius: by region, NaN where a day is missing, all of one length. history: what the even shares are fitted on.
    The mean is of the regions that were told by then, and stands for a region before its first day.
    """
    regions = {name: np.asarray(told, float) for name, told in sorted(celsius.items())}
    begun = min((_first_told(one) for one in regions.values()), default=0)
    filled = {name: _filled(one[begun:]) for name, one in regions.items()}
    filled = {name: one for name, one in filled.items() if len(one)}
    mean = np.nanmean([*filled.values()], axis=0) if filled else np.zeros(0)
    filled = {name: np.where(np.isfinite(one), one, mean) for name, one in filled.items()} | {EVERYWHERE: mean}
    told = {name: tuple(np.round(one, DIGITS).tolist()) for name, one in filled.items()}
    found = Weather(first_day + begun, told, dict(sorted(follows.items())))
    return found if history is None else fitted(found, history)


def fitted(weather: Weather, history: OrderDays) -> Weather:
    """The same with the even share of every product by the history's gaps."""
    follows = {
        group: msgspec.structs.replace(one, even=_even_share(weather, group, one, history))
        for group, one in weather.follows.items()
    }
    return msgspec.structs.replace(weather, follows=follows)


def degree_clock(first_day: int, celsius: Floats, follows: Follows) -> DegreeClock | None:
    """None where less than a year is known, or no degree day ever was."""
    if len(celsius) < YEAR_DAYS:
        return None
    apart = celsius - follows.base_celsius if follows.cooling else follows.base_celsius - celsius
    degrees = np.maximum(apart, 0.0)
    usual = _climatology(degrees, first_day)
    normal = float(usual.mean())
    if normal <= 0:
        return None
    ahead = usual[_day_of_year(first_day + len(celsius) + np.arange(AHEAD_DAYS))]
    weight = follows.even + (1 - follows.even) * np.concatenate([degrees, ahead]) / normal
    return DegreeClock(first_day, np.concatenate([[0.0], np.cumsum(weight)]))


@dataclass(frozen=True, slots=True)
class RowWeather:
    """The clocks of many rows. place: among `clocks`, -1 where days are days; shape (rows,)."""

    place: NDArray[np.intp]
    clocks: tuple[DegreeClock, ...]

    def take(self, rows: NDArray[np.bool_] | NDArray[np.intp]) -> RowWeather:
        """Some rows."""
        return replace(self, place=self.place[rows])

    def between(self, begin: Days, end: Days, usual: Floats) -> Floats:
        """Operational days between days; `usual` where there is no clock. begin and end broadcast to its shape."""
        found = np.array(usual, float)
        begin, end = (np.broadcast_to(np.asarray(day, float), found.shape) for day in (begin, end))
        for number, clock in enumerate(self.clocks):
            rows = np.flatnonzero(self.place == number)
            if len(rows):
                found[..., rows] = clock.between(begin[..., rows], end[..., rows])
        return found


class Skies:
    """The weather of a model, ready to be asked by SKU."""

    def __init__(self, weather: Weather | None) -> None:
        found = {} if weather is None else {group: weather.clock(group) for group in weather.follows}
        self._clocks = {group: clock for group, clock in found.items() if clock is not None}
        self._follows = frozenset(found)
        self._place = {group: place for place, group in enumerate(self._clocks)}

    def names(self, skus: Sequence[str]) -> list[str]:
        """What time is counted in, by SKU: DEGREE_DAYS or DAYS; UNKNOWN where it follows what nobody told."""
        return [DEGREE_DAYS if sku in self._place else UNKNOWN if sku in self._follows else DAYS for sku in skus]

    def of(self, skus: Sequence[str]) -> RowWeather | None:
        """Of rows; None where none of them follows the weather."""
        if not self._place:
            return None
        place = np.fromiter((self._place.get(sku, -1) for sku in skus), np.intp, len(skus))
        return RowWeather(place, tuple(self._clocks.values())) if (place >= 0).any() else None


def _even_share(weather: Weather, group: str, follows: Follows, history: OrderDays) -> float:
    """The share under which a pair's gaps are most alike: their logs vary least around the pair's own mean."""
    if group not in history.skus:
        return follows.even
    rows = history.where(history.sku == list(history.skus).index(group))
    inner = ~rows.starts()
    if inner.sum() < LEAST_GAPS:
        return follows.even
    before = np.concatenate([rows.day[:1], rows.day[:-1]])[inner]
    pair = (np.cumsum(rows.starts()) - 1)[inner]
    count = np.maximum(np.bincount(pair), 1)
    spreads = []
    for even in EVEN_SHARES:
        one = msgspec.structs.replace(follows, even=even)
        clock = msgspec.structs.replace(weather, follows={group: one}).clock(group)
        if clock is None:
            return follows.even
        logs = np.log(np.maximum(clock.between(before, rows.day[inner]), LEAST_GAP_DAYS))
        spreads.append(float(((logs - (np.bincount(pair, logs) / count)[pair]) ** 2).sum()))
    return EVEN_SHARES[int(np.argmin(spreads))]


def _first_told(celsius: Floats) -> int:
    """Place of the first day with a temperature; the number of days where there is none."""
    known = np.isfinite(celsius)
    return int(np.argmax(known)) if known.any() else len(celsius)


def _filled(celsius: Floats) -> Floats:
    """Missing days by the days before them alone, so that `before` tells no later ones: the usual of the time of the
    year in the years before, or the newest day while there is none. Days before the first that is told stay NaN."""
    found, begun = celsius.copy(), _first_told(celsius)
    for day in begun + np.flatnonzero(~np.isfinite(found[begun:])):
        years = [round(day - year * YEAR_DAYS) for year in range(1, YEARS_BACK + 1)]
        around = [found[max(one - AROUND_DAYS, begun) : one + AROUND_DAYS + 1] for one in years if one >= begun]
        found[day] = np.concatenate(around).mean() if around else found[day - 1]
    return found


def _climatology(values: Floats, first_day: int) -> Floats:
    """Mean by day of the year over the days around it, shape (366,)."""
    place = _day_of_year(first_day + np.arange(len(values)))
    total, count = np.bincount(place, values, 366), np.bincount(place, minlength=366).astype(float)
    around = np.arange(366)[:, None] + np.arange(-AROUND_DAYS, AROUND_DAYS + 1)
    around %= 366
    return np.asarray(total[around].sum(1) / np.maximum(count[around].sum(1), 1), float)


def _day_of_year(day: NDArray[np.int64]) -> NDArray[np.intp]:
    """0 to 365, the year taken as 365.25 days: leap days move nothing by more than one."""
    return np.asarray(np.floor(np.asarray(day, float) % YEAR_DAYS), np.intp)
