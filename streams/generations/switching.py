"""A live partition beside its rebuilt one, at one watermark: what differs, and what a switch would write and tell."""

from collections.abc import Callable
from dataclasses import dataclass, field

from outreach.store.sql import SqlTransaction
from schemas.base import EARLIEST
from schemas.needs import Effect, Place
from streams.codec import decode_partition
from streams.generations import telling
from streams.generations.comparing import Comparison, unequal
from streams.generations.files import GenerationFile
from streams.microbatch.ports import PartitionStore, Write
from streams.processor import clock_of
from streams.state import moment
from streams.workspace import ACCOUNT_PREFIX, PARTITION_KEY


@dataclass(slots=True)
class Change:
    """What makes the live state the rebuilt one."""

    writes: list[Write] = field(default_factory=list)
    before: list[Write] = field(default_factory=list)
    """What those replace."""
    effects: list[Effect] = field(default_factory=list)
    """What the desk must hear, in an order in which it can take it."""


def compare(
    number: int, live: PartitionStore, file: GenerationFile, tx: SqlTransaction, is_ours: Callable[[str], bool]
) -> tuple[Comparison, Change]:
    """Both states of a partition account by account, and the desk's books beside the rebuilt one.

    All three must have come to the same place of the log. is_ours: whether an account belongs to the partition.
    """
    found, change = Comparison(), Change()
    for one in unequal(live, file, found):
        if found.take(one):
            change.writes.append((one.key, one.rebuilt))
            change.before.append((one.key, one.live))
    raw = file.get(PARTITION_KEY)
    partition = None if raw is None else decode_partition(raw)
    known = partition is not None and partition.as_of is not None
    at = moment(partition.as_of) if partition is not None and partition.as_of is not None else EARLIEST
    where = telling.Where(Place(partition=number, offset=file.position), at, is_ours)
    accounts = [key[len(ACCOUNT_PREFIX) :].decode() for key, _ in change.writes if key != PARTITION_KEY]
    change.effects += telling.effects(tx, file, accounts, where)
    found.count(change.effects)
    if partition is not None and known:
        change.effects.append(clock_of(number, partition))
    return found, change
