"""The copy of the log by account: nothing twice, nothing of who is erased, old things forgotten."""

import asyncio
from datetime import timedelta
from types import SimpleNamespace
from typing import Literal

from aiokafka import TopicPartition

from outreach.memory import MemoryStore
from outreach.ports import LoggedRecord
from outreach.records import Erasure
from schemas.events import EVERYBODY
from streams.kafka.archive import GROUP, PIECE, cut, forget, keep, of_accounts
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


def test_what_has_a_key_that_no_account_has_is_passed_over() -> None:
    """PostgreSQL takes neither NUL in a text nor an index entry of kilobytes: such a record would stop the copy."""
    keys = (b"a", None, EVERYBODY.encode(), b"a\x00b", b"\xff", b"x" * 201, b"", "Jäger".encode())
    records = [SimpleNamespace(key=key, value=b"{}", offset=at, timestamp=0) for at, key in enumerate(keys)]
    records.append(SimpleNamespace(key=b"a", value=None, offset=99, timestamp=0))
    found = list(of_accounts({TopicPartition(*PLACE): records}))
    assert [(one.account_id, one.position) for one in found] == [("a", 0), ("Jäger", 7)]


class Hasty(asyncio.Event):
    """Set as soon as somebody waits for it; counts how often anybody looked before."""

    looks = 0

    def is_set(self) -> bool:
        self.looks += 1
        return super().is_set()

    async def wait(self) -> Literal[True]:
        self.set()
        return True


def test_what_grows_too_old_all_the_time_is_not_forgotten_record_by_record() -> None:
    """After a piece that was not full it rests; after a full one it goes on at once."""
    store = MemoryStore(lambda: NOW)
    keep(store, [record(number, days_ago=40) for number in range(PIECE + 3)], {PLACE: 1})
    stopped = Hasty()
    asyncio.run(forget(store, 30, stopped))
    assert kept(store) == []
    assert stopped.looks == 3, "a full piece, the rest, then a rest"
