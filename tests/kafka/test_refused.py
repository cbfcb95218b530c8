"""What a worker must not go on with: it ends at once, says what to do, and writes nothing meanwhile."""

import shutil

import pytest

from streams.microbatch.ports import Output
from streams.microbatch.store import POSITION_KEY
from tests.kafka.workers import Bench

pytestmark = pytest.mark.kafka
BLOCK = 300_000


def refused(bench: Bench, says: str, mend: str, name: str = "a") -> None:
    worker = bench.start(name)
    assert worker.wait(60) == 1
    assert says in worker.said(), worker.said()
    assert mend in worker.said()


def test_a_changelog_that_something_else_wrote(bench: Bench) -> None:
    bench.create_topics()
    bench.produce(200)
    bench.cluster.produce([Output(bench.changelog, b"a key", b"a value", number) for number in range(4)])
    refused(bench, "holds 1 records and no position", "Give the worker a changelog of its own")
    bench.cluster.produce([Output(bench.changelog, POSITION_KEY, b"of a later release", number) for number in range(4)])
    refused(bench, "position record has 18 bytes", "Run that release, or give the worker an empty changelog")
    assert bench.outputs() == []


def test_another_number_of_partitions_at_the_start_and_while_it_runs(bench: Bench) -> None:
    bench.cluster.create(bench.log, bench.raw, bench.out)
    bench.cluster.create(bench.changelog, partitions=6)
    refused(bench, "a log and its changelog need the same number of partitions", "move to new topics")
    other = Bench(bench.cluster.another(), bench.folder / "grown")
    other.folder.mkdir()
    try:
        other.create_topics()
        other.produce(200)
        worker = other.start()
        other.wait_until_equal()
        other.cluster.add_partitions(other.log, 6)
        assert worker.wait(90) == 1
        assert "number of partitions" in worker.said() or "partitions and has 6 now" in worker.said()
        assert "move to new topics" in worker.said()
        other.check_outputs()
    finally:
        other.end()


def test_a_changelog_that_was_made_anew(bench: Bench) -> None:
    """Local state of another changelog is no copy; with the log still whole, everything is built again from it."""
    bench.create_topics()
    bench.produce(600)
    first = bench.start("a")
    bench.wait_until_equal()
    assert first.stop() == 0
    bench.cluster.delete(bench.changelog)
    bench.cluster.create(bench.changelog, **{"cleanup.policy": "compact"})
    refused(bench, "the changelog was replaced", "Remove that folder to rebuild the state")
    empty = bench.start("b")
    bench.wait_until_equal()
    for _ in range(7):  # until the new changelog is longer than the old one was
        bench.produce(100)
        bench.wait_until_equal()
    assert empty.stop() == 0
    again = bench.start("a")
    bench.produce(200)
    bench.wait_until_equal()
    assert again.stop() == 0
    assert "is of another changelog and is rebuilt" in again.said()


def test_an_empty_changelog_and_records_larger_than_a_fetch(bench: Bench) -> None:
    """A changelog of which nothing is left is no reason to wait; a record larger than the fetch size comes alone."""
    bench.cluster.create(bench.log, bench.raw, bench.out, **{"max.message.bytes": str(4 * BLOCK)})
    bench.cluster.create(bench.changelog, **{"cleanup.policy": "compact,delete"})
    bench.produce(200)
    first = bench.start("a", "--fetch-bytes", "20000")
    bench.wait_until_equal()
    assert first.stop() == 0
    bench.cluster.delete_records(bench.changelog, dict.fromkeys(range(4), -1))
    shutil.rmtree(first.data)
    second = bench.start("a", "--fetch-bytes", "20000")
    bench.produce_large(5, BLOCK)
    bench.produce(200)
    bench.wait_until_equal()
    assert second.stop() == 0
