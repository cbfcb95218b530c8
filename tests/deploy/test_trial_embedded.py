"""Each alert of an embedded installation, made by breaking what it speaks of; it fires, and it resolves when mended.

An installation that somebody left alone for 16 days is the beginning of it.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.access import add_user, new_api_key
from ops.embedded.installation import Opened, opened
from ops.embedded.writer import tick_event
from ops.kafka_local import free_ports
from schemas.envelope import Event
from schemas.settings import Settings
from tests.deploy.trial import Watch, watching
from tests.embedded.made import put_artefacts
from tests.installation import MAIN
from tests.streams.harness import in_force, said
from tests.streams.scene import placed

pytestmark = [pytest.mark.slow, pytest.mark.alerts]
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
LEFT = NOW - timedelta(days=16)
ACCOUNTS = 1300
JOB = "ringahead-console"
LINES = [{"sku": "argon", "quantity": "2"}]


def history() -> Iterator[Event]:
    """Everybody orders in a rhythm of 10 to 20 days; decisions are taken in the last three weeks before it was left."""
    begun = LEFT - timedelta(days=150)
    for day in range(150):
        at = begun + timedelta(days=day)
        if day == 128:
            yield from in_force(at)
        for number in range(ACCOUNTS):
            if (day + number * 7) % (10 + number % 11) == 0:
                yield said(placed(f"o{number}-{day}", argon=2), at, f"o{number}-{day}", f"account-{number}")
        if day >= 128 or day % 30 == 0:
            yield tick_event(at + timedelta(hours=12))


class House:
    """The installation: its folder, its server, its keys."""

    def __init__(self, folder: Path) -> None:
        self.port = free_ports(1)[0]
        self.settings = Settings(data_dir=folder, console_port=self.port)
        self.environment = {**os.environ, "RINGAHEAD_DATA_DIR": str(folder), "RINGAHEAD_CONSOLE_PORT": str(self.port)}
        self.server: subprocess.Popen[bytes] | None = None
        with opened(self.settings) as installation:
            self._fill(installation)

    def _fill(self, installation: Opened) -> None:
        put_artefacts(installation)
        installation.runtime.append(list(history()))
        installation.runtime.fold_all()
        with installation.store.begin() as tx:
            add_user(tx, "prometheus", "operator", None)
            add_user(tx, "erp", "erp", None)
            self.watcher, self.erp = new_api_key(tx, "prometheus", 1), new_api_key(tx, "erp", 1)

    def start(self) -> None:
        """The server, until it answers."""
        self.server = subprocess.Popen([sys.executable, "-m", "tests.deploy.standing"], env=self.environment)
        end = time.monotonic() + 60
        while self.ask("GET", "/healthz")[0] != 200:
            assert time.monotonic() < end
            time.sleep(0.2)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """The server, however."""
        if self.server is not None:
            self.server.send_signal(how)
            self.server.wait(20)

    def run(self, *command: str) -> str:
        """A command of ours beside it."""
        whole = [sys.executable, *MAIN, *command]
        done = subprocess.run(whole, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, method: str, path: str, body: bytes | None = None, key: str = "", kind: str = "") -> tuple[int, Any]:
        """A request; (0, None) where nobody listens."""
        headers = {"Authorization": f"Bearer {key}", "Content-Type": kind} if key else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, None
        except OSError:
            return 0, None

    def event(self, kind: str, subject: str, data: dict[str, Any], number: int = 0) -> dict[str, Any]:
        """A CloudEvent of now."""
        return {"specversion": "1.0", "id": f"{kind}-{number}-{time.time_ns()}", "source": "urn:trial",
                "type": f"ringahead.{kind}.v1", "subject": subject, "time": NOW.isoformat(), "data": data}  # fmt: skip

    def send(self, kind: str, subject: str, data: dict[str, Any], number: int = 0) -> int:
        """An event over HTTP; the status."""
        body = json.dumps(self.event(kind, subject, data, number)).encode()
        return self.ask("POST", "/v1/events", body, self.erp, "application/cloudevents+json")[0]


@contextmanager
def house(folder: Path) -> Iterator[House]:
    made = House(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop(signal.SIGKILL)


def test_each_alert_fires_when_it_is_broken_and_resolves_when_it_is_mended(tmp_path: Path) -> None:
    with house(tmp_path / "data") as made:
        targets = {JOB: [f"127.0.0.1:{made.port}"]}
        with watching(tmp_path / "prometheus", targets, made.watcher) as watch:
            left_alone(made, watch)
            nobody_fetches(made, watch)
            letters(made, watch)
            stopped(made, watch)
            locked(made, watch)
            killed(made, watch)
            print("\n".join(watch.seen))


def left_alone(made: House, watch: Watch) -> None:
    """No tick for 16 days, then one; no learning since."""
    watch.fires("RingaheadTimeStandsStill")
    made.run("tick")
    watch.resolves("RingaheadTimeStandsStill")
    watch.fires("RingaheadModelOld", "RingaheadForecastsOld", "RingaheadEmissionOdd")
    made.run("learn", "--anyway")
    watch.resolves("RingaheadModelOld")
    everybody_orders(made)
    watch.resolves("RingaheadForecastsOld")


def everybody_orders(made: House) -> None:
    """What was open is covered: no need rests on an old forecast any more."""
    orders = [made.event("OrderPlaced", f"account-{n}", {"order_id": f"e{n}", "lines": LINES}) for n in range(ACCOUNTS)]
    for chunk in (orders[:1000], orders[1000:]):
        body = json.dumps(chunk).encode()
        status, _ = made.ask("POST", "/v1/events", body, made.erp, "application/cloudevents-batch+json")
        assert status == 202


def nobody_fetches(made: House, watch: Watch) -> None:
    """The ERP never came for the task events."""
    watch.fires("RingaheadOutboxWaits")
    while True:
        _, body = made.ask("GET", "/v1/outbox/task-events?limit=500", key=made.erp)
        waiting = json.loads(body)
        if not waiting:
            break
        acknowledged = json.dumps({"up_to": waiting[-1]["id"]}).encode()
        made.ask("POST", "/v1/outbox/task-events/ack", acknowledged, made.erp, "application/json")
        time.sleep(0.1)
    watch.resolves("RingaheadOutboxWaits")


def letters(made: House, watch: Watch) -> None:
    """Orders of a product that the master does not know."""
    assert made.send("ProductChanged", "*", {"sku": "argon"}) == 202
    lines = [{"sku": "unheard", "quantity": "1"}]
    for number in range(15):
        assert made.send("OrderPlaced", f"account-{number}", {"order_id": f"u{number}", "lines": lines}, number) == 202
    watch.fires("RingaheadDeadLetters")
    assert made.send("ProductChanged", "*", {"sku": "unheard"}) == 202
    time.sleep(2)
    made.run("dead-letters", "replay", "--reason", "unknown_sku")
    watch.resolves("RingaheadDeadLetters")


def stopped(made: House, watch: Watch) -> None:
    """Somebody stopped all calls and went home."""
    for on, seen in (("true", watch.fires), ("false", watch.resolves)):
        form = urllib.parse.urlencode({"on": on}).encode()
        status, _ = made.ask("POST", "/operator/kill-switch", form, made.watcher, "application/x-www-form-urlencoded")
        assert status == 200
        seen("RingaheadKillSwitchOn")


def locked(made: House, watch: Watch) -> None:
    """A program that holds the file's write lock: what writes waits ten seconds, and is told to come again."""
    other = sqlite3.connect(made.settings.sqlite_path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answers: list[int] = []
    body = {"order_id": "late", "lines": LINES}
    ended = threading.Event()

    def sends(number: int) -> None:
        time.sleep(number)
        while not ended.is_set():
            answers.append(made.send("OrderPlaced", "account-1", body, number))

    senders = [threading.Thread(target=sends, args=(number,)) for number in range(8)]
    for sender in senders:
        sender.start()
    try:
        watch.fires("RingaheadConsoleErrors", "RingaheadConsoleSlow")
    finally:
        other.execute("ROLLBACK")
        other.close()
        ended.set()
        for sender in senders:
            sender.join()
    assert 503 in answers
    watch.resolves("RingaheadConsoleErrors", "RingaheadConsoleSlow")


def killed(made: House, watch: Watch) -> None:
    """The process is gone."""
    made.stop(signal.SIGKILL)
    watch.fires("RingaheadAway")
    made.start()
    watch.resolves("RingaheadAway")
