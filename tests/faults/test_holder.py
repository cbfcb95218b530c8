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
NUMBER = "+441632960{:03}"
"""Reserved for fiction."""
NUMBERS = 900
WEEKS = 4
"""A Tuesday may be a holiday."""


def test_the_console_of_a_holder_dies(stage: Stage, row: Figures) -> None:
    with row("holder of a task dies") as figures:
        stage.installation.environment["RINGAHEAD_REGISTERS_REQUIRED"] = "false"
        stage.begin()
        first, second = _console(stage, "console-a"), _console(stage, "console-b")
        with Browser(first) as anna, Browser(second) as ben:
            anna.sign_in(stage.store, ANNA)
            ben.sign_in(stage.store, BEN)
            task_id, token = _first_claim(stage, anna)
            lease_ends = _task(stage, task_id).timer_until
            stage.processes["console-a"].restarts = False
            stage.processes["console-a"].kill()
            wait_until(lambda: _task(stage, task_id).state is TaskState.READY, "the task being ready again", 240)
            with stage.store.begin() as tx:
                late = (tx.db_now() - lease_ends).total_seconds() if lease_ends else 0.0
            anna.move_to(second)
            stale = _write(stage, anna, task_id, token)
            assert _claims_in_the_end(stage, ben, task_id)
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


def _first_claim(stage: Stage, agent: Browser) -> tuple[str, str]:
    """Move business time to noon of a Tuesday on which somebody can be called, and press Next there.

    Everybody who waits has a number: some are blocked for reasons of their own, as they ordered today.
    """
    stage.load.send(stage.story.put_in_force())
    for _ in range(WEEKS):
        while stage.story.now.weekday() != 1:
            stage.load.send(stage.story.days(1))
        stage.load.send(stage.story.days(1))
        stage.settle()
        _give_numbers(stage)
        if (found := _claim(stage, agent)) is not None:
            return found
    raise AssertionError(f"nobody could be called in {WEEKS} weeks\n{agent.get('/agent').text[-3000:]}")


def _give_numbers(stage: Stage) -> None:
    with stage.store.begin() as tx:
        accounts = sorted({task.account_id for task in tx.tasks.listed([TaskState.READY], limit=NUMBERS)})
        points = [
            ContactPoint(f"c{n}", account, "Fiona", NUMBER.format(n), zone="Europe/London", origin="generated")
            for n, account in enumerate(accounts)
        ]
        Desk(rules_from(stage.settings)).put_contacts(tx, points)


def _claim(stage: Stage, agent: Browser) -> tuple[str, str] | None:
    """Press Next; id and lease token of the task."""
    found = re.search(r'data-task="(\w+)"', agent.post("/agent/next").text)
    if found is None:
        return None
    task = _task(stage, found.group(1))
    assert task.state is TaskState.LEASED
    return task.task_id, task.token or ""


def _claims_in_the_end(stage: Stage, agent: Browser, task_id: str) -> bool:
    """Whether pressing Next brings this task, after others that are put back."""
    while (found := _claim(stage, agent)) is not None and found[0] != task_id:
        agent.post(f"/agent/tasks/{found[0]}/skip", token=found[1], reason="not_now")
        assert _task(stage, found[0]).state is TaskState.READY
    return found is not None


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
