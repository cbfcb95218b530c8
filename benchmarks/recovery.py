"""How fast a partition's state comes back from its changelog, beside Faust's own recovery of the same topic.

    python -m benchmarks.recovery [--small] [--records N] [--bytes N] [--bootstrap HOST:PORT]

A changelog of transactions as a worker writes them: batches of 1,000 states, each key three times. Without --bootstrap
a local Kafka is started (Java and Maven). With --small there is no broker: batches in memory, unpacked and stored.
Processor seconds are user and system of the reading process; the broker's are not in them.
"""

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import rocksdict
import uvloop
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from ops.kafka_local import LocalKafka
from streams.microbatch.delivery import Connection, Delivery
from streams.microbatch.ports import Output, Write
from streams.microbatch.reader import Segment
from streams.microbatch.store import LocalStore, Mark, Synced, new_lineage, with_mark
from streams.microbatch.table import StateTable, TableSpec

RECORDS, STATE_BYTES = 600_000, 400
SMALL_RECORDS = 30_000
BATCH, KEY_REPEATS, BATCHES_A_FETCH = 1000, 3, 16
FAUST_SHARE = 20
"""Faust gets a twentieth of the records; its rate does not depend on how many there are."""
CACHE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One way to recover."""

    name: str
    records: int
    size_bytes: int
    wall_seconds: float
    cpu_seconds: float

    def __str__(self) -> str:
        wall, cpu = self.wall_seconds, self.cpu_seconds
        return (
            f"  {self.name:<40} {wall:>7.2f} s {self.records / wall:>10,.0f} records/s "
            f"{self.size_bytes / 1e6 / wall:>6.1f} MB/s {cpu:>7.2f} cpu s {self.records / cpu:>10,.0f} records/cpu s"
        )


def batches(records: int, state_bytes: int) -> Iterator[list[Write]]:
    """The writes of each batch, without the mark."""
    chance = random.Random(1)
    keys = max(1, records // KEY_REPEATS)
    for start in range(0, records, BATCH):
        numbers = range(start, min(start + BATCH, records))
        yield [(b"a:account-%09d" % (number % keys), chance.randbytes(state_bytes)) for number in numbers]


def timed(name: str, records: int, size_bytes: int, work: Callable[[], object]) -> Row:
    """Run it once."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Row(name, records, size_bytes, time.perf_counter() - wall, time.process_time() - cpu)


def in_memory(records: int, state_bytes: int, folder: Path) -> Row:
    """Unpack and store, no broker."""
    raw = [_packed(writes) for writes in batches(records, state_bytes)]
    fetches = [b"".join(raw[at : at + BATCHES_A_FETCH]) for at in range(0, len(raw), BATCHES_A_FETCH)]
    store = LocalStore.open(folder / "memory", rocksdict.Cache(CACHE_BYTES))

    def take_in() -> None:
        for number, fetched in enumerate(fetches):
            packed, found = MemoryRecords(fetched), []
            while packed.has_next():
                found.append(packed.next_batch())
            store.load(dict(Segment(0, 0, found).records()).items(), Synced(number, 0))
        store.flush()

    row = timed("unpack and store, no broker", records, sum(map(len, fetches)), take_in)
    store.close()
    return row


def _packed(writes: list[Write]) -> bytes:
    builder = DefaultRecordBatchBuilder(
        magic=2, compression_type=0, is_transactional=0, producer_id=-1, producer_epoch=-1, base_sequence=-1,
        batch_size=1 << 24,
    )  # fmt: skip
    for number, (key, value) in enumerate(writes):
        builder.append(number, timestamp=1, key=key, value=value, headers=[])
    return bytes(builder.build())


class Changelog:
    """A changelog on a broker, with the source topic that it belongs to."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.connection, self.folder = Connection(bootstrap, timeout_seconds=60), folder
        self.app, self.table = f"recovery-{uuid4().hex[:6]}", "state"
        self.source, self.topic = f"{self.app}-source", f"{self.app}-{self.table}-changelog"
        self.records = self.size_bytes = 0

    async def write(self, records: int, state_bytes: int, transactions: bool = True) -> None:
        """Make the topics, and write the changelog as a worker does.

        Without transactions for Faust, which would wait for ever for the marker behind the last of them.
        """
        admin = AIOKafkaAdminClient(bootstrap_servers=self.connection.bootstrap)
        await admin.start()
        await admin.create_topics([NewTopic(self.source, 1, 1), NewTopic(self.topic, 1, 1)])
        await admin.close()
        writer, lineage = Delivery(self.connection, f"{self.app}-writer" if transactions else None), new_lineage()
        send = writer.transact if transactions else writer.deliver
        await writer.start()
        for writes in batches(records, state_bytes):
            told = with_mark(writes, Mark(0, lineage))
            self.records += len(told)
            self.size_bytes += sum(len(key) + len(value or b"") for key, value in told)
            await send([Output(self.topic, key, value, 0) for key, value in told])
        await writer.stop()

    async def open(self, name: str) -> None:
        """Ours: what a worker does when it takes a partition over."""
        spec = TableSpec(self.app, self.source, self.topic, self.folder / name)
        opened = await StateTable(spec, self.connection).open(0)
        await opened.close()

    async def singly(self) -> None:
        """The client's records one by one, stored in batches: what ours was before."""
        store = LocalStore.open(self.folder / "singly", rocksdict.Cache(CACHE_BYTES))
        place = TopicPartition(self.topic, 0)
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.connection.bootstrap, isolation_level="read_committed",
            max_partition_fetch_bytes=8 * 1024 * 1024,
        )  # fmt: skip
        async with consumer:
            consumer.assign([place])
            consumer.seek(place, 0)
            end = (await consumer.end_offsets([place]))[place]
            while (position := await consumer.position(place)) < end:
                found = (await consumer.getmany(place, timeout_ms=500)).get(place, ())
                store.write(((record.key, record.value) for record in found), Synced(position, 0))
        store.close()

    def row(self, name: str, work: Callable[[], Awaitable[None]]) -> Row:
        """Measure one way."""
        return timed(name, self.records, self.size_bytes, lambda: uvloop.run(work()))  # type: ignore[arg-type]

    def faust(self) -> Row:
        """Faust's own, in a process of its own."""
        arguments = [self.connection.bootstrap, self.app, self.table, self.source, str(self.folder / "faust")]
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks._faust_recovery", *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        wall, cpu = map(float, done.stdout.splitlines()[-1].split())
        return Row(f"Faust's table, {self.records:,} records", self.records, self.size_bytes, wall, cpu)


def on_broker(bootstrap: str, folder: Path, records: int, state_bytes: int) -> Iterator[Row]:
    """Every way, on one changelog."""
    baseline, changelog = Changelog(bootstrap, folder), Changelog(bootstrap, folder)
    asyncio.run(baseline.write(records // FAUST_SHARE, state_bytes, transactions=False))
    asyncio.run(changelog.write(records, state_bytes))
    yield baseline.faust()
    yield changelog.row("aiokafka's records, stored in batches", changelog.singly)
    yield changelog.row("ours, from the changelog alone", lambda: changelog.open("ours"))
    again = changelog.row("ours, local state there", lambda: changelog.open("ours"))
    print(f"  {again.name:<40} {again.wall_seconds:>7.2f} s {'':>34} {again.cpu_seconds:>7.2f} cpu s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--records", type=int, default=RECORDS)
    parser.add_argument("--bytes", type=int, default=STATE_BYTES)
    parser.add_argument("--bootstrap")
    asked = parser.parse_args()
    records = SMALL_RECORDS if asked.small else asked.records
    print(f"{records:,} records of {asked.bytes} bytes, batches of {BATCH}, each key {KEY_REPEATS} times")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        print(in_memory(records, asked.bytes, folder))
        if not asked.small:
            bootstrap = asked.bootstrap or stack.enter_context(LocalKafka(folder / "kafka")).bootstrap
            for row in on_broker(bootstrap, folder, records, asked.bytes):
                print(row, flush=True)


if __name__ == "__main__":
    main()
