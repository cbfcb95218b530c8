"""The worker's answers over HTTP, asked over a real socket on loopback."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from streams.microbatch.pages import Page, PageServer, standard_pages
from streams.microbatch.stats import Stats
from streams.microbatch.status import LaneStatus, WorkerStatus
from tests.microbatch.fakes import PLACE, progress

READY = LaneStatus(PLACE, True, 5, 5, "", None, 1)
RECOVERING = LaneStatus(PLACE, False, None, None, "", progress(40, 100), 1)
WAITING = LaneStatus(PLACE, False, 5, 5, "Unavailable: no database", None, 3)


class Worker:
    """A worker that is as it is told to be."""

    def __init__(self) -> None:
        self.lanes: tuple[LaneStatus, ...] = (READY,)
        self.heartbeat_age = self.loop_age = 1.0
        self.joined = True

    def status(self) -> WorkerStatus:
        return WorkerStatus(self.lanes, self.joined, Stats(), self.heartbeat_age, 25, self.loop_age)


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
def port(worker: Worker, socket_enabled: None) -> Iterator[int]:
    pages = {**standard_pages(worker.status, 30), "/metrics": lambda: Page(200, "text/plain", b"records_total 1\n")}
    server = PageServer("127.0.0.1", 0, pages).start()
    yield server.port
    server.stop()


def ask(port: int, path: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_a_worker_with_its_partitions_is_ready(port: int) -> None:
    status, told = ask(port, "/readyz")
    assert status == 200
    assert json.loads(told)["partitions"][0]["says"] == "ready"
    assert ask(port, "/livez")[0] == 200


def test_a_recovery_says_how_far_it_is(port: int, worker: Worker) -> None:
    worker.lanes = (READY, RECOVERING)
    status, told = ask(port, "/readyz")
    answer = json.loads(told)
    assert status == 503 and len(answer["reasons"]) == 1
    recovery = answer["partitions"][1]["recovery"]
    assert (recovery["percent"], recovery["remaining_offsets"]) == (40.0, 60)
    assert ask(port, "/livez")[0] == 200, "who recovers is alive"


def test_what_it_waits_for_is_told(port: int, worker: Worker) -> None:
    worker.lanes = (WAITING,)
    status, told = ask(port, "/readyz")
    assert (status, json.loads(told)["reasons"]) == (503, ["log[3]: waits: Unavailable: no database"])


def test_without_the_group_it_is_not_ready(port: int, worker: Worker) -> None:
    worker.heartbeat_age = 26
    status, told = ask(port, "/readyz")
    assert (status, json.loads(told)["reasons"]) == (503, ["the group has not answered for 26 s"])


def test_before_the_group_has_taken_it_in_it_is_not_ready(port: int, worker: Worker) -> None:
    worker.lanes, worker.joined = (), False
    status, told = ask(port, "/readyz")
    assert (status, json.loads(told)["reasons"]) == (503, ["the group has not taken it in yet"])
    worker.joined = True
    assert ask(port, "/readyz")[0] == 200, "one worker more than there are partitions"


def test_a_blocked_event_loop_is_not_alive(port: int, worker: Worker) -> None:
    worker.loop_age = 31
    assert ask(port, "/livez")[0] == 503


def test_other_pages(port: int) -> None:
    assert ask(port, "/metrics?x=1") == (200, b"records_total 1\n")
    assert ask(port, "/secret")[0] == 404
