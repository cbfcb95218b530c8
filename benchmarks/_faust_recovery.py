"""Faust's own recovery of a table from its changelog: one process of the benchmark.

    python -m benchmarks._faust_recovery BOOTSTRAP APP TABLE SOURCE STATE

Prints the seconds of wall clock and of processor from the moment at which Faust begins to read the changelog to the one
at which it calls the table's `on_recover`.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import faust
from faust.worker import Worker


def app_of(bootstrap: str, name: str, table_name: str, source: str, state: str) -> faust.App:
    """One table over RocksDB, everything as Faust has it; the agent is there so that the partition is assigned."""
    Path(state).mkdir()
    app = faust.App(
        name, broker=f"kafka://{bootstrap}", store="rocksdb://?driver=rocksdict", datadir=state, topic_partitions=1,
        topic_replication_factor=1, topic_disable_leader=True, topic_allow_declare=False, web_enabled=False,
        broker_session_timeout=10, broker_heartbeat_interval=2, broker_rebalance_timeout=15,
        value_serializer="raw", key_serializer="raw",
    )  # fmt: skip
    table = app.Table(table_name, partitions=1, key_type=bytes, value_type=bytes)
    began: list[tuple[float, float]] = []
    recovery = app.tables.recovery
    seek = recovery._seek_offsets

    async def noted(*arguments: Any, **named: Any) -> Any:
        began.append((time.perf_counter(), time.process_time()))
        return await seek(*arguments, **named)

    recovery._seek_offsets = noted

    async def read(stream: Any) -> None:
        async for event in stream:
            table[event.key] = event.value

    async def done() -> None:
        wall, cpu = began[0]
        print(f"\n{time.perf_counter() - wall} {time.process_time() - cpu}", flush=True)  # after the spinner
        os._exit(0)

    app.agent(app.topic(source, key_type=bytes, value_type=bytes), name="read")(read)
    table.on_recover(done)
    return app


if __name__ == "__main__":
    Worker(app_of(*sys.argv[1:]), loglevel="ERROR", redirect_stdouts=False).execute_from_commandline()
