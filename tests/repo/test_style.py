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


def public(body: list[ast.stmt]) -> Iterator[ast.ClassDef | Function]:
    for node in body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node.body)


def says_itself(node: ast.ClassDef | Function) -> bool:
    """A method whose base class documents it, or an overload, needs no words of its own."""
    marks = {ast.unparse(mark).split(".")[-1].partition("(")[0] for mark in node.decorator_list}
    return bool(marks & {"override", "overload", "setter"})


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
    silent = [node.name for node in public(module.body) if not ast.get_docstring(node) and not says_itself(node)]
    assert silent == []


def test_median_file_is_short() -> None:
    lengths = sorted(len(path.read_text("utf-8").splitlines()) for path in modules(*PACKAGES))
    assert lengths[len(lengths) // 2] <= 120
