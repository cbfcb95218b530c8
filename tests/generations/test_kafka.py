"""The Kafka state built again beside running workers: equal, damaged and found, switched to while they rest."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.kafka_lag import measure
from outreach.store.sql import store_for
from outreach.task import TaskState
from streams.codec import decode_account, encode_account
from streams.generations import record
from streams.kafka.desk_loop import GROUP
from streams.kafka.names import CHANGELOG
from streams.microbatch.delivery import Connection, Delivery, key_hash
from streams.microbatch.ports import Output
from streams.workspace import key_of
from tests.comparing import whole_topic
from tests.installation import Installation, installed, wait_until
from tests.parity.test_commands import ACCOUNTS, orders_file

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

DAMAGED = "account-7"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """Topics made, database migrated, nothing running yet."""
    with installed(tmp_path) as made:
        yield made


def ready(one: Installation) -> int:
    store = store_for(one.settings.sqlalchemy_url)
    with store.read() as tx:
        count = tx.tasks.counts().get(TaskState.READY, 0)
        standings = len(tx.standings.many([f"account-{number}" for number in range(ACCOUNTS)]))
    store.close()
    return count if standings == ACCOUNTS else 0


def rollouts_over(one: Installation) -> bool:
    store = store_for(one.settings.sqlalchemy_url)
    with store.read() as tx:
        clocks = tx.clocks.all()
    store.close()
    told = [clock.rollout for clock in clocks if clock.rollout is not None]
    return len(told) == one.settings.kafka_partitions and all(each.finished_at is not None for each in told)


def desk_has_read_everything(one: Installation) -> bool:
    """As the switch asks: effects that were told and not applied keep it from comparing books."""
    rows = asyncio.run(measure(one.settings.kafka_bootstrap))
    return all(row.lag_events in (0, None) for row in rows if row.group == GROUP)


def compared(one: Installation) -> dict[str, Any]:
    try:
        told = one.run("rebuild", "--json")
    except subprocess.CalledProcessError as different:
        told = different.stdout
    return json.loads(told)


def damage(one: Installation) -> None:
    """Put another state of an account into the changelog, as a fault of the program would have."""
    key = key_of(DAMAGED)
    raw = {each.key: each.value for each in whole_topic(one.settings, CHANGELOG)}[key]
    assert raw is not None
    account = decode_account(raw)
    account.attempts = 7
    partition = key_hash(DAMAGED.encode()) % one.settings.kafka_partitions

    async def send() -> None:
        delivery = Delivery(Connection(one.settings.kafka_bootstrap))
        await delivery.deliver([Output(CHANGELOG, key, encode_account(account), partition)])
        await delivery.stop()

    asyncio.run(send())


def cut_off_before_the_last_file_was_put_aside(one: Installation) -> None:
    """As a crash leaves it between the switch's commit and its end."""
    folder = one.settings.data_dir / "generations"
    (folder / "before-1-3.sqlite3").rename(folder / "rebuild-3.sqlite3")


def test_a_damaged_account_is_found_and_mended_by_a_switch_and_one_may_go_back(
    installation: Installation, tmp_path: Path
) -> None:
    one = installation
    with one.process("worker"), one.process("desk"):
        one.run("import", str(orders_file(tmp_path)))
        wait_until(lambda: len(whole_topic(one.settings, CHANGELOG)) >= ACCOUNTS, "the state of every account", 120)
        one.run("learn")
        one.run("tick", "--once")
        wait_until(lambda: ready(one) > 0 and rollouts_over(one), "calls of everybody", 180)
        before = ready(one)
        found = compared(one)
        assert (found["equal"], found["different"], found["missing"], found["unknown"]) == (ACCOUNTS, 0, 0, 0)
        with pytest.raises(subprocess.CalledProcessError):
            one.run("rebuild", "--switch", "--yes")  # workers run
        wait_until(lambda: desk_has_read_everything(one), "the desk having read everything", 60)
    damage(one)
    found = compared(one)
    assert (found["equal"], found["different"]) == (ACCOUNTS - 1, 1)
    assert [(each["account_id"], each["field"]) for each in found["first"]] == [(DAMAGED, "attempts")]
    assert "generation 2 is in force" in one.run("rebuild", "--switch", "--yes", "--by", "anna")
    with one.process("worker"), one.process("desk"):
        one.run("tick", "--once")
        found = compared(one)
        assert (found["equal"], found["different"]) == (ACCOUNTS, 0)
        assert [found[name] for name in ("opens", "withdraws", "refuses", "standings")] == [0] * 4
        assert ready(one) == before
        wait_until(lambda: desk_has_read_everything(one), "the desk having read everything", 60)
    cut_off_before_the_last_file_was_put_aside(one)
    assert "generation 3 is in force" in one.run("rebuild", "--back", "--switch", "--yes", "--by", "anna")
    with one.process("worker"), one.process("desk"):
        one.run("import", str(orders_file(tmp_path)))  # duplicates: they change nothing, and show that the fold goes on
        found = compared(one)
        assert (found["equal"], found["different"], found["missing"], found["unknown"]) == (ACCOUNTS - 1, 1, 0, 0)
        assert [(each["account_id"], each["field"]) for each in found["first"]] == [(DAMAGED, "attempts")]
        assert [found[name] for name in ("opens", "withdraws", "refuses", "standings")] == [0] * 4
        assert ready(one) == before
    assert int(one.run("rebuild", "--drop").split()[0]) >= 2 * one.settings.kafka_partitions
    store = store_for(one.settings.sqlalchemy_url)
    with store.read() as tx:
        assert record.in_force(tx) == 3
    store.close()
