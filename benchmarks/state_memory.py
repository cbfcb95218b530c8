"""What a worker needs to hold many accounts: memory, disk, seconds until it folds, at three sizes.

    python -m benchmarks.state_memory [--accounts 1200000] [--small]

Each account has five products and a year of orders. Their states are written to the local store as recovery would leave
them; then a process of its own opens it, folds orders of random accounts, lets an hour pass, and says what it took. All
partitions are in one process here: several workers share the same sum, each beside its interpreter and libraries.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import rocksdict

from benchmarks._made_log import artefacts_in, made_log
from benchmarks._memory_store import MemoryStore
from ops.embedded.writer import tick_event
from schemas.envelope import Event
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.events.ours import ModelPublished, ProfilesChanged
from streams.codec import decode_account, encode_account
from streams.core.context import Installation
from streams.ingest import entry_of
from streams.microbatch.ports import Record, Write
from streams.microbatch.store import LocalStore, Synced
from streams.processor import LogFolder
from streams.state import Account
from streams.workspace import PARTITION_KEY

ACCOUNTS = 1_200_000
SHARES = (1 / 16, 1 / 4, 1)
PRODUCTS = 5
TEMPLATES = 50
DAYS = 360
FOLDED = 20_000
BATCH = 1000
CACHE_BYTES = 64 * 1024 * 1024
START = datetime(2025, 11, 1, tzinfo=UTC)
MIB = 1024 * 1024


def order(account_id: str, number: int, at: datetime, chance: random.Random) -> Event:
    """One to three of the account's five products."""
    bought = chance.sample(range(PRODUCTS), chance.randint(1, 3))
    lines = tuple(OrderLine(sku=f"sku-{each}", quantity=Decimal(2), unit_price=Decimal(5)) for each in bought)
    return Event(f"{account_id}-{number}", "benchmark", account_id, at, OrderPlaced(order_id=f"{number}", lines=lines))


def fill(folder: Path, accounts: int) -> None:
    """States of that many accounts: those of a few folded ones, each under other names."""
    store = LocalStore.open(folder / "store", rocksdict.Cache(CACHE_BYTES))
    partition, templates = _templates(folder)
    store.write([(PARTITION_KEY, partition)], Synced(0, 0))
    for start in range(0, accounts, BATCH):
        writes = []
        for number in range(start, min(start + BATCH, accounts)):
            account = templates[number % TEMPLATES]
            account.account_id = f"account-{number:07}"
            writes.append((b"a:" + account.account_id.encode(), encode_account(account)))
        store.write(writes, Synced(0, 0))
    store.close()


def _templates(folder: Path) -> tuple[bytes, list[Account]]:
    """The partition with a model and profiles in force, and accounts with a year of orders that these have judged."""
    kept = MemoryStore()
    folder_of = LogFolder(0, kept, Installation(), artefacts_in(folder / "artefacts"))
    chance = random.Random(3)
    in_force = [event for event in made_log(1, 2).events if isinstance(event.fact, (ModelPublished, ProfilesChanged))]
    orders = [
        order(f"t-{one}", day, START + timedelta(days=day), chance)
        for day in range(0, DAYS, 7)
        for one in range(TEMPLATES)
    ]
    _fold(folder_of, kept, [*orders, *in_force, tick_event(START + timedelta(days=DAYS))])
    partition = kept.get(PARTITION_KEY)
    return partition or b"", [decode_account(raw) for _, raw in kept.items(b"a:t-")]


class _OnDisk:
    """The local store as a fold's store, with the benchmark's own writes."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self.get, self.items = store.get, store.items

    def write(self, writes: list[Write]) -> None:
        self._store.write(writes, Synced(0, 0))


def _fold(folder: LogFolder, store: MemoryStore | _OnDisk, events: list[Event]) -> None:
    for start in range(0, len(events), BATCH):
        entries = [entry_of(event) for event in events[start : start + BATCH]]
        records = [Record("log", 0, start + place, 1, one.key, one.value) for place, one in enumerate(entries)]
        store.write(folder.fold(records).writes)


def hold(folder: Path, accounts: int) -> dict[str, float]:
    """Open, fold, let time pass; what it took. Runs in a process of its own."""
    before = _resident("VmRSS")
    started = time.perf_counter()
    local = LocalStore.open(folder / "store", rocksdict.Cache(CACHE_BYTES))
    store = _OnDisk(local)
    folder_of = LogFolder(0, store, Installation(), artefacts_in(folder / "artefacts"))
    ready = time.perf_counter() - started
    chance, at = random.Random(4), START + timedelta(days=DAYS)
    started = time.perf_counter()
    chosen = [f"account-{chance.randrange(accounts):07}" for _ in range(FOLDED)]
    _fold(folder_of, store, [order(one, 10_000 + place, at, chance) for place, one in enumerate(chosen)])
    folded = time.perf_counter() - started
    started = time.perf_counter()
    _fold(folder_of, store, [tick_event(at + timedelta(days=1))])
    ticked = time.perf_counter() - started
    local.close()
    return {
        "ready_seconds": ready,
        "fold_seconds": folded,
        "tick_seconds": ticked,
        "before_bytes": before,
        "peak_bytes": _resident("VmHWM"),
    }


def _resident(line: str) -> int:
    said = Path("/proc/self/status").read_text().splitlines()
    return next(int(one.split()[1]) * 1024 for one in said if one.startswith(line))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS)
    parser.add_argument("--hold", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.hold:
        print(json.dumps(hold(asked.hold, asked.accounts)))
        return
    top = 4_000 if asked.small else asked.accounts
    heads = ("accounts", "disk MiB", "ready s", "events/s", "tick s", "peak MiB", "over empty", "B/account")
    print("  " + " ".join(f"{head:>11}" for head in heads))
    for accounts in (round(top * share) for share in SHARES):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            made_log(1, 2).keep(folder / "artefacts")
            fill(folder, accounts)
            disk = sum(path.stat().st_size for path in (folder / "store").iterdir())
            command = [
                sys.executable,
                "-m",
                "benchmarks.state_memory",
                "--hold",
                str(folder),
                "--accounts",
                str(accounts),
            ]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        over = told["peak_bytes"] - told["before_bytes"]
        cells = (
            f"{accounts:,}",
            f"{disk / MIB:,.0f}",
            f"{told['ready_seconds']:.1f}",
            f"{FOLDED / told['fold_seconds']:,.0f}",
            f"{told['tick_seconds']:.1f}",
            f"{told['peak_bytes'] / MIB:,.0f}",
            f"{over / MIB:,.0f}",
            f"{over / accounts:,.0f}",
        )
        print("  " + " ".join(f"{cell:>11}" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
