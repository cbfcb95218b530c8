"""What the wholesaler's real orders lack, invented from a seed; every event of it says ``origin: generated``."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

import numpy as np

from schemas.base import Fact
from schemas.envelope import Event
from schemas.events import EVERYBODY

SOURCE: Final = "urn:ringahead:generated"
ORIGIN: Final = "generated"

FactType = TypeVar("FactType", bound=Fact)


@dataclass(frozen=True, slots=True)
class Order:
    """A real order as the generator sees it."""

    order_id: str
    account_id: str
    time: datetime
    amount: float
    quantities: dict[str, float]
    """Units by SKU."""


def rng(seed: int, piece: str) -> np.random.Generator:
    """Randomness of one piece; another piece, or more of it, changes nothing in this one."""
    return np.random.default_rng([seed, *piece.encode()])


def invented(kind: type[FactType], /, **fields: Any) -> FactType:
    """A fact that is marked as generated."""
    return kind(**fields, origin=ORIGIN)


def event(event_id: str, account_id: str, time: datetime, fact: Fact) -> Event:
    """An event of the generator; ids are stable, so that a second run of the same seed is recognised."""
    return Event(event_id, SOURCE, account_id, time, fact)


def for_everybody(event_id: str, time: datetime, fact: Fact) -> Event:
    """A generated event that concerns every account."""
    return Event(event_id, SOURCE, EVERYBODY, time, fact)


def chosen(random: np.random.Generator, ids: Iterable[str], share: float) -> list[str]:
    """A share of the ids, at least one where there are any, in sorted order."""
    pool = sorted(ids)
    count = min(len(pool), max(1, round(share * len(pool))))
    return sorted(random.choice(np.array(pool, dtype=object), size=count, replace=False).tolist())
