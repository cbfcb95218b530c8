"""The local state is damaged, or the changelog is gone: states are built again and equal the model."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from streams.kafka.names import CHANGELOG
from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.verdict import judge
from tests.installation import wait_until

REFUSAL = "the changelog was replaced"


def spoil_whole(path: Path) -> None:
    path.write_bytes(b"\xa5" * path.stat().st_size)


def spoil_middle(path: Path) -> None:
    """Damage that no length shows: bytes in the middle of every 4 KiB."""
    raw = bytearray(path.read_bytes())
    for start in range(0, len(raw), 4096):
        raw[start + 100 : start + 164] = random.Random(start).randbytes(len(raw[start + 100 : start + 164]))
    path.write_bytes(raw)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


DAMAGES: tuple[tuple[str, Callable[[Path], None]], ...] = (
    ("MANIFEST*", spoil_whole),
    ("*.log", spoil_middle),
    ("*.log", cut),
    ("*.sst", spoil_middle),
    ("*.sst", cut),
    ("CURRENT", Path.unlink),
)


def test_corrupt_local_store(stage: Stage, row: Figures) -> None:
    with row("corrupt local store") as figures:
        worker, _ = stage.begin()
        with stage.load:
            for pattern, damage in DAMAGES:
                stage.recovery(stage.marks(), time.monotonic())
                worker.hold()
                hit = list((stage.local_state("worker") / "state").glob(f"*/{pattern}"))
                for path in hit:
                    damage(path)
                figures.faults += bool(hit)
                marks, at = stage.marks(), time.monotonic()
                worker.go_on()
                figures.recovered_seconds.append(stage.recovery(marks, at))
        judge(stage, figures)


def test_changelog_wiped(stage: Stage, row: Figures) -> None:
    """The topic is deleted and made anew: a worker that has the old state refuses; without it, the log is folded."""
    with row("changelog wiped") as figures:
        worker, _ = stage.begin()
        with stage.load:
            stage.recovery(stage.marks(), time.monotonic())
            worker.hold()
            wipe(stage)
            worker.go_on()
            wait_until(lambda: REFUSAL in worker.said() and 1 in worker.exits, "the worker refusing and ending", 240)
            worker.hold()
            stage.forget("worker")
            marks, at = stage.marks(), time.monotonic()
            worker.go_on()
            figures.recovered_seconds.append(stage.recovery(marks, at))
        figures.faults = 1
        judge(stage, figures, effects_once=False)


def wipe(stage: Stage) -> None:
    """Delete the changelog, and make it anew as an operator does."""

    async def delete() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=stage.kafka.bootstrap)
        await admin.start()
        try:
            await admin.delete_topics([CHANGELOG])
            while CHANGELOG in await admin.list_topics():  # noqa: ASYNC110  # another process's doing
                await asyncio.sleep(0.5)
        finally:
            await admin.close()

    asyncio.run(delete())
    stage.installation.run("topics", "apply")
