"""A new model or new profiles reach everybody in slices: wherever these lie among live events, and however small."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.history import order_days_of
from forecasting.learn import fit_population
from schemas.envelope import Event
from schemas.events.ours import ModelPublished, ProfilesChanged, RolloutContinued, TimePassed
from schemas.needs import ClockMoved, Effect
from streams.codec import decode_partition
from streams.microbatch.ports import Record
from streams.workspace import PARTITION_KEY
from tests.streams.harness import START, Partition, in_force, profiles, said, tick, without_places
from tests.streams.scene import DAY, of, opened, placed
from tests.streams.strategies import facts

ACCOUNTS = tuple(f"a{number}" for number in range(7))
OTHER = fit_population(order_days_of([]), 2)
HOUR = timedelta(hours=1)


def published(slice_accounts: int | None, name: str = "next", at: int = 0) -> Event:
    """Another model comes into force."""
    fact = ModelPublished(version=OTHER.version, digest=OTHER.digest, slice_accounts=slice_accounts)
    return said(fact, START + at * HOUR, name)


def populated(*, deciding: bool = True) -> Partition:
    """Seven accounts that buy weekly and have been judged."""
    partition = Partition()
    partition.artefacts.put(OTHER.digest, OTHER.artefact)
    if deciding:
        partition.feed(*in_force())
    for number, account in enumerate(ACCOUNTS):
        for ago in range(140, 6, -7):
            at = START - timedelta(days=ago + number)
            partition.feed(said(placed(f"{account}-{ago}", argon=2), at, f"{account}-{ago}", account))
    partition.feed(tick(START))
    return partition


def run(partition: Partition, *events: Event) -> list[Effect]:
    """Fold events, and the slices that the fold asks for until it asks for none."""
    effects, waiting = [], list(events)
    while waiting:
        partition.recorded.clear()
        effects += partition.feed(*waiting)
        waiting = [one for one in partition.recorded if isinstance(one.fact, RolloutContinued)]
    return effects


def state_of(partition: Partition) -> dict[bytes, bytes]:
    """What was written of the accounts."""
    return {key: raw for key, raw in partition.store.rows.items() if key != PARTITION_KEY}


def progress(effects: Sequence[Effect]) -> list[tuple[int, int, bool]]:
    """(done, total, over) as the desk hears it."""
    told = [clock.rollout for clock in of(ClockMoved, effects) if clock.rollout is not None]
    return [(one.accounts_done, one.accounts_total, one.finished_at is not None) for one in told]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_slices_leave_what_one_judgement_leaves(size: int) -> None:
    whole, sliced = populated(), populated()
    at_once, in_slices = whole.feed(published(None)), run(sliced, published(size))
    assert state_of(sliced) == state_of(whole)
    accounts = [one for one in without_places(in_slices) if one["effect"] != "clock_moved"]
    assert accounts == [one for one in without_places(at_once) if one["effect"] != "clock_moved"]


def test_the_first_model_reaches_everybody_in_slices_too() -> None:
    whole, sliced = populated(deciding=False), populated(deciding=False)
    model, chosen = in_force()
    at_once = whole.feed(model, chosen)
    parted = [
        Event(one.id, one.source, one.subject, one.time, one.fact.model_copy(update={"slice_accounts": 2}))
        for one in (model, chosen)
    ]
    in_slices = run(sliced, *parted)
    assert opened(at_once) == opened(in_slices) != []
    assert state_of(sliced) == state_of(whole)


def test_a_publication_judges_nobody_itself_and_each_slice_its_own() -> None:
    partition = populated()
    assert opened(partition.feed(published(3))) == []
    before = {name: one.version for name, one in partition.accounts().items()}
    moved = []
    for _ in range(3):
        asked = partition.recorded[-1]
        partition.feed(asked)
        versions = {name: one.version for name, one in partition.accounts().items()}
        moved.append([name for name in ACCOUNTS if versions[name] != before[name]])
        before = versions
    assert moved == [["a0", "a1", "a2"], ["a3", "a4", "a5"], ["a6"]]


def test_the_desk_hears_how_far_it_is() -> None:
    effects = run(populated(), published(3))
    assert progress(effects) == [(0, 7, False), (3, 7, False), (6, 7, False), (7, 7, True)]


def test_what_is_told_of_a_slice_again_changes_nothing() -> None:
    partition = populated()
    partition.feed(published(3))
    asked = partition.recorded[-1]
    partition.feed(asked)
    before = dict(partition.store.rows)
    assert partition.feed(asked) == []
    assert partition.store.rows == before


def test_a_newer_model_replaces_the_slices_of_the_one_before() -> None:
    partition = populated()
    partition.feed(published(3))
    stale = partition.recorded[-1]
    effects = run(partition, published(4, "newest"))
    assert partition.feed(stale) == []
    assert progress(effects) == [(0, 7, False), (4, 7, False), (7, 7, True)]


def test_a_publication_that_judges_all_at_once_ends_the_slices_before_it() -> None:
    partition = populated()
    partition.feed(published(3))
    stale = partition.recorded[-1]
    assert progress(partition.feed(published(None, "newest"))) == [(0, 7, True)]
    assert partition.feed(stale) == []


def test_passing_time_asks_again_for_a_slice_that_was_lost() -> None:
    partition = populated()
    partition.feed(published(3))
    partition.recorded.clear()  # as if it had never reached the log
    assert progress(run(partition, tick(START + HOUR)))[-1] == (7, 7, True)


def test_what_is_due_waits_for_its_slice_and_is_judged_once() -> None:
    partition = populated()
    partition.feed(published(3))
    before = {name: one.version for name, one in partition.accounts().items()}
    week = tick(START + 8 * DAY)  # everybody's phase is due
    asked = partition.recorded[-1]
    partition.feed(asked, week)
    versions = {name: one.version for name, one in partition.accounts().items()}
    assert [versions[name] - before[name] for name in ACCOUNTS] == [2, 2, 2, 0, 0, 0, 0]
    run(partition, partition.recorded[-1])
    after = {name: one.version for name, one in partition.accounts().items()}
    assert [after[name] - before[name] for name in ACCOUNTS] == [2, 2, 2, 1, 1, 1, 1]


def test_nothing_is_passed_over_while_nothing_can_decide() -> None:
    partition = populated()
    partition.feed(published(3))
    asked = partition.recorded[-1]
    partition.folder._context.model = None  # a model that this release cannot read
    assert partition.feed(asked) == []
    rollout = decode_partition(partition.store.rows[PARTITION_KEY]).rollout
    assert rollout is not None and (rollout.done, rollout.finished) == (0, None)


def test_a_partition_without_accounts_is_done_at_once() -> None:
    partition = Partition()
    partition.artefacts.put(OTHER.digest, OTHER.artefact)
    partition.feed(*in_force(), tick(START))
    assert progress(partition.feed(published(3))) == [(0, 0, True)]
    assert partition.recorded == []


@st.composite
def live_logs(draw: st.DrawFn) -> tuple[list[Event], int]:
    """What happens while publications are rolled out, and how many accounts a slice has."""
    events, at, size = [], START, draw(st.integers(1, 4))
    for number in range(draw(st.integers(3, 14))):
        kind = draw(st.integers(0, 5))
        if kind == 0:
            at += timedelta(hours=draw(st.sampled_from((1, 24, 24 * 8))))
            events.append(said(TimePassed(as_of=at), at, f"tick-{number}"))
        elif kind == 1:
            events.append(published(draw(st.sampled_from((size, None))), f"model-{number}"))
        elif kind == 2:
            fact = ProfilesChanged(version=profiles().version, digest=profiles().digest, slice_accounts=size)
            events.append(said(fact, at, f"profiles-{number}"))
        else:
            account = draw(st.sampled_from((*ACCOUNTS, "a00", "zz")))
            events.append(said(draw(facts), at, f"live-{number}", account))
    return events, size


def as_logged(events: list[Event], gaps: list[int]) -> tuple[Partition, list[Record]]:
    """The log as it comes to be: slices are appended behind as many live events as came in meanwhile."""
    partition, records = populated(), list[Record]()
    waiting = list(events)
    slices: list[Event] = []
    turn = 0
    while waiting or slices:
        live = gaps[turn % len(gaps)] if slices else max(1, gaps[turn % len(gaps)])
        chunk, waiting, slices = [*waiting[:live], *slices], waiting[live:], []
        turn += 1
        partition.recorded.clear()
        made = [partition.record(event) for event in chunk]
        partition.feed_records(made)
        records += made
        slices = [one for one in partition.recorded if isinstance(one.fact, RolloutContinued)]
    return partition, records


@settings(deadline=None, max_examples=40)
@given(live_logs(), st.lists(st.integers(0, 3), min_size=1, max_size=5), st.lists(st.integers(1, 60)), st.booleans())
def test_a_log_with_slices_among_live_events_is_folded_alike_however_it_is_cut(
    log: tuple[list[Event], int], gaps: list[int], cuts: list[int], restart: bool
) -> None:
    live, records = as_logged(log[0], gaps)
    again = populated()
    edges = sorted({0, len(records), *(cut for cut in cuts if cut < len(records))})
    for start, end in pairwise(edges):
        if restart:
            again.restart()
        again.feed_records(records[start:end])
    assert again.store.rows == live.store.rows
    rollout = decode_partition(live.store.rows[PARTITION_KEY]).rollout
    assert rollout is None or rollout.finished is not None


@settings(deadline=None, max_examples=25)
@given(live_logs(), st.lists(st.integers(0, 3), min_size=1, max_size=5))
def test_no_account_that_was_there_is_left_out(log: tuple[list[Event], int], gaps: list[int]) -> None:
    partition, _ = as_logged(log[0], gaps)
    before = {name: one.version for name, one in partition.accounts().items()}
    run(partition, published(log[1], "the-last"))
    assert all(one.version == before[name] + 1 for name, one in partition.accounts().items())
