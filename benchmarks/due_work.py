"""What passing time and a new model cost a partition: who is touched, and for how long live events wait.

    python -m benchmarks.due_work [--small]

Process seconds of one core, over states in memory: each account a copy of one of some that were folded and judged.
"""

import argparse
import random
import time
import tracemalloc
from bisect import bisect_left
from collections.abc import Iterator
from datetime import timedelta

from benchmarks._made_log import START, MadeLog, made_log
from ops.embedded.writer import tick_event
from schemas.envelope import Event
from schemas.events.ours import ModelPublished, RolloutContinued
from streams.codec import decode_account, encode_account
from streams.core.context import Installation
from streams.due import DueIndex
from streams.ingest import entry_of
from streams.microbatch.ports import Record
from streams.processor import Folded, LogFolder
from streams.rollouts import SLICE_ACCOUNTS
from streams.workspace import PARTITION_KEY, key_of

TEMPLATES, DAYS = 500, 120
HOURS = 24


class CountingStore:
    """A partition's store that counts the accounts it is asked for."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.order: list[bytes] = []
        self.reads = 0

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        self.reads += 1
        return self.rows.get(key)

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """In byte order; the order of keys is kept, as a store on disk keeps it."""
        if len(self.order) != len(self.rows):
            self.order = sorted(self.rows)
        for place in range(bisect_left(self.order, max(prefix, after + b"\0")), len(self.order)):
            key = self.order[place]
            if not key.startswith(prefix):
                return
            yield key, self.rows[key]


class Bench:
    """A folder over that store, and its clock."""

    def __init__(self, log: MadeLog, store: CountingStore) -> None:
        self.store = store
        self.folder = LogFolder(0, store, Installation(), log.source())
        self.offset = 1_000_000

    def fold(self, *events: Event) -> tuple[Folded, float]:
        """One batch; what it caused and its process seconds."""
        records = []
        for event in events:
            self.offset += 1
            entry = entry_of(event)
            records.append(Record("log", 0, self.offset, 1, entry.key, entry.value))
        began = time.process_time()
        folded = self.folder.fold(records)
        took = time.process_time() - began
        self.store.rows.update({key: value for key, value in folded.writes if value is not None})
        return folded, took


def populated(log: MadeLog, accounts: int) -> CountingStore:
    """States of so many accounts, as of the end of the made log."""
    first = CountingStore()
    bench = Bench(log, first)
    for start in range(0, len(log.events), 500):
        bench.fold(*log.events[start : start + 500])
    templates = [decode_account(raw) for key, raw in first.rows.items() if key != PARTITION_KEY]
    full, chance = CountingStore(), random.Random(5)
    full.rows[PARTITION_KEY] = first.rows[PARTITION_KEY]
    for number in range(accounts):
        account = chance.choice(templates)
        account.account_id = f"account-{number:07}"
        full.rows[key_of(account.account_id)] = encode_account(account)
    return full


def passing_time(bench: Bench, accounts: int) -> None:
    """A day of hourly ticks."""
    at, spent, touched = START + timedelta(days=DAYS, hours=-4), [], []
    for hour in range(1, HOURS + 1):
        bench.store.reads = 0
        folded, took = bench.fold(tick_event(at + timedelta(hours=hour)))
        spent.append(took)
        touched.append(folded.counts["judged"])
        if bench.store.reads > folded.counts["judged"]:
            raise AssertionError("passing time has read accounts that it did not judge")
    print(
        f"{HOURS} ticks, {accounts:,} accounts there: {sum(touched):,} judged in all, {max(touched):,} at most at once,"
    )
    print(
        f"  none other read; {sum(spent):.2f} s in all, {max(spent):.2f} s at most, {min(spent) * 1000:.1f} ms at least"
    )


def rolling_out(log: MadeLog, store: CountingStore, accounts: int) -> None:
    """The same model published again: at once, and in slices."""
    model = next(event for event in log.events if isinstance(event.fact, ModelPublished))
    again = START + timedelta(days=DAYS + 1)
    published = Event("again", "benchmark", model.subject, again, model.fact)
    at_once = Bench(log, _copy(store))
    _, whole = at_once.fold(published)
    fact = model.fact.model_copy(update={"slice_accounts": SLICE_ACCOUNTS})
    sliced, waiting, spent = Bench(log, _copy(store)), [Event("again", "benchmark", model.subject, again, fact)], []
    while waiting:
        folded, took = sliced.fold(*waiting)
        spent.append(took)
        waiting = [one for one in folded.recorded if isinstance(one.fact, RolloutContinued)]
    states = [{key: raw for key, raw in each.store.rows.items() if key != PARTITION_KEY} for each in (at_once, sliced)]
    if states[0] != states[1]:
        raise AssertionError("slices leave other states than one judgement")
    spent.sort()
    print(f"a new model, {accounts:,} accounts: at once one batch of {whole:.1f} s;")
    print(
        f"  in {len(spent) - 1:,} slices of {SLICE_ACCOUNTS} accounts {sum(spent):.1f} s in all, a slice "
        f"p50 {spent[len(spent) // 2] * 1000:.0f} ms, p99 {spent[int(len(spent) * 0.99)] * 1000:.0f} ms; equal states"
    )


def _copy(store: CountingStore) -> CountingStore:
    copy = CountingStore()
    copy.rows = dict(store.rows)
    return copy


def index_alone(accounts: int) -> None:
    """Memory and time of the due index."""
    chance, names = random.Random(6), [f"account-{number:07}" for number in range(accounts)]
    hours = [480_000 + chance.randrange(24 * 120) for _ in names]
    tracemalloc.start()
    index = DueIndex()
    began = time.process_time()
    for name, hour in zip(names, hours, strict=True):
        index.put(name, hour)
    put = time.process_time() - began
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    due = index.due(480_000)
    asked = time.process_time() - began
    print(
        f"due index, {accounts:,} accounts over {24 * 120:,} hours: {size / accounts:.0f} bytes an account without its "
        f"id, {put / accounts * 1e6:.1f} us a put (traced), {asked * 1e6:.0f} us to ask for {len(due)} due"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--accounts", type=int, default=100_000)
    asked = parser.parse_args()
    accounts = 2_000 if asked.small else asked.accounts
    log = made_log(50 if asked.small else TEMPLATES, DAYS)
    store = populated(log, accounts)
    index_alone(accounts)
    passing_time(Bench(log, store), accounts)
    rolling_out(log, store, accounts)


if __name__ == "__main__":
    main()
