"""The desk's own books: what is cut, what stays, and what a look at the history finds."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, text

from outreach.desk import Desk
from outreach.desk.retention import Verified, anchor, cut, keep_anchor, verify
from outreach.ports import Anchor, Store
from outreach.records import AuditEntry, OutboxMessage
from outreach.store.sql import SqlStore
from schemas.base import EARLIEST
from tests.outreach.conftest import RULES
from tests.outreach.made import DAY, NOW


def entry(number: int, at: datetime = NOW) -> AuditEntry:
    return AuditEntry(0, at, f"task:{number}", "a", "anna", "x", None, "ready", number, "why")


def tell(store: Store, *entries: AuditEntry) -> None:
    with store.begin() as tx:
        tx.audit.append(entries)


def looked_at(store: Store, expected: Anchor | None = None) -> Verified:
    with store.read() as tx:
        return verify(tx, expected)


def test_a_history_that_nobody_touched_is_whole(store: Store) -> None:
    assert looked_at(store) == Verified(Anchor(), 0, Anchor())
    for number in range(5):
        tell(store, entry(number))
    found = looked_at(store)
    assert (found.entries, found.head.audit_id, found.fault) == (5, 5, "")
    assert looked_at(store, found.head).fault == ""


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE audit_id = 3", "entry 3"),
        ("UPDATE audit SET detail = 'else' WHERE audit_id = 5", "entry 5"),
        ("DELETE FROM audit WHERE audit_id = 2", "entries 2 to 2 are missing"),
        ("DELETE FROM audit WHERE audit_id = 1", "entries 1 to 1 are missing"),
        ("UPDATE audit SET digest = 'ab' WHERE audit_id = 4", "entry 4"),
    ],
)
def test_a_history_that_was_changed_says_where(sqlite_store: SqlStore, change: str, fault: str) -> None:
    tell(sqlite_store, *map(entry, range(5)))
    with sqlite_store.engine.begin() as connection:
        connection.execute(text(change))
    assert fault in looked_at(sqlite_store).fault


def test_a_history_that_was_cut_at_its_end_or_made_anew_is_seen_by_what_was_noted(sqlite_store: SqlStore) -> None:
    tell(sqlite_store, *map(entry, range(5)))
    noted = looked_at(sqlite_store).head
    with sqlite_store.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit WHERE audit_id > 3"))
    assert looked_at(sqlite_store).fault == "", "the chain alone does not show it"
    assert "5, which was noted, is not there" in looked_at(sqlite_store, noted).fault
    tell(sqlite_store, entry(8), entry(9))
    assert "5 is not the one that was noted" in looked_at(sqlite_store, noted).fault


def test_the_beginning_is_cut_and_the_rest_still_follows_from_it(store: Store) -> None:
    tell(store, entry(1, NOW - 40 * DAY), entry(2, NOW - 35 * DAY), entry(3), entry(4, NOW - 50 * DAY), entry(5))
    with store.begin() as tx:
        assert cut(tx, NOW, outbox_days=0, audit_days=30).entries == 2
        assert cut(tx, NOW, outbox_days=0, audit_days=30).entries == 0, "what follows a younger one stays"
    found = looked_at(store)
    assert (found.began.audit_id, found.entries, found.fault) == (2, 3, "")
    tell(store, entry(6))
    assert looked_at(store).head.audit_id == 6
    with store.begin() as tx:
        cut(tx, NOW + 400 * DAY, outbox_days=0, audit_days=30)
    assert looked_at(store).entries == 1, "the newest stays: numbers go on from it"


def test_what_was_told_before_business_time_began_is_as_old_as_the_next_entry(store: Store) -> None:
    """It is told with the earliest time there is: a history of minutes would be cut at once."""
    tell(store, entry(1, EARLIEST), entry(2, EARLIEST), entry(3, EARLIEST))
    with store.begin() as tx:
        assert cut(tx, NOW, outbox_days=0, audit_days=30).entries == 0, "nobody says when it was"
    tell(store, entry(4), entry(5))
    with store.begin() as tx:
        assert cut(tx, NOW + 29 * DAY, outbox_days=0, audit_days=30).entries == 0
        assert tx.books.cut_audit(NOW + DAY, 2).audit_id == 2, "a piece of them, once the next one is old"
    tell(store, entry(6))
    with store.begin() as tx:
        assert tx.books.cut_audit(NOW + DAY, 99).audit_id == 5


def test_a_note_of_what_was_cut_meanwhile_is_told_so(store: Store) -> None:
    tell(store, entry(1, NOW - 40 * DAY))
    noted = looked_at(store).head
    tell(store, entry(2, NOW - 40 * DAY), entry(3))
    with store.begin() as tx:
        cut(tx, NOW, outbox_days=0, audit_days=30)
    assert "history up to entry 2 was cut" in looked_at(store, noted).fault


@pytest.mark.postgres
def test_two_desks_that_cut_at_once_agree_on_where_the_history_begins(postgres_store: SqlStore) -> None:
    """One reads what it will cut; before it does, another cuts that, and then the next piece."""
    tell(postgres_store, *(entry(number, NOW - 40 * DAY) for number in range(9)), entry(9))
    ahead = [8, 4]

    def others_first(connection: object, cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("DELETE FROM audit") and ahead:
            others = ahead.pop(), ahead.pop()
            for until in others:
                retention_piece(postgres_store, until)

    event.listen(postgres_store.engine, "before_cursor_execute", others_first)
    try:
        retention_piece(postgres_store, 4)
    finally:
        event.remove(postgres_store.engine, "before_cursor_execute", others_first)
    found = looked_at(postgres_store)
    assert (found.began.audit_id, found.fault) == (8, "")


def retention_piece(store: Store, until: int) -> None:
    """As `cut`, of so many entries in all."""
    with store.begin() as tx:
        keep_anchor(tx, tx.books.cut_audit(NOW - 30 * DAY, until - anchor(tx).audit_id))


def test_messages_that_left_long_ago_are_cut_and_waiting_ones_stay(store: Store) -> None:
    with store.begin() as tx:
        tx.outbox.append([OutboxMessage(0, f"m{n}", "log", "a", b"{}", NOW) for n in range(6)])
    with store.begin() as tx:
        tx.outbox.mark_sent([1, 2], NOW - 100 * DAY)
        tx.outbox.mark_sent([4, 6], NOW - 99 * DAY)
        tx.outbox.mark_sent([5], NOW)
    with store.begin() as tx:
        assert cut(tx, NOW, outbox_days=0, audit_days=0).messages == 0
        assert cut(tx, NOW, outbox_days=90, audit_days=0).messages == 3, "not the newest"
        assert [one.outbox_id for one in tx.outbox.pending("log")] == [3]
    with store.begin() as tx:
        tx.outbox.append([OutboxMessage(0, "m9", "log", "a", b"{}", NOW)])
    with store.read() as tx:
        assert [one.outbox_id for one in tx.outbox.pending("log")] == [3, 7]


def test_the_upkeep_does_it_once_an_hour(store: Store) -> None:
    desk = Desk(replace(RULES, outbox_days=90, audit_days=30))
    tell(store, entry(1, NOW - 40 * DAY), entry(2))
    with store.begin() as tx:
        desk.upkeep(tx, NOW)
    assert looked_at(store).began.audit_id == 1
    tell(store, entry(3))
    with store.begin() as tx:
        desk.upkeep(tx, NOW + timedelta(minutes=1))
    assert looked_at(store).entries == 2
    with store.begin() as tx:
        desk.upkeep(tx, NOW + 60 * DAY)
    assert looked_at(store).began.audit_id == 2
