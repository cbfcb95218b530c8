"""Telephone numbers that can never ring: only ranges that a regulator keeps free for fiction, otherwise none.

Sources: Ofcom, "Telephone numbers for use in TV and radio drama programmes" (GB); ATIS-0300115, 555 line numbers
0100 to 0199 (US, CA); ACMA, "Fictitious numbers for radio, books, film and TV" (AU); ARCEP, numbering plan, article
2.5.12, "oeuvres audiovisuelles" (FR); PTS, numbers for books and films (SE); Bundesnetzagentur, notice 148/2021,
"Drama Numbers" (DE). Other countries of the data have no such range that we could confirm.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers ``prefix`` + ``first`` .. ``last``, the last part padded to the width of ``last``."""

    prefix: str
    first: int
    last: int

    def numbers(self) -> Iterator[str]:
        """Each number in E.164."""
        width = len(str(self.last))
        return (f"{self.prefix}{number:0{width}d}" for number in range(self.first, self.last + 1))


_UK_AREAS = ("113", "114", "115", "116", "117", "118", "121", "131", "141", "151", "161")
_US_AREAS = ("212", "312", "415", "305", "617", "206", "512", "702")
_CA_AREAS = ("416", "604", "514", "403")

RESERVED: dict[str, tuple[Range, ...]] = {
    "GB": (
        Range("+441632960", 0, 999),
        Range("+447700900", 0, 999),
        Range("+442079460", 0, 999),
        *(Range(f"+44{area}4960", 0, 999) for area in _UK_AREAS),
    ),
    "US": tuple(Range(f"+1{area}5550", 100, 199) for area in _US_AREAS),
    "CA": tuple(Range(f"+1{area}5550", 100, 199) for area in _CA_AREAS),
    "AU": (Range("+6125550", 0, 9999), Range("+6135550", 0, 9999), Range("+6185550", 0, 9999)),
    "FR": (Range("+3319900", 0, 9999), Range("+3363998", 0, 9999)),
    "SE": (Range("+46313900", 600, 699), Range("+46406280", 400, 499), Range("+46846500", 400, 499)),
    "DE": (
        Range("+493023125", 0, 999),
        Range("+496990009", 0, 999),
        Range("+494066969", 0, 999),
        Range("+498999998", 0, 999),
    ),
}


class Numbers:
    """Hands out every reserved number once, in an order drawn from the seed."""

    def __init__(self, random: np.random.Generator) -> None:
        self._left: dict[str, Iterator[str]] = {}
        for country, ranges in RESERVED.items():
            numbers = [number for reserved in ranges for number in reserved.numbers()]
            random.shuffle(numbers)
            self._left[country] = iter(numbers)

    def next(self, country: str | None) -> str | None:
        """A number of the country in E.164; None where no range is reserved, or none is left."""
        return next(self._left.get(country or "", iter(())), None)
