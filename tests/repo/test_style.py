"""The measurable part of the style: lengths and docstrings."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.sources import PACKAGES, modules, name_of, tracked, tree

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
PYTHON = [path for path in tracked() if path.suffix == ".py" and "migrations/versions" not in path.as_posix()]

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(module: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(module) if isinstance(node, Function))


def public(module: ast.Module) -> Iterator[ast.ClassDef | Function]:
    """What others import; a method is documented by its class or its port."""
    return (node for node in module.body if isinstance(node, ast.ClassDef | Function) and node.name[0] != "_")


@pytest.mark.parametrize("path", PYTHON, ids=name_of)
def test_length(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    assert lines <= MAX_FILE_LINES, "would two names say it better?"
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions(tree(path)) if f.end_lineno}
    assert {name: length for name, length in long.items() if length > MAX_FUNCTION_LINES} == {}


@pytest.mark.parametrize("path", modules(*PACKAGES), ids=name_of)
def test_docstrings(path: Path) -> None:
    module = tree(path)
    assert ast.get_docstring(module), "a module says what it is for"
    silent = [node.name for node in public(module) if not ast.get_docstring(node)]
    assert silent == []


def test_median_file_is_short() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in modules(*PACKAGES))
    assert lengths[len(lengths) // 2] <= 120
