"""Alerts of a Kafka installation, made by breaking what they speak of; each fires, and resolves when it is mended."""

import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from schemas.topics import Topic
from tests.deploy.house import House, caught_up, committed, meanwhile, until_done
from tests.deploy.trial import Watch, watching

pytestmark = [pytest.mark.kafka, pytest.mark.postgres, pytest.mark.slow, pytest.mark.alerts]
ARCHIVE, WORKER = "ringahead-archive", "ringahead-worker"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, Watch]]:
    house = House(Path(tempfile.mkdtemp(prefix="ringahead-trial-")))
    house.folder.chmod(0o755)  # the database runs as a user of its own
    try:
        house.begin()
        with watching(tmp_path_factory.mktemp("trial") / "prometheus", house.targets(), house.key) as watch:
            yield house, watch
            print("\n".join(watch.seen))
    finally:
        house.end()


@pytest.fixture
def trial(whole: tuple[House, Watch]) -> tuple[House, Watch]:
    """Everything runs, every group has committed and caught up, nothing that somebody broke is still away."""
    house, watch = whole
    house.mend()
    watch.resolves("RingaheadAway", "RingaheadLagUnknown", "RingaheadDatabaseAway")
    for group in (ARCHIVE, WORKER):
        committed(watch, group)
    caught_up(watch)
    return house, watch


def test_the_archive_stops(trial: tuple[House, Watch]) -> None:
    """Records come and nobody reads them; then none come either."""
    house, watch = trial
    house.stop("archive")
    with meanwhile(lambda: house.orders(20), 1.0):
        watch.fires("RingaheadGroupStopped")
    watch.fires("RingaheadGroupStalled")
    house.start("archive")
    watch.resolves("RingaheadGroupStopped", "RingaheadGroupStalled")


def test_offsets_are_set_back(trial: tuple[House, Watch]) -> None:
    """A reset to the beginning, as soon as the group has no members; what is read again is not kept twice."""
    house, watch = trial
    house.stop("archive")
    reset = ("reset", ARCHIVE, "--to-beginning", "--yes")
    until_done(lambda: house.made.run(*reset), subprocess.CalledProcessError)
    watch.fires("RingaheadGroupRewound")
    house.start("archive")
    watch.resolves("RingaheadGroupRewound")


def test_the_worker_is_away(trial: tuple[House, Watch]) -> None:
    """What waits for it is two hours old, and retention takes the beginning of it."""
    house, watch = trial
    house.public([datetime.now(UTC)] * 3)
    committed(watch, WORKER, Topic.ORDERS, 3)
    house.stop("worker")
    watch.fires("RingaheadAway")
    old = datetime.now(UTC) - timedelta(hours=2)
    house.public([old] * 10 + [datetime.now(UTC)] * 3)
    watch.fires("RingaheadLagOld")
    house.cluster.delete_records(Topic.ORDERS.value, {0: 8})
    watch.fires("RingaheadRecordsGone")
    house.start("worker")
    watch.resolves("RingaheadAway", "RingaheadLagOld", "RingaheadRecordsGone")


def test_the_database_is_away(trial: tuple[House, Watch]) -> None:
    """Nobody can work; a worker that hears of new profiles cannot read them."""
    house, watch = trial
    announced = house.new_profiles("trial-2")
    house.postgres.stop()
    try:
        house.log(announced)
        with meanwhile(lambda: house.get("/operator"), 0.3):
            watch.fires("RingaheadDatabaseAway", "RingaheadConsoleErrors", "RingaheadWorkerWaits")
    finally:
        house.postgres.start()
    watch.resolves("RingaheadDatabaseAway", "RingaheadConsoleErrors", "RingaheadWorkerWaits")


def test_the_broker_is_away(trial: tuple[House, Watch]) -> None:
    """Lag is not known."""
    house, watch = trial
    for node in house.kafka.nodes:
        house.kafka.stop_node(node)
    try:
        watch.fires("RingaheadLagUnknown")
    finally:
        for node in house.kafka.nodes:
            house.kafka.start_node(node)
    watch.resolves("RingaheadLagUnknown")
