"""The disk of a worker's local state is full: it ends in time; elsewhere it builds its state again."""

import os
import resource
import signal
import subprocess
import time
from pathlib import Path

from tests.faults.report import Figures
from tests.faults.stage import Stage
from tests.faults.supervised import Supervised
from tests.faults.verdict import judge

BAR_SECONDS = 30
MIB = 1 << 20
TMPFS_MIB = 512


def test_disk_full(stage: Stage, row: Figures) -> None:
    with row("disk full") as figures:
        folder = stage.local_state("worker")
        folder.mkdir(parents=True)
        own_disk = can_mount()
        worker = stage.start("worker", prefix=on_own_disk(folder) if own_disk else (), restarts=False)
        stage.begin()
        with stage.load:
            stage.recovery(stage.marks(), time.monotonic())
            at = time.monotonic()
            fill(worker, folder) if own_disk else forbid_growth(worker)
            worker.process.wait(240)
            ended = time.monotonic() - at
            assert worker.process.returncode == 1, worker.process.returncode
            stage.forget("worker")
            marks, at = stage.marks(), time.monotonic()
            stage.start("worker")
            figures.recovered_seconds.append(stage.recovery(marks, at))
        figures.faults = 1
        figures.more["how"] = "tmpfs filled" if own_disk else "RLIMIT_FSIZE"
        figures.bar("exit after", ended, BAR_SECONDS)
        judge(stage, figures)


def can_mount() -> bool:
    """Whether a process of its own mounts can be made here."""
    command = ["unshare", "--mount", "sh", "-c", "mount -t tmpfs none /mnt"]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def on_own_disk(folder: Path) -> list[str]:
    """Begins a command that sees a small disk in place of that folder; it goes with the process."""
    mount = f'mount -t tmpfs -o size={TMPFS_MIB}m none "{folder}" && exec "$0" "$@"'
    return ["unshare", "--mount", "sh", "-c", mount]


def fill(worker: Supervised, folder: Path) -> None:
    """Write into the process's own disk until nothing more fits."""
    inside = Path(f"/proc/{worker.process.pid}/root{folder}")
    with (inside / "ballast").open("wb", buffering=0) as ballast:
        chunk = MIB
        while chunk:
            try:
                ballast.write(b"\0" * chunk)
            except OSError:
                chunk //= 2
    stats = os.statvfs(inside)
    assert stats.f_bavail == 0, stats


def forbid_growth(worker: Supervised) -> None:
    """No file may be larger than it is: writes fail. Python leaves SIGXFSZ ignored."""
    assert signal.SIGXFSZ
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
