"""What the repository's own tests look at: tracked files, and the syntax trees of our modules."""

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("schemas", "forecasting", "outreach", "streams", "console", "ops")
SHELL_OF_OUTREACH = ("desk", "store", "memory", "channels", "trust")
"""Parts of outreach that do things; all others only decide."""
PURE_STREAMS = ("streams/core", "streams/codec", "streams/due", "streams/ingest", "streams/state")


@cache
def tracked() -> tuple[Path, ...]:
    """Files under version control that exist, and new ones that no rule ignores."""
    names = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return tuple(path for name in sorted(names.split("\0")) if name and (path := ROOT / name).is_file())


def modules(*packages: str) -> list[Path]:
    """Tracked Python files of packages, e.g. ``modules("schemas", "streams/core")``."""
    roots = tuple(f"{package}/" for package in packages)
    files = tuple(f"{package}.py" for package in packages)
    names = {path: path.relative_to(ROOT).as_posix() for path in tracked() if path.suffix == ".py"}
    return [path for path, name in names.items() if name.startswith(roots) or name in files]


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"), filename=str(path))


def name_of(path: Path) -> str:
    """A path as messages show it."""
    return path.relative_to(ROOT).as_posix()


def pure() -> list[Path]:
    """Modules that may know no clock, no chance and no machine."""
    shell = tuple(f"outreach/{part}" for part in SHELL_OF_OUTREACH)
    candidates = modules("schemas", "forecasting", "outreach", *PURE_STREAMS)
    return [path for path in candidates if not name_of(path).startswith(shell)]
