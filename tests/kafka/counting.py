"""A worker process that remembers, for each key, every number that it was given, in order.

Nothing is idempotent on purpose: a record applied twice, lost or out of order shows in the state.
"""

import argparse
import asyncio
import os
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path

from streams.microbatch.app import BatchApp, BatchConfig
from streams.microbatch.fetching import FetchThread
from streams.microbatch.naming import changelog_topic
from streams.microbatch.ports import Outcome, Output, PartitionStore, Record, Unavailable
from streams.microbatch.reader import LogReader
from streams.microbatch.worker import run_worker

SESSION_SECONDS = 6
"""The shortest that brokers allow: the others wait so long for a worker that was killed."""
EVERY = 10
"""Every tenth number is also an output."""


class Remembering:
    """State of a key: its numbers, eight bytes each. Every tenth number is an output keyed by itself."""

    def __init__(self, out: str, store: PartitionStore, data: Path) -> None:
        self._out, self._store = out, store
        self._down, self._freeze = data.parent / "down", data.parent / f"freeze-{data.name}"
        self._hang = data.parent / f"hang-{data.name}"

    def process(self, records: Sequence[Record]) -> Outcome:
        """Append; stand still, or raise Unavailable, where a file says so."""
        while self._hang.exists():
            time.sleep(0.1)
        states: dict[bytes, bytes] = {}
        outcome = Outcome()
        for record in records:
            key, value = record.key or b"", record.value or b""
            states[key] = states.get(key, self._store.get(key) or b"") + value
            if int.from_bytes(value) % EVERY == 0:
                outcome.outputs.append(Output(self._out, value, key))
        if self._freeze.exists():
            os.kill(os.getpid(), signal.SIGSTOP)
        if self._down.exists():
            raise Unavailable("the file says so")
        outcome.writes.extend(states.items())
        return outcome


class Passing:
    """Sends every record on."""

    def __init__(self, out: str) -> None:
        self._out = out

    def process(self, records: Sequence[Record]) -> list[Output]:
        """One output for each record."""
        return [Output(self._out, record.key, record.value) for record in records]


def build(options: argparse.Namespace) -> BatchApp:
    """One stateful agent on the topic `log`, one stateless agent from `raw` to `log`."""
    name = options.prefix
    log, raw, out = f"{name}-log", f"{name}-raw", f"{name}-out"
    app = BatchApp(
        BatchConfig(
            app_id=f"{name}-app",
            bootstrap=options.bootstrap,
            data_dir=options.data,
            batch_records=options.batch,
            session_timeout_seconds=options.session,
            heartbeat_seconds=options.heartbeat,
            rebalance_timeout_seconds=15,
            request_timeout_seconds=10,
            stall_seconds=options.stall,
            fetch_bytes=options.fetch_bytes,
            metadata_seconds=3,
        )
    )
    app.stateful(log, lambda _, store: Remembering(out, store, options.data))
    if options.no_self_fence:
        app.runner.heartbeat.limit_seconds = 1e9
    app.stateless([raw], Passing(log))

    @app.agent(app.batches(log), name="fold")  # type: ignore[untyped-decorator]
    async def fold(stream):  # type: ignore[no-untyped-def]
        async for event in stream.noack().events():
            await app.runner.handle(event.value)
            await stream.ack(event)

    @app.agent(app.batches(raw), name="pass")  # type: ignore[untyped-decorator]
    async def send_on(stream):  # type: ignore[no-untyped-def]
        async for event in stream.noack().events():
            await app.runner.handle(event.value)
            await stream.ack(event)

    @app.task  # type: ignore[untyped-decorator]
    async def block():  # type: ignore[no-untyped-def]
        while True:
            await asyncio.sleep(0.1)
            while (options.data.parent / f"block-{options.data.name}").exists():
                time.sleep(0.1)  # noqa: ASYNC251  # that is the fault

    return app


def changelog_of(prefix: str) -> str:
    """The changelog of the worker's table."""
    return changelog_topic(f"{prefix}-app", f"{prefix}-log")


def lose_fetches(share: float) -> None:
    """From now on throw some fetched records away before anybody has seen them."""
    fetch, chance = FetchThread.fetch, random.Random(1)

    async def lossy(self, covered, wait_seconds):  # type: ignore[no-untyped-def]
        chunks = await fetch(self, covered, wait_seconds)
        return {place: chunk for place, chunk in chunks.items() if chance.random() >= share}

    FetchThread.fetch = lossy  # type: ignore[method-assign]


def crawl(seconds: float) -> None:
    """From now on wait before each segment of a changelog."""
    segments = LogReader.segments

    async def slowly(self, place, start, end):  # type: ignore[no-untyped-def]
        async for segment in segments(self, place, start, end):
            await asyncio.sleep(seconds)
            yield segment

    LogReader.segments = slowly  # type: ignore[method-assign]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--lose", type=float, default=0.0)
    parser.add_argument("--no-self-fence", action="store_true")
    parser.add_argument("--stall", type=float, default=300.0)
    parser.add_argument("--fetch-bytes", type=int, default=4 * 1024 * 1024)
    parser.add_argument("--session", type=float, default=SESSION_SECONDS)
    parser.add_argument("--heartbeat", type=float, default=1.5)
    parser.add_argument("--crawl", type=float, default=0.0)
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    if arguments.lose:
        lose_fetches(arguments.lose)
    if arguments.crawl:
        crawl(arguments.crawl)
    run_worker(build(arguments), ("127.0.0.1", arguments.port))
