"""Random histories with upheavals in them: accounts merge and are erased, meters report, policy profiles change.

The walk of `test_histories_whole.py`, with more that may happen; each number is judged by where its phone stands.
"""

from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach.desk import TaskCard
from outreach.memory import MemoryStore
from outreach.ports import Store
from outreach.profiles import ProfileSet
from schemas.decisions import NeedKind, TaskClass
from schemas.events import accounts as facts
from schemas.events.ours import ProfilesChanged
from schemas.events.usage import UsageKind, UsageReported
from tests.outreach.made import DatabaseClock, number_of
from tests.outreach.test_histories_whole import ACTS, PLACES, Whole
from tests.streams.harness import Partition, profiles, said

UPHEAVALS = (*ACTS, *["meter"] * 3, *["merge"] * 2, "erase", "profiles")
OWNERS = {number_of(name): name for name in PLACES}


def other_profiles() -> ProfileSet:
    """Later, and for fewer things."""
    usual = profiles()
    less = {
        name: cell.model_copy(
            update={"service_level": 0.7, "opens": tuple(k for k in cell.opens if k is not NeedKind.WIN_BACK)}
        )
        for name, cell in usual.cells.items()
    }
    return usual.model_copy(update={"version": "tests-2", "cells": less})


class Upheaval(Whole):
    """The same accounts, of which some become one, and some are to be forgotten."""

    def __init__(self, store: Store, wall: DatabaseClock, walk: Random) -> None:
        self.merged: dict[str, str] = {}
        self.erased: set[str] = set()
        self.forgotten: set[str] = set()
        """Numbers that were an erased account's."""
        self.sets = [profiles(), other_profiles()]
        super().__init__(store, wall, walk)
        self.room.do(lambda tx: tx.artefacts.put(self.sets[1].dumps()))

    def new_partition(self) -> Partition:
        made = Partition()
        made.artefacts.put(self.sets[1].digest, self.sets[1].dumps())
        return made

    def hear(self, *events: object) -> list[object]:
        """What the fold records for another account is on the log, too."""
        told = super().hear(*events)
        recorded, self.partition.recorded = self.partition.recorded, []
        return told + (self.hear(*recorded) if recorded else [])

    def act(self, what: str) -> None:
        living = [name for name in sorted(PLACES) if name not in self.merged]
        getattr(self, f"do_{what}")(self.walk.choice(living))
        self.books_are_in_order()
        for name in self.erased:
            assert self.room.do(lambda tx, name=name: tx.contacts.of_accounts([name])) == [], (
                "people of an erased account"
            )

    def do_merge(self, name: str) -> None:
        others = [one for one in sorted(PLACES) if one != name and one not in self.merged]
        if not others or self.walk.random() > 0.08 or name in self.closed:
            return
        survivor = self.walk.choice(others)
        if survivor in self.closed:
            return
        self.happened.add("merged")
        self.merged[name] = survivor
        self.placed[survivor] = sorted([*self.placed[survivor], *self.placed.pop(name)], key=lambda one: one[1])
        self.placed[name] = []
        self.dialled = [(survivor if who == name else who, what, at) for who, what, at in self.dialled]
        if name in self.withdrawn:
            self.withdrawn.add(survivor)
        self.withdrawn.discard(name)
        self.held_credit.discard(name)
        self.complaining.pop(name, None)  # the survivor's now, under its id: it only blocks more
        if survivor in self.erased:
            self.forgotten |= {number for number, owner in OWNERS.items() if self.root(owner) == survivor}
        self.tell(name, facts.AccountMerged(into_account_id=survivor))

    def root(self, name: str) -> str:
        while name in self.merged:
            name = self.merged[name]
        return name

    def do_erase(self, name: str) -> None:
        if self.walk.random() < 0.05:
            self.happened.add("erased")
            self.erased.add(name)
            self.forgotten |= {number for number, owner in OWNERS.items() if self.root(owner) == name}
            self.room.do(lambda tx: self.room.desk.erase_account(tx, name, "sue"))
            self.hear()

    def do_meter(self, name: str) -> None:
        kind = self.walk.choice(list(UsageKind))
        value = float(self.walk.randint(0, 40))
        reading = UsageReported(
            asset_id=f"m-{name}", sku="argon", kind=kind, value=value, reset=self.walk.random() < 0.1
        )
        self.tell(name, reading, self.now - timedelta(hours=self.walk.choice([0, 0, 5, 60])))

    def do_profiles(self, _: str) -> None:
        chosen = self.walk.choice(self.sets)
        self.count += 1
        self.happened.add(chosen.version)
        change = ProfilesChanged(version=chosen.version, digest=chosen.digest)
        self.hear(said(change, self.now, f"e-{self.count}"))

    def do_mend(self, name: str) -> None:
        living = [one for one in sorted(PLACES) if one not in self.merged]
        for one in living:
            for is_so, mend in ((self.complaining, self.do_complaint), (self.withdrawn, self.do_consent)):
                if one in is_so:
                    mend(one)
            if one in self.held_credit:
                self.do_credit(one)

    def do_block(self, name: str) -> None:
        if self.walk.random() < 0.03:
            number = number_of(name)
            self.room.do(lambda tx: self.room.desk.block_number(tx, number, "sue"))
            self.blocked.add(name)

    def may_ring(self, card: TaskCard) -> None:
        name, kind, number = card.task.account_id, card.task.task_class, card.contact.number if card.contact else ""
        owner = OWNERS[number or ""]
        zone, _, _, opens, closes = PLACES[owner]
        assert opens <= self.now.astimezone(ZoneInfo(zone)).hour < closes, "a call outside of hours where it rings"
        assert number not in self.forgotten, "a call to people of an erased account"
        assert name not in self.erased, "a call to an erased account"
        assert name not in self.closed, "a call to a closed account"
        orders = [at for order_id, at, _ in self.placed[name] if order_id not in self.cancelled]
        since = max([*orders, self.now - timedelta(days=30)])
        tried = [at for who, what, at in self.dialled if (who, what) == (name, kind) and at > since]
        assert len(tried) < 3, "a call past the cap"
        assert card.lines, "a call about nothing"
        if kind is TaskClass.SELLING:
            assert name not in self.complaining, "a selling call while a complaint is open"
            assert name not in self.withdrawn, "a selling call without consent"
            assert name not in self.held_credit, "a selling call on credit hold"
            self.not_covered(card)


def walk_over(store: Store, wall: DatabaseClock, seed: int, steps: int) -> Upheaval:
    whole = Upheaval(store, wall, Random(seed))
    for _ in range(steps):
        whole.act(whole.walk.choice(UPHEAVALS))
    whole.teardown()
    return whole


@given(seed=st.integers(0, 2**32), acts=st.lists(st.sampled_from(UPHEAVALS), max_size=40))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_upheaval_in_memory(seed: int, acts: list[str]) -> None:
    wall = DatabaseClock()
    whole = Upheaval(MemoryStore(wall), wall, Random(seed))
    for act in acts:
        whole.act(act)
    whole.teardown()


def test_long_upheavals_in_memory() -> None:
    happened = set[str]()
    for seed in range(3):
        wall = DatabaseClock()
        happened |= walk_over(MemoryStore(wall), wall, seed, 250).happened
    assert happened >= {"merged", "erased", "tests-2", "claimed selling"}, "the walks went nowhere"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 220))
def test_many_long_upheavals(seed: int) -> None:
    wall = DatabaseClock()
    walk_over(MemoryStore(wall), wall, seed, 400)
