"""The same input through both runtimes: the same facts, letters, states, tasks and reasons."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from ops.embedded.installation import Opened, opened
from ops.importers import online_retail
from ops.kafka_lag import measure
from outreach.store.sql import SqlStore, store_for
from outreach.task import TaskState
from schemas.dead_letters import DeadLetter
from schemas.envelope import Event
from schemas.settings import Settings
from schemas.topics import Topic
from streams.embedded import tables
from streams.faust_app import CHANGELOG
from streams.ingest import IngestRules
from streams.kafka.client import producer, send_all
from streams.kafka.processors import event_outputs
from streams.microbatch.ports import Output
from tests.comparing import ALL, whole_topic, work
from tests.installation import Installation, wait_until
from tests.parity.made import by_account, decided_log, deliveries

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


def embedded(folder: Path) -> Settings:
    return Settings(data_dir=folder, default_zone="Europe/London")


def produce(settings: Settings, outputs: list[Output]) -> None:
    async def send() -> None:
        async with producer(settings) as client:
            for start in range(0, len(outputs), 2000):
                await send_all(client, outputs[start : start + 2000])

    asyncio.run(send())


@pytest.fixture(scope="module")
def orders() -> Sequence[Event]:
    """The wholesaler's year."""
    return online_retail.convert(online_retail.read()).events


def test_both_ingests_give_the_same_facts_and_letters(
    installation: Installation, tmp_path: Path, orders: Sequence[Event]
) -> None:
    records = deliveries(orders)
    with opened(embedded(tmp_path / "embedded")) as one:
        for start in range(0, len(records), 2000):
            one.runtime.take(records[start : start + 2000], IngestRules())
        with one.store.read() as tx:
            facts = by_account([(r.key or b"", r.value or b"") for r in tables.read(tx.connection, 0, ALL)])
            letters = tx.dead_letters.listed(limit=ALL)
    produce(installation.settings, [Output(r.topic, r.key, r.value) for r in records])
    with installation.process("worker"):
        wait_until(lambda: _behind(installation, "ringahead-worker") == 0, "ingest")
    kafka_facts = by_account([(r.key or b"", r.value or b"") for r in whole_topic(installation.settings, Topic.LOG)])
    raw_letters = whole_topic(installation.settings, Topic.DEAD_LETTERS)
    kafka_letters = [DeadLetter.model_validate_json(r.value or b"") for r in raw_letters]
    assert kafka_facts == facts
    assert _said(kafka_letters) == _said(letters)
    assert len({letter.reason for letter in letters}) >= 8
    print(f"\n{len(records)} records: {sum(map(len, facts.values()))} facts, {len(letters)} letters, both alike")


def test_both_runtimes_fold_one_log_into_the_same_states_tasks_and_reasons(
    installation: Installation, tmp_path: Path, orders: Sequence[Event]
) -> None:
    log, models, profiles = decided_log(orders)
    artefacts = [*(model.artefact for model in models), profiles.dumps()]
    store = store_for(installation.settings.sqlalchemy_url)
    _put(store, artefacts)
    produce(installation.settings, [out for event in log for out in event_outputs(event, 4)])
    with installation.process("worker"), installation.process("desk"):
        with opened(embedded(tmp_path / "embedded"), batch_records=777) as one:
            _put(one.store, artefacts)
            one.runtime.append(log)
            one.runtime.fold_all()
            states = _states(one)
            ours = work(one.store, one.settings)
        wait_until(lambda: _behind(installation, "ringahead-worker", "ringahead-desk") == 0, "the fold in Kafka")
    theirs = work(store, installation.settings)
    store.close()
    changelog = whole_topic(installation.settings, CHANGELOG)
    assert {r.key: r.value for r in changelog if (r.key or b"").startswith(b"a:")} == states
    assert theirs == ours
    assert ours[0]
    assert any(state is TaskState.READY for _, state, *_ in ours[0])
    figures = {"states": states, "tasks": ours[0], "refusals": ours[1], "reorders": ours[2]}
    print(f"\n{len(log)} records: " + ", ".join(f"{len(value)} {name}" for name, value in figures.items()))


def _behind(installation: Installation, *groups: str) -> int:
    """Lag of the groups in events; a partition without commits counts as everything in it."""
    rows = asyncio.run(measure(installation.settings.kafka_bootstrap))
    return sum(row.end if row.lag_events is None else row.lag_events for row in rows if row.group in groups)


def _said(letters: list[DeadLetter]) -> Counter[tuple[bytes, str, str]]:
    return Counter((letter.raw, letter.reason.value, letter.detail) for letter in letters)


def _put(store: SqlStore, artefacts: list[bytes]) -> None:
    with store.begin() as tx:
        for raw in artefacts:
            tx.artefacts.put(raw)


def _states(one: Opened) -> dict[bytes, bytes]:
    with one.store.read() as tx:
        return dict(tables.StateTable(tx.connection).items(b"a:"))
