"""kill -9 at any moment loses nothing: the process is killed for real, twenty times."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ops.embedded.installation import Opened, opened
from outreach.records import NeedStatus
from outreach.task import TaskState
from schemas.settings import Settings
from streams.embedded import tables
from streams.microbatch.ports import Record
from tests.embedded.made import history, put_artefacts
from tests.streams.harness import Partition

KILLS = 20
SHAPE = (300, 260, 120)
"""Accounts, days, days with decisions."""


class Child:
    """The process, and what it said is durable."""

    def __init__(self, folder: Path, start: int) -> None:
        command = [sys.executable, "-m", "tests.embedded.child", str(folder), str(start), *map(str, SHAPE)]
        self._command = command
        self.durable = start
        self.done = False

    def run_until_killed(self, after_events: int, and_seconds: float) -> None:
        """Kill it so long after so many events; returns when it is gone."""
        start = self.durable
        with subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True) as process:
            killer = threading.Timer(and_seconds, process.kill)
            for line in process.stdout or ():
                if line == "done\n":
                    self.done = True
                elif line != "ready\n":
                    self.durable = int(line)
                    if self.durable - start >= after_events and not killer.ident:
                        killer.start()
            process.wait()
            killer.cancel()


def all_records(installation: Opened) -> list[Record]:
    with installation.store.read() as tx:
        return tables.read(tx.connection, 0, 10_000_000)


@pytest.mark.slow
def test_twenty_kills_lose_nothing_and_duplicate_no_task(tmp_path: Path) -> None:
    events, durable, kills, chance = history(*SHAPE[:2], decide_days=SHAPE[2]), 0, 0, random.Random(1)
    while True:
        child = Child(tmp_path, durable)
        child.run_until_killed(chance.randint(40, 500) if kills < KILLS else len(events), chance.uniform(0, 0.08))
        if child.done:
            break
        kills, durable = kills + 1, child.durable
    assert kills == KILLS, f"the history ended after {kills} kills: make it longer"
    with opened(Settings(data_dir=tmp_path)) as installation:
        records = all_records(installation)
        logged = {record.value for record in records}
        model = Partition()
        assert not {event.id for event in events if model.record(event).value not in logged}
        effects = model.feed_records(records)
        with installation.store.read() as tx:
            state = dict(tables.StateTable(tx.connection).items())
        assert state == model.store.rows
        _tasks_are_those_of_the_model(installation, tmp_path / "model", effects)
    print(f"\n{len(events)} events, {kills} kills: lost 0; {len(records)} log records, {len(effects)} effects")


def _tasks_are_those_of_the_model(installation: Opened, folder: Path, effects: list) -> None:  # type: ignore[type-arg]
    with opened(Settings(data_dir=folder)) as model:
        put_artefacts(model)
        with model.store.begin() as tx:
            model.desk.apply_effects(tx, effects)
        assert _tasks(installation) == _tasks(model)
        live = [account for account, state, _ in _tasks(installation) if state not in _ENDED]
        assert live
        assert len(live) == len(set(live))


_ENDED = {TaskState.DONE, TaskState.SUPERSEDED, TaskState.CANCELLED, TaskState.EXPIRED, TaskState.EXHAUSTED}


def _tasks(installation: Opened) -> list[tuple[str, TaskState, tuple[tuple[str, NeedStatus], ...]]]:
    with installation.store.read() as tx:
        found = tx.tasks.listed(list(TaskState), limit=100_000)
        lines = tx.needs.lines([task.task_id for task in found])
    by_task: dict[str | None, list[tuple[str, NeedStatus]]] = {}
    for line in lines:
        by_task.setdefault(line.task_id, []).append((line.need_id, line.status))
    return sorted((task.account_id, task.state, tuple(sorted(by_task[task.task_id]))) for task in found)
