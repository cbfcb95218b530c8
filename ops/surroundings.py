"""What a trade's forecasts are told besides orders: its public holidays, and temperatures with who follows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pandas as pd
from pyarrow import ArrowException

from forecasting.history import UNIX_EPOCH_DAY
from forecasting.weather import EVERYWHERE, Follows, Weather, weather_of
from outreach.calling.closures import public_holidays, regions_of
from outreach.calling.places import country_code
from schemas.errors import BadFile, BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from forecasting.columns import Floats
    from schemas.settings import Settings

YEARS_BEFORE, YEARS_AHEAD = 6, 2
COLDEST, HOTTEST = -90.0, 60.0
MOST_DAYS = 36_600
MOST_ODD_SHARE, FEW_LINES = (
    0.05,
    10,
)  # of temperatures that cannot be: more is another unit, and leaving them out would leave winter


class Surroundings(TypedDict):
    """Arguments of `streams.learning.fit` and `forecasting.learn.fit_population`."""

    holidays: tuple[int, ...]
    weather: Weather | None


def surroundings(settings: Settings, follows: Mapping[str, Follows], at: datetime) -> Surroundings:
    """By the installation's settings. Raises BadInput or BadFile where one of them cannot be used."""
    return told_of(settings.trade_country, settings.temperatures_file, follows, at.date())


def told_of(
    country: str | None, temperatures: Path | None, follows: Mapping[str, Follows], as_of: date
) -> Surroundings:
    """By a country (GB, or with its region DE-BY) and a file of temperatures, either of which may be None."""
    holidays = () if country is None else holidays_of(country, as_of.year)
    if temperatures is None and not follows:
        return Surroundings(holidays=holidays, weather=None)
    first_day, celsius = (as_of.toordinal(), {}) if temperatures is None else read_temperatures(temperatures)
    return Surroundings(holidays=holidays, weather=weather_of(first_day, celsius, follows))


def holidays_of(place: str, year: int) -> tuple[int, ...]:
    """Public holidays (ordinals) of the years around one. Raises BadInput for no country or region."""
    name, _, region = place.partition("-")
    country = country_code(name)
    if country is None:
        raise BadInput(f"{place!r} is no country; give ISO letters as GB, or with a region DE-BY")
    region = region.strip().upper()
    if region and region not in regions_of(country):
        known = ", ".join(regions_of(country)) or "none that is known"
        raise BadInput(f"{place!r}: {country} has no region {region}; its regions are {known}")
    years = range(year - YEARS_BEFORE, year + YEARS_AHEAD + 1)
    days = [public_holidays(country, region or None, one, every_region=False) for one in years]
    return tuple(sorted(day.toordinal() for some in days for day in some))


def read_temperatures(path: Path) -> tuple[int, dict[str, Floats]]:
    """First day (ordinal) and daily means by region ('' where the file has none), NaN where a day is missing.

    Raises BadFile for anything that is no table of day, celsius and, if there are several, region.
    """
    table = _read(path)
    missing = [name for name in ("day", "celsius") if name not in table.columns]
    if missing:
        raise BadFile(f"{path}: missing column {', '.join(missing)}; needed are day and celsius, region may be there")
    # the day as it is written: a station's midnight with its offset, or with another in summer, is of that day
    day = pd.to_datetime(table["day"].astype("str").str.strip().str[:10], errors="coerce", format="ISO8601")
    celsius = pd.to_numeric(table["celsius"], errors="coerce").astype(float)
    good = day.notna() & celsius.between(COLDEST, HOTTEST)
    if not good.any():
        raise BadFile(f"{path}: no line has a day (2023-01-31) and a temperature in degrees Celsius")
    odd = int((celsius.notna() & ~celsius.between(COLDEST, HOTTEST)).sum())
    if odd > max(MOST_ODD_SHARE * len(celsius), FEW_LINES):
        raise BadFile(
            f"{path}: {odd:,} of {len(celsius):,} temperatures are none in degrees Celsius; is it Fahrenheit?"
        )
    ordinal = day[good].to_numpy("datetime64[D]").astype(np.int64) + UNIX_EPOCH_DAY
    first, days = int(ordinal.min()), int(ordinal.max() - ordinal.min()) + 1
    if days > MOST_DAYS:
        raise BadFile(f"{path}: its days lie {days:,} apart; keep at most a hundred years")
    frame = pd.DataFrame({"place": ordinal - first, "celsius": celsius[good].to_numpy(), "region": EVERYWHERE})
    if "region" in table.columns:
        frame["region"] = table["region"].fillna("").astype("str").str.strip()[good].to_numpy()
    means = frame.groupby(["region", "place"])["celsius"].mean()
    return first, {str(name): _by_day(means[name], days) for name in frame["region"].unique()}


def _by_day(means: pd.Series, days: int) -> Floats:
    found = np.full(days, np.nan)
    found[means.index.to_numpy(np.intp)] = means.to_numpy(float)
    return found


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise BadFile(f"{path}: there is no such file; give a .parquet or .csv file of temperatures")
    try:
        return pd.read_parquet(path) if path.suffix.lower() == ".parquet" else pd.read_csv(path, dtype=str)
    except (ArrowException, OSError, ValueError) as error:
        raise BadFile(f"{path}: not a readable file of temperatures; save it as .parquet or as CSV UTF-8") from error
