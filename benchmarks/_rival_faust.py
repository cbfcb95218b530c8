"""Faust as its documentation has it, a table write for each event: one process of the benchmark.

    python -m benchmarks._rival_faust fold|statsmodels BOOTSTRAP TOPIC COUNT ARTEFACTS STATE

``fold`` runs our fold. ``statsmodels`` is the first draft that many would write: the account's gaps in the table, and a
fit of exponential smoothing at each order; it keeps gaps only until the last COUNT / 100 records, and times those.
Prints the records timed and the seconds. It may lose events wherever Faust does; it is not asked to be stopped.
"""

import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import faust
import numpy as np
from faust.worker import Worker

from benchmarks._made_log import artefacts_in
from benchmarks._same_fold import SameFold
from schemas.events.orders import OrderPlaced
from streams.microbatch.ports import Record
from streams.processor import read_event

TIMED_SHARE = 0.01
FEWEST_GAPS = 4

Step = Callable[[Any, Any], Awaitable[None]]


def app_of(name: str, bootstrap: str, state_dir: Path) -> faust.App:
    """RocksDB tables, no web server, everything else as it comes."""
    return faust.App(
        f"rival-{name}",
        broker=f"kafka://{bootstrap}",
        store="rocksdb://?driver=rocksdict",
        datadir=str(state_dir),
        topic_partitions=4,
        topic_replication_factor=1,
        topic_disable_leader=True,
        web_enabled=False,
        value_serializer="raw",
        key_serializer="raw",
    )


def fold_step(app: faust.App, artefacts: Path) -> Step:
    """Our fold over a table, effects sent one by one."""
    table = app.Table("accounts", partitions=4, key_type=bytes, value_type=bytes)
    needs, fold = app.topic("rival-faust-needs", key_type=bytes, value_type=bytes), SameFold(artefacts_in(artefacts))

    async def step(event: Any, _timed: Any) -> None:
        message = event.message
        record = Record(message.topic, message.partition, message.offset, 0, message.key, message.value)
        after, effects = fold.fold(record, table.get(message.key))
        for effect in effects:
            await needs.send(key=message.key, value=effect)
        if after is not None:
            table[message.key] = after

    return step


def statsmodels_step(app: faust.App) -> Step:
    """Gaps in a table, a fit for every order once there are enough of them."""
    from statsmodels.tsa.api import SimpleExpSmoothing

    table = app.Table("gaps", partitions=4, key_type=bytes, value_type=bytes)
    needs = app.topic("rival-faust-needs", key_type=bytes, value_type=bytes)

    async def step(event: Any, timed: Any) -> None:
        message = event.message
        record = Record(message.topic, message.partition, message.offset, 0, message.key, message.value)
        told = read_event(record)
        if not isinstance(told.fact, OrderPlaced):
            return
        days = np.frombuffer(table.get(message.key) or b"", np.int32)
        days = np.append(days, np.int32(told.time.toordinal()))[-24:]
        table[message.key] = days.astype(np.int32).tobytes()
        gaps = np.diff(days)
        if timed and len(gaps) >= FEWEST_GAPS:
            expected = float(
                SimpleExpSmoothing(gaps.astype(float), initialization_method="estimated").fit().forecast(1)[0]
            )
            if expected < 2:
                await needs.send(key=message.key, value=str(expected).encode())

    return step


def main(kind: str, bootstrap: str, topic: str, count: int, artefacts: Path, state_dir: Path) -> None:
    """Print the records timed and their seconds, then leave hard: nothing is owed to anybody."""
    app = app_of(kind, bootstrap, state_dir)
    step = fold_step(app, artefacts) if kind == "fold" else statsmodels_step(app)
    untimed = 0 if kind == "fold" else round(count * (1 - TIMED_SHARE))

    async def agent(stream: Any) -> None:
        seen, started = 0, 0.0
        async for event in stream.events():
            if seen == untimed:
                started = time.perf_counter()
            await step(event, seen >= untimed)
            seen += 1
            if seen == count:
                print(count - untimed, time.perf_counter() - started, flush=True)
                os._exit(0)

    app.agent(app.topic(topic, key_type=bytes, value_type=bytes))(agent)
    Worker(app, loglevel="ERROR", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    _, what, servers, log, records, folder, state = sys.argv
    main(what, servers, log, int(records), Path(folder), Path(state))
