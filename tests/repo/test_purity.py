"""The pure part of the tree takes time and chance as arguments, and reaches no machine."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repo.sources import ROOT, modules, name_of, pure, tree

CLOCKS = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "time.perf_counter",
    "time.sleep",
    "Timestamp.now",
    "Timestamp.today",
    "Timestamp.utcnow",
}
CHANCE = {"uuid.uuid1", "uuid.uuid4", "os.urandom"}
CHANCE_MODULES = {"random", "secrets"}
MACHINE = {"faust", "mode", "aiokafka", "sqlalchemy", "alembic", "psycopg", "fastapi", "starlette", "httpx"}


def dotted(node: ast.AST) -> str:
    """``a.b.c`` of an attribute chain; empty for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def imported(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def faults(module: ast.Module) -> list[str]:
    """What a pure module must not do, with its line."""
    found = []
    for line, name in imported(module):
        root = name.partition(".")[0]
        if root in CHANCE_MODULES | MACHINE or name in CLOCKS | CHANCE:
            found.append(f"{line}: imports {name}")
    for node in ast.walk(module):
        chain = dotted(node) if isinstance(node, ast.Attribute) else ""
        tail = ".".join(chain.split(".")[-2:])
        unseeded = chain.endswith("random.default_rng")
        drawn = ".random." in f".{chain}" and not chain.endswith(("random.Generator", "random.default_rng"))
        if tail in CLOCKS | CHANCE or drawn:
            found.append(f"{node.lineno}: {chain}")  # type: ignore[attr-defined]
        if unseeded and f"{chain}()" in ast.unparse(module):
            found.append(f"{node.lineno}: {chain}() without a seed")  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize("path", pure(), ids=name_of)
def test_pure_module_takes_time_and_chance_as_arguments(path: Path) -> None:
    assert faults(tree(path)) == []


@pytest.mark.parametrize(
    "source",
    [
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.now(datetime.UTC)",
        "import time\ntime.time()",
        "from time import time",
        "import random",
        "import numpy as np\nnp.random.normal()",
        "import numpy as np\nnp.random.default_rng()",
        "import pandas as pd\npd.Timestamp.now()",
        "import uuid\nuuid.uuid4()",
        "from sqlalchemy.orm import Session",
    ],
)
def test_fault_is_seen(source: str) -> None:
    assert faults(ast.parse(source))


@pytest.mark.parametrize(
    "source", ["import numpy as np\nnp.random.default_rng(seed)", "def f(now): return now", "rng.random()"]
)
def test_passed_in_is_no_fault(source: str) -> None:
    assert faults(ast.parse(source)) == []


def test_contracts_list_every_pure_module_of_outreach() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = {contract["name"]: contract for contract in project["tool"]["importlinter"]["contracts"]}
    forbidden = set(contracts["Pure packages know no network, no database, no web"]["source_modules"])
    layered = {name for layer in contracts["Layers"]["layers"] for name in re.findall(r"[\w.]+", layer)}
    parts = {".".join(name_of(path).removesuffix(".py").split("/")[:2]) for path in pure()}
    wanted = {part for part in parts if part.startswith("outreach.") and not part.endswith("__init__")}
    assert wanted - forbidden == set(), "add to the contract of pure packages in pyproject.toml"
    assert wanted - layered == set(), "add to the contract of layers in pyproject.toml"


def test_modules_are_found() -> None:
    assert len(pure()) > 20
    assert modules("ops")
