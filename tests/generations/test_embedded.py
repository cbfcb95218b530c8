"""The embedded state built again from its log: what is wrong is found, a switch mends it, and nothing else is told."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest

from ops.cli import run
from ops.embedded import rebuilding, rebuilding_place
from ops.embedded.installation import Opened, opened
from ops.embedded.server import _admin
from ops.embedded.writer import Writer, tick_event
from ops.replaying import picture
from outreach.task import TaskState
from schemas.errors import Refused
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.events.ours import CallEnded, Disposition
from schemas.settings import Settings
from streams.codec import decode_account, encode_account
from streams.embedded import tables
from streams.generations import embedded
from streams.state import Account
from streams.workspace import key_of
from tests.embedded.made import SKUS, history, put_artefacts
from tests.streams.harness import START, said

DAYS = 60
Damage = Callable[[Account], None]


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Opened]:
    """Twelve accounts, sixty days, decisions in the last twenty."""
    with opened(Settings(data_dir=tmp_path)) as installation:
        put_artefacts(installation)
        installation.runtime.append(history(12, DAYS, decide_days=20))
        installation.runtime.fold_all()
        yield installation


def states(one: Opened) -> dict[bytes, bytes]:
    with one.store.read() as tx:
        return dict(tables.StateTable(tx.connection).items())


def work(one: Opened) -> Any:
    """Needs, tasks, reorders and their order."""
    with one.store.begin() as tx:
        while one.desk.upkeep(tx, tx.db_now()).ranked:
            pass
        return picture(tx, frozenset())


def classes(seen: Any, name: str) -> list[str]:
    """Of the account's open tasks."""
    return sorted(row[1] for row in seen.tasks.values() if row[0] == name and row[2] in ("ready", "scheduled"))


def account_with_task(one: Opened) -> str:
    """One that is to be called about a product."""
    with one.store.read() as tx:
        waiting = tx.tasks.listed([TaskState.READY, TaskState.SCHEDULED], limit=50)
        lines = tx.needs.lines([task.task_id for task in waiting])
    return min(need.account_id for need in lines if need.group in SKUS)


def damage(one: Opened, account_id: str, change: Damage) -> None:
    """Write another state of an account, as a fault of the program would have."""
    key = key_of(account_id)
    with one.store.begin() as tx:
        account = decode_account(tables.StateTable(tx.connection).get(key) or b"")
        change(account)
        tables.write_state(tx.connection, [(key, encode_account(account))])
    one.runtime.forget()


def rebuilt(one: Opened, *, anew: bool = False) -> dict[str, Any]:
    return rebuilding_place.compare(one.settings, anew, lambda _: None)


def switch(one: Opened) -> dict[str, Any]:
    return rebuilding.switch(one, {"by": "anna"})


def goes_on(one: Opened, *, day: int = DAYS) -> None:
    """Orders of everybody, and time passes."""
    line = (OrderLine(sku="argon", quantity=Decimal(3)),)
    for number in range(6):
        at = START + timedelta(days=day)
        placed = OrderPlaced(order_id=f"more-{day}-{number}", lines=line)
        one.runtime.append([said(placed, at, f"more-{day}-{number}", f"account-{number}")])
    one.runtime.append([tick_event(START + timedelta(days=day, hours=12))])
    one.runtime.fold_all()


def test_an_undamaged_state_is_found_equal(one: Opened) -> None:
    found = rebuilt(one)
    assert (found["equal"], found["different"], found["missing"], found["unknown"]) == (12, 0, 0, 0)
    assert [found[name] for name in ("opens", "withdraws", "refuses", "standings", "partitions")] == [0] * 5


def test_exactly_the_damaged_account_is_found_with_its_field(one: Opened) -> None:
    def damaged(account: Account) -> None:
        account.attempts = 7
        account.pairs["argon"].cycle += 1

    damage(one, "account-3", damaged)
    found = rebuilt(one)
    assert (found["equal"], found["different"]) == (11, 1)
    assert {(each["account_id"], each["field"]) for each in found["first"]} == {
        ("account-3", "attempts"),
        ("account-3", "pairs[argon].cycle"),
    }
    assert found["fields"] == {"attempts": 1, "pairs.cycle": 1}


def test_a_switch_mends_the_state_and_leaves_every_task(one: Opened) -> None:
    whole, tasks = states(one), work(one)
    damage(one, "account-3", lambda account: setattr(account, "attempts", 7))
    assert rebuilt(one)["different"] == 1
    assert switch(one)["generation"] == 2
    assert states(one) == whole
    assert work(one) == tasks
    assert rebuilt(one)["different"] == 0


def test_a_task_that_a_damaged_state_left_open_is_withdrawn(one: Opened) -> None:
    """The fold forgot the need, so that the order did not withdraw it: only the desk still has it."""
    name = account_with_task(one)

    def forgets(account: Account) -> None:
        for pair in account.pairs.values():
            pair.need = None

    pairs = decode_account(states(one)[key_of(name)]).pairs
    needs = {pair.need.need_id: group for group, pair in pairs.items() if pair.need is not None and group in SKUS}
    damage(one, name, forgets)
    lines = tuple(OrderLine(sku=group, quantity=Decimal(2)) for group in needs.values())
    at = START + timedelta(days=DAYS, hours=-11)
    one.runtime.append([said(OrderPlaced(order_id="covers", lines=lines), at, "covers", name)])
    one.runtime.fold_all()
    assert {work(one).needs[need][6] for need in needs} == {"open"}
    assert rebuilt(one)["withdraws"] == len(needs) > 0
    switch(one)
    assert {work(one).needs[need][6:9:2] for need in needs} == {("ended", "corrected")}


def test_a_need_that_was_never_told_is_opened_with_the_evidence_of_its_day(one: Opened) -> None:
    name = account_with_task(one)
    tasks = work(one)
    with one.store.begin() as tx:  # as if the desk had never heard of the account
        for table in ("tasks", "needs"):
            tx.connection.exec_driver_sql(f"DELETE FROM {table} WHERE account_id = ?", (name,))
    found = rebuilt(one)
    assert (found["different"], found["opens"] > 0) == (0, True)
    switch(one)
    after = work(one)
    still = {need: row[:5] for need, row in tasks.needs.items() if row[6] != "ended"}
    assert {need: after.needs[need][:5] for need in still} == still
    assert classes(after, name) == classes(tasks, name) != []


def settled_by_a_call(one: Opened) -> tuple[str, str]:
    """An account and its need that is over: the log has the call, this desk has not."""
    name = account_with_task(one)
    pairs = decode_account(states(one)[key_of(name)]).pairs
    settled, need = min((group, pair.need.need_id) for group, pair in pairs.items() if pair.need is not None)
    call = CallEnded(
        task_id="t", attempt_id="a", task_class="selling", disposition=Disposition.NOT_INTERESTED, need_ids=(need,),
        groups=(settled,),
    )  # fmt: skip
    one.runtime.append([said(call, START + timedelta(days=DAYS, hours=-11), "call", name)])
    one.runtime.fold_all()
    return name, need


def test_a_need_that_a_call_has_settled_is_not_opened_again(one: Opened) -> None:
    """The desk was restored to a day before the need; the log has the call."""
    name, need = settled_by_a_call(one)
    with one.store.begin() as tx:
        for table in ("tasks", "needs"):
            tx.connection.exec_driver_sql(f"DELETE FROM {table} WHERE account_id = ?", (name,))
    rebuilt(one)
    switch(one)
    assert need not in work(one).needs


def test_a_need_that_a_call_has_settled_does_not_stay_open(one: Opened) -> None:
    """The desk was restored to a day after the need was opened and before the call."""
    name, need = settled_by_a_call(one)
    before = work(one).needs
    assert before[need][6] == "open"
    assert rebuilt(one)["withdraws"] == 1
    switch(one)
    after = work(one).needs
    assert (after[need][6], after[need][0]) == ("ended", name)
    assert {one for one in after if after[one][6] != before[one][6]} == {need}
    assert rebuilt(one)["withdraws"] == 0


def test_a_state_that_cannot_be_read_and_one_that_is_gone_are_mended(one: Opened) -> None:
    whole = states(one)
    with one.store.begin() as tx:
        tables.write_state(
            tx.connection,
            [(key_of("account-1"), b"\x01\0\0\0\0garbage"), (key_of("account-2"), None), (key_of("nobody"), b"")],
        )
    with one.store.begin() as tx:
        stranger = encode_account(Account("nobody"))
        tables.write_state(tx.connection, [(key_of("nobody"), stranger)])
    found = rebuilt(one)
    assert [found[name] for name in ("equal", "different", "unreadable", "missing", "unknown")] == [10, 1, 1, 1, 1]
    switch(one)
    assert states(one) == whole


def test_live_events_go_on_and_the_rebuilt_state_catches_up(one: Opened) -> None:
    damage(one, "account-9", lambda account: setattr(account, "attempts", 7))
    rebuilt(one)
    goes_on(one)
    found = rebuilt(one)
    assert (found["equal"], found["different"]) == (11, 1)
    goes_on(one, day=DAYS + 1)
    switch(one)
    goes_on(one, day=DAYS + 2)
    assert rebuilt(one)["different"] == 0


def test_the_generation_before_is_kept_and_one_may_go_back(one: Opened) -> None:
    damage(one, "account-3", lambda account: setattr(account, "attempts", 7))
    damaged = states(one)
    rebuilt(one)
    switch(one)
    rebuilding_place.take_up(one.settings)
    assert rebuilt(one)["different"] == 1
    assert switch(one)["generation"] == 3
    assert states(one) == damaged
    assert rebuilding_place.drop(one.settings) > 0
    with pytest.raises(Refused, match="no_generation_before"):
        rebuilding_place.take_up(one.settings)


@pytest.mark.parametrize("then", ["back at once", "built again first", "begun anew first"])
def test_a_crash_right_after_the_switch_keeps_the_way_back(one: Opened, then: str) -> None:
    damage(one, "account-3", lambda account: setattr(account, "attempts", 7))
    damaged = states(one)
    with rebuilding.rebuilding(one.settings, one.store) as rebuild:
        rebuild.catch_up(lambda _: None)
        embedded.switch(one.store, one.desk, one.runtime, rebuild, "anna")  # committed; the file was not put aside
    if then != "back at once":
        assert rebuilt(one, anew=then == "begun anew first")["different"] == 0
    rebuilding_place.take_up(one.settings)
    assert rebuilt(one)["different"] == 1
    assert switch(one)["generation"] == 3
    assert states(one) == damaged


def test_a_log_that_lost_its_beginning_is_refused(one: Opened) -> None:
    with one.store.begin() as tx:
        tx.connection.exec_driver_sql("DELETE FROM stream_log WHERE position <= 10")
    with pytest.raises(Refused, match="log_is_cut: the log begins at 11"):
        rebuilt(one, anew=True)


def test_a_live_state_that_was_restored_to_an_earlier_place_is_refused(one: Opened) -> None:
    rebuilt(one)
    with one.store.begin() as tx:
        tables.set_watermark(tx.connection, 10)
    with pytest.raises(Refused, match="state_went_back"):
        rebuilt(one)


def test_the_switch_is_in_the_audit(one: Opened) -> None:
    rebuilt(one)
    switch(one)
    with one.store.read() as tx:
        (entry,) = tx.audit.about(subject="desk:generation", limit=5)
    assert (entry.actor, entry.event, entry.before, entry.after) == ("anna", "generation_switched", "1", "2")


class TestCommand:
    """As an operator runs it, while nobody holds the folder."""

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        with opened(Settings(data_dir=tmp_path)) as installation:
            put_artefacts(installation)
            installation.runtime.append(history(5, 40, decide_days=10))
            installation.runtime.fold_all()
            damage(installation, "account-3", lambda account: setattr(account, "attempts", 7))
        monkeypatch.setenv("RINGAHEAD_DATA_DIR", str(tmp_path))
        return tmp_path

    def test_differences_are_told_and_the_exit_code_is_one(
        self, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert run(["rebuild"]) == 1
        said = capsys.readouterr().out
        assert "5 accounts: 4 equal, 1 different" in said
        assert "account-3  attempts: live 7, rebuilt 0" in said

    def test_the_switch_asks_first(
        self, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(click, "confirm", lambda asked: False)
        assert run(["rebuild", "--switch"]) == 1
        assert "nothing was changed" in capsys.readouterr().err

    def test_after_the_switch_nothing_differs(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        assert run(["rebuild", "--switch", "--yes", "--by", "anna"]) == 0
        assert "generation 2 is in force" in capsys.readouterr().out
        assert run(["rebuild", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["equal"] == 5
        assert run(["rebuild", "--drop"]) == 0

    def test_contradicting_options_are_bad_input(self, folder: Path) -> None:
        assert run(["rebuild", "--anew", "--back"]) == 2


def test_a_switch_inside_a_running_writer_loses_no_event(one: Opened) -> None:
    damage(one, "account-9", lambda account: setattr(account, "attempts", 7))
    rebuilt(one)
    writer = Writer(one, lambda: None, lambda: None)
    writer.start()
    try:
        for number in range(20):
            line = (OrderLine(sku="argon", quantity=Decimal(1)),)
            at, name = START + timedelta(days=DAYS), f"meanwhile-{number}"
            one.runtime.append([said(OrderPlaced(order_id=name, lines=line), at, name, f"account-{number % 9}")])
            writer.wake()
            if number == 10:
                _admin(one, writer, lambda: None)["rebuild"]({"by": "anna"})
    finally:
        writer.stop()
    assert writer.failure is None
    one.runtime.fold_all()
    assert rebuilt(one)["equal"] == 12
