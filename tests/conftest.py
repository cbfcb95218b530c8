"""What every lane shares: sockets only where a server is meant, and no silent skip where one is demanded."""

from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

SERVER_LANES = ("kafka", "postgres", "browser", "slow")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-skips", action="store_true", help="A test that would be skipped fails, with its reason.")


def pytest_configure() -> None:
    """A loaded machine is no bug. Under CI=true Hypothesis itself chooses examples that are the same in every run."""
    settings.register_profile("unhurried", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("unhurried")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.get_closest_marker(lane) for lane in SERVER_LANES):
            item.add_marker(pytest.mark.enable_socket)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and item.config.getoption("--no-skips"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {call.excinfo and call.excinfo.value}"
    return report
