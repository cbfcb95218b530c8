"""What the log by account promises, in every store."""

from outreach.desk.erasing import ErasureReason
from outreach.ports import LoggedRecord, Store
from tests.outreach.made import Room, standing


def record(position: int, account_id: str = "a", partition: int = 0, at_ms: int | None = None) -> LoggedRecord:
    return LoggedRecord(partition, position, account_id, position if at_ms is None else at_ms, b"%d" % position)


def put(store: Store, *records: LoggedRecord) -> int:
    with store.begin() as tx:
        return tx.account_log.put(records)


def positions(store: Store, account_id: str = "a", limit: int = 100) -> list[int]:
    with store.read() as tx:
        return [one.position for one in tx.account_log.of_account(account_id, limit)]


def test_an_account_is_read_in_the_order_of_the_log(store: Store) -> None:
    put(store, record(7), record(3), record(5, "b"), record(9))
    assert positions(store) == [3, 7, 9]
    assert positions(store, limit=2) == [7, 9], "the newest"
    assert positions(store, "nobody") == []
    with store.read() as tx:
        assert tx.account_log.of_account("b", 1) == [record(5, "b")]


def test_what_is_read_again_is_kept_once_as_it_was(store: Store) -> None:
    assert put(store, record(3), record(7)) == 2
    again = LoggedRecord(0, 3, "a", 99, b"other")
    assert put(store, again, record(8), record(3, "a", partition=1)) == 2
    with store.read() as tx:
        assert tx.account_log.of_account("a", 9) == [record(3), record(7), record(8), record(3, "a", partition=1)]
    assert put(store) == 0


def test_the_beginning_of_each_partition_is_cut_and_nothing_behind_what_is_kept(store: Store) -> None:
    put(store, record(1), record(2), record(3, at_ms=9), record(4, at_ms=1), record(1, "b", partition=4))
    with store.begin() as tx:
        assert tx.account_log.end_before(5) == 3
    assert (positions(store), positions(store, "b")) == ([3, 4], [])
    with store.begin() as tx:
        assert tx.account_log.end_before(0) == 0
        assert tx.account_log.end_before(100, limit=1) == 1
    assert positions(store) == [4]


def test_erasure_takes_an_accounts_records(room: Room) -> None:
    room.tell(standing("a"), standing("b"))
    put(room.store, record(1), record(2, "b"))
    room.do(lambda tx: room.desk.erase_account(tx, "a", "eve", ErasureReason.ASKED))
    assert (positions(room.store), positions(room.store, "b")) == ([], [2])
