"""How many events a second the whole job takes: validate, fold, decide, state and effects durable.

    python -m benchmarks.streams [--small]           embedded, beside the fold alone
    python -m benchmarks.streams --kafka             one and two workers on a local Kafka (Java and Maven), beside
                                                     plain Faust with the same fold and with a fit for every order
    make bench-streams                               that, and Quix Streams with the same fold

With Kafka, also how long an event takes to the task that agents see (benchmarks.latency; PostgreSQL).

Made data: orders of one to three lines, a tick of business time each day, decisions from half of the days on. All jobs
of a part read the same log; the Kafka jobs one after the other from one broker (two workers: from one like it).
"""

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import latency
from benchmarks._kafka_jobs import Bench, Timed
from benchmarks._made_log import MadeLog, made_log
from benchmarks._memory_store import MemoryStore
from ops.embedded.installation import opened
from schemas.settings import Settings
from streams.core.context import Installation
from streams.ingest import entry_of
from streams.microbatch.ports import Record
from streams.processor import LogFolder

ACCOUNTS, DAYS = 5000, 120
SMALL_ACCOUNTS, SMALL_DAYS = 400, 20
BATCH = 1000
LATENCY, SMALL_LATENCY = (1000, 60), (200, 2)  # orders a second of others, seconds
MIB = 1024 * 1024


def in_memory(log: MadeLog) -> None:
    """The fold alone."""
    store = MemoryStore()
    folder = LogFolder(0, store, Installation(), log.source())
    entries = [entry_of(event) for event in log.events]
    records = [Record("log", 0, number, 1, entry.key, entry.value) for number, entry in enumerate(entries)]
    for start in range(0, len(records), BATCH):
        store.write(folder.fold(records[start : start + BATCH]).writes)


def embedded(log: MadeLog) -> None:
    """SQLite, every batch on disk."""
    with tempfile.TemporaryDirectory() as folder, opened(Settings(data_dir=Path(folder)), batch_records=BATCH) as one:
        with one.store.begin() as tx:
            for raw in log.artefacts.values():
                tx.artefacts.put(raw)
        for start in range(0, len(log.events), BATCH):
            one.runtime.append(log.events[start : start + BATCH])
            one.runtime.fold_all()


def timed(log: MadeLog, work: Callable[[MadeLog], None]) -> Timed:
    """In this process; its peak of memory holds what ran before, too."""
    started, process = time.perf_counter(), time.process_time()
    work(log)
    seconds, worked = time.perf_counter() - started, time.process_time() - process
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Timed(len(log.events), seconds, peak, None, len(log.events), worked)


def deciding(log: MadeLog) -> Iterator[tuple[str, Timed]]:
    """Jobs that say when to call."""
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder), log) as bench:
        yield "Faust, a statsmodels fit for every order", bench.faust("statsmodels")
        yield "ours on Kafka, one worker", bench.ours(1)
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder), log) as bench:
        yield "ours on Kafka, two workers", bench.ours(2)


def folding(log: MadeLog) -> Iterator[tuple[str, Timed]]:
    """The same fold in other systems: no decisions, which they have no index for."""
    with tempfile.TemporaryDirectory() as folder, Bench(Path(folder), log) as bench:
        yield "Faust, a table write for each event", bench.faust("fold")
        try:
            yield "Quix Streams, the fold in its state", bench.quix()
        except ModuleNotFoundError:
            print("  Quix Streams is not installed here: make bench-streams")
        yield "ours on Kafka, one worker", bench.ours(1)


def show(name: str, one: Timed) -> None:
    """One row."""
    changelog = "-" if one.changelog_bytes is None else f"{one.changelog_bytes / (one.all_records or one.records):,.0f}"
    each = one.process_seconds / (one.all_records or one.records) * 1e6
    print(
        f"  {name:<42} {one.records:>9,} {one.seconds:>8.1f} {one.records_per_second:>10,.0f} {each:>10,.0f}"
        f" {one.peak_bytes / MIB:>8,.0f} {changelog:>10}",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--kafka", action="store_true")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    asked = parser.parse_args()
    size = (SMALL_ACCOUNTS, SMALL_DAYS) if asked.small else (asked.accounts, DAYS)
    log, undecided = made_log(*size), made_log(*size, decided=False)
    print(f"{len(log.events):,} events, batches of {BATCH:,}, {os.cpu_count()} cores for the jobs and their broker")
    print(
        f"  {'':<42} {'events':>9} {'seconds':>8} {'events/s':>10} {'processor':>10} {'peak MiB':>8} {'changelog':>10}"
    )
    print(f"  {'':<42} {'timed':>9} {'':>8} {'':>10} {'us each':>10} {'':>8} {'B an event':>10}")
    print("whole job: decisions at every tick")
    show("the fold alone, in memory (baseline)", timed(log, in_memory))
    show("ours embedded, every batch durable", timed(log, embedded))
    for name, row in deciding(log) if asked.kafka else ():
        show(name, row)
    print("the fold alone: nothing is decided")
    show("in memory (baseline)", timed(undecided, in_memory))
    for name, row in folding(undecided) if asked.kafka else ():
        show(name, row)
    if asked.kafka:
        latency.tables(*(SMALL_LATENCY if asked.small else LATENCY), kafka=True)


if __name__ == "__main__":
    main()
