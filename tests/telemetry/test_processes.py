"""Every long-running process has logs of our form, a deadline for leaving, and traces where events pass."""

import ast
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

import pytest

from ops.kafka_local import free_ports
from outreach.store.migrate import upgrade
from outreach.store.sql import create
from tests.installation import MAIN, wait_until
from tests.repo.sources import ROOT

WIRED: Mapping[str, frozenset[str]] = {
    "worker": frozenset({"set_up", "tracing_of", "run_worker"}),
    "desk": frozenset({"set_up", "tracing_of", "stages", "stop_at_signal"}),
    "archive": frozenset({"set_up", "stop_at_signal"}),
    "tick": frozenset({"set_up", "stop_at_signal"}),
    "console": frozenset({"set_up", "ConsoleServer"}),
    "serve": frozenset({"set_up", "EmbeddedServer"}),
}
"""What a process calls; leaving is run_worker's, stop_at_signal's or the web server's business."""
LEAVE_SECONDS = 10.0


def called(path: Path) -> set[str]:
    """Names that a module calls."""
    tree = ast.parse(path.read_text("utf-8"))
    return {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}


@pytest.mark.parametrize("name", WIRED)
def test_a_process_is_wired(name: str) -> None:
    assert WIRED[name] - called(ROOT / "ops" / "commands" / f"{name}.py") == set()


def test_the_embedded_runtime_traces_ingest_fold_and_desk() -> None:
    assert {"stages", "tracing_of"} <= called(ROOT / "ops" / "embedded" / "installation.py")


def environment(folder: Path, runtime: str) -> dict[str, str]:
    ports = free_ports(2)
    return {
        **os.environ,
        "RINGAHEAD_RUNTIME": runtime,
        "RINGAHEAD_DATA_DIR": str(folder),
        "RINGAHEAD_LOG_FORMAT": "json",
        "RINGAHEAD_KAFKA_BOOTSTRAP": f"127.0.0.1:{ports[0]}",
        "RINGAHEAD_CONSOLE_PORT": str(ports[1]),
        "RINGAHEAD_DATABASE_URL": f"sqlite:///{folder / 'ringahead.sqlite3'}",
    }


@pytest.mark.slow
@pytest.mark.parametrize(("command", "runtime"), [("tick", "kafka"), ("console", "kafka"), ("serve", "embedded")])
def test_a_process_without_its_broker_logs_objects_and_leaves_when_told(
    tmp_path: Path, command: str, runtime: str
) -> None:
    engine = create(f"sqlite:///{tmp_path / 'ringahead.sqlite3'}")
    upgrade(engine)
    engine.dispose()
    whole, told = [sys.executable, *MAIN, command], tmp_path / "stderr"
    given = environment(tmp_path, runtime)
    with told.open("w") as log, subprocess.Popen(whole, env=given, stderr=log) as process:
        try:
            wait_until(lambda: begun(command, given, told), "its start", 90)
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(LEAVE_SECONDS * 3) == 0
            assert time.monotonic() - began < LEAVE_SECONDS
        finally:
            process.kill()
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    assert all("level" in line for line in lines), lines
    assert command != "tick" or any("waiting" in str(line) for line in lines)


def begun(command: str, given: Mapping[str, str], told: Path) -> bool:
    """It waits for its broker, or it answers."""
    if command == "tick":
        return "waiting" in told.read_text()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{given['RINGAHEAD_CONSOLE_PORT']}/healthz", timeout=2):
            return True
    except OSError:
        return False
