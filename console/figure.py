"""One number at the top of the operator's page."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """Name, value, and a word beside it."""

    name: str
    value: str
    note: str = ""
    tone: str = ""
    switch: bool | None = None
    """What the kill switch would become by its button."""
