"""How long a decision over 1 million pairs takes, by the fold that every worker and every dry run of profiles runs.

    python -m benchmarks.decisions [--small]

The wholesaler's year is folded, and its accounts are copied under other names until there are so many pairs. Then one
`TimePassed` is folded with every pair due, as after a new model: states are read and decoded, every pair is forecast,
decided and encoded again, and what is due opens its need. Two processes take a partition each. Bar: 20 s, by the CPU
seconds of the slower process, as others may use the machine; the wall's clock is told beside them.
"""

import argparse
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing import get_context

from benchmarks import _machine as machine
from forecasting.history import order_days
from forecasting.learn import fit_population, prior_model
from ops.embedded.writer import tick_event
from ops.importers import online_retail
from outreach.profiles import standard_profiles
from schemas.envelope import Event
from streams import learning
from streams.artefacts import ArtefactsInMemory
from streams.codec import decode_account, decode_partition, encode_account, encode_partition
from streams.core.context import Installation
from streams.ingest import entry_of
from streams.microbatch.ports import Record, Write
from streams.processor import LogFolder
from streams.workspace import ACCOUNT_PREFIX, PARTITION_KEY

AT = datetime(2011, 12, 10, tzinfo=UTC)
BEGINS = datetime(2010, 12, 1, tzinfo=UTC)
BAR_SECONDS = 20.0
FULL, SMALL, PROCESSES = 1_000_000, 20_000, 2
SMALL_ORDERS = 3_000


class Kept:
    """A partition's state in memory."""

    def __init__(self) -> None:
        self._rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value, or None."""
        return self._rows.get(key)

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """In byte order."""
        yield from ((key, self._rows[key]) for key in sorted(self._rows) if key.startswith(prefix) and key > after)

    def write(self, writes: Iterable[Write]) -> None:
        """Keep, or forget where there is no value."""
        for key, value in writes:
            if value is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = value


@dataclass(slots=True)
class Made:
    """Partitions of about equal size, and the artefacts that are in force in them."""

    artefacts: ArtefactsInMemory = field(default_factory=ArtefactsInMemory)
    partitions: list[Kept] = field(default_factory=list)
    pairs: int = 0
    accounts: int = 0
    model: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """One partition, decided."""

    cpu_seconds: float
    opened: int
    effects: int


_made: list[Made] = []


def made(wanted: int, *, small: bool, fitted: bool) -> Made:
    """The wholesaler's year, over and over: partitions with at least ``wanted`` pairs in all, nothing decided yet."""
    lines = online_retail.read()
    history = order_days(online_retail.order_lines(lines))
    model = fit_population(history, AT.toordinal()) if fitted else prior_model()
    profiles = standard_profiles("benchmark", BEGINS)
    found = Made(model=model.version)
    found.artefacts.put(model.digest, model.artefact)
    found.artefacts.put(profiles.digest, profiles.dumps())
    begun = [tick_event(BEGINS), learning.published(model, BEGINS), learning.profiles_event(profiles, BEGINS)]
    orders = online_retail.convert(lines).events
    year = Kept()
    fold(year, [*begun, *(orders[:SMALL_ORDERS] if small else orders)], found.artefacts)
    partition = decode_partition(year.get(PARTITION_KEY) or b"")
    partition.decided_once, partition.slice_accounts, partition.rollout = False, None, None
    accounts = [decode_account(raw) for _, raw in year.items(ACCOUNT_PREFIX)]
    found.partitions = [Kept() for _ in range(PROCESSES)]
    for one in found.partitions:
        one.write([(PARTITION_KEY, encode_partition(partition))])
    while found.pairs < wanted:
        for account in accounts:
            account.account_id = f"{account.account_id.partition('#')[0]}#{found.accounts}"
            place = found.partitions[found.accounts % PROCESSES]
            place.write([(ACCOUNT_PREFIX + account.account_id.encode(), encode_account(account))])
            found.accounts, found.pairs = found.accounts + 1, found.pairs + len(account.pairs)
            if found.pairs >= wanted:
                break
    return found


def fold(store: Kept, events: Iterable[Event], artefacts: ArtefactsInMemory) -> int:
    """Fold them in one go and keep what changed; how many effects came of it."""
    entries = [entry_of(event) for event in events]
    records = [Record("benchmark", 0, number, 0, one.key, one.value) for number, one in enumerate(entries)]
    folded = LogFolder(0, store, Installation(), artefacts).fold(records)
    store.write(folded.writes)
    return len(folded.effects)


def judged(number: int) -> Judged:
    """Decide every pair of a partition."""
    partition = _made[0].partitions[number]
    begun = time.process_time()
    effects = fold(partition, [tick_event(AT)], _made[0].artefacts)
    cpu_seconds = time.process_time() - begun
    accounts = (decode_account(raw) for _, raw in partition.items(ACCOUNT_PREFIX))
    opened = sum(1 for account in accounts for pair in account.pairs.values() if pair.need is not None)
    return Judged(cpu_seconds, opened, effects)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="20,000 pairs and an unfitted model")
    parser.add_argument("--prior", action="store_true", help="an unfitted model: fitting takes minutes")
    asked = parser.parse_args()
    wanted = SMALL if asked.small else FULL
    _made.append(made(wanted, small=asked.small, fitted=not (asked.small or asked.prior)))
    context = get_context("fork")  # the states are shared with the processes, not copied to them
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        before, begun = machine.used(), time.perf_counter()
        parts = list(pool.map(judged, range(PROCESSES)))
        took = time.perf_counter() - begun
        said = machine.others(before)
    pairs, slowest = _made[0].pairs, max(one.cpu_seconds for one in parts)
    print(f"{pairs:,} pairs of {_made[0].accounts:,} accounts, {PROCESSES} processes, model {_made[0].model}")
    print(f"  decided, by the wall's clock   {took:>8.2f} s   {pairs / took:>12,.0f} pairs/s   (bar {BAR_SECONDS:g} s)")
    print(f"  CPU of the slower process      {slowest:>8.2f} s   {pairs / slowest:>12,.0f} pairs/s")
    print(f"  needs open {sum(one.opened for one in parts):,}, effects {sum(one.effects for one in parts):,}; {said}")
    return 1 if wanted == FULL and slowest > BAR_SECONDS else 0


if __name__ == "__main__":
    sys.exit(main())
