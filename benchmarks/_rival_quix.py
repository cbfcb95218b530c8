"""Quix Streams with the same fold in its state: one process of the benchmark, needs the extra ``rivals``.

    python -m benchmarks._rival_quix BOOTSTRAP TOPIC COUNT ARTEFACTS STATE

Prints the seconds from the first record to the last commit. State in RocksDB with a changelog topic, at-least-once,
everything else as it comes.
"""

import sys
import time
from pathlib import Path
from typing import Any

from benchmarks._made_log import artefacts_in
from benchmarks._same_fold import SameFold
from streams.microbatch.ports import Record


def main(bootstrap: str, topic: str, count: int, artefacts: Path, state_dir: Path) -> float:
    """Seconds for ``count`` records."""
    from quixstreams import Application, message_context

    app = Application(
        bootstrap,
        consumer_group="quix",
        auto_offset_reset="earliest",
        state_dir=state_dir,
        loglevel="ERROR",
        on_message_processed=lambda *_: stop_after_last(),
    )
    source = app.topic(topic, key_deserializer="bytes", value_deserializer="bytes")
    needs = app.topic("rival-quix-needs", key_serializer="bytes", value_serializer="bytes")
    fold, started, done = SameFold(artefacts_in(artefacts)), 0.0, 0

    def stop_after_last() -> None:
        nonlocal done
        done += 1
        if done == count:
            app.stop()

    def one(value: bytes, key: bytes, timestamp: int, headers: Any, state: Any) -> list[bytes]:
        nonlocal started
        started = started or time.perf_counter()
        context = message_context()
        record = Record(topic, context.partition, context.offset, timestamp, key, value)
        after, effects = fold.fold(record, state.get_bytes("account"))
        if after is not None:
            state.set_bytes("account", after)
        return effects

    stream = app.dataframe(source).apply(one, stateful=True, metadata=True, expand=True)
    stream.to_topic(needs)
    app.run()  # its own ``count`` counts what comes out, not what goes in
    return time.perf_counter() - started


if __name__ == "__main__":
    _, servers, log, records, folder, state = sys.argv
    print(main(servers, log, int(records), Path(folder), Path(state)))
