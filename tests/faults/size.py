"""How much of each fault: the short form of continuous integration, the full form of docs/faults.md, or any other."""

from dataclasses import dataclass, replace

import pytest


@dataclass(frozen=True, slots=True)
class Size:
    """What the rows of the matrix are run with."""

    name: str
    accounts: int
    rate: int
    """Events a second, asked for; what was reached is in the figures."""
    kills: int
    rebalances: int
    brokers: int
    """How many of the three are stopped, each both ways."""
    database_down_seconds: float
    load_seconds: float
    """How long a row without repetitions is under load."""
    shared: bool = False
    """One cluster and one log for all rows: quicker, and a row that fails may take the next ones along."""


SHORT = Size(
    "short",
    accounts=150,
    rate=300,
    kills=3,
    rebalances=1,
    brokers=1,
    database_down_seconds=10,
    load_seconds=15,
    shared=True,
)
FULL = Size(
    "full", accounts=600, rate=1000, kills=20, rebalances=5, brokers=3, database_down_seconds=60, load_seconds=40
)


def add_options(parser: pytest.Parser) -> None:
    """The options of the matrix."""
    group = parser.getgroup("faults", "the fault matrix")
    group.addoption("--faults-full", action="store_true", help="The full form instead of the short one.")
    group.addoption("--faults-out", metavar="DIR", help="Keep the figures there: one JSON a row, and a table.")
    group.addoption("--faults-shared", action="store_true", help="One cluster for all rows, as in the short form.")
    group.addoption("--faults-rate", type=int, help="Events a second.")
    group.addoption("--faults-kills", type=int, help="Kills of the first row.")


def size_of(config: pytest.Config) -> Size:
    """The form that was asked for."""
    size = FULL if config.getoption("--faults-full", False) else SHORT
    rate, kills = config.getoption("--faults-rate", None), config.getoption("--faults-kills", None)
    shared = size.shared or config.getoption("--faults-shared", False)
    return replace(size, rate=rate or size.rate, kills=kills or size.kills, shared=shared)
