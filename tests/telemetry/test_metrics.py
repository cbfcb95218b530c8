"""What may be exported is one closed list; what is not known is absent; a part that fails is told."""

import re
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from console.metrics import lag_readings
from console.ports import PartitionLag
from schemas.errors import Unavailable
from streams.microbatch.offsets import Partition
from streams.microbatch.stats import Stats
from streams.microbatch.status import LaneStatus, WorkerStatus
from streams.telemetry.catalogue import BY_NAME, CATALOGUE, By, Kind, Metric
from streams.telemetry.exposition import Exposition, Reading
from streams.telemetry.readings import fold_readings, worker_readings


def samples(text: bytes) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(text.decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_names_are_unique_and_as_prometheus_wants_them() -> None:
    assert len(BY_NAME) == len(CATALOGUE)
    for metric in CATALOGUE:
        assert re.fullmatch(r"ringahead_[a-z][a-z_]*[a-z]", metric.name)
        assert metric.help.endswith(".")
        assert not {"account", "account_id", "user", "agent", "path"} & set(metric.labels), "no person is a label"
        if metric.unit == "seconds":
            assert metric.name.endswith("_seconds"), "the unit is in the name"


def test_a_counter_is_told_by_its_name() -> None:
    with pytest.raises(ValueError, match="_total"):
        Metric("ringahead_things", Kind.COUNTER, "things", "Things.", By.ALL)


STRANGE = [
    Reading("ringahead_unheard_of", 1),
    Reading("ringahead_tasks", 1),
    Reading("ringahead_kill_switch", 1, {"x": "y"}),
]


@pytest.mark.parametrize("reading", STRANGE, ids=["name", "label missing", "label too much"])
def test_nothing_outside_of_the_list_is_exported(reading: Reading) -> None:
    with pytest.raises(KeyError):
        Exposition({"any": lambda: [reading]}).text()


def test_what_is_not_known_is_absent_and_not_0() -> None:
    row = PartitionLag("g", "t", 0, None, 7, None, None)
    found = {reading.name for reading in lag_readings([row], None)}
    assert found == {f"ringahead_consumer_{name}" for name in ("end_offset", "gone_events", "status")}


def test_a_part_that_does_not_answer_leaves_the_others() -> None:
    def broken() -> Iterator[Reading]:
        raise Unavailable("no broker")

    found = samples(Exposition({"lag": broken, "own": lambda: [Reading("ringahead_kill_switch", 1)]}).text())
    assert found["ringahead_scrape_failed", (("part", "lag"),)] == 1
    assert found["ringahead_scrape_failed", (("part", "own"),)] == 0
    assert found["ringahead_kill_switch", ()] == 1


def test_what_is_counted_here() -> None:
    metrics = Exposition({})
    metrics.count("ringahead_http_requests_total", method="GET", route="/x", status="200")
    metrics.observe("ringahead_http_request_duration_seconds", 0.02, method="GET", route="/x")
    found = samples(metrics.text())
    assert found["ringahead_http_requests_total", (("method", "GET"), ("route", "/x"), ("status", "200"))] == 1
    bucket = (("le", "0.025"), ("method", "GET"), ("route", "/x"))
    assert found["ringahead_http_request_duration_seconds_bucket", bucket] == 1
    assert not [name for name, _ in found if name.endswith("_created")]


def test_a_workers_own_status() -> None:
    lanes = (
        LaneStatus(Partition("log", 0), True, 5, 5, "", None, 1),
        LaneStatus(Partition("log", 1), False, None, None, "Unavailable: x", None, 3),
    )
    status = WorkerStatus(
        lanes=lanes,
        joined=True,
        stats=Stats(records=7, retries=2),
        heartbeat_age_seconds=1.5,
        fence_seconds=25.0,
        loop_age_seconds=0.01,
    )
    counts = {"folded": 4, "duplicate": 1, "judged": 9}
    found = samples(Exposition({"w": lambda: [*worker_readings(status), *fold_readings(counts)]}).text())
    assert found["ringahead_worker_records_total", ()] == 7
    assert found["ringahead_worker_partitions", (("state", "waiting"),)] == 1
    assert found["ringahead_fold_events_total", (("outcome", "late"),)] == 0
    assert found["ringahead_fold_judged_accounts_total", ()] == 9
