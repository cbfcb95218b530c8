"""How many events a second the whole job takes: validate, fold, decide, state and tasks durable.

    python -m benchmarks.streams [--small] [--kafka]

Made data: orders of one to three lines, a tick of business time each day, decisions from half of the days on. The
baseline is the pure fold in memory, without any durability. With --kafka a local Kafka is started (Java and Maven),
and one worker folds the same log; its time is from its first commit to a lag of zero.
"""

import argparse
import asyncio
import hashlib
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from forecasting.learn import prior_model
from ops.embedded.installation import Opened, opened
from ops.embedded.writer import tick_event
from ops.kafka_lag import measure
from ops.kafka_local import LocalKafka
from outreach.profiles import standard_profiles
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from schemas.envelope import Event
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.settings import Settings
from streams import learning
from streams.artefacts import ArtefactsInMemory
from streams.core.context import Installation
from streams.ingest import entry_of
from streams.kafka.client import producer, send_all
from streams.kafka.processors import event_outputs
from streams.microbatch.ports import Record
from streams.processor import LogFolder

START = datetime(2026, 1, 5, tzinfo=UTC)
ACCOUNTS, DAYS = 4000, 60
BATCH = 1000


def made(accounts: int, days: int) -> Iterator[list[Event]]:
    """Orders and ticks, day by day."""
    chance = random.Random(1)
    for day in range(days):
        at = START + timedelta(days=day)
        orders = [_order(chance, account, at) for account in range(accounts) if chance.random() < 0.15]
        yield [*orders, tick_event(at + timedelta(hours=20))]


def _order(chance: random.Random, account: int, at: datetime) -> Event:
    lines = tuple(
        OrderLine(sku=f"sku-{chance.randrange(200)}", quantity=Decimal(chance.randint(1, 20)), unit_price=Decimal(5))
        for _ in range(chance.randint(1, 3))
    )
    order = f"{account}-{at:%j}"
    return Event(order, "benchmark", f"account-{account}", at, OrderPlaced(order_id=order, lines=lines))


def log_of(accounts: int, days: int) -> tuple[list[Event], learning.Learnt, bytes]:
    """One log with a model and profiles in its middle, and the artefacts that it names."""
    at = START + timedelta(days=days // 2)
    profiles = standard_profiles("benchmark-1", at)
    model = prior_model()
    learnt = learning.Learnt(model, learning.published(model, at))
    events = [event for day in made(accounts, days) for event in day]
    half = len(events) // 2
    return (
        [*events[:half], learnt.published, learning.profiles_event(profiles, at), *events[half:]],
        learnt,
        profiles.dumps(),
    )


def in_memory(log: list[Event], artefacts: list[bytes]) -> None:
    """The fold alone."""
    source, store = ArtefactsInMemory(), _Store()
    source.put(prior_model().digest, artefacts[0])
    source.put(hashlib.sha256(artefacts[1]).hexdigest(), artefacts[1])
    folder = LogFolder(0, store, Installation(), source)
    entries = [entry_of(event) for event in log]
    records = [Record("log", 0, number, 1, entry.key, entry.value) for number, entry in enumerate(entries)]
    for start in range(0, len(records), BATCH):
        store.write(folder.fold(records[start : start + BATCH]).writes)


class _Store:
    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self._rows.get(key)

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        yield from sorted((key, value) for key, value in self._rows.items() if key.startswith(prefix) and key > after)

    def write(self, writes: list[tuple[bytes, bytes | None]]) -> None:
        self._rows.update({key: value for key, value in writes if value is not None})


def embedded(installation: Opened, log: list[Event], artefacts: list[bytes]) -> None:
    """SQLite, every batch on disk."""
    with installation.store.begin() as tx:
        for raw in artefacts:
            tx.artefacts.put(raw)
    for start in range(0, len(log), BATCH):
        installation.runtime.append(log[start : start + BATCH])
        installation.runtime.fold_all()


def timed(work: Callable[[], None]) -> float:
    """Seconds."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def kafka_seconds(folder: Path, log: list[Event], artefacts: list[bytes]) -> float:
    """One worker on a local Kafka, artefacts in a SQLite file; from its first commit to its last."""
    with LocalKafka(folder / "kafka") as kafka:
        database = f"sqlite:///{folder / 'artefacts.sqlite3'}"
        _keep(database, artefacts)
        settings = Settings(runtime="kafka", kafka_bootstrap=kafka.bootstrap, data_dir=folder)
        environment = os.environ | {
            "RINGAHEAD_RUNTIME": "kafka",
            "RINGAHEAD_KAFKA_BOOTSTRAP": kafka.bootstrap,
            "RINGAHEAD_DATABASE_URL": database,
            "RINGAHEAD_DATA_DIR": str(folder),
            "RINGAHEAD_BATCH_RECORDS": str(BATCH),
        }
        command = [sys.executable, "-c", "from ops.cli import main; main()"]
        subprocess.run([*command, "topics", "apply"], env=environment, check=True, stdout=subprocess.DEVNULL)
        asyncio.run(_produce(settings, log))
        with subprocess.Popen([*command, "worker"], env=environment, stdout=subprocess.DEVNULL) as worker:
            try:
                return _from_first_to_last(kafka.bootstrap)
            finally:
                worker.terminate()


def _keep(database: str, artefacts: list[bytes]) -> None:
    engine = create(database)
    upgrade(engine)
    with SqlStore(engine).begin() as tx:
        for raw in artefacts:
            tx.artefacts.put(raw)
    engine.dispose()


async def _produce(settings: Settings, log: list[Event]) -> None:
    async with producer(settings) as client:
        outputs = [out for event in log for out in event_outputs(event, settings.kafka_partitions)]
        for start in range(0, len(outputs), 5000):
            await send_all(client, outputs[start : start + 5000])


def _from_first_to_last(bootstrap: str) -> float:
    started: float | None = None
    while True:
        rows = [row for row in asyncio.run(measure(bootstrap)) if row.topic.endswith("account-events")]
        if started is None and any(row.committed for row in rows):
            started = time.perf_counter()
        if started is not None and all(row.lag_events == 0 for row in rows):
            return time.perf_counter() - started
        time.sleep(0.2)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--kafka", action="store_true")
    asked = parser.parse_args()
    log, learnt, profiles = log_of(400 if asked.small else ACCOUNTS, 20 if asked.small else DAYS)
    artefacts = [learnt.model.artefact, profiles]
    rows = [("fold alone, in memory (baseline)", timed(lambda: in_memory(log, artefacts)))]
    with tempfile.TemporaryDirectory() as folder, opened(Settings(data_dir=Path(folder)), batch_records=BATCH) as one:
        rows.append(("embedded, SQLite, every batch durable", timed(lambda: embedded(one, log, artefacts))))
    if asked.kafka:
        with tempfile.TemporaryDirectory() as folder:
            rows.append(("Kafka, one worker, changelog and effects", kafka_seconds(Path(folder), log, artefacts)))
    print(f"{len(log):,} events, batches of {BATCH}")
    for name, seconds in rows:
        print(f"  {name:<42} {seconds:>8.1f} s  {len(log) / seconds:>10,.0f} events/s")
    print(f"  peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")


if __name__ == "__main__":
    main()
