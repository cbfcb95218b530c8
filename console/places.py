"""Where an account is, in words: ``FR`` is France. Names are those of the time zone database (`iso3166.tab`)."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


def place_text(region: str | None, country: str | None) -> tuple[str, ...]:
    """Region and country, as far as they are known; a code that nobody knows stays as it came."""
    return tuple(part for part in (region, country_name(country)) if part)


def country_name(country: str | None) -> str:
    """The name for a two-letter code; anything else unchanged; empty where there is none."""
    return _names().get(country or "", country or "")


@cache
def _names() -> Mapping[str, str]:
    lines = (files("tzdata") / "zoneinfo" / "iso3166.tab").read_text("utf-8").splitlines()
    names = dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))
    return names | {"GB": "United Kingdom"}
