"""Two states of a partition at the same watermark: what is equal, what differs and in which fields."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from schemas.errors import Corrupt
from schemas.needs import Effect, OpenNeed, ProposeReorder, RefuseNeed, WithdrawNeed, WithdrawReorder
from streams.codec import decode_account, decode_partition
from streams.microbatch.ports import PartitionStore
from streams.state import Account, Partition
from streams.workspace import ACCOUNT_PREFIX, PARTITION_KEY

FIRST = 20
"""Differences that are told one by one."""
SHOWN = 60
"""Characters of a value that are shown."""
_ITEM = re.compile(r"\[[^]]*\]")


class Unequal(NamedTuple):
    """A key under which the two states hold other bytes; None: nothing."""

    key: bytes
    live: bytes | None
    rebuilt: bytes | None


class Difference(NamedTuple):
    """One field of one account (or of the partition itself, ``*``)."""

    account_id: str
    field: str
    live: str
    rebuilt: str


@dataclass(slots=True)
class Comparison:
    """What was compared. An account is missing where only the rebuilt state has it, unknown where only the live one."""

    equal: int = 0
    different: int = 0
    missing: int = 0
    unknown: int = 0
    unreadable: int = 0
    """Of the different ones: live state that is no state at all."""
    partitions: int = 0
    """Partitions of which business time, what is in force, products or rates differ."""
    fields: Counter[str] = field(default_factory=Counter)
    """Accounts in which a field differs."""
    first: list[Difference] = field(default_factory=list)
    opens: int = 0
    withdraws: int = 0
    refuses: int = 0
    standings: int = 0
    """What the desk would hear: needs and reorders opened, withdrawn, refused, and standings."""

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not (self.different or self.missing or self.unknown or self.partitions)

    def take(self, one: Unequal) -> bool:
        """Count a difference of bytes. False: the states are equal after all."""
        if one.key == PARTITION_KEY:
            return self._take_partition(one)
        account_id = one.key[len(ACCOUNT_PREFIX) :].decode()
        live, readable = _account(one.live)
        rebuilt = None if one.rebuilt is None else decode_account(one.rebuilt)
        if readable and live == rebuilt:  # written by another release
            self.equal += 1
            return False
        if one.live is None or rebuilt is None:
            self.missing += one.live is None
            self.unknown += rebuilt is None
            words = ("missing", "there") if one.live is None else ("there", "missing")
            self._note([Difference(account_id, "account", *words)])
        else:
            self.different += 1
            self._take_fields(account_id, live, rebuilt)
        return True

    def count(self, effects: Sequence[Effect]) -> None:
        """What the desk would hear of an account."""
        for effect in effects:
            match effect:
                case OpenNeed() | ProposeReorder():
                    self.opens += 1
                case WithdrawNeed() | WithdrawReorder():
                    self.withdraws += 1
                case RefuseNeed():
                    self.refuses += 1
                case _:
                    self.standings += 1

    def add(self, other: "Comparison") -> None:
        """Another partition's."""
        for name in ("equal", "different", "missing", "unknown", "unreadable", "partitions"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("opens", "withdraws", "refuses", "standings"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.fields.update(other.fields)
        self._note(other.first)

    def _take_fields(self, account_id: str, live: Account | None, rebuilt: Account) -> None:
        if live is None:
            self.unreadable += 1
            self._note([Difference(account_id, "account", "cannot be read", "there")])
            return
        found = list(differences(live, rebuilt))
        self.fields.update({_ITEM.sub("", place) for place, _, _ in found})
        self._note([Difference(account_id, place, _shown(a), _shown(b)) for place, a, b in found])

    def _note(self, found: Sequence[Difference]) -> None:
        self.first += found[: FIRST - len(self.first)]

    def _take_partition(self, one: Unequal) -> bool:
        live = Partition() if one.live is None else decode_partition(one.live)
        rebuilt = Partition() if one.rebuilt is None else decode_partition(one.rebuilt)
        found = list(differences(live, rebuilt))
        self.partitions += bool(found)
        self._note([Difference("*", place, _shown(a), _shown(b)) for place, a, b in found])
        return bool(found)


def unequal(live: PartitionStore, rebuilt: PartitionStore, found: Comparison) -> Iterator[Unequal]:
    """Walk both states in the order of their keys; equal accounts are counted, every other key is given."""
    ours, theirs = live.items(), rebuilt.items()
    a, b = next(ours, None), next(theirs, None)
    while a is not None or b is not None:
        key = min(one[0] for one in (a, b) if one is not None)
        mine = yours = None
        if a is not None and a[0] == key:
            mine, a = a[1], next(ours, None)
        if b is not None and b[0] == key:
            yours, b = b[1], next(theirs, None)
        if mine != yours:
            yield Unequal(key, mine, yours)
        else:
            found.equal += key != PARTITION_KEY


def differences(live: Any, rebuilt: Any, place: str = "") -> Iterator[tuple[str, Any, Any]]:
    """(field, live value, rebuilt value) of everything that differs; items of dicts in brackets."""
    if isinstance(live, msgspec.Struct) and type(live) is type(rebuilt):
        for name in live.__struct_fields__:
            yield from differences(getattr(live, name), getattr(rebuilt, name), f"{place}.{name}" if place else name)
    elif isinstance(live, dict) and isinstance(rebuilt, dict):
        for key in sorted(live.keys() | rebuilt.keys(), key=str):
            yield from differences(live.get(key), rebuilt.get(key), f"{place}[{key}]")
    elif live != rebuilt:
        yield place, live, rebuilt


def _account(raw: bytes | None) -> tuple[Account | None, bool]:
    """The account, and whether its bytes can be read."""
    try:
        return (None if raw is None else decode_account(raw)), True
    except Corrupt:
        return None, False


def _shown(value: Any) -> str:
    said = str(value)
    return said if len(said) <= SHOWN else f"{said[:SHOWN]}..."
