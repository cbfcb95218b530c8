"""A rolling upgrade on Kafka: a worker that writes the layout before, one that writes its own, and rebalances between.

A worker with ``RINGAHEAD_UPGRADE_FROM=1`` writes what a release that knows layout 1 only reads. The log is folded by
the one, by both, by the one again (the second roll taken back), by the other; states and tasks are those of one
process that folded it alone.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError

from benchmarks._made_log import MadeLog, made_log
from ops.embedded.installation import opened
from ops.kafka_lag import measure
from outreach.ports import Store
from outreach.store.sql import store_for
from outreach.task import TaskState
from schemas.envelope import Event
from schemas.settings import Settings
from streams.codec import decode_account
from streams.embedded import tables
from streams.faust_app import CHANGELOG, GROUP
from streams.kafka.desk_loop import GROUP as DESKS
from streams.kafka.log import append
from streams.state import Account
from tests.comparing import Work, whole_topic, work
from tests.installation import Installation, installed, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]
ACCOUNTS, DAYS = 240, 60
PATIENCE_SECONDS = 200
BEFORE, OWN = "before", "own"
WORKERS = {BEFORE: {"RINGAHEAD_UPGRADE_FROM": "1"}, OWN: {}}
PHASES: tuple[tuple[tuple[str, ...], set[int]], ...] = (
    ((BEFORE,), {1}),
    ((BEFORE, OWN), {1, 2}),
    ((BEFORE,), {1}),
    ((OWN,), {2}),
)
"""Who runs, and the layouts of the states that are written then."""
Written = dict[tuple[int, int], tuple[bytes, bytes]]
"""Key and bytes of states, by partition and offset."""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with installed(tmp_path) as made:
        yield made


def test_two_layouts_side_by_side_leave_the_states_and_tasks_of_one(installation: Installation, tmp_path: Path) -> None:
    log = made_log(ACCOUNTS, DAYS)
    states, tasks = alone(log, tmp_path / "embedded")
    with closing(store_for(installation.settings.sqlalchemy_url)) as store:
        _put(store, log)
        with installation.process("desk"):
            newest = dict(roll(installation, log.events).values())
        theirs = work(store, installation.settings)
    assert {key: decode_account(raw) for key, raw in newest.items()} == states
    assert theirs == tasks
    assert any(state is TaskState.READY for _, state, *_ in tasks[0])
    print(f"\n{len(log.events)} events, {len(states)} states, {len(tasks[0])} tasks")


def roll(installation: Installation, events: Sequence[Event]) -> Written:
    """Fold the log, a part in each phase, and look at what each wrote; all that the changelog holds at the end."""
    written: Written = {}
    for (names, layouts), part in zip(PHASES, _parts(events, len(PHASES)), strict=True):
        with ExitStack() as running:
            for name in names:
                settings = {"RINGAHEAD_WORKER_NAME": name, **WORKERS[name]}
                running.enter_context(installation.process("worker", **settings))
            wait_until(partial(_is_group_of, installation, len(names)), f"a group of {names}", PATIENCE_SECONDS)
            asyncio.run(append(installation.settings, part))
            wait_until(lambda: _behind(installation) == 0, f"the fold by {names}", PATIENCE_SECONDS)
        before, written = written, _states_written(installation)
        assert {raw[0] for place, (_, raw) in written.items() if place not in before} == layouts, names
    return written


def alone(log: MadeLog, folder: Path) -> tuple[dict[bytes, Account], Work]:
    """States and tasks of one process that folds the whole log."""
    with opened(Settings(data_dir=folder, default_zone="Europe/London")) as one:
        _put(one.store, log)
        one.runtime.append(log.events)
        one.runtime.fold_all()
        with one.store.read() as tx:
            states = {key: decode_account(raw) for key, raw in tables.StateTable(tx.connection).items(b"a:")}
        return states, work(one.store, one.settings)


def _put(store: Store, log: MadeLog) -> None:
    with store.begin() as tx:
        for raw in log.artefacts.values():
            tx.artefacts.put(raw)


def _parts(events: Sequence[Event], many: int) -> Iterator[Sequence[Event]]:
    size = -(-len(events) // many)
    return (events[start : start + size] for start in range(0, len(events), size))


def _states_written(installation: Installation) -> Written:
    """Every account's state that the changelog holds: key and bytes by partition and offset, in that order."""
    found = whole_topic(installation.settings, CHANGELOG)
    return {
        (one.partition, one.offset): (one.key or b"", one.value or b"")
        for one in found
        if (one.key or b"").startswith(b"a:")
    }


def _is_group_of(installation: Installation, many: int) -> bool:
    """Whether so many workers have agreed on who has what."""
    state, members = asyncio.run(_group(installation.settings))
    return (state, members) == ("Stable", many)


async def _group(settings: Settings) -> tuple[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap)
    await admin.start()
    try:
        (answer,) = await admin.describe_consumer_groups([GROUP])
    except GroupCoordinatorNotAvailableError:  # until the broker had its first group
        return "", 0
    finally:
        await admin.close()
    _, _, state, _, _, members, *_ = answer.groups[0]
    return state, len(members)


def _behind(installation: Installation) -> int:
    """Lag of workers and desk in events; a partition without commits counts as everything in it."""
    rows = asyncio.run(measure(installation.settings.kafka_bootstrap))
    groups = (GROUP, DESKS)
    return sum(row.end if row.lag_events is None else row.lag_events for row in rows if row.group in groups)
