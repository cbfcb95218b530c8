"""A rolling upgrade: workers that write layout 1 and workers that write layout 2 share the accounts; nobody notices."""

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.embedded.installation import installation_of, opened
from schemas.envelope import Event
from schemas.errors import Corrupt, Misconfigured
from schemas.events.accounts import AccountMerged
from schemas.events.ours import StateTransferred
from schemas.needs import Effect
from schemas.settings import Settings
from streams import codec, layout_1
from streams.embedded.tables import StateTable
from streams.processor import LogFolder
from streams.workspace import key_of
from tests.streams.harness import INSTALLATION, START, Partition, in_force, said, tick
from tests.streams.scene import placed
from tests.streams.strategies import logs
from tests.streams.test_fold_properties import play

LAYOUTS = st.lists(st.sampled_from(sorted(codec.WRITERS)), min_size=1)


def share(events: list[Event], cuts: list[int], layouts: Sequence[int]) -> tuple[Partition, list[Effect]]:
    """Fold a log in batches, each by another worker that writes the next of the layouts."""
    partition, effects = Partition(), []
    records = [partition.record(event) for event in events]
    edges = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
    for number, (start, end) in enumerate(pairwise(edges)):
        layout = layouts[number % len(layouts)]
        partition.folder = LogFolder(
            0, partition.store, replace(INSTALLATION, state_layout=layout), partition.artefacts
        )
        effects += partition.feed_records(records[start:end])
    return partition, effects


@settings(max_examples=60, deadline=None)
@given(logs(), st.lists(st.integers(1, 60)), LAYOUTS)
def test_workers_of_two_layouts_leave_what_one_leaves(events: list[Event], cuts: list[int], layouts: list[int]) -> None:
    alone, told_alone = play(events, [])
    shared, told_shared = share(events, cuts, layouts)
    assert shared.accounts() == alone.accounts()
    assert codec.decode_partition(shared.store.rows[b"p"]) == codec.decode_partition(alone.store.rows[b"p"])
    assert told_shared == told_alone


@settings(max_examples=40, deadline=None)
@given(logs())
def test_while_upgrading_everything_is_written_as_the_release_before_reads_it(events: list[Event]) -> None:
    partition, _ = share(events, [5, 10], [1])
    assert {raw[0] for raw in partition.store.rows.values()} == {1}
    for account_id, account in partition.accounts().items():
        payload = partition.store.rows[key_of(account_id)][5:]
        known = layout_1._DECODER.decode(payload)
        assert known.version == account.version
        assert layout_1.written(layout_1.read(payload)) == payload


def test_a_state_handed_to_another_account_is_written_for_the_release_before() -> None:
    """A merge puts the state into the log, where an older worker reads it."""
    events = [said(placed("o1", argon=2), START, "e1"), said(AccountMerged(into_account_id="bolt"), START, "e2")]
    partition, _ = share([*in_force(), tick(START), *events], [], [1])
    facts = [one.fact for one in partition.recorded if isinstance(one.fact, StateTransferred)]
    assert [b64decode(fact.state)[0] for fact in facts] == [1]


def test_a_worker_that_knows_only_the_layout_before_stops_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    partition = Partition()
    partition.feed(said(placed("o1", argon=2), START, "e1"))
    monkeypatch.setattr(codec, "VERSION", 1)
    monkeypatch.setattr(codec, "READERS", {1: layout_1.read})
    with pytest.raises(Corrupt, match="run the newer one with RINGAHEAD_UPGRADE_FROM=1"):
        partition.restart()


def test_a_layout_that_nobody_writes_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="writes state layouts 1, 2;"):
        installation_of(Settings(data_dir=tmp_path, upgrade_from=7))


def test_an_installation_is_upgraded_in_two_rolls(tmp_path: Path) -> None:
    """The new release writes the old layout first, then its own: the same file, the same account."""
    found = []
    for number, upgrade_from in enumerate((1, None)):
        with opened(Settings(data_dir=tmp_path, upgrade_from=upgrade_from)) as one:
            one.runtime.append([said(placed(f"o{number}", argon=2), START, f"e{number}")])
            one.runtime.fold_all()
            with one.store.begin() as tx:
                raw = StateTable(tx.connection).get(key_of("acme"))
        assert raw is not None
        found.append((raw[0], codec.decode_account(raw).version))
    assert found == [(1, 1), (2, 2)]
