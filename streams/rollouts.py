"""Judging every account anew after a new model or new profiles: in slices, each at its own place in the log.

What is left to do is part of the partition's state, and a slice is an event that the fold writes to its own partition.
So live events go on between two slices, the log fixes which account is judged where, a replay finds the slices at the
same places, and a crash resumes. One slice is asked for at a time: it waits behind what came in meanwhile.
"""

from collections.abc import Sequence

from schemas.envelope import Event, broadcast
from schemas.events.ours import RolloutContinued
from schemas.ids import stable_hash
from schemas.needs import Rollout as Told
from streams.core.recording import SOURCE
from streams.state import Partition, Rollout, moment

SLICE_ACCOUNTS = 500
"""What our publishers ask for: a live event waits for one slice at most."""


def is_running(partition: Partition) -> bool:
    """Whether accounts are left."""
    return partition.rollout is not None and partition.rollout.finished is None


def begin(partition: Partition, accounts: int) -> None:
    """Another model or other profiles are in force: whatever was left of the rollout before is replaced by this."""
    now = partition.as_of or 0
    number = 1 if partition.rollout is None else partition.rollout.number + 1
    partition.rollout = Rollout(number, now, total=accounts, finished=None if accounts else now)


def give_up(partition: Partition) -> None:
    """All accounts were judged at once, so nothing is left."""
    rollout = partition.rollout
    if rollout is not None and rollout.finished is None:
        rollout.finished = partition.as_of


def is_reached(partition: Partition, account_id: str) -> bool:
    """False: a slice to come judges this account; whatever is due of it waits for that."""
    rollout = partition.rollout
    if rollout is None or rollout.finished is not None:
        return True
    return rollout.after is not None and account_id <= rollout.after


def is_next(number: int, partition: Partition, fact: RolloutContinued) -> bool:
    """Whether the event is the slice that is waited for; any other was folded already, or its rollout replaced."""
    rollout = partition.rollout
    if rollout is None or rollout.finished is not None:
        return False
    return (fact.partition, fact.rollout, fact.after) == (number, rollout.number, rollout.after)


def advance(partition: Partition, fact: RolloutContinued, accounts: int) -> None:
    """The slice was judged."""
    rollout = partition.rollout
    if rollout is None:
        return
    rollout.after = fact.until
    rollout.done += accounts
    if fact.until is None:
        rollout.after, rollout.finished = None, partition.as_of


def next_slice(number: int, partition: Partition, following: Sequence[str]) -> Event | None:
    """The event that has the next accounts judged; None: nothing is left to ask for.

    following: the ids behind the last slice, in order, at least one more than a slice has where there are so many.
    """
    rollout, size = partition.rollout, slice_accounts(partition)
    if rollout is None or rollout.finished is not None:
        return None
    until = following[size - 1] if len(following) > size else None
    fact = RolloutContinued(partition=number, rollout=rollout.number, after=rollout.after, until=until)
    parts = ("RolloutContinued", str(number), str(rollout.number), rollout.after or "", until or "")
    return broadcast(fact, source=SOURCE, id=stable_hash(*parts).hex(), time=moment(partition.as_of or 0))


def slice_accounts(partition: Partition) -> int:
    """Accounts of a slice."""
    return partition.slice_accounts or SLICE_ACCOUNTS


def told(partition: Partition) -> Told | None:
    """For the desk and its operator."""
    rollout = partition.rollout
    if rollout is None:
        return None
    return Told(
        number=rollout.number,
        started_at=moment(rollout.started),
        finished_at=None if rollout.finished is None else moment(rollout.finished),
        accounts_done=rollout.done,
        accounts_total=rollout.total,
    )
