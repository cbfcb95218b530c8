"""How long a claim takes while 200 agents share 1 million open tasks, and that no task is claimed twice.

    python -m benchmarks.claims [--small] [--sqlite] [--plan]       (make bench-claims: the full form, 10 minutes)

A real PostgreSQL is started on loopback, with fsync. Four processes, as consoles would, work for 200 agents, each of
whom asks for a task every 2 seconds: 100 claims a second in all, by `Desk.next_task` with its audit entry and its
message. In between, in the same run, the same processes do the bare minimum at the same rate: SELECT ... FOR UPDATE
SKIP LOCKED, UPDATE, COMMIT. Agents want tasks at times that do not depend on the answers (open loop), and a wait
counts from that moment, so that a stall counts for everybody who would have asked in it; "of it asked" counts from the
moment at which a thread asks. Upkeep runs as a desk does it, and in the middle business time moves by an hour, with
which calling windows open; with `--hours 3` those of a fifth of all tasks close as well. What follows a claim is not
measured: held tasks are closed in bulk twice a second. What others use of the machine is printed: waits beside them are
not the program's. Exit code 1: a double claim, or a bar that was missed.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from sqlalchemy import func, select

from benchmarks import _call_centre as made
from benchmarks import _machine as machine
from benchmarks._claimants import BARE, CLAIM, Done, Plan, Window, close_held, work
from ops.postgres_local import LocalPostgres
from ops.progress import progress
from outreach.desk import Desk, seconds_to_next
from outreach.store import schema
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from outreach.store.tasks import best_ready
from outreach.store.together import prepared
from schemas.decisions import TaskClass
from schemas.needs import ClockMoved

P99_MS, RATIO = 50.0, 1.5
WARM_SECONDS = 4.0
KINDS = {CLAIM: "claim: judged, claimed, audit and outbox", BARE: "bare: SKIP LOCKED, UPDATE, COMMIT"}
BARE_SHARE = 0.25
"""Seconds of bare work for each second of claims, in slices between them."""


@dataclass(frozen=True, slots=True)
class Size:
    """What is asked for."""

    tasks: int
    agents: int
    claims_per_second: float
    seconds: float
    slices: int
    processes: int = 4
    hours: int = 1
    """Business time that passes in the middle."""


FULL = Size(tasks=1_000_000, agents=200, claims_per_second=100, seconds=600, slices=10)
NUMBERS = ("tasks", "agents", "seconds", "slices", "hours")
SMALL = Size(tasks=10_000, agents=40, claims_per_second=20, seconds=6, slices=2, processes=2)


def windows(size: Size, begins: float) -> tuple[Window, ...]:
    """A little of both to warm up, then slices of claims, each followed by its share of bare work."""
    found = [Window(CLAIM, begins - WARM_SECONDS, begins - 1), Window(BARE, begins - 1, begins)]
    long, at = size.seconds / size.slices, begins
    for _ in range(size.slices):
        found += [Window(CLAIM, at, at + long), Window(BARE, at + long, at + long * (1 + BARE_SHARE))]
        at = found[-1].ends
    return tuple(found)


def run(store: SqlStore, url: str, size: Size) -> list[Done]:
    """Everybody works; what was done, warming up left out."""
    context = get_context("spawn")
    orders, answers, ready = context.Queue(), context.Queue(), context.Queue()
    shares = [range(first, size.agents, size.processes) for first in range(size.processes)]
    workers = [context.Process(target=work, args=(url, share, ready, orders, answers)) for share in shares]
    for worker in workers:
        worker.start()
    for _ in workers:
        ready.get(timeout=120)
    begins = time.monotonic() + WARM_SECONDS + 0.5
    plan = Plan(windows(size, begins), size.agents / size.claims_per_second)
    for _ in workers:
        orders.put(plan)
    _look_after(store, plan, size.hours)
    found = [done for _ in workers for done in answers.get(timeout=120)]
    for worker in workers:
        worker.join(30)
    return [done for done in found if done.wanted_at >= begins]


def _look_after(store: SqlStore, plan: Plan, hours: int) -> None:
    """Upkeep as a desk does it, and some hours of business time in the middle."""
    desk, ends = Desk(made.RULES), plan.windows[-1].ends
    middle = (plan.windows[0].begins + ends) / 2
    moved, rounds, longest = False, 0, 0.0
    while time.monotonic() < ends:
        if not moved and time.monotonic() >= middle:
            moved = True
            with store.begin() as tx:
                desk.apply_effects(tx, [ClockMoved(partition=0, as_of=made.NOW + timedelta(hours=hours))])
        begun = time.monotonic()
        with store.begin() as tx:
            done = desk.upkeep(tx, tx.db_now())
        took = time.monotonic() - begun
        rounds, longest = rounds + 1, max(longest, took)
        pause = seconds_to_next(done, took)
        time.sleep(max(0.0, min(pause, ends - time.monotonic())))
    print(f"upkeep: {rounds:,} rounds, the longest {longest * 1000:.0f} ms")


def double_claims(store: SqlStore, done: Sequence[Done]) -> int:
    """Tasks that two answers named, and tasks that the history says were claimed twice: none is offered again here."""
    named = Counter(one.task_id for one in done if one.task_id)
    subject = schema.audit.c.subject
    query = select(subject).where(schema.audit.c.event == "claimed").group_by(subject).having(func.count() > 1)
    with store.read() as tx:
        twice = set(tx.connection.scalars(query))
    return len({f"task:{task_id}" for task_id, count in named.items() if count > 1} | twice)


def report(done: Sequence[Done]) -> dict[str, float]:
    """Print two rows for each kind; p99 by kind, in ms, of the whole wait."""
    print(f"{'':<44}{'n':>8}{'a second':>10}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'max ms':>9}")
    found = {}
    for kind, says in KINDS.items():
        rows = [one for one in done if one.kind == kind and one.task_id]
        if not rows:
            continue
        busy = len({int(one.wanted_at) for one in rows})
        found[kind] = _row(says, [one.seconds for one in rows], busy)
        _row("  of it asked", [one.asked_seconds for one in rows], busy)
    without = Counter((one.kind, one.refusal) for one in done if not one.task_id)
    for (kind, why), count in sorted(without.items()):
        print(f"{kind} without a task: {count:,} ({why})")
    return found


def _row(says: str, seconds: Sequence[float], busy: int) -> float:
    waits = np.array(seconds) * 1000
    p50, p95, p99 = np.percentile(waits, [50, 95, 99])
    print(f"{says:<44}{len(waits):>8,}{len(waits) / busy:>10.1f}{p50:>9.1f}{p95:>9.1f}{p99:>9.1f}{waits.max():>9.1f}")
    return float(p99)


def plan_of_claim(store: SqlStore) -> Iterator[str]:
    """How PostgreSQL finds the candidates of a claim: EXPLAIN of the statement as the desk sends it."""
    kinds = tuple(product([""], ["sales"], sorted(TaskClass)))
    best = prepared(best_ready, kinds, 3, False)
    with store.begin() as tx:
        given = best.values({"now": made.NOW, "db_now": tx.db_now(), "agent": "observer"})
        explain = f"EXPLAIN (ANALYZE, BUFFERS, COSTS OFF) {best.text}"
        for (line,) in tx.connection.exec_driver_sql(explain, given):
            yield str(line)


@contextmanager
def database(sqlite: bool) -> Iterator[str]:
    """URL of an empty database, on disk, that flushes its commits."""
    with tempfile.TemporaryDirectory(prefix="ringahead-claims-", ignore_cleanup_errors=True) as folder:
        if sqlite:
            yield f"sqlite:///{folder}/claims.sqlite3"
            return
        Path(folder).chmod(0o755)
        with LocalPostgres(Path(folder)) as server:
            yield server.url


def main() -> int:
    """Load, work, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="few tasks and agents, to see in seconds that it runs")
    parser.add_argument("--sqlite", action="store_true", help="the embedded file instead: writers take turns")
    parser.add_argument("--plan", action="store_true", help="print how PostgreSQL finds the candidates")
    for name in NUMBERS:
        parser.add_argument(f"--{name}", type=int)
    asked = parser.parse_args()
    given = {name: getattr(asked, name) for name in NUMBERS if getattr(asked, name) is not None}
    size = replace(SMALL if asked.small else FULL, **given)
    with database(asked.sqlite) as url:
        return measure(url, size, plan=asked.plan, judged=not asked.small and not asked.sqlite)


def measure(url: str, size: Size, *, plan: bool, judged: bool) -> int:
    """One run on an empty database; the exit code."""
    store = SqlStore(create(url))
    upgrade(store.engine)
    begun = time.monotonic()
    with progress("Loading", size.tasks) as advance:
        made.load(store, size.tasks, size.agents, advance)
    print(f"{size.tasks:,} open tasks in {store.engine.dialect.name}, loaded in {time.monotonic() - begun:.0f} s")
    print(
        f"{size.agents} agents, {size.claims_per_second:g} claims/s for {size.seconds:g} s, {size.processes} processes"
    )
    begun_with = machine.used()
    done = run(store, url, size)
    print(machine.others(begun_with))
    if plan:
        print("\n".join(plan_of_claim(store)))
    p99, twice = report(done), double_claims(store, done)
    ratio = p99[CLAIM] / p99[BARE]
    print(f"double claims: {twice}")
    print(f"claim p99 {p99[CLAIM]:.1f} ms (bar {P99_MS:g}), {ratio:.2f} x the bare one (bar {RATIO:g})")
    close_held(store, [one.task_id for one in done if one.task_id])
    store.close()
    missed = judged and (p99[CLAIM] > P99_MS or ratio > RATIO)
    return 1 if twice or missed else 0


if __name__ == "__main__":
    sys.exit(main())
