"""The stage of a row, its figures, and the table at the end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest

from tests.faults.report import Figures, Row, keep, surroundings, table
from tests.faults.size import Size, add_options, size_of
from tests.faults.stage import Stage

ROWS = pytest.StashKey[list[Row]]()
MARKS = (
    pytest.mark.kafka,
    pytest.mark.postgres,
    pytest.mark.slow,
    pytest.mark.faults,
    # A client that brokers left hanging is dropped while it still waits; Python tells of it when it forgets it.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    config.stash[ROWS] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever needs the stage is a row."""
    for item in items:
        if item.path.parent == Path(__file__).parent and "stage" in getattr(item, "fixturenames", ()):
            for mark in MARKS:
                item.add_marker(mark)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    rows = config.stash.get(ROWS, [])
    if rows:
        terminalreporter.write_sep("=", "fault matrix")
        terminalreporter.write_line(", ".join(f"{name} {value}" for name, value in surroundings().items()))
        terminalreporter.write_line(table(rows))


@pytest.fixture(scope="session")
def size(request: pytest.FixtureRequest) -> Size:
    """The form that was asked for."""
    return size_of(request.config)


def _scope(fixture_name: str, config: pytest.Config) -> Literal["session", "function"]:
    return "session" if size_of(config).shared else "function"


@pytest.fixture(scope=_scope)
def servers(size: Size) -> Iterator[Stage]:
    """Three brokers and a database, topics made; of each row, or of all rows together."""
    with Stage(size) as made:
        yield made


@pytest.fixture
def stage(servers: Stage) -> Iterator[Stage]:
    """The same with nothing running yet."""
    yield servers
    if servers.size.shared:
        servers.rest()


@pytest.fixture
def row(request: pytest.FixtureRequest, size: Size) -> Figures:
    """Figures of one fault; kept and shown whatever becomes of the test."""

    @contextmanager
    def figures(fault: str) -> Iterator[Row]:
        made = Row(fault, size.name)
        request.config.stash[ROWS].append(made)
        passed, begun = False, time.monotonic()
        try:
            yield made
            passed = True
        finally:
            made.minutes = round((time.monotonic() - begun) / 60, 1)
            made.finish(passed)
            print(f"\n{table([made])}")
            if folder := request.config.getoption("--faults-out", None):
                keep(made, Path(folder))

    return figures
