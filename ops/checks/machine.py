"""Checks of this machine: interpreter, data folder, SQLite, port, time zones, tools for tests."""

import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ops.checks import Check, missing, note, ok

PYTHON = (3, 11)
SQLITE = (3, 35)
"""RETURNING is used by claims; it came with 3.35."""
JAVA = 17
LITTLE_DISK_BYTES = 1_000_000_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TOOL_SECONDS = 10.0

Which = Callable[[str], str | None]


def python(version: tuple[int, ...] = sys.version_info[:3]) -> Check:
    """The interpreter is new enough."""
    said = ".".join(map(str, version))
    if version < PYTHON:
        return missing("Python", f"{said} is too old", "install Python 3.11 or newer, then: make clean demo")
    return ok("Python", said)


def data_folder(folder: Path) -> Check:
    """The folder can be written, or made."""
    there = existing(folder)
    if folder.exists() and not folder.is_dir():
        return missing("Data folder", f"{folder} is a file", "set RINGAHEAD_DATA_DIR to a folder")
    if not os.access(there, os.W_OK | os.X_OK):
        return missing(
            "Data folder", f"{there} cannot be written", f"chown $(id -un) {there}, or set RINGAHEAD_DATA_DIR"
        )
    free = shutil.disk_usage(there).free
    if free < LITTLE_DISK_BYTES:
        return note("Data folder", f"{folder}: only {free / 1e6:,.0f} MB are free on its disk", "make room")
    return ok("Data folder", f"{folder} can be written" + ("" if folder.exists() else " (will be made)"))


def sqlite(folder: Path, version: tuple[int, ...] = sqlite3.sqlite_version_info) -> Check:
    """SQLite is new enough, and its write-ahead log works on this disk (it does not on most network disks)."""
    said = ".".join(map(str, version))
    if version < SQLITE:
        return missing("SQLite", f"{said} is too old, 3.35 is needed", "use a newer Python (its own SQLite is newer)")
    try:
        with tempfile.TemporaryDirectory(dir=existing(folder), prefix=".doctor-") as place:
            connection = sqlite3.connect(Path(place) / "probe.sqlite3")
            mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
            connection.close()
    except (OSError, sqlite3.Error) as error:
        return missing("SQLite", f"no file can be written there: {error}", "set RINGAHEAD_DATA_DIR to a local disk")
    if mode != "wal":
        return missing("SQLite", f"no write-ahead log on this disk ({mode})", "set RINGAHEAD_DATA_DIR to a local disk")
    return ok("SQLite", f"{said}, write-ahead log works")


def port(host: str, number: int, *, ours: bool, bindable: Callable[[str, int], bool]) -> Check:
    """The console's port is free, or taken by our own server (``ours``: the data folder's lock is held)."""
    place = f"{host}:{number}"
    if number == 0:
        return ok("Port", "a free one is taken at the start")
    if bindable(host, number):
        return ok("Port", f"{place} is free")
    if ours:
        return ok("Port", f"{place} is in use, by the running server as it seems")
    return missing("Port", f"{place} is taken by another program", "set RINGAHEAD_CONSOLE_PORT to another port, or 0")


def can_bind(host: str, number: int) -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError:
            return False
    return True


def time_zones(zone: str = "Europe/London") -> Check:
    """Zone data are there: without them no account's hours are known, and nobody may be called."""
    try:
        ZoneInfo(zone)
        version = metadata.version("tzdata")
    except (ZoneInfoNotFoundError, metadata.PackageNotFoundError):
        return missing("Time zones", "no time zone data", "pip install tzdata")
    return ok("Time zones", f"tzdata {version}")


def java(which: Which = shutil.which, ask: Callable[[str], str] | None = None) -> Check:
    """Java for the local Kafka of `python -m ops.kafka_local`."""
    mend = "apt-get install default-jre-headless, or brew install openjdk; or use Docker"
    path = which("java")
    if path is None:
        return missing("Java", "not installed", mend)
    said = (ask or _java_version)(path)
    found = re.search(r'version "(\d+)', said)
    if found is None or int(found[1]) < JAVA:
        return missing("Java", f"{JAVA} or newer is needed; this is: {said or 'unknown'}", mend)
    return ok("Java", found[1])


def tool(topic: str, names: tuple[str, ...], mend: str, which: Which = shutil.which) -> Check:
    """A program on the PATH, under one of its names."""
    path = next((found for name in names if (found := which(name))), None)
    return ok(topic, path) if path else missing(topic, "not installed", mend)


def existing(folder: Path) -> Path:
    """The folder, or its nearest parent that exists."""
    return next((place for place in (folder, *folder.absolute().parents) if place.exists()), Path("/"))


def _java_version(path: str) -> str:
    try:
        asked = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=TOOL_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return (asked.stderr or asked.stdout).partition("\n")[0]
