"""The package could be taken out of this repository as it is: it imports what it needs by name, and nothing of ours."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import streams.microbatch

PACKAGE = Path(streams.microbatch.__path__[0])
NEEDED = {"aiokafka", "faust", "mode", "rocksdict"}
"""What it would have to declare as dependencies."""
FILES = sorted(PACKAGE.glob("*.py"))


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_module_imports_itself_the_standard_library_and_what_is_declared(path: Path) -> None:
    foreign = {
        name
        for name in imported(path)
        if not name.startswith("streams.microbatch")
        and name.partition(".")[0] not in {*sys.stdlib_module_names, *NEEDED}
    }
    assert foreign == set()


def test_everything_that_is_declared_is_needed() -> None:
    found = {name.partition(".")[0] for path in FILES for name in imported(path)}
    assert found >= NEEDED


def test_what_a_program_implements_knows_neither_faust_nor_kafka() -> None:
    assert {name.partition(".")[0] for name in imported(PACKAGE / "ports.py")} <= sys.stdlib_module_names
