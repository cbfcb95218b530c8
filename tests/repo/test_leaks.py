"""Nothing in the tree names the machine that it was written on, its package index, or a secret."""

import os
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.repo.sources import ROOT, name_of, tracked

BINARY = {".parquet", ".png", ".ico", ".woff2", ".gz"}
TEXTS = [path for path in tracked() if path.suffix not in BINARY and path != Path(__file__).resolve()]
INDEX_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_INDEX_URL", "UV_DEFAULT_INDEX")
HOMES = re.compile(r"(?<![\w./${}-])/(?:home|Users|root|work)/\w")
INDEX_LINES = re.compile(r"^\s*(?:--)?(?:extra-)?(?:index-url|find-links|trusted-host)\b", re.MULTILINE)
SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_\w{36}\b|\bxox[bp]-\d{10}|\bsk-[\w-]{32}"
)
CONFLICT = re.compile(r"^(?:<{7}|>{7}) ", re.MULTILINE)


def places_of_this_machine() -> set[str]:
    """Absolute paths and hosts that belong to whoever runs this, not to the project."""
    hosts = {urlsplit(os.environ.get(name, "")).netloc.rpartition("@")[2] for name in INDEX_VARIABLES}
    paths = {str(ROOT), str(Path.home()), str(Path(sys.base_prefix))}
    return {place for place in hosts | paths if len(place) > 5}


def leaks(text: str) -> list[str]:
    """What must not be published, as found in a text."""
    patterns = (HOMES, INDEX_LINES, SECRETS, CONFLICT)
    found = [match.group() for pattern in patterns for match in pattern.finditer(text)]
    return found + [place for place in places_of_this_machine() if place in text]


@pytest.mark.parametrize("path", TEXTS, ids=name_of)
def test_file_names_no_machine(path: Path) -> None:
    assert leaks(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "see /home/somebody/notes",
        "--index-url https://packages.example/simple",
        "-----BEGIN RSA PRIVATE KEY-----",
        "<<<<<<< HEAD\n",
        str(ROOT),
    ],
)
def test_leak_is_seen(text: str) -> None:
    assert leaks(text)


def test_nothing_is_tracked_that_is_made() -> None:
    made = {".pyc", ".sqlite3", ".log", ".whl"}
    assert [name_of(path) for path in tracked() if path.suffix in made or path.name == ".env"] == []


def test_files_are_small() -> None:
    big = {name_of(path): path.stat().st_size for path in tracked() if path.stat().st_size > 1_000_000}
    assert set(big) <= {"ops/importers/data/online_retail.parquet"}
