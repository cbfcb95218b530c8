"""What is kept of an erased account afterwards: nothing new, under no name that it has."""

from threading import Thread

import pytest

from outreach.desk import Desk
from outreach.desk.erasing import ErasureReason
from outreach.desk.turns import CONTACTS, put_suggestions
from outreach.ports import LoggedRecord
from outreach.records import Suggestion
from outreach.store.sql import SqlStore
from schemas.errors import Refused, RingaheadError
from tests.outreach.conftest import RULES
from tests.outreach.made import Room, clock, contact, opened, standing


def erase(room: Room, account_id: str) -> None:
    room.do(lambda tx: room.desk.erase_account(tx, account_id, "eve", ErasureReason.ASKED))


def suggested(account_id: str) -> Suggestion:
    return Suggestion(account_id, 1, "wire", "Wire", "Bought by others", "v1")


def suggest(room: Room, *names: str) -> int:
    kept: int = room.do(lambda tx: put_suggestions(tx, names, [suggested(name) for name in names]))
    return kept


def left(room: Room, account_id: str) -> tuple[int, int, int]:
    """Contacts, suggestions, records of the log."""
    with room.store.read() as tx:
        return (
            len(tx.contacts.of_accounts([account_id])),
            len(tx.suggestions.of_account(account_id)),
            len(tx.account_log.of_account(account_id, 9)),
        )


def log(room: Room, *names: str) -> None:
    room.do(lambda tx: tx.account_log.put(LoggedRecord(0, at, name, at, b"{}") for at, name in enumerate(names)))


def test_learning_to_suggest_leaves_erased_accounts_out(room: Room) -> None:
    room.account("a")
    room.account("b")
    assert suggest(room, "a", "b") == 2
    erase(room, "a")
    assert suggest(room, "a", "b") == 1
    assert (left(room, "a")[1], left(room, "b")[1]) == (0, 1)


def test_accounts_that_continue_as_an_erased_one_go_with_it(room: Room) -> None:
    for name in ("a", "b", "c", "other"):
        room.account(name)
    log(room, "a", "b", "c", "other")
    suggest(room, "a", "other")
    room.tell(standing("a", version=2, closed=True, merged_into="b"))
    room.tell(standing("b", version=2, closed=True, merged_into="c"))
    assert left(room, "a")[1] == 0, "nobody calls it under this name"
    erase(room, "c")
    assert [left(room, name) for name in ("a", "b", "c", "other")] == [(0, 0, 0)] * 3 + [(1, 1, 1)]
    with pytest.raises(Refused, match="data_erased"):
        room.do(lambda tx: room.desk.put_contacts(tx, [contact("a")]))


def test_an_account_that_is_merged_into_an_erased_one_goes_with_it(room: Room) -> None:
    room.account("a")
    room.account("b")
    log(room, "a", "b")
    erase(room, "b")
    room.tell(standing("a", version=2, closed=True, merged_into="b"))
    assert (left(room, "a"), left(room, "b")) == ((0, 0, 0), (0, 0, 0))
    with room.store.read() as tx:
        assert tx.erasures.get("a") is not None


def test_who_asks_to_erase_an_alias_is_told_who_has_its_people(room: Room) -> None:
    room.account("a")
    room.account("b")
    room.tell(standing("a", version=2, closed=True, merged_into="b"))
    with pytest.raises(Refused, match="continues as b"):
        room.do(lambda tx: room.desk.erasable(tx, "a"))
    erase(room, "b")
    assert room.do(lambda tx: room.desk.erasable(tx, "a")).erased_at is not None


@pytest.mark.postgres
def test_contacts_that_come_while_an_account_is_merged_wait_or_are_waited_for(postgres_store: SqlStore) -> None:
    """Turns before rows, on either side: who holds what the other waits for is thrown out by the database."""
    room, failed = Room(postgres_store, Desk(RULES)), list[Exception]()
    room.tell(clock())
    room.account("a", opened("a"))

    def merge() -> None:
        try:
            room.tell(standing("a", version=3, closed=True, merged_into="b"))
        except RingaheadError as error:
            failed.append(error)

    with postgres_store.begin() as tx:
        tx.take_turns([CONTACTS])
        merging = Thread(target=merge)
        merging.start()
        merging.join(timeout=1.0)
        assert merging.is_alive(), "it waits for its turn"
        room.desk.put_contacts(tx, [contact("a", "2")])
    merging.join()
    assert failed == []
    assert left(room, "b")[0] == 2


@pytest.mark.postgres
def test_contacts_that_come_while_their_account_is_erased_are_refused(postgres_store: SqlStore) -> None:
    desk, refused = Desk(RULES), list[str]()

    def put() -> None:
        try:
            with postgres_store.begin() as tx:
                desk.put_contacts(tx, [contact("a")])
        except Refused as error:
            refused.append(error.reason)

    with postgres_store.begin() as tx:
        desk.erase_account(tx, "a", "eve", ErasureReason.ASKED)
        sender = Thread(target=put)
        sender.start()
        sender.join(timeout=1.0)
        assert sender.is_alive(), "it waits for its turn"
    sender.join()
    assert refused == ["data_erased"]
