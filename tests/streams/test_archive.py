"""The copy of the log by account: nothing twice, nothing of who is erased, old things forgotten."""

from datetime import timedelta

from outreach.memory import MemoryStore
from outreach.ports import LoggedRecord
from outreach.records import Erasure
from streams.kafka.archive import GROUP, cut, keep
from tests.outreach.made import NOW

PLACE = ("ringahead.account-events", 0)


def record(position: int, account_id: str = "a", days_ago: int = 0) -> LoggedRecord:
    at_ms = int((NOW - timedelta(days=days_ago)).timestamp() * 1000)
    return LoggedRecord(0, position, account_id, at_ms, b"{}")


def kept(store: MemoryStore, account_id: str = "a") -> list[int]:
    with store.read() as tx:
        return [one.position for one in tx.account_log.of_account(account_id, 99)]


def test_records_and_position_are_kept_together_and_once() -> None:
    store = MemoryStore(lambda: NOW)
    assert keep(store, [record(0), record(2)], {PLACE: 3}) == 2
    assert keep(store, [record(2), record(4)], {PLACE: 5}) == 1
    with store.read() as tx:
        assert tx.offsets.get(GROUP) == {PLACE: 5}
    assert kept(store) == [0, 2, 4]


def test_nothing_is_copied_of_an_account_that_is_erased() -> None:
    store = MemoryStore(lambda: NOW)
    with store.begin() as tx:
        tx.erasures.put([Erasure("gone", NOW, "eve")])
    assert keep(store, [record(0, "gone"), record(1)], {PLACE: 2}) == 1
    assert (kept(store), kept(store, "gone")) == ([1], [])


def test_what_is_older_than_the_setting_is_forgotten() -> None:
    store = MemoryStore(lambda: NOW)
    keep(store, [record(0, days_ago=40), record(1, days_ago=29), record(2)], {PLACE: 3})
    assert (cut(store, 30), cut(store, 30)) == (1, 0)
    assert kept(store) == [1, 2]
