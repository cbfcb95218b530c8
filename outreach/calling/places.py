"""Where the phone rings: zones, countries and regions, as accounts and contacts name them.

In doubt a party is at several places at once and every rule of each holds: its account's country and its zone's, and
every region of a country whose region is not known.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any
from zoneinfo import ZoneInfo

_DATABASE = files("tzdata") / "zoneinfo"


@dataclass(frozen=True, slots=True)
class CalledParty:
    """Where the phone rings."""

    zone: str | None
    """IANA name."""
    country: str | None = None
    region: str | None = None
    quiet_hours: tuple[tuple[int, int], ...] = ()
    """The profile's, on top of the legal ones: local hours from (included), to (excluded); 22, 6 spans midnight."""


@lru_cache(maxsize=1024)
def known_zone(name: str | None) -> ZoneInfo | None:
    """The zone of an IANA name; None for anything that is none, and for abbreviations, which name no place."""
    if not name or "/" not in name:
        return ZoneInfo("UTC") if name == "UTC" else None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache(maxsize=4096)
def countries_of(party: CalledParty) -> frozenset[str]:
    """ISO 3166 letters of the account's country and of the zone's; empty: nobody knows, every rule holds."""
    named = country_code(party.country)
    return frozenset(code for code in (named, zone_country(party.zone)) if code is not None)


@lru_cache(maxsize=4096)
def region_code(country: str, region: str | None) -> str | None:
    """The region's letters within a country whose regions are known; None: not known, every region's rule holds."""
    if region is None:
        return None
    word = region.strip().lower().removeprefix(f"{country.lower()}-")
    known: Mapping[str, str] = _words()["regions"].get(country, {})
    code = known.get(word, word.upper())
    return code if code in known.values() else None


def country_code(name: str | None) -> str | None:
    """ISO 3166 letters of a country's name, letters or usual word; None for what is none."""
    if name is None:
        return None
    word = name.strip().lower()
    code = _country_names().get(word, word.upper())
    return code if code in _country_names().values() else None


@lru_cache(maxsize=1024)
def zone_country(zone: str | None) -> str | None:
    """The country of a zone by the time zone database; None for zones of no country, as UTC."""
    if zone is None:
        return None
    by_zone = _zone_table()
    return by_zone.get(zone) or by_zone.get(_links().get(zone, ""))


def _rows(name: str) -> list[list[str]]:
    lines = (_DATABASE / name).read_text("utf-8").splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


@lru_cache(maxsize=1)
def _zone_table() -> Mapping[str, str]:
    return {row[2]: row[0] for row in _rows("zone.tab")}


@lru_cache(maxsize=1)
def _links() -> Mapping[str, str]:
    """Old and other names of zones."""
    lines = (_DATABASE / "tzdata.zi").read_text("utf-8").splitlines()
    return {words[2]: words[1] for words in (line.split() for line in lines if line.startswith("L "))}


@lru_cache(maxsize=1)
def _country_names() -> Mapping[str, str]:
    named = {row[1].lower(): row[0] for row in _rows("iso3166.tab")}
    return {**named, **_words()["countries"]}


@lru_cache(maxsize=1)
def _words() -> Mapping[str, Any]:
    return tomllib.loads((files("outreach.calling") / "data" / "places.toml").read_text("utf-8"))
