"""The writer's loop: it folds, waits for what is unavailable, and ends the process where something is broken."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.embedded import writer as module
from ops.embedded.installation import Opened, opened
from ops.embedded.server import acceptor
from ops.embedded.writer import BusinessTime, Writer, standing_still, tick_event, wall_hour
from schemas.envelope import encode
from schemas.errors import Unavailable
from schemas.settings import Settings
from streams.embedded import tables
from tests.embedded.faults import failing
from tests.embedded.made import put_artefacts
from tests.streams.harness import START, in_force, said, tick
from tests.streams.scene import placed

PATIENCE_SECONDS = 30.0
ORDER = said(placed("a", argon=1), START, "a")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.02)


@pytest.fixture
def running() -> Iterator[Callable[..., tuple[Writer, threading.Event]]]:
    """Starts writers, and stops them however the test ends."""
    writers = []

    def start(installation: Opened, business_time: BusinessTime = standing_still) -> tuple[Writer, threading.Event]:
        ended = threading.Event()
        writer = Writer(installation, business_time, ended.set)
        writers.append(writer)
        writer.start()
        return writer, ended

    yield start
    for writer in writers:
        writer.stop()


def wait_until(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE_SECONDS} s: {what}"
        time.sleep(0.01)


def folded(installation: Opened) -> int:
    with installation.store.read() as tx:
        return tables.watermark(tx.connection)


def test_what_is_appended_is_folded(tmp_path: Path, running: Callable[..., tuple[Writer, threading.Event]]) -> None:
    with opened(Settings(data_dir=tmp_path)) as installation:
        writer, _ = running(installation)
        installation.runtime.append([ORDER])
        writer.wake()
        wait_until(lambda: folded(installation) == 1, "the order is folded")
        writer.stop()
        assert writer.failure is None


def test_what_is_unavailable_is_waited_for(
    tmp_path: Path, running: Callable[..., tuple[Writer, threading.Event]], caplog: pytest.LogCaptureFixture
) -> None:
    model, *_ = in_force()
    with opened(Settings(data_dir=tmp_path)) as installation:
        installation.runtime.append([model, ORDER])
        writer, ended = running(installation)
        wait_until(lambda: caplog.text.count("waiting: artefact") > 2, "it said that it waits")
        assert (folded(installation), writer.failure, ended.is_set()) == (0, None, False)
        put_artefacts(installation)
        wait_until(lambda: folded(installation) == 2, "the artefact is there, the log is folded")
        writer.stop()


def test_a_database_that_is_away_for_a_while_is_waited_for(
    tmp_path: Path, running: Callable[..., tuple[Writer, threading.Event]]
) -> None:
    with failing(tmp_path, Unavailable("the disk is full"), Unavailable("the disk is full")) as installation:
        installation.runtime.append([ORDER])
        writer, ended = running(installation)
        wait_until(lambda: folded(installation) == 1, "the third try folds the order")
        writer.stop()
        assert (writer.failure, ended.is_set()) == (None, False)


def test_anything_else_ends_the_process_and_leaves_the_file_as_it_was(
    tmp_path: Path, running: Callable[..., tuple[Writer, threading.Event]]
) -> None:
    broken = RuntimeError("a programming error")
    with failing(tmp_path, broken) as installation:
        installation.runtime.append([ORDER])
        writer, ended = running(installation)
        assert ended.wait(PATIENCE_SECONDS)
        assert writer.failure is broken
        assert folded(installation) == 0
    with opened(Settings(data_dir=tmp_path)) as again:
        assert again.runtime.fold_all() == 1


def test_each_hour_is_told_once(tmp_path: Path, running: Callable[..., tuple[Writer, threading.Event]]) -> None:
    hours = iter([START, START, START, START + timedelta(hours=1)])
    latest = [START]

    def business_time() -> datetime:
        latest[0] = next(hours, latest[0])
        return latest[0]

    with opened(Settings(data_dir=tmp_path)) as installation:
        writer, _ = running(installation, business_time)
        wait_until(lambda: folded(installation) == 2, "both hours are folded")
        time.sleep(0.1)
        writer.stop()
        with installation.store.read() as tx:
            values = [record.value for record in tables.read(tx.connection, 0, 10)]
    assert values == [encode(tick_event(START)), encode(tick_event(START + timedelta(hours=1)))]


def test_the_walls_hour_is_whole() -> None:
    hour = wall_hour()
    assert (hour.minute, hour.second, hour.microsecond, hour.tzinfo) == (0, 0, 0, UTC)


class TestAcceptor:
    """What POST /v1/events calls."""

    def test_one_outcome_each_in_their_order(self, tmp_path: Path) -> None:
        woken = []
        with opened(Settings(data_dir=tmp_path)) as installation:
            accept = acceptor(installation, lambda: woken.append(1))
            raws = [encode(ORDER), b"{", encode(ORDER).replace(b"OrderPlaced", b"OrderDreamt"), encode(tick(START))]
            outcomes = accept(raws)
            with installation.store.read() as tx:
                log = [record.value for record in tables.read(tx.connection, 0, 10)]
                letters = tx.dead_letters.counts()
        assert [(one.outcome, one.reason) for one in outcomes] == [
            ("accepted", None),
            ("refused", "not_json"),
            ("refused", "unknown_type"),
            ("refused", "not_allowed_here"),
        ]
        assert "line 1" in outcomes[1].detail
        assert (log, woken) == ([encode(ORDER)], [1])
        assert letters == {"not_json": 1, "unknown_type": 1, "not_allowed_here": 1}

    def test_the_same_bad_message_of_two_calls_is_two_letters(self, tmp_path: Path) -> None:
        with opened(Settings(data_dir=tmp_path)) as installation:
            accept = acceptor(installation, lambda: None)
            accept([b"{"])
            accept([b"{", b"{"])
            with installation.store.read() as tx:
                assert tx.dead_letters.counts() == {"not_json": 3}

    def test_size_is_limited_as_it_was_set(self, tmp_path: Path) -> None:
        with opened(Settings(data_dir=tmp_path, max_event_bytes=1000)) as installation:
            (outcome,) = acceptor(installation, lambda: None)([b"x" * 1001])
        assert outcome.reason == "too_large"

    def test_many_senders_and_the_writer_share_the_file(
        self, tmp_path: Path, running: Callable[..., tuple[Writer, threading.Event]]
    ) -> None:
        with opened(Settings(data_dir=tmp_path)) as installation:
            writer, _ = running(installation)
            accept = acceptor(installation, writer.wake)

            def send(sender: int) -> None:
                for number in range(15):
                    name = f"{sender}-{number}"
                    accept([encode(said(placed(name, argon=1), START, name, f"a{number}"))])

            senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
            for thread in senders:
                thread.start()
            for thread in senders:
                thread.join(PATIENCE_SECONDS)
            wait_until(lambda: folded(installation) == 60, "every order is folded")
            writer.stop()
            assert writer.failure is None
            assert installation.runtime.figures.counts["folded"] == 60
