"""A worker that cannot get on takes in no more than a few batches of each partition, however long the log is."""

import time
from pathlib import Path

import pytest

from streams.microbatch.ports import Output
from tests.kafka.cluster import PARTITIONS
from tests.kafka.workers import Bench, Worker

pytestmark = pytest.mark.kafka
RECORD_BYTES, RECORDS = 10_000, 16_000
FETCH_BYTES, BATCH = 1_000_000, 50
BATCHES_IN_MEMORY = 8
"""Fetched and not taken, taken and waiting, at work."""
ALLOWED = PARTITIONS * (2 * FETCH_BYTES + BATCHES_IN_MEMORY * BATCH * RECORD_BYTES)


def resident_bytes(worker: Worker) -> int:
    lines = Path(f"/proc/{worker.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def test_what_waits_is_bounded_whatever_the_log_holds(bench: Bench) -> None:
    assert RECORDS * RECORD_BYTES > 5 * ALLOWED, "the log must be far larger than what is allowed"
    bench.create_topics()
    worker = bench.start("a", "--fetch-bytes", str(FETCH_BYTES), "--batch", str(BATCH))
    worker.wait_until("/readyz", 200)
    with worker.told("hang"):
        before = resident_bytes(worker)
        for start in range(0, RECORDS, 500):
            numbers = range(start, start + 500)
            bench.cluster.produce([Output(bench.log, b"%d" % number, bytes(RECORD_BYTES)) for number in numbers])
        time.sleep(2)
        grown = resident_bytes(worker) - before
        print(f"log {RECORDS * RECORD_BYTES / 1e6:.0f} MB, worker grew by {grown / 1e6:.1f} MB")
        assert grown < ALLOWED
        worker.kill()
