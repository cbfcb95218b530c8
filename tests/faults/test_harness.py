"""The harness itself, without a server: the model sees what is lost and what is counted twice; figures read well."""

import os
import socket
import threading
from pathlib import Path

import pytest

from schemas.settings import Settings
from schemas.topics import Topic
from streams.microbatch.ports import Record
from tests.faults.model import Model, fold_log
from tests.faults.poison import POISONS, Poisoned
from tests.faults.proxy import Moment, Proxy, Trap
from tests.faults.report import Row, keep, kept, table
from tests.faults.story import Story
from tests.faults.verdict import Verdict, _tasks

SETTINGS = Settings(runtime="kafka", default_zone="Europe/London")


def log_of(story: Story) -> list[Record]:
    """One partition with 20 days of a few accounts, decisions in force."""
    sent = [*story.days(8), *story.put_in_force(), *story.days(12)]
    mine = [one.output for one in sent if one.output.partition in (None, 0)]
    return [Record(Topic.LOG.value, 0, n, 0, output.key, output.value) for n, output in enumerate(mine)]


def folded(story: Story, log: list[Record]) -> Model:
    return fold_log(log, story.artefacts(), SETTINGS)


def test_the_model_passes_over_repeats_and_sees_what_is_missing() -> None:
    story = Story(accounts=8)
    log = log_of(story)
    whole = folded(story, log)
    assert whole.tasks[0]
    assert whole.repeats == 0
    again = folded(story, [*log, *log[-30:]])
    assert again.repeats >= 1
    assert (again.states, again.tasks) == (whole.states, whole.tasks)
    last = next(place for place in reversed(range(len(log))) if log[place].key != b"*")
    cut = folded(story, log[:last] + log[last + 1 :])
    assert len(whole.events - cut.events) == 1
    assert cut.states != whole.states


def test_tasks_are_counted_by_id() -> None:
    story = Story(accounts=8)
    log = log_of(story)
    tasks, refusals, reorders = folded(story, log).tasks
    verdict = Verdict()
    _tasks((tasks, refusals, reorders), ([*tasks[1:], ("another",)], refusals, reorders), verdict)
    assert (verdict.lost_tasks, verdict.duplicate_tasks, verdict.wrong_tasks) == (1, 1, 0)


def test_every_kind_of_poison_is_sent_and_spoils() -> None:
    poisoned = Poisoned(Story(accounts=300))
    days = poisoned.endless()
    while len(poisoned.kinds) < len(POISONS):
        next(days)
    assert set(poisoned.kinds) == {kind.name for kind in POISONS}


def test_a_row_is_kept_and_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("worker kill -9", "full", faults=20, events=123456, rate=998.2, lost=0, duplicate=0)
    row.recovered_seconds = [3.0, 12.5, 4.0]
    row.finish(True)
    keep(row, tmp_path)
    assert kept(tmp_path) == [row]
    assert "| worker kill -9 | full | 20     | 123,456 | 998      | 0    | 0         | 4.0, worst 12.5 |" in table(
        [row]
    )
    monkeypatch.setattr(os, "getloadavg", lambda: (0.0, 0.0, 0.0))
    with pytest.raises(AssertionError, match="at most 10 s"):
        row.bar("stop", 10.5, 10)
    monkeypatch.setattr(os, "getloadavg", lambda: (1000.0, 0.0, 0.0))
    row.bar("stop", 10.5, 10)
    assert "not judged" in str(row.more["stop"])


@pytest.mark.enable_socket
@pytest.mark.parametrize("moment", Moment)
def test_the_proxy_breaks_the_commit_that_is_meant(moment: Moment) -> None:
    heard: list[bytes] = []
    killed = threading.Event()

    def serve(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            while data := connection.recv(1000):
                heard.append(data)
                connection.sendall(b"COMMIT\0" if b"COMMIT" in data else b"fine")

    with socket.create_server(("127.0.0.1", 0)) as server, Proxy(server.getsockname()[1], killed.set) as proxy:
        thread = threading.Thread(target=serve, args=(server,))
        thread.start()
        trap = Trap(moment, b"INSERT INTO tasks")
        proxy.set_trap(trap)
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            for said in (b"BEGIN", b"SELECT 1", b"COMMIT", b"BEGIN", b"INSERT INTO tasks"):
                client.sendall(said)
                assert client.recv(100)
            client.sendall(b"COMMIT")
            assert client.recv(100) == b"", "the client heard of the commit"
        thread.join(10)
    assert trap.sprung.wait(10)
    assert killed.is_set() == (moment is Moment.DURING)
    assert heard.count(b"COMMIT") == (1 if moment is Moment.BEFORE else 2)
