"""One transaction a batch: all of it becomes durable, or none, and the work goes on."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ops.embedded.installation import Opened, opened
from outreach.desk import messages
from outreach.task import TaskState
from schemas.envelope import encode
from schemas.errors import DeadLetterReason, Unavailable
from schemas.events.accounts import AccountMerged
from schemas.events.ours import CallEnded, Disposition, ModelPublished
from schemas.settings import Settings
from streams.codec import decode_account
from streams.embedded import tables
from streams.ingest import IngestRules
from streams.microbatch.ports import Record
from tests.embedded.faults import failing
from tests.embedded.made import history, put_artefacts
from tests.streams.harness import START, Partition, in_force, said, tick
from tests.streams.scene import DAY, placed

EVENTS = history(12, 120, decide_days=60)


def contents(installation: Opened) -> dict[str, Any]:
    """Everything that a batch may change."""
    with installation.store.read() as tx:
        return {
            "state": dict(tables.StateTable(tx.connection).items()),
            "watermark": tables.watermark(tx.connection),
            "log": [(record.offset, record.value) for record in tables.read(tx.connection, 0, 100_000)],
            "tasks": tx.tasks.listed(list(TaskState), limit=1000),
            "letters": tx.dead_letters.listed(),
            "clocks": tx.clocks.all(),
        }


def test_a_failure_in_the_middle_rolls_everything_back_and_the_next_try_does_all(tmp_path: Path) -> None:
    boom = RuntimeError("the power went out")
    with failing(tmp_path / "shaken", boom) as shaken, opened(Settings(data_dir=tmp_path / "calm")) as calm:
        put_artefacts(calm)
        for installation in (shaken, calm):
            installation.runtime.append(EVENTS)
        before = contents(shaken)
        with pytest.raises(RuntimeError, match="power"):
            shaken.runtime.fold_batch()
        assert contents(shaken) == before
        assert shaken.runtime.fold_all() == calm.runtime.fold_all()
        after, wanted = contents(shaken), contents(calm)
        assert after["state"] == wanted["state"]
        assert [task.task_id for task in after["tasks"]] == [task.task_id for task in wanted["tasks"]]
        assert after["tasks"]


@pytest.mark.parametrize("batch_records", [1, 7, 100_000])
def test_batches_of_any_size_leave_the_same_file(tmp_path: Path, batch_records: int) -> None:
    events = EVENTS[-60:]
    with failing(tmp_path, batch_records=batch_records) as installation:
        installation.runtime.append([*in_force(START), *events])
        installation.runtime.fold_all()
        model = Partition()
        with installation.store.read() as tx:
            model.feed_records(tables.read(tx.connection, 0, 100_000))
            assert dict(tables.StateTable(tx.connection).items()) == model.store.rows


def test_a_reopened_file_goes_on_where_it_was(tmp_path: Path) -> None:
    for start in range(0, len(EVENTS), 90):
        with failing(tmp_path) as installation:
            installation.runtime.append(EVENTS[start : start + 90])
            installation.runtime.fold_all()
    with opened(Settings(data_dir=tmp_path / "whole")) as whole:
        put_artefacts(whole)
        whole.runtime.append(EVENTS)
        whole.runtime.fold_all()
        wanted = {key: raw for key, raw in contents(whole)["state"].items() if key != b"p"}
    with opened(Settings(data_dir=tmp_path)) as again:
        assert again.runtime.fold_all() == 0
        assert {key: raw for key, raw in contents(again)["state"].items() if key != b"p"} == wanted


def test_what_the_fold_writes_to_the_log_is_folded_too(tmp_path: Path) -> None:
    merge = said(AccountMerged(into_account_id="bolt"), START, "merge")
    with failing(tmp_path) as installation:
        installation.runtime.append([said(placed("a", argon=1), START, "a"), merge, tick(START)])
        assert installation.runtime.fold_all() == 4
        keys = {key for key in contents(installation)["state"] if key != b"p"}
        assert keys == {b"a:acme", b"a:bolt"}


def test_what_came_of_a_call_goes_to_the_log_once(tmp_path: Path) -> None:
    busy = CallEnded(task_id="t", attempt_id="a", task_class="selling", disposition=Disposition.BUSY, attempts=2)
    with failing(tmp_path, RuntimeError("in the middle")) as installation:
        installation.runtime.append([said(placed("a", argon=1), START, "a")])
        with installation.store.begin() as tx:
            tx.outbox.append([messages.to_log("acme", "t/a/ended", busy, START)])
        with pytest.raises(RuntimeError):
            installation.runtime.fold_batch()
        assert len(contents(installation)["log"]) == 1
        installation.runtime.fold_all()
        installation.runtime.fold_all()
        assert len(contents(installation)["log"]) == 2
        assert decode_account(contents(installation)["state"][b"a:acme"]).attempts == 2


def test_an_artefact_that_is_not_there_yet_is_waited_for(tmp_path: Path) -> None:
    model, *_ = in_force()
    assert isinstance(model.fact, ModelPublished)
    with opened(Settings(data_dir=tmp_path)) as installation:
        installation.runtime.append([said(placed("a", argon=1), START, "a"), model])
        before = contents(installation)
        for _ in range(2):
            with pytest.raises(Unavailable, match="ringahead learn"):
                installation.runtime.fold_batch()
        assert contents(installation) == before
        put_artefacts(installation)
        assert installation.runtime.fold_all() == 2


class TestTake:
    """Raw messages: good ones are in the log, bad ones are letters, each durable when the call returns."""

    RULES = IngestRules(key_required=False)

    def raw(self, number: int, value: bytes) -> Record:
        return Record("http", 0, number, int((START + DAY).timestamp() * 1000), None, value)

    def test_good_and_bad_in_one_call(self, tmp_path: Path) -> None:
        good = encode(said(placed("a", argon=1), START, "a"))
        ours = encode(tick(START))
        with failing(tmp_path) as installation:
            raws = [self.raw(number, value) for number, value in enumerate((good, b"{", good, ours))]
            taken = installation.runtime.take(raws, self.RULES)
            assert [letter and letter.reason for letter in taken.letters] == [
                None,
                DeadLetterReason.NOT_JSON,
                None,
                DeadLetterReason.NOT_ALLOWED_HERE,
            ]
            assert taken.accepted == 2
            found = contents(installation)
            assert [value for _, value in found["log"]] == [good, good]
            assert {letter.letter_id for letter in found["letters"]} == {"http/0/1", "http/0/3"}
            installation.runtime.fold_all()
            assert installation.runtime.figures.counts == {"folded": 1, "duplicate": 1}

    def test_what_only_the_fold_can_refuse_is_a_letter_later(self, tmp_path: Path) -> None:
        told = json.loads(encode(said(placed("a", argon=1), START, "a")))
        told["data"]["currency"] = "XTS"
        with failing(tmp_path) as installation:
            taken = installation.runtime.take([self.raw(1, json.dumps(told).encode())], self.RULES)
            assert taken.accepted == 1
            installation.runtime.fold_all()
            (letter,) = contents(installation)["letters"]
            assert letter.reason is DeadLetterReason.UNKNOWN_CURRENCY

    def test_nothing_is_taken_where_the_file_cannot_be_written(self, tmp_path: Path) -> None:
        with failing(tmp_path) as installation:
            with installation.store.begin() as tx:
                tx.connection.exec_driver_sql("DROP TABLE stream_log")
            good = encode(said(placed("a", argon=1), START, "a"))
            with pytest.raises(Unavailable):
                installation.runtime.take([self.raw(1, b"{"), self.raw(2, good)], self.RULES)
            with installation.store.read() as tx:
                assert tx.dead_letters.listed() == [], "the sender sends both again"


def test_positions_are_given_in_order_and_never_again(tmp_path: Path) -> None:
    with failing(tmp_path) as installation:
        installation.runtime.append([tick(START), tick(START + timedelta(hours=1))])
        with installation.store.begin() as tx:
            tx.connection.exec_driver_sql("DELETE FROM stream_log")
        installation.runtime.append([tick(START)])
        with installation.store.read() as tx:
            assert [record.offset for record in tables.read(tx.connection, 0, 10)] == [3]
            assert tables.end(tx.connection)[0] == 3
