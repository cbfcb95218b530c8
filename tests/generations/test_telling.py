"""What is said at a switch, who may fold, and the file that a state is built in."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach.desk import Desk, rules_from
from outreach.memory import MemoryStore
from outreach.records import NeedStatus
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from schemas.errors import Misconfigured, Unavailable
from schemas.needs import AccountStanding, Place
from schemas.settings import Settings
from streams.generations import record
from streams.generations.comparing import Comparison, Unequal, differences, unequal
from streams.generations.files import GenerationFile
from streams.kafka.generation import Generation
from streams.state import Account, Pair
from tests.outreach.made import NOW, opened, refused
from tests.outreach.made import need as need_of
from tests.streams.harness import START
from tests.streams.harness import MemoryStore as Rows

KEYS = st.sampled_from([b"a:%d" % number for number in range(6)] + [b"p"])
VALUES = st.sampled_from([b"one", b"two", b"three"])


def standing(version: int, tier: int, *, anew: bool | None = None) -> AccountStanding:
    return AccountStanding(
        account_id="acme", account_version=version, at=START, place=Place(partition=0, offset=1), tier=tier, anew=anew
    )


def test_a_standing_said_anew_counts_whatever_its_version_and_the_next_ones_follow_it(tmp_path: Path) -> None:
    engine = create(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    upgrade(engine)
    store, desk, seen = SqlStore(engine), Desk(rules_from(Settings(data_dir=tmp_path))), []
    for told in (standing(9, 1), standing(3, 2), standing(3, 3, anew=True), standing(4, 4), standing(4, 5)):
        with store.begin() as tx:
            desk.apply_effects(tx, [told])
            seen.append(tx.standings.many(["acme"])[0].tier)
    engine.dispose()
    assert seen == [1, 1, 3, 4, 4]


def test_a_refused_need_is_opened_by_a_generation_that_counts_lower() -> None:
    store, desk = MemoryStore(lambda: START), Desk(rules_from(Settings()))
    status: list[NeedStatus] = []
    for effect in (
        refused("acme", version=80),
        standing(50, 2, anew=True),
        opened("acme", version=51, at=NOW),  # said before, in the count of before
        opened("acme", version=51, at=NOW + timedelta(hours=1)),
    ):
        with store.begin() as tx:
            desk.apply_effects(tx, [effect])
            status += [need.status for need in tx.needs.many([need_of("acme")])]
    assert status == [NeedStatus.REFUSED, NeedStatus.REFUSED, NeedStatus.REFUSED, NeedStatus.OPEN]


class TestWhoMayFold:
    """A worker asks when it starts and whenever it opens a partition."""

    def test_a_worker_waits_for_a_switch_and_ends_after_it(self) -> None:
        store = MemoryStore(lambda: START)
        worker = Generation.read(store)
        assert worker.number == 1
        with store.begin() as tx:
            record.set_switching(tx, True)
        with pytest.raises(Unavailable, match="switch of generations"):
            worker.check()
        with store.begin() as tx:
            record.switched(tx, 2, "anna", START, "")
        with pytest.raises(Misconfigured, match="generation 2 is in force, this worker folds 1"):
            worker.check()
        assert Generation.read(store).number == 2

    def test_a_switch_that_is_given_up_leaves_all_as_it_was(self) -> None:
        store = MemoryStore(lambda: START)
        worker = Generation.read(store)
        for on in (True, False):
            with store.begin() as tx:
                record.set_switching(tx, on)
        worker.check()


@settings(deadline=None, max_examples=30)
@given(batches=st.lists(st.lists(st.tuples(KEYS, st.none() | VALUES), max_size=5), max_size=6))
def test_the_file_holds_what_was_written_last(
    batches: list[list[tuple[bytes, bytes | None]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path, model = tmp_path_factory.mktemp("generation") / "file.sqlite3", dict[bytes, bytes]()
    file = GenerationFile.open(path, "me")
    for number, batch in enumerate(batches, start=1):
        file.write(batch, batch, number)
        for key, value in batch:
            model.pop(key, None) if value is None else model.update({key: value})
    file.close()
    again = GenerationFile.open(path, "me")
    assert dict(again.items()) == dict(again.told_items(b"")) == model
    assert again.position == len(batches)
    assert dict(again.items(b"a:", b"a:2")) == {key: raw for key, raw in model.items() if b"a:2" < key < b"b"}
    again.close()
    other = GenerationFile.open(path, "somebody else")
    assert (dict(other.items()), other.position) == ({}, 0)
    other.close()


@given(live=st.dictionaries(KEYS, VALUES), rebuilt=st.dictionaries(KEYS, VALUES))
def test_every_key_that_is_not_equal_is_found_once(live: dict[bytes, bytes], rebuilt: dict[bytes, bytes]) -> None:
    a, b, found = Rows(), Rows(), Comparison()
    a.rows, b.rows = live, rebuilt
    assert [*unequal(a, b, found)] == [
        Unequal(key, live.get(key), rebuilt.get(key))
        for key in sorted(live.keys() | rebuilt.keys())
        if live.get(key) != rebuilt.get(key)
    ]
    assert found.equal == sum(live.get(key) == rebuilt.get(key) for key in live.keys() - {b"p"})


def test_differences_are_named_by_field_and_item() -> None:
    live = Account("acme", version=2, pairs={"argon": Pair(cycle=1), "wire": Pair()})
    rebuilt = Account("acme", version=2, pairs={"argon": Pair(cycle=2), "gas": Pair()}, newest=5)
    named = [place for place, _, _ in differences(live, rebuilt)]
    assert named == ["newest", "pairs[argon].cycle", "pairs[gas]", "pairs[wire]"]


def test_nothing_else_is_found_in_equal_states() -> None:
    assert [*differences(Account("acme", newest=5), Account("acme", newest=5))] == []
