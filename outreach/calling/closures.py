"""Public holidays of a country and its regions, from the `holidays` library; a country it does not know has none."""

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=4096)
def public_holidays(country: str, region: str | None, year: int, *, every_region: bool) -> frozenset[date]:
    """Days of that year; without a region those of the nation, or of every region.

    Observed days (a holiday that falls on a weekend) are in it. ``country``: ISO 3166 letters.
    """
    regions = regions_of(country)
    if region is None and every_region:
        return frozenset().union(*(_days(country, one, year) for one in (None, *regions)))
    return _days(country, region if region in regions else None, year)


@lru_cache(maxsize=512)
def regions_of(country: str) -> tuple[str, ...]:
    """Letters of the regions of a country that have holidays of their own."""
    return tuple(holidays.list_supported_countries(include_aliases=False).get(country, ()))


@lru_cache(maxsize=4096)
def _days(country: str, region: str | None, year: int) -> frozenset[date]:
    try:
        return frozenset(holidays.country_holidays(country, subdiv=region, years=year))
    except NotImplementedError:
        return frozenset()
