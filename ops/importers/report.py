"""What an import gave, used and left out, by reason; every line of the file is counted exactly once."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from schemas.envelope import Event


@dataclass(frozen=True, slots=True)
class Report:
    """Counts of lines. Raises ValueError where they do not add up to ``lines``: then the importer is wrong."""

    source: str
    lines: int
    used: Mapping[str, int]
    """What became of the lines that were used, e.g. ``ordered``, ``returned``."""
    left_out: Mapping[str, int]
    """How many lines were left out, by reason; reasons that did not occur are absent."""

    def __post_init__(self) -> None:
        counted = sum(self.used.values()) + sum(self.left_out.values())
        if counted != self.lines:
            raise ValueError(f"{self.source}: {counted} of {self.lines} lines are accounted for")

    @property
    def used_lines(self) -> int:
        """Lines that became part of an event."""
        return sum(self.used.values())

    def rows(self) -> Iterator[tuple[str, int]]:
        """The report as (what, lines), largest first within used and left out."""
        for title, counts in (("used: ", self.used), ("left out: ", self.left_out)):
            for reason, count in sorted(counts.items(), key=lambda row: -row[1]):
                yield title + reason.replace("_", " "), count
        yield "lines in the file", self.lines


@dataclass(frozen=True, slots=True)
class Imported:
    """Order events by time, and what became of every line."""

    events: list[Event]
    report: Report
