"""How far along a long command is: a bar on a terminal, otherwise a plain line now and then. Always on stderr."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Advance = Callable[[int], None]
EVERY_SECONDS = 5.0


@contextmanager
def progress(
    label: str,
    total: int | None = None,
    *,
    console: Console | None = None,
    every_seconds: float = EVERY_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Advance]:
    """Yield ``advance(steps)``. Without a terminal nothing is said of work that is quicker than ``every_seconds``."""
    shown = console or Console(stderr=True)
    if not shown.is_terminal:
        yield _plain(label, total, shown, every_seconds, clock)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=shown, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda steps: bar.advance(task, steps)


def _plain(
    label: str, total: int | None, console: Console, every_seconds: float, clock: Callable[[], float]
) -> Advance:
    done = 0
    said_at = clock()

    def advance(steps: int) -> None:
        nonlocal done, said_at
        done += steps
        if (now := clock()) - said_at >= every_seconds:
            said_at = now
            share = f" of {total:,} ({done / total:.0%})" if total else ""
            console.print(f"{label}: {done:,}{share}", highlight=False, soft_wrap=True)

    return advance
