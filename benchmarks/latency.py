"""How long an event takes to the task that agents see, under load.

    python -m benchmarks.latency [--events-per-second 1000] [--seconds 60]
    python -m benchmarks.latency --small            embedded alone: one thread appends and folds, no servers

Orders of other accounts arrive at the stated rate on ringahead.orders, and on ringahead.accounts a complaint, on
ringahead.orders an order of an account with an open call, ten times a second each. The clock runs from before the
record is sent until a reader of the database, which asks every 10 ms, sees the complaint's task, or the call withdrawn.
"""

import argparse
import asyncio
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
from sqlalchemy import Engine, bindparam, select

from benchmarks._kafka_installation import KafkaInstallation
from benchmarks._made_log import order_of
from forecasting.learn import prior_model
from ops.embedded.installation import Opened, opened
from ops.embedded.writer import tick_event, wall_hour
from outreach.profiles import ProfileSet, standard_profiles
from outreach.store.schema import tasks
from outreach.store.sql import SqlStore, create
from outreach.task import OPEN, TaskState
from schemas.decisions import TaskClass
from schemas.envelope import Event, encode
from schemas.events.accounts import ComplaintOpened
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.settings import Settings
from schemas.topics import Topic
from streams import learning
from streams.kafka.client import producer, send_all
from streams.kafka.processors import event_outputs
from streams.microbatch.ports import Output

PROBES_PER_SECOND = 10
ORDERS, EVERY_DAYS = 15, 3
LOOK_SECONDS = 0.01
LATEST_SECONDS = 30.0
PATIENCE_SECONDS = 120.0

Due = tuple[str, TaskClass]


@dataclass
class Watch:
    """What was sent and is not yet seen, and how long the rest took."""

    engine: Engine
    waiting: dict[Due, float] = field(default_factory=dict)
    seconds: dict[TaskClass, list[float]] = field(default_factory=lambda: {one: [] for one in TaskClass})
    lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def sent(self, account_id: str, task_class: TaskClass) -> None:
        """From now on it is waited for."""
        with self.lock:
            self.waiting[account_id, task_class] = time.perf_counter()

    def run(self) -> None:
        """Until ended and all is seen, or has taken too long."""
        seen = select(tasks.c.account_id, tasks.c.task_class, tasks.c.state).where(
            tasks.c.account_id.in_(bindparam("ids", expanding=True))
        )
        give_up = float("inf")
        while time.perf_counter() < give_up and not (self.ended.is_set() and not self.waiting):
            if self.ended.is_set() and give_up == float("inf"):
                give_up = time.perf_counter() + LATEST_SECONDS
            with self.lock:
                ids = sorted({account for account, _ in self.waiting})
            if ids:
                with self.engine.connect() as connection:
                    rows = connection.execute(seen, {"ids": ids}).all()
                self._note(rows, time.perf_counter())
            time.sleep(LOOK_SECONDS)

    def _note(self, rows: Sequence[tuple[str, TaskClass, TaskState]], at: float) -> None:
        with self.lock:
            for account, task_class, state in rows:
                due = account, task_class
                over = task_class is TaskClass.SERVICE or state not in OPEN
                if over and due in self.waiting:
                    self.seconds[task_class].append(at - self.waiting.pop(due))


def history(accounts: int, now: datetime) -> Iterator[Event]:
    """Each account orders every third day, the last time three days ago."""
    for number in range(ORDERS, 0, -1):
        at = now - timedelta(days=EVERY_DAYS * number)
        for account in range(accounts):
            yield _order(f"probe-{account}", f"{account}-{number}", at)


def _order(account_id: str, order_id: str, at: datetime) -> Event:
    line = OrderLine(sku="argon", quantity=Decimal(2), unit_price=Decimal(30))
    return Event(order_id, "benchmark", account_id, at, OrderPlaced(order_id=order_id, lines=(line,)))


def decisions(now: datetime) -> tuple[ProfileSet, learning.Learnt, list[Event]]:
    """What opens a call for every account that is three days silent, and the events that put it in force."""
    before = now - timedelta(days=1)
    standard = standard_profiles("latency-1", before)
    eager = {"lead_time_days": 10.0, "holdout_share": 0.0}
    profiles = standard.model_copy(
        update={"cells": {name: cell.model_copy(update=eager) for name, cell in standard.cells.items()}}
    )
    model = prior_model()
    learnt = learning.Learnt(model, learning.published(model, before))
    return profiles, learnt, [learnt.published, learning.profiles_event(profiles, before), tick_event(wall_hour())]


class Probes:
    """What is sent each tenth of a second: a complaint, an order of a called account, and the load."""

    def __init__(self, watch: Watch, called: Sequence[str], load_per_second: int) -> None:
        self._watch, self._called = watch, list(called)
        self._load = load_per_second // PROBES_PER_SECOND
        self._chance = random.Random(2)
        self._number = 0

    def next(self) -> list[tuple[Topic, Event]]:
        """The load first, and among it the two that are watched."""
        self._number += 1
        now = datetime.now(UTC)
        events = [(Topic.ORDERS, self._other(index, now)) for index in range(self._load)]
        complainer, orderer = f"angry-{self._number}", self._called.pop()
        complaint = Event(complainer, "benchmark", complainer, now, ComplaintOpened(complaint_id=complainer))
        order = _order(orderer, f"{orderer}-now", now)
        self._watch.sent(complainer, TaskClass.SERVICE)
        self._watch.sent(orderer, TaskClass.SELLING)
        return [*events, (Topic.ACCOUNTS, complaint), (Topic.ORDERS, order)]

    def _other(self, index: int, now: datetime) -> Event:
        event = order_of(self._chance, self._number * self._load + index, now)
        return Event(f"load-{self._number}-{index}", event.source, f"load-{index % 5000}", now, event.fact)


def called_accounts(engine: Engine, wanted: int) -> list[str]:
    """Accounts with an open selling call, once there are enough; raises TimeoutError."""
    open_ones = select(tasks.c.account_id).where(
        tasks.c.task_class == TaskClass.SELLING, tasks.c.state.in_([TaskState.READY, TaskState.SCHEDULED])
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with engine.connect() as connection:
            found = list(connection.execute(open_ones).scalars())
        if len(found) >= wanted:
            return found
        time.sleep(0.5)
    raise TimeoutError(f"{len(found)} calls are open, {wanted} are needed")


def on_kafka(rate: int, seconds: int) -> Watch:
    """Worker and desk on a local Kafka and PostgreSQL."""
    now = datetime.now(UTC)
    profiles, learnt, started = decisions(now)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        installation = stack.enter_context(KafkaInstallation(folder))
        engine = create(installation.settings.sqlalchemy_url)
        stack.callback(engine.dispose)
        with SqlStore(engine).begin() as tx:
            for raw in (learnt.model.artefact, profiles.dumps()):
                tx.artefacts.put(raw)
        wanted = seconds * PROBES_PER_SECOND
        asyncio.run(_send_log(installation.settings, [*history(wanted, now), *started]))
        for command in ("worker", "desk"):
            stack.enter_context(installation.process(command))
        watch = Watch(engine)
        probes = Probes(watch, called_accounts(engine, wanted), rate)
        _watched(watch, lambda: asyncio.run(_send(installation.settings, probes, seconds)))
    return watch


async def _send_log(settings: Settings, events: Sequence[Event]) -> None:
    async with producer(settings) as client:
        await send_all(client, [out for event in events for out in event_outputs(event, settings.kafka_partitions)])


async def _send(settings: Settings, probes: Probes, seconds: int) -> None:
    async with producer(settings) as client:
        started = time.perf_counter()
        for number in range(seconds * PROBES_PER_SECOND):
            events = probes.next()
            await send_all(client, [Output(to.value, one.subject.encode(), encode(one)) for to, one in events])
            await asyncio.sleep(max(started + (number + 1) / PROBES_PER_SECOND - time.perf_counter(), 0))


def on_embedded(rate: int, seconds: int) -> Watch:
    """One thread appends and folds, as `ringahead serve` does."""
    now = datetime.now(UTC)
    profiles, learnt, started = decisions(now)
    with tempfile.TemporaryDirectory() as folder, opened(_embedded_settings(folder)) as one:
        one.runtime.append(history(seconds * PROBES_PER_SECOND, now))
        with one.store.begin() as tx:
            for raw in (learnt.model.artefact, profiles.dumps()):
                tx.artefacts.put(raw)
        one.runtime.append(started)
        one.runtime.fold_all()
        watch = Watch(one.store.engine)
        probes = Probes(watch, called_accounts(watch.engine, seconds * PROBES_PER_SECOND), rate)
        _watched(watch, lambda: _fold(one, probes, seconds))
    return watch


def _embedded_settings(folder: str) -> Settings:
    return Settings(data_dir=Path(folder), default_zone="Europe/London", registers_required=False)


def _fold(one: Opened, probes: Probes, seconds: int) -> None:
    started = time.perf_counter()
    for number in range(seconds * PROBES_PER_SECOND):
        one.runtime.append(event for _, event in probes.next())
        one.runtime.fold_all()
        time.sleep(max(started + (number + 1) / PROBES_PER_SECOND - time.perf_counter(), 0))


def _watched(watch: Watch, work: Callable[[], None]) -> None:
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        work()
    finally:
        watch.ended.set()
        thread.join()


def show(watch: Watch) -> None:
    """The rows of one runtime, in ms."""
    print(f"    {'':<42} {'seen':>6} {'p50':>8} {'p99':>8} {'most':>8} {'not seen':>9}")
    for name, kind in (
        ("ComplaintOpened to its task", TaskClass.SERVICE),
        ("OrderPlaced to the call withdrawn", TaskClass.SELLING),
    ):
        took = np.array(watch.seconds[kind]) * 1000
        missing = sum(one is kind for _, one in watch.waiting)
        middle, late = np.percentile(took, [50, 99]) if len(took) else (np.nan, np.nan)
        most = took.max(initial=0)
        print(f"    {name:<42} {len(took):>6,} {middle:>8,.0f} {late:>8,.0f} {most:>8,.0f} {missing:>9,}", flush=True)


def tables(rate: int, seconds: int, *, kafka: bool) -> None:
    """Embedded, and with kafka on a broker and a PostgreSQL of its own. rate: orders of others a second."""
    print(f"from the record to what the database shows: {rate:,} orders a second of others, {seconds} s; ms")
    print("  ours embedded")
    show(on_embedded(rate, seconds))
    if kafka:
        print("  ours on Kafka and PostgreSQL, one worker, one desk")
        show(on_kafka(rate, seconds))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--events-per-second", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    rate, seconds = (200, 2) if asked.small else (asked.events_per_second, asked.seconds)
    tables(rate, seconds, kafka=not asked.small)


if __name__ == "__main__":
    main()
