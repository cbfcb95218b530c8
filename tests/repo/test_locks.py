"""What is installed is what the project asks for, by hash, and the same in every lock."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.repo.sources import ROOT

PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)(?: ;.*)? \\$", re.MULTILINE)
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock", "requirements-backtest.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def pins(lock: str) -> dict[str, set[str]]:
    """Versions of each package; more than one where they differ by Python."""
    found: dict[str, set[str]] = {}
    for name, version in PIN.findall((ROOT / lock).read_text("utf-8")):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")
    blocks = re.split(r"(?m)^(?=[A-Za-z0-9])", text)[1:]
    assert blocks
    assert [block.split()[0] for block in blocks if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", PROJECT["project"]["optional-dependencies"]["dev"]),
        ("requirements-build.lock", PROJECT["build-system"]["requires"]),
        ("requirements-backtest.lock", PROJECT["project"]["dependencies"]),
        ("requirements-backtest.lock", PROJECT["project"]["optional-dependencies"]["backtest"]),
    ],
)
def test_lock_satisfies_the_project(lock: str, requirements: list[str]) -> None:
    locked = pins(lock)
    for requirement in map(Requirement, requirements):
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement} is not in {lock}: make lock"
        assert all(requirement.specifier.contains(Version(version)) for version in versions), (
            f"{requirement}: make lock"
        )


@pytest.mark.parametrize("lock", ["requirements-dev.lock", "requirements-backtest.lock"])
def test_tests_and_backtests_run_what_users_run(lock: str) -> None:
    runtime, other = pins("requirements.lock"), pins(lock)
    assert {name: versions for name, versions in runtime.items() if other.get(name) != versions} == {}
