"""The database dies before, during and after the commit of a transaction that opens tasks or marks what was sent."""

import time
from collections import Counter
from itertools import product

from sqlalchemy import make_url

from schemas.topics import Topic
from tests.comparing import whole_topic
from tests.faults.proxy import Moment, Proxy, Trap
from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge

TABLES = (b"INSERT INTO tasks", b"UPDATE outbox")
SPRING_SECONDS = 120


def test_database_dies_around_a_commit(stage: Stage, row: Figures) -> None:
    with row("database dies around a commit") as figures, Proxy(stage.postgres.port, stage.postgres.kill) as proxy:
        through = make_url(stage.postgres.url).set(port=proxy.port).render_as_string(hide_password=False)
        # A statement that is prepared says its name alone: the proxy could not read what it writes.
        stage.start("desk", environment={"RINGAHEAD_DATABASE_URL": through}, main=("-m", "tests.faults.unprepared"))
        stage.begin()
        for table, moment in product(TABLES, Moment):
            trap = Trap(moment, table)
            proxy.set_trap(trap)
            at = time.monotonic()
            while not trap.sprung.is_set():
                assert time.monotonic() < at + SPRING_SECONDS, f"no commit with {table!r} came by\n{stage.said()}"
                stage.load.send(stage.story.days(1))
                trap.sprung.wait(3)
            sprung = time.monotonic()
            if stage.postgres.process is None:
                stage.postgres.start()
            stage.settle()
            figures.recovered_seconds.append(time.monotonic() - sprung)
            figures.faults += 1
        judge(stage, figures)
        _one_word_for_each_change(stage, figures)


def _one_word_for_each_change(stage: Stage, figures) -> None:  # type: ignore[no-untyped-def]
    """What left says each change of a task, by an id that makes a repeat harmless; equal ids say the same."""
    with stage.store.read() as tx:
        assert not any(tx.outbox.pending(name) for name in ("log", "task-events", "commands"))
    said = whole_topic(stage.settings, Topic.TASK_EVENTS.value)
    words = Counter(record.value for record in said)
    ids = Counter((value or b"").split(b'"id":"')[1].split(b'"')[0] for value in words)
    figures.more |= {"task events": len(words), "sent again under the same id": words.total() - len(words)}
    assert set(ids.values()) == {1}, "two different words under one id"
