"""What the workspace keeps in memory is what lies in the store, however little it may keep."""

import gc
from collections.abc import Iterator
from weakref import ref

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from streams import resting, workspace
from streams.codec import encode_account
from streams.resting import collector_resting
from streams.state import Account
from streams.workspace import Workspace, key_of
from tests.streams.harness import MemoryStore

accounts = st.sampled_from([f"a{number}" for number in range(6)])


class AgainstFreshReads(RuleBasedStateMachine):
    """Any mix of reads, changes, settling and batches: every read gives what was last folded."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.workspace = Workspace(self.store)
        self.model: dict[str, Account] = {}

    @initialize(kept=st.integers(0, 3))
    def keep_few(self, kept: int) -> None:
        workspace.KEPT_ACCOUNTS = kept

    @rule(account_id=accounts, hour=st.none() | st.integers(0, 9))
    def fold(self, account_id: str, hour: int | None) -> None:
        account = self.workspace.get(account_id)
        assert account == self.model.get(account_id, Account(account_id=account_id))
        account.version += 1
        account.check_hour = hour
        self.workspace.changed(account_id)
        self.model[account_id] = Account(account_id=account_id, version=account.version, check_hour=hour)

    @rule(account_id=accounts)
    def read(self, account_id: str) -> None:
        assert self.workspace.get(account_id) == self.model.get(account_id, Account(account_id=account_id))

    @rule()
    def settle(self) -> None:
        self.workspace.settle()

    @rule()
    def end_of_batch(self) -> None:
        self.store.write(list(self.workspace.take_writes()))
        assert self.store.rows == {key_of(one): encode_account(account) for one, account in self.model.items()}
        assert list(self.workspace.take_writes()) == []

    @rule()
    def restart(self) -> None:
        self.end_of_batch()
        self.workspace = Workspace(self.store)

    @rule(hour=st.integers(0, 9))
    def judge(self, hour: int) -> None:
        self.workspace.settle()
        due = [one for one, account in self.model.items() if account.check_hour is not None]
        assert self.workspace.due.due(hour) == sorted(one for one in due if (self.model[one].check_hour or 0) <= hour)

    @invariant()
    def knows_everybody(self) -> None:
        assert self.workspace.account_ids() == sorted(self.model)


@pytest.fixture(autouse=True)
def kept_as_it_was() -> Iterator[None]:
    kept = workspace.KEPT_ACCOUNTS
    yield
    workspace.KEPT_ACCOUNTS = kept


TestAgainstFreshReads = AgainstFreshReads.TestCase
TestAgainstFreshReads.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_no_more_accounts_are_kept_than_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "KEPT_ACCOUNTS", 2)
    space = Workspace(MemoryStore())
    first = space.get("a")
    space.changed("a")
    for name in "bcd":
        space.get(name)
    space.settle()
    assert space.get("d") is space.get("d")
    assert space.get("a") is not first


def test_an_account_that_was_only_asked_for_is_not_written() -> None:
    space = Workspace(MemoryStore())
    space.get("acme")
    assert list(space.take_writes()) == []
    assert space.account_ids() == []


def test_the_collector_rests_while_a_batch_is_folded_and_wakes_also_after_a_failure() -> None:
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError), collector_resting():
        assert not gc.isenabled()
        raise ZeroDivisionError
    assert gc.isenabled()


def test_what_a_batch_leaves_is_passed_over_and_now_and_then_walked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resting, "WALK_EVERY", 10**9)
    resting.set_aside(1)
    assert gc.get_freeze_count() > 0
    lost = _Cycle()
    known = ref(lost)
    resting.set_aside(2)
    del lost
    gc.collect()
    assert known() is not None
    monkeypatch.setattr(resting, "WALK_EVERY", 3)
    resting.set_aside(3)
    assert known() is None


class _Cycle:
    def __init__(self) -> None:
        self.itself = self
