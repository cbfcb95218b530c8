"""What another profile set would change, tried on copies of the present states: nothing is written and nobody told.

Each partition is judged twice at its present business time, all accounts both times: by the profiles in force, and by
the proposed ones as if they began now. What differs between the two is what the proposed set adds and withdraws.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from outreach.kinds import class_of, kind_of
from outreach.profiles import ProfileSet
from schemas.base import EARLIEST
from schemas.decisions import NeedKind
from schemas.envelope import broadcast, encode
from schemas.events.ours import ProfilesChanged, TimePassed
from streams.artefacts import ArtefactSource
from streams.codec import decode_account, decode_partition, encode_partition
from streams.core.context import Installation
from streams.microbatch.ports import PartitionStore, Record, Write
from streams.processor import LogFolder
from streams.state import Account, Pair, moment
from streams.workspace import ACCOUNT_PREFIX, PARTITION_KEY

SOURCE = "ringahead/trial"
REORDER = "reorder"
"""Beside the classes of tasks: a proposal to procurement."""


@dataclass(frozen=True, slots=True, order=True)
class Work:
    """A task, or a reorder proposal, of an account."""

    account_id: str
    what: str
    """``selling``, ``service``, ``reorder``."""
    group: str = ""
    """Of a proposal; a task has lines."""


@dataclass(slots=True)
class Standing:
    """What is open after a judgement."""

    work: dict[Work, Counter[str]] = field(default_factory=dict)
    """Kinds of the needs of each."""
    cells: dict[str, str] = field(default_factory=dict)
    refused: int = 0


@dataclass(slots=True)
class Trial:
    """What would change."""

    accounts: int = 0
    undecided: int = 0
    """Partitions in which nothing is decided yet: no model, or no business time."""
    added: dict[Work, Counter[str]] = field(default_factory=dict)
    withdrawn: dict[Work, Counter[str]] = field(default_factory=dict)
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Accounts that enter another cell, by (cell, new cell)."""
    open_before: int = 0
    open_after: int = 0
    refused_before: int = 0
    refused_after: int = 0

    def take(self, before: Standing, after: Standing) -> None:
        """Add a partition."""
        self.accounts += len(before.cells)
        self.added |= {work: kinds for work, kinds in after.work.items() if work not in before.work}
        self.withdrawn |= {work: kinds for work, kinds in before.work.items() if work not in after.work}
        self.moved.update((cell, after.cells[one]) for one, cell in before.cells.items() if after.cells[one] != cell)
        self.open_before += len(before.work)
        self.open_after += len(after.work)
        self.refused_before += before.refused
        self.refused_after += after.refused


def try_out(
    partitions: Iterable[tuple[int, PartitionStore]],
    installation: Installation,
    artefacts: ArtefactSource,
    proposed: ProfileSet,
) -> Trial:
    """Judge every account by both sets; stores are only read. Raises Unavailable while an artefact is missing."""
    trial = Trial()
    begun = proposed.model_copy(update={"effective_from": EARLIEST, "effective_until": None})
    source = _WithOne(artefacts, begun)
    for number, store in partitions:
        before = _judged(number, store, installation, source, None)
        after = _judged(number, store, installation, source, begun)
        if before is None or after is None:
            trial.undecided += 1
        else:
            trial.take(before, after)
    return trial


def _judged(
    number: int, store: PartitionStore, installation: Installation, artefacts: ArtefactSource, other: ProfileSet | None
) -> Standing | None:
    raw = store.get(PARTITION_KEY)
    if raw is None:
        return None
    partition = decode_partition(raw)
    if partition.as_of is None or partition.model_digest is None:
        return None
    at = moment(partition.as_of)
    partition.decided_once, partition.slice_accounts, partition.rollout = False, None, None
    copy = _Copy(store, PARTITION_KEY, encode_partition(partition))
    folder = LogFolder(number, copy, installation, artefacts)
    fact = TimePassed(as_of=at) if other is None else ProfilesChanged(version=other.version, digest=other.digest)
    event = broadcast(fact, source=SOURCE, id="trial", time=at)
    copy.write(folder.fold([Record("trial", number, 0, 0, event.subject.encode(), encode(event))]).writes)
    return _standing(copy)


def _standing(store: PartitionStore) -> Standing:
    found = Standing()
    for _, raw in store.items(ACCOUNT_PREFIX):
        account = decode_account(raw)
        found.cells[account.account_id] = f"{account.size}-{account.phase}"
        for group, pair in account.pairs.items():
            found.refused += pair.refusal is not None and pair.need is None
            if pair.need is not None:
                kind = _kind(group, pair)
                work = _work(account, group, pair, kind)
                found.work.setdefault(work, Counter())[kind.value] += 1
    return found


def _work(account: Account, group: str, pair: Pair, kind: NeedKind) -> Work:
    if pair.need is not None and pair.need.reorder:
        return Work(account.account_id, REORDER, group)
    return Work(account.account_id, class_of(kind).value)


def _kind(group: str, pair: Pair) -> NeedKind:
    known = kind_of(group)
    if known is not None:
        return known
    return NeedKind.EXPECTED_REORDER if pair.stock is None else NeedKind.RUN_OUT


class _Copy:
    """A partition's store with what was written on top of it, in memory."""

    def __init__(self, store: PartitionStore, key: bytes, value: bytes) -> None:
        self._store = store
        self._written: dict[bytes, bytes | None] = {key: value}

    def get(self, key: bytes) -> bytes | None:
        """What was written, else what was there."""
        return self._written[key] if key in self._written else self._store.get(key)

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """The same, in byte order."""
        rows: dict[bytes, bytes | None] = dict(self._store.items(prefix, after))
        rows |= {key: value for key, value in self._written.items() if key.startswith(prefix) and key > after}
        for key in sorted(rows):
            value = rows[key]
            if value is not None:
                yield key, value

    def write(self, writes: Iterable[Write]) -> None:
        """Keep here."""
        self._written.update(writes)


class _WithOne:
    """The published artefacts, and one set that is not published."""

    def __init__(self, artefacts: ArtefactSource, profiles: ProfileSet) -> None:
        self._artefacts = artefacts
        self._digest, self._raw = profiles.digest, profiles.dumps()

    def read(self, digest: str) -> bytes:
        """The artefact's bytes."""
        return self._raw if digest == self._digest else self._artefacts.read(digest)
