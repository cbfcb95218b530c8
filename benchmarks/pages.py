"""How fast pages come among many tasks, and what 500 open pages cost.

    python -m benchmarks.pages [--tasks 1000000] [--pages 500] [--small]

A real PostgreSQL on loopback (--small: SQLite) with as many open tasks, each of an account of its own, and the console
in a process of its own. Pages are asked for one after the other and timed from outside, network and all; "cpu" is the
processor's time of console and database for each, which says what other work on the machine has added. Then the open
pages: server-sent event streams as browsers hold them; a change every second, timed until each of them has heard.
"""

import argparse
import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from benchmarks import _call_centre as made
from console.access import add_user, one_time_link
from console.app import build
from console.ports import FixedLag
from console.server import ConsoleServer
from ops.postgres_local import LocalPostgres
from ops.progress import progress
from outreach.desk import Desk
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from schemas.settings import Settings

TASKS, PAGES, ASKED, CHANGES = 1_000_000, 500, 40, 20
SMALL_TASKS, SMALL_PAGES, SMALL_ASKED = 2_000, 20, 5
PAGES_OF_A_USER = 10
READY_SECONDS = 30.0
MIB = 1024 * 1024


def serve(url: str) -> None:
    """The console on a free port, printed; until it is told to stop."""
    store = SqlStore(create(url))
    app = build(
        Settings(default_zone="Europe/London"), store, FixedLag(()), desk=Desk(made.RULES), clock=lambda: made.NOW
    )
    server = ConsoleServer(app, "127.0.0.1", 0)
    print(server.url, flush=True)
    server.run()


@contextmanager
def served(url: str) -> Iterator[tuple[str, int]]:
    """Address and process id of a console over this database."""
    command = [sys.executable, "-m", "benchmarks.pages", "--serve", url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            address = process.stdout.readline().strip() if process.stdout else ""
            until = time.monotonic() + READY_SECONDS
            while time.monotonic() < until:
                try:
                    httpx.get(f"{address}/readyz").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield address, process.pid
        finally:
            process.send_signal(signal.SIGTERM)


def signed_in(store: SqlStore, address: str, role: str, name: str) -> httpx.Client:
    """A browser of somebody of this role."""
    with store.begin() as tx:
        if tx.users.named(name) is None:
            add_user(tx, name, role, None)
        link = one_time_link(tx, name, address)
    client = httpx.Client(base_url=address, timeout=60)
    assert client.get(link).status_code == 303, "the link did not let in"
    return client


@dataclass
class Took:
    """Milliseconds of each request, and the processor's of console and database for one of them."""

    each: list[float] = field(default_factory=list)
    cpu: float | None = None


@contextmanager
def counted(pids: Collection[int], took: Took) -> Iterator[None]:
    """What the block costs, shared out to the requests that it adds."""
    before = cpu_seconds(pids)
    yield
    took.cpu = (cpu_seconds(pids) - before) * 1000 / max(1, len(took.each))


def cpu_seconds(pids: Collection[int]) -> float:
    """Of these processes and their children. Linux only."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended meanwhile
            _, parent, *rest = stat.read_text().rpartition(")")[2].split()
            if {int(stat.parent.name), int(parent)} & set(pids):
                ticks += int(rest[9]) + int(rest[10])
    return ticks / os.sysconf("SC_CLK_TCK")


def timed(client: httpx.Client, path: str, times: int, pids: Collection[int]) -> Took:
    """Of each; the first, which fills caches, is not counted."""
    took = Took()
    client.get(path)
    with counted(pids, took):
        for _ in range(times):
            started = time.perf_counter()
            answer = client.get(path)
            took.each.append((time.perf_counter() - started) * 1000)
            assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return took


def pages(store: SqlStore, address: str, times: int, pids: Collection[int]) -> Iterator[tuple[str, Took]]:
    """Each page as somebody who works with it sees it."""
    account = made.open_tasks(1).__next__().task.account_id
    for role, paths in {
        "agent": ("/agent", "/agent/desk", "/accounts", f"/accounts/{account}"),
        "supervisor": ("/team", "/team/board"),
        "operator": ("/operator", "/operator/board"),
    }.items():
        client = signed_in(store, address, role, f"page-{role}")
        for path in paths:
            yield f"{role} {path}", timed(client, path, times, pids)
    yield "agent: next call, to its card", Took(claims(store, address, times))


def claims(store: SqlStore, address: str, times: int) -> list[float]:
    """POST /agent/next of as many agents, each of whom has nothing yet."""
    took = []
    for number in range(times):
        client = signed_in(store, address, "agent", made.name_of(number))
        found = re.search(r'"X-CSRF-Token": "([^"]+)"', client.get("/agent").text)
        headers = {"x-csrf-token": found.group(1) if found else "", "hx-request": "true", "origin": address}
        started = time.perf_counter()
        answer = client.post("/agent/next", headers=headers)
        took.append((time.perf_counter() - started) * 1000)
        assert answer.status_code == 200, answer.text[:300]
    return took[1:]


def cookies(store: SqlStore, address: str, users: int) -> list[str]:
    """A session each of so many agents."""
    browsers = [signed_in(store, address, "agent", made.name_of(number)) for number in range(users)]
    return ["; ".join(f"{name}={value}" for name, value in browser.cookies.items()) for browser in browsers]


async def open_pages(
    store: SqlStore, address: str, sessions: list[str], count: int
) -> tuple[list[float], int, list[str]]:
    """Milliseconds until each page heard of each change, how many streams were there at the end, and what the others
    were answered. The pages are shared out to the sessions: one user's requests are limited, as they are for people."""
    with store.read() as tx:
        newest = tx.audit.newest()
    heard: list[float] = []
    refused: list[str] = []
    changed = {"at": 0.0}

    async def listen(cookie: str) -> bool:
        port = int(address.rsplit(":", 1)[1])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"GET /stream?after={newest} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
        writer.write(head.encode())
        status = (await reader.readline()).decode().strip()
        if " 200 " not in status:
            refused.append(status)
            writer.close()
            return False
        try:
            while line := await reader.readline():
                if line.startswith(b"event: changes"):
                    heard.append((time.perf_counter() - changed["at"]) * 1000)
        except asyncio.CancelledError:
            return True
        finally:
            writer.close()
        return False

    listeners = [asyncio.create_task(listen(sessions[number % len(sessions)])) for number in range(count)]
    await asyncio.sleep(3)
    desk = Desk(made.RULES)
    for number in range(CHANGES):
        with store.begin() as tx:
            desk.set_kill_switch(tx, "benchmark", number % 2 == 0)
        changed["at"] = time.perf_counter()
        await asyncio.sleep(1)
    there = sum(not listener.done() for listener in listeners)
    for listener in listeners:
        listener.cancel()
    await asyncio.gather(*listeners)
    return heard, there, refused


def resident_bytes(pid: int) -> int:
    """Resident memory of a process. Linux only."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


def show(name: str, took: Took) -> None:
    """One row."""
    if not took.each:
        print(f"  {name:<40} {0:>7}", flush=True)
        return
    p50, p95, most = np.percentile(took.each, [50, 95, 100])
    cpu = "" if took.cpu is None else f"{took.cpu:>8.1f}"
    print(f"  {name:<40} {len(took.each):>7,} {p50:>8.1f} {p95:>8.1f} {most:>8.1f} {cpu}", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--pages", type=int, default=PAGES)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(asked.serve)
        return
    tasks, count, times = (SMALL_TASKS, SMALL_PAGES, SMALL_ASKED) if asked.small else (asked.tasks, asked.pages, ASKED)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        url, pids = f"sqlite:///{folder / 'file.sqlite3'}", list[int]()
        if not asked.small:
            database = stack.enter_context(LocalPostgres(folder))
            url, pids = database.url, [database.process.pid] if database.process else []
        engine = create(url)
        stack.callback(engine.dispose)
        upgrade(engine)
        store = SqlStore(engine)
        with progress("loading tasks", tasks) as told:
            made.load(store, tasks, ASKED, told)
        address, pid = stack.enter_context(served(url))
        pids.append(pid)
        print(f"{tasks:,} open tasks and as many accounts, {engine.dialect.name}; milliseconds from outside")
        print(f"  {'':<40} {'asked':>7} {'p50':>8} {'p95':>8} {'most':>8} {'cpu':>8}")
        for name, took in pages(store, address, times, pids):
            show(name, took)
        before = resident_bytes(pid)
        sessions = cookies(store, address, max(1, count // PAGES_OF_A_USER))
        heard, there, refused = asyncio.run(open_pages(store, address, sessions, count))
        after = resident_bytes(pid)
        show(f"{count} open pages: a change is heard", Took(heard))
        print(f"  {there} of {count} open at the end, {len(heard):,} of {count * CHANGES:,} changes heard;")
        print(f"  refused: {', '.join(sorted(set(refused))) or 'none'}, of {len(sessions)} users;")
        print(f"  the console's memory {before / MIB:,.0f} MiB before, {after / MIB:,.0f} MiB after")


if __name__ == "__main__":
    main()
