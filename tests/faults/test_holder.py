"""The console process dies while an agent holds a task: it goes back, and the old token writes nothing."""

import re
import time
from dataclasses import astuple

import httpx

from ops.kafka_local import free_ports
from outreach.desk import Desk, rules_from
from outreach.records import ContactPoint, Task
from outreach.task import TaskState
from tests.faults.browser import Browser
from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge
from tests.installation import wait_until

BAR_SECONDS = 5
ANNA, BEN = "anna", "ben"
NUMBER = "+441632960001"
"""Reserved for fiction."""


def test_the_console_of_a_holder_dies(stage: Stage, row: Figures) -> None:
    with row("holder of a task dies") as figures:
        stage.installation.environment["RINGAHEAD_REGISTERS_REQUIRED"] = "false"
        stage.begin()
        _make_callable(stage)
        first, second = _console(stage, "console-a"), _console(stage, "console-b")
        with Browser(first) as anna, Browser(second) as ben:
            anna.sign_in(stage.store, ANNA)
            ben.sign_in(stage.store, BEN)
            task_id, token = _claim(stage, anna)
            lease_ends = _task(stage, task_id).timer_until
            stage.processes["console-a"].restarts = False
            stage.processes["console-a"].kill()
            wait_until(lambda: _task(stage, task_id).state is TaskState.READY, "the task being ready again", 240)
            with stage.store.begin() as tx:
                late = (tx.db_now() - lease_ends).total_seconds() if lease_ends else 0.0
            anna.move_to(second)
            stale = _write(stage, anna, task_id, token)
            claimed, _ = _claim(stage, ben)
            assert claimed == task_id
            stale += _write(stage, anna, task_id, token)
        figures.faults, figures.more["writes with a stale token"] = 1, stale
        figures.recovered_seconds.append(late)
        figures.bar("reclaimed after the lease", late, BAR_SECONDS)
        assert stale == 0
        stage.processes["console-b"].stop()
        with stage.store.begin() as tx:  # the model knows of no agents
            Desk(rules_from(stage.settings)).skip(tx, task_id, _task(stage, task_id).token or "", "test", tx.db_now())
        judge(stage, figures)


def _console(stage: Stage, name: str) -> str:
    port = free_ports(1)[0]
    stage.start("console", name, environment={"RINGAHEAD_CONSOLE_PORT": str(port)})
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: _answers(base), f"{name} answering", 120)
    return base


def _answers(base: str) -> bool:
    try:
        return httpx.get(f"{base}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def _make_callable(stage: Stage) -> None:
    """Move business time to noon of a weekday on which an account waits, and give that one account a number."""
    stage.load.send(stage.story.put_in_force())
    while stage.story.now.weekday() != 1:  # the day before was a Monday: Tuesday's tick comes
        stage.load.send(stage.story.days(1))
    stage.load.send(stage.story.days(1))
    stage.settle()
    with stage.store.begin() as tx:
        waiting = tx.tasks.listed([TaskState.READY], limit=1)
        assert waiting, "nothing waits"
        contact = ContactPoint("c1", waiting[0].account_id, "Fiona", NUMBER, zone="Europe/London", origin="generated")
        Desk(rules_from(stage.settings)).put_contacts(tx, [contact])


def _claim(stage: Stage, agent: Browser) -> tuple[str, str]:
    """Press Next; id and lease token of the task."""
    page = agent.post("/agent/next").text
    found = re.search(r'data-task="(\w+)"', page)
    assert found, page[-3000:]
    task = _task(stage, found.group(1))
    assert task.state is TaskState.LEASED
    return task.task_id, task.token or ""


def _task(stage: Stage, task_id: str) -> Task:
    with stage.store.read() as tx:
        task = tx.tasks.get(task_id)
    assert task is not None
    return task


def _write(stage: Stage, agent: Browser, task_id: str, token: str) -> int:
    """Everything that a holder can do, with a token that holds nothing; how often it changed the task."""
    done = 0
    for action, data in (
        ("heartbeat", {}),
        ("start", {"key": "k" * 16}),
        ("end", {}),
        ("skip", {"reason": "not_now"}),
        ("disposition", {"disposition": "no_answer"}),
    ):
        before = _task(stage, task_id)
        agent.post(f"/agent/tasks/{task_id}/{action}", token=token, **data)
        done += astuple(before) != astuple(_task(stage, task_id))
        time.sleep(0.1)
    return done
