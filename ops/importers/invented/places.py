"""From the country of the real file to ISO code, region and IANA time zone of the called party."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Place:
    """Where an account is; an unknown zone means that nobody may call."""

    country: str | None
    zone: str | None
    region: str | None = None


NOWHERE = Place(None, None)

PLACES: dict[str, tuple[Place, ...]] = {
    "Australia": (
        Place("AU", "Australia/Sydney", "NSW"),
        Place("AU", "Australia/Melbourne", "VIC"),
        Place("AU", "Australia/Perth", "WA"),
    ),
    "Austria": (Place("AT", "Europe/Vienna"),),
    "Bahrain": (Place("BH", "Asia/Bahrain"),),
    "Belgium": (Place("BE", "Europe/Brussels"),),
    "Brazil": (Place("BR", "America/Sao_Paulo", "SP"),),
    "Canada": (Place("CA", "America/Toronto", "ON"), Place("CA", "America/Vancouver", "BC")),
    "Channel Islands": (Place("JE", "Europe/Jersey"), Place("GG", "Europe/Guernsey")),
    "Cyprus": (Place("CY", "Asia/Nicosia"),),
    "Czech Republic": (Place("CZ", "Europe/Prague"),),
    "Denmark": (Place("DK", "Europe/Copenhagen"),),
    "EIRE": (Place("IE", "Europe/Dublin"),),
    "Finland": (Place("FI", "Europe/Helsinki"),),
    "France": (Place("FR", "Europe/Paris"),),
    "Germany": (Place("DE", "Europe/Berlin"),),
    "Greece": (Place("GR", "Europe/Athens"),),
    "Hong Kong": (Place("HK", "Asia/Hong_Kong"),),
    "Iceland": (Place("IS", "Atlantic/Reykjavik"),),
    "Israel": (Place("IL", "Asia/Jerusalem"),),
    "Italy": (Place("IT", "Europe/Rome"),),
    "Japan": (Place("JP", "Asia/Tokyo"),),
    "Lebanon": (Place("LB", "Asia/Beirut"),),
    "Lithuania": (Place("LT", "Europe/Vilnius"),),
    "Malta": (Place("MT", "Europe/Malta"),),
    "Netherlands": (Place("NL", "Europe/Amsterdam"),),
    "Norway": (Place("NO", "Europe/Oslo"),),
    "Poland": (Place("PL", "Europe/Warsaw"),),
    "Portugal": (Place("PT", "Europe/Lisbon"),),
    "RSA": (Place("ZA", "Africa/Johannesburg"),),
    "Saudi Arabia": (Place("SA", "Asia/Riyadh"),),
    "Singapore": (Place("SG", "Asia/Singapore"),),
    "Spain": (Place("ES", "Europe/Madrid"),),
    "Sweden": (Place("SE", "Europe/Stockholm"),),
    "Switzerland": (Place("CH", "Europe/Zurich"),),
    "USA": (
        Place("US", "America/New_York", "NY"),
        Place("US", "America/Chicago", "IL"),
        Place("US", "America/Los_Angeles", "CA"),
        Place("US", "America/New_York", "FL"),
    ),
    "United Arab Emirates": (Place("AE", "Asia/Dubai"),),
    "United Kingdom": (
        Place("GB", "Europe/London", "England"),
        Place("GB", "Europe/London", "Scotland"),
        Place("GB", "Europe/London", "Wales"),
        Place("GB", "Europe/London", "Northern Ireland"),
    ),
}
"""``Unspecified`` and ``European Community`` are no places: such an account has no known zone, and is not called."""

_UK_SHARES = (0.84, 0.08, 0.05, 0.03)


def place_of(country: str, random: np.random.Generator) -> Place:
    """The place of an account of that country; the region within it is drawn."""
    places = PLACES.get(country)
    if places is None:
        return NOWHERE
    shares = _UK_SHARES if country == "United Kingdom" else None
    return places[int(random.choice(len(places), p=shares))]
