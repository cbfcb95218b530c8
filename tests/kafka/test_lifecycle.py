"""One worker from its first start to the day its log is cut: codecs, transactions, positions."""

import pytest

from tests.kafka.workers import Bench

pytestmark = pytest.mark.kafka
CODECS = (None, "gzip", "snappy", "lz4", "zstd")


def test_what_is_committed_is_folded_once_whatever_happens_to_offsets_and_local_state(bench: Bench) -> None:
    bench.create_topics()
    for codec in CODECS:
        bench.cluster.produce_compressed(bench.records(300), codec)
    bench.cluster.produce_compressed(bench.records(200), "zstd", commit=True)
    undone = Bench(bench.cluster, bench.folder)
    bench.cluster.produce_compressed(undone.records(200), "lz4", commit=False)
    first = bench.start()
    bench.wait_until_equal()
    bench.produce(100)
    bench.wait_until_equal()
    assert first.stop() == 0

    bench.cluster.commit(bench.group, bench.log, {0: 0, 1: 0, 2: 300, 3: 10_000})
    for store in first.stores[:2]:
        for manifest in store.glob("MANIFEST*"):
            manifest.write_bytes(b"not a manifest")
    second = bench.start("a", "--lose", "0.6")
    for _ in range(5):
        bench.produce(100)
    bench.wait_until_equal()
    bench.check_outputs()
    assert second.stop() == 0
    assert "cannot be read and is rebuilt" in second.said()
    assert "were lost on the way" in second.said()

    bench.produce_and_lose(200)
    third = bench.start()
    bench.cluster.produce(bench.records(200, bench.raw))
    bench.wait_until_equal()
    assert third.stop() == 0
    assert "is gone" in third.said()

    bench.produce(200)
    bench.cluster.delete_records(bench.log, {0: -1})
    fourth = bench.start()
    assert fourth.wait(30) == 1
    assert "were deleted before they were applied" in fourth.said()
