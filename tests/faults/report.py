"""The figures: one row for each fault, printed as a table at the end, kept as JSON and as markdown."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

HEADINGS = ("Fault", "Form", "Faults", "Events", "Rate 1/s", "Lost", "Duplicate", "Recovered s", "More", "Passed")

BUSY_LOAD = 2.5
"""Load average for each core over which seconds say more of the machine than of us."""


@dataclass(slots=True)
class Row:
    """What one fault did."""

    fault: str
    form: str
    faults: int = 0
    events: int = 0
    rate: float = 0.0
    lost: int | None = None
    """Events, states, effects and tasks that should be there and are not, or are wrong."""
    duplicate: int | None = None
    """Effects and tasks that should not be there."""
    recovered_seconds: list[float] = field(default_factory=list)
    more: dict[str, object] = field(default_factory=dict)
    passed: bool = False
    at: str = ""
    load_average: float = 0.0
    """Of the machine, at the end: others may have been at work on it."""
    commit: str = ""
    minutes: float = 0.0

    def line(self) -> tuple[str, ...]:
        """The row of the table."""
        return (
            self.fault,
            self.form,
            str(self.faults),
            f"{self.events:,}",
            f"{self.rate:,.0f}",
            "-" if self.lost is None else str(self.lost),
            "-" if self.duplicate is None else str(self.duplicate),
            _spread(self.recovered_seconds),
            ", ".join(f"{name} {value}" for name, value in self.more.items()),
            "yes" if self.passed else "NO",
        )

    def bar(self, what: str, found: float, most: float) -> None:
        """A promise in seconds; not judged while others keep the machine busy, and then the row says so."""
        self.more[what] = f"{found:.1f} s (bar {most:.0f} s)"
        if found > most and (busy := os.getloadavg()[0]) > BUSY_LOAD * (os.cpu_count() or 1):
            self.more[what] = f"{found:.1f} s (bar {most:.0f} s not judged: machine busy, load {busy:.0f})"
        elif found > most:
            raise AssertionError(f"{what}: {found:.1f} s, at most {most:.0f} s are promised")

    def finish(self, passed: bool) -> None:
        """Note when, and how busy the machine was."""
        self.passed = passed
        self.at = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
        self.load_average = round(os.getloadavg()[0], 1)
        self.commit = _commit()


Figures = Callable[[str], AbstractContextManager[Row]]
"""Gives the row of a fault for the length of a block; kept and shown whatever becomes of the block."""


def _spread(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    ordered = sorted(seconds)
    middle, worst = ordered[len(ordered) // 2], ordered[-1]
    return f"{worst:.1f}" if len(ordered) == 1 else f"{middle:.1f}, worst {worst:.1f}"


def table(rows: Iterable[Row]) -> str:
    """Markdown, with aligned columns."""
    lines = [HEADINGS, *(row.line() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    told = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    ]
    told.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(told)


def _commit() -> str:
    """Of the tree that the row ran in; empty where it is none of git's."""
    told = subprocess.run(["git", "rev-parse", "--short", "HEAD"], check=False, capture_output=True, text=True)
    return told.stdout.strip()


def surroundings() -> Mapping[str, object]:
    """Machine and versions."""
    packages = ("faust-streaming", "aiokafka", "rocksdict", "sqlalchemy", "psycopg")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(memory / 2**30),
        "python": platform.python_version(),
        **{name: version(name) for name in packages},
    }


def keep(row: Row, folder: Path) -> None:
    """Write the row, and the table of all rows that the folder has."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(letter if letter.isalnum() else "-" for letter in row.fault)
    (folder / f"row-{name}.json").write_text(json.dumps(asdict(row), indent=1, default=str))
    rows = kept(folder)
    whole = {"surroundings": surroundings(), "rows": [asdict(one) for one in rows]}
    (folder / "faults.json").write_text(json.dumps(whole, indent=1, default=str))
    (folder / "faults.md").write_text(table(rows) + "\n")


def kept(folder: Path) -> list[Row]:
    """Every row of the folder, oldest first."""
    rows = [Row(**json.loads(path.read_text())) for path in sorted(folder.glob("row-*.json"))]
    return sorted(rows, key=lambda row: row.at)
