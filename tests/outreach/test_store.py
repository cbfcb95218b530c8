"""What the repositories promise beside the desk's own use: people, books, artefacts; nothing half-done stays."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, text

from outreach.access import AccountLink, KeptAnswer, LoginLink, Session, User
from outreach.ports import ClaimQuery, Hint, Store
from outreach.records import AuditEntry, OutboxMessage, Showing, Suggestion
from outreach.store.sql import SqlStore
from schemas.dead_letters import Edited, dead_letter
from schemas.decisions import Reason, TaskClass
from schemas.errors import Corrupt, DeadLetterReason
from schemas.needs import ClockMoved
from tests.outreach.made import DAY, NOW, Room, clock, contact, opened, standing


def message(key: str, destination: str = "log") -> OutboxMessage:
    return OutboxMessage(0, key, destination, "a", b"{}", NOW)


def entry(event: str, account: str | None = "a") -> AuditEntry:
    return AuditEntry(0, NOW, "task:1", account, "anna", event, None, "ready", 1)


def test_an_exception_takes_everything_back(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as tx:
        tx.standings.put([standing("a")])
        tx.audit.append([entry("x")])
        tx.facts.put("name", "value")
        raise ZeroDivisionError
    with store.read() as tx:
        assert (tx.standings.get("a"), tx.audit.newest(), tx.facts.get("name")) == (None, 0, None)


def test_history_is_added_in_order_and_read_from_any_place(store: Store) -> None:
    for events in (["one", "two"], ["three"]):
        with store.begin() as tx:
            tx.audit.append([entry(event) for event in events])
    with store.begin() as tx:
        tx.audit.append([entry("four", account=None)])
    with store.read() as tx:
        assert [(e.audit_id, e.event) for e in tx.audit.since(1)] == [(2, "two"), (3, "three"), (4, "four")]
        assert [e.event for e in tx.audit.about(account_id="a")] == ["three", "two", "one"]
        assert [e.event for e in tx.audit.about(subject="task:1", limit=1)] == ["four"]
        newest = tx.audit.newest_about(["task:1", "task:9"])
        assert {subject: entry.event for subject, entry in newest.items()} == {"task:1": "four"}


def test_the_outbox_keeps_order_and_keys(store: Store) -> None:
    with store.begin() as tx:
        tx.outbox.append([message("1"), message("2", "commands"), message("1"), message("3")])
    with store.begin() as tx:
        tx.outbox.append([message("3"), message("4")])
    with store.begin() as tx:
        assert [m.dedup_key for m in tx.outbox.pending("log")] == ["1", "3", "4"]
        tx.outbox.mark_sent([m.outbox_id for m in tx.outbox.pending("log", 2)], NOW)
    with store.begin() as tx:
        tx.outbox.append([message("1")])
    with store.read() as tx:
        assert [m.dedup_key for m in tx.outbox.pending("log")] == ["4"], "what was sent is not sent again"
        assert tx.outbox.waiting() == {"log": 1, "commands": 1}


def test_artefacts_are_known_by_their_digest(store: Store) -> None:
    with store.begin() as tx:
        digest = tx.artefacts.put(b"model")
        assert tx.artefacts.put(b"model") == digest
        tx.artefacts.set_current("models", "v1", digest, NOW)
        tx.artefacts.set_current("models", "v2", digest, NOW)
        assert (tx.artefacts.get(digest), tx.artefacts.get("none")) == (b"model", None)
        assert (tx.artefacts.current("models"), tx.artefacts.current("x")) == (("v2", digest), None)


def test_an_artefact_that_was_changed_is_refused(sqlite_store: SqlStore) -> None:
    with sqlite_store.begin() as tx:
        digest = tx.artefacts.put(b"model")
        tx.connection.execute(text("UPDATE artefacts SET raw = x'00'"))
        with pytest.raises(Corrupt):
            tx.artefacts.get(digest)


def test_clocks_go_forward_only(store: Store) -> None:
    with store.begin() as tx:
        tx.clocks.put([clock(NOW), clock(NOW - DAY), clock(NOW + DAY, partition=1)])
    with store.begin() as tx:
        tx.clocks.put([clock(NOW - DAY, partition=1), clock(NOW, model_version="m2")])
        assert tx.clocks.all() == [
            ClockMoved(partition=0, as_of=NOW, model_version="m2"),
            ClockMoved(partition=1, as_of=NOW + DAY),
        ]


def test_positions_of_a_consumer(store: Store) -> None:
    with store.begin() as tx:
        tx.offsets.put("desk", {("needs", 0): 5, ("needs", 1): 7})
        tx.offsets.put("desk", {("needs", 0): 9})
        tx.offsets.put("other", {("needs", 0): 1})
        assert tx.offsets.get("desk") == {("needs", 0): 9, ("needs", 1): 7}
        assert tx.offsets.get("nobody") == {}


def test_dead_letters_are_kept_once_and_can_be_settled(store: Store) -> None:
    letters = [
        dead_letter(
            source="ringahead.orders",
            partition=0,
            offset=n,
            key=b"a",
            raw=b"\xff",
            reason=reason,
            detail="",
            first_seen=NOW + n * DAY,
        )
        for n, reason in enumerate((DeadLetterReason.NOT_JSON, DeadLetterReason.BAD_DATA, DeadLetterReason.NOT_JSON))
    ]
    with store.begin() as tx:
        tx.dead_letters.put(letters)
        tx.dead_letters.put(letters[:1])
    with store.begin() as tx:
        assert tx.dead_letters.counts() == {"not_json": 2, "bad_data": 1}
        assert tx.dead_letters.listed("not_json") == [letters[2], letters[0]]
        tx.dead_letters.settle(letters[2].letter_id, "replayed", NOW)
        assert tx.dead_letters.listed() == [letters[1], letters[0]]
        assert not tx.dead_letters.settle(letters[2].letter_id, "discarded", NOW), "somebody was faster"
        assert not tx.dead_letters.settle("ringahead.orders/9/9", "discarded", NOW), "no such letter"
        (settled,) = tx.dead_letters.settled()
        assert (settled.letter, settled.settled_how, settled.settled_at) == (letters[2], "replayed", NOW)
        assert tx.dead_letters.get(letters[2].letter_id) == letters[2]


def test_an_edited_letter_keeps_what_came_and_a_settled_one_is_not_edited(store: Store) -> None:
    letter = dead_letter(
        source="ringahead.orders", partition=1, offset=7, key=None, raw=b"{", reason=DeadLetterReason.NOT_JSON,
        detail="", first_seen=NOW, replay_of="ringahead.orders/1/3",
    )  # fmt: skip
    with store.begin() as tx:
        tx.dead_letters.put([letter])
        tx.dead_letters.edit(letter.letter_id, Edited(b"a", b"{}"))
    with store.begin() as tx:
        kept = tx.dead_letters.kept(letter.letter_id)
        assert kept is not None
        assert (kept.letter, kept.to_send, kept.settled_at) == (letter, Edited(b"a", b"{}"), None)
        assert kept.letter.replay_of == "ringahead.orders/1/3"
        tx.dead_letters.settle(letter.letter_id, "discarded", NOW)
        tx.dead_letters.edit(letter.letter_id, Edited(None, b"[]"))
        again = tx.dead_letters.kept(letter.letter_id)
        assert again is not None
        assert again.edited == Edited(b"a", b"{}")
        assert tx.dead_letters.kept("none/0/0") is None


def test_people_who_log_in(store: Store) -> None:
    user = User("u1", "anna", "agent", "hash", NOW)
    with store.begin() as tx:
        tx.users.put([user, User("u2", "ben", "supervisor", None, NOW, disabled=True, locked_until=NOW)])
        tx.sessions.put([Session("s1", "u1", "csrf", NOW, NOW + DAY), Session("s2", "u1", "csrf", NOW, NOW)])
        tx.login_links.put([LoginLink("l1", "u1", NOW + DAY)])
    with store.begin() as tx:
        assert (tx.users.named("anna"), tx.users.named("zoe"), tx.users.get("u1")) == (user, None, user)
        assert [found.name for found in tx.users.all()] == ["anna", "ben"]
        assert tx.sessions.end_expired(NOW) == 1
        tx.sessions.end("s1")
        assert tx.sessions.many(["s1", "s2"]) == []
        link = tx.login_links.lock("l1")
        assert link == LoginLink("l1", "u1", NOW + DAY)


def test_keys_remember_what_they_may_be_used_for(store: Store) -> None:
    of_old = Session("s1", "u1", "", NOW, NOW + DAY)
    with store.begin() as tx:
        tx.sessions.put([of_old, replace(of_old, token_hash="s2", scopes=("outbox:read", "events:write"))])
    with store.read() as tx:
        assert [tx.sessions.get(key).scopes for key in ("s1", "s2")] == [None, ("outbox:read", "events:write")]


def test_links_of_an_account(store: Store) -> None:
    links = [AccountLink(f"l{n}", "a", NOW + n * DAY, NOW + 9 * DAY) for n in range(2)]
    with store.begin() as tx:
        tx.account_links.put([*links, AccountLink("l9", "b", NOW, NOW + DAY)])
        tx.account_links.put([replace(links[0], revoked_at=NOW + DAY)])
    with store.read() as tx:
        assert tx.account_links.of_account("a") == [links[1], replace(links[0], revoked_at=NOW + DAY)]
        assert tx.account_links.get("none") is None


def test_answers_are_kept_until_they_are_forgotten(store: Store) -> None:
    kept = KeptAnswer("k1", "f", NOW, 202, "application/json", b"{}")
    with store.begin() as tx:
        tx.kept_answers.put([kept, KeptAnswer("k2", "f", NOW + DAY), KeptAnswer("k3", "f", NOW + DAY)])
        assert tx.kept_answers.end_before(NOW + DAY) == 1
        tx.kept_answers.remove("k3")
    with store.read() as tx:
        assert tx.kept_answers.many(["k1", "k2", "k3"]) == [KeptAnswer("k2", "f", NOW + DAY)]


def test_the_outbox_is_read_page_by_page(store: Store) -> None:
    with store.begin() as tx:
        tx.outbox.append([message(str(n), "commands") for n in range(5)])
    with store.read() as tx:
        first = tx.outbox.pending("commands", 2)
        rest = tx.outbox.pending("commands", 9, first[-1].outbox_id)
    assert [one.dedup_key for one in (*first, *rest)] == ["0", "1", "2", "3", "4"]


def test_suggestions_are_replaced_whole(store: Store) -> None:
    rows = [Suggestion("a", n, f"sku{n}", "Name", "34 of 60 similar accounts buy it.", "v1") for n in (2, 1)]
    with store.begin() as tx:
        tx.suggestions.replace(["a", "b"], rows)
        assert [row.sku for row in tx.suggestions.of_account("a")] == ["sku1", "sku2"]
        tx.suggestions.replace(["a"], [])
        assert tx.suggestions.of_account("a") == []


def test_whoever_has_no_suggestions_left_is_like_one_who_never_had_any(store: Store) -> None:
    with store.begin() as tx:
        tx.suggestions.replace(["a"], [Suggestion("a", 1, "one", "One", "", "v1", as_of=NOW)])
        tx.suggestions.replace(["b"], [Suggestion("b", 1, "one", "One", "", "v2", as_of=NOW)])
        assert tx.suggestions.versions() == {"v1", "v2"}
        tx.suggestions.drop("a", "one")
        tx.suggestions.drop("nobody", "one")
        assert tx.suggestions.of_account("a") == []
        assert tx.suggestions.versions() == {"v2"}


def test_an_artefact_is_forgotten_once_no_name_leads_to_it(store: Store) -> None:
    with store.begin() as tx:
        old, new = tx.artefacts.put(b"old"), tx.artefacts.put(b"new")
        tx.artefacts.set_current("suggestions", "v1", old, NOW)
        assert tx.artefacts.exchange_current("suggestions", old, "v2", new, NOW + DAY)
        assert not tx.artefacts.exchange_current("suggestions", old, "v3", old, NOW + 2 * DAY)
        assert tx.artefacts.history("suggestions") == [("v2", new, NOW + DAY), ("v1", old, NOW)]
        tx.artefacts.forget(new)
        assert tx.artefacts.get(new) == b"new", "it is in force"
        tx.artefacts.forget(old)
        assert tx.artefacts.get(old) is None
        assert tx.artefacts.history("suggestions") == [("v2", new, NOW + DAY)]


def test_a_suggestion_is_dropped_alone_and_has_a_place_in_each_list(store: Store) -> None:
    rows = [
        Suggestion("a", 1, "one", "", "", "v1", efficiency=1, innovation=2, probability=0.25, as_of=NOW),
        Suggestion(
            "a", 2, "two", "", "", "v1", variety=1, is_new=True, buyers=12, neighbours=60, base_rate=0.125, as_of=NOW
        ),
    ]
    with store.begin() as tx:
        tx.suggestions.replace(["a"], rows)
        assert tx.suggestions.of_account("a") == rows
        tx.suggestions.drop("a", "one")
        assert tx.suggestions.of_account("a") == rows[1:]
    assert [rows[0].place(name) for name in ("efficiency", "variety", "innovation")] == [1, 0, 2]
    assert Suggestion("a", 3, "old", "", "", "v0").place("variety") == 3, "lists of before there were objectives"


def showing(number: int, account_id: str = "a", **more: object) -> Showing:
    row = Showing(f"s{number}", "try", "task", account_id, "ann", f"sku{number}", "", "variety", "p", number, "v", NOW)
    return replace(row, **more)  # type: ignore[arg-type]


def test_showings_by_task_time_and_answer(store: Store) -> None:
    yesterday = NOW - timedelta(days=1)
    no = showing(2, answer="refused", why="later", answered_at=NOW)
    old = showing(3, "b", answer="refused", why="other", answered_at=yesterday, shown_at=yesterday, task_id="other")
    with store.begin() as tx:
        tx.showings.put([showing(1), no, old])
        assert tx.showings.of_task("task") == [showing(1), no]
        assert tx.showings.of_account("b") == [old]
        assert tx.showings.refused(NOW) == [no]
        assert tx.showings.refused(yesterday) == [no, old]
        assert tx.showings.shown(yesterday, NOW) == [old]
        assert tx.showings.rekey("b", "a") == 1
        assert tx.showings.get("s3") == replace(old, account_id="a")
        assert tx.showings.erase("a") == 3
        assert tx.showings.shown(yesterday, NOW + timedelta(days=1)) == []


def test_contacts_can_be_erased(store: Store) -> None:
    with store.begin() as tx:
        tx.contacts.put([contact("a"), contact("a", "2"), contact("b")])
        assert tx.contacts.erase("a") == 2
        assert [point.account_id for point in tx.contacts.of_accounts(["a", "b"])] == ["b"]


def test_numbers_stay_blocked_from_the_first_word(store: Store) -> None:
    with store.begin() as tx:
        tx.do_not_call.add("+1", NOW, "anna")
        tx.do_not_call.add("+1", NOW + DAY, "ben")
        assert (tx.do_not_call.among(["+1", "+2"]), tx.do_not_call.counted()) == ({"+1"}, 1)


def test_value_at_shares_of_all_accounts(store: Store) -> None:
    with store.begin() as tx:
        assert tx.standings.value_at([0.5]) == []
        tx.standings.put([standing(f"a{n}", yearly_spend=float(n)) for n in range(700)])
        assert tx.standings.value_at([0.0, 0.1, 0.5, 0.999]) == [0.0, 70.0, 350.0, 699.0]
        assert len(tx.standings.many(f"a{n}" for n in range(1000))) == 700


def test_the_databases_clock_moves(sqlite_store: Store) -> None:
    with sqlite_store.read() as tx:
        first, second = tx.db_now(), tx.db_now()
    assert first.tzinfo is not None
    assert timedelta(0) <= second - first < timedelta(seconds=5)


def test_a_claim_walks_the_index_of_ranks(sqlite_store: SqlStore) -> None:
    """Without statistics SQLite would sort all ready tasks at each claim."""
    seen: list[tuple[str, object]] = []

    def listen(_c: object, _cursor: object, statement: str, parameters: object, *_: object) -> None:
        seen.append((statement, parameters))

    event.listen(sqlite_store.engine, "before_cursor_execute", listen)
    with sqlite_store.begin() as tx:
        tx.tasks.candidates(ClaimQuery("anna", ("sales",), NOW, tx.db_now()), frozenset())
        statement, parameters = seen[-1]
        plan = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()  # type: ignore[arg-type]
    steps = [str(row[-1]) for row in plan]
    assert sum("tasks_by_rank" in step for step in steps) == len(TaskClass), "one walk a skill and class"
    assert not [step for step in steps if step.startswith("SCAN tasks") and "USING" not in step]
    assert sum("TEMP B-TREE" in step for step in steps) <= len(TaskClass), "only the few that were found are sorted"


def test_the_best_of_an_hour_wake_and_are_looked_at_first(room: Room) -> None:
    for number in range(4):
        room.account(f"a{number}", opened(f"a{number}", p_due=0.5 + number / 10))
    names = {room.task(f"a{number}").task_id: number for number in range(4)}
    shut = [Hint(task_id, NOW, None, Reason.OUTSIDE_CALLING_HOURS) for task_id in names]
    room.do(lambda tx: tx.tasks.set_hints(shut))
    assert room.do(lambda tx: tx.tasks.wake(NOW, 2)) == 2
    awake = {
        number
        for task_id, number in names.items()
        if room.do(lambda tx, i=task_id: tx.tasks.get(i)).eligible_from is None
    }
    assert awake == {3, 2}
    over = [Hint(task_id, None, NOW, None) for task_id in names]
    room.do(lambda tx: tx.tasks.set_hints(over))
    assert [names[task.task_id] for task in room.do(lambda tx: tx.tasks.outdated_hints(NOW, 3))] == [3, 2, 1]
