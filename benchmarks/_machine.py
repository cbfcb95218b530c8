"""How much of the machine others used while something was measured: a figure taken beside them is not the program's."""

import os
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Used:
    """CPU seconds since the machine began: of everybody, and of this process with its descendants."""

    at: float
    everybody: float
    ours: float


def used() -> Used | None:
    """Now; None where there is no /proc."""
    if not (_PROC / "stat").exists():
        return None
    fields = (_PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    busy = sum(map(int, fields)) - int(fields[3]) - int(fields[4])
    return Used(time.monotonic(), busy / _TICKS, _of_tree(os.getpid()))


def others(begun: Used | None) -> str:
    """One sentence on the time since then."""
    now = used()
    if begun is None or now is None:
        return "what others used of the machine is not known here"
    cores = os.cpu_count() or 1
    ours, everybody = now.ours - begun.ours, now.everybody - begun.everybody
    seconds = now.at - begun.at
    of_others = max(0.0, everybody - ours)
    return f"{cores} cores: we used {ours / seconds:.2f} of them, others {of_others / seconds:.2f}"


def _of_tree(root: int) -> float:
    children, ticks = defaultdict(list), {}
    for path in _PROC.glob("[0-9]*/stat"):
        try:
            head, _, tail = path.read_text().rpartition(")")
        except OSError:
            continue  # it has ended in between
        fields = tail.split()
        pid = int(head.split(" ", 1)[0])
        children[int(fields[1])].append(pid)
        ticks[pid] = sum(map(int, fields[11:15]))
    waiting, total = [root], 0
    while waiting:
        pid = waiting.pop()
        total += ticks.get(pid, 0)
        waiting += children[pid]
    return total / _TICKS
