"""When the watchdog ends a worker, and when it must not."""

import subprocess
import sys
from collections.abc import Mapping

import pytest

from streams.microbatch.offsets import Partition
from streams.microbatch.stats import Stats
from streams.microbatch.status import LaneStatus, WorkerStatus
from streams.microbatch.watchdog import Judge, whereabouts
from tests.microbatch.fakes import PLACE, progress

LIMIT, STEP = 60.0, 10.0
Ends = Mapping[Partition, int] | None


def lane(at: int | None = 5, ready: bool = True, **more: object) -> LaneStatus:
    told = {"position": at, "reached": at, "waits_for": "", "recovery": None, "attempts": 1, **more}
    return LaneStatus(PLACE, ready, **told)  # type: ignore[arg-type]


def worker(*lanes: LaneStatus, heartbeat_age: float = 1.0) -> WorkerStatus:
    return WorkerStatus(lanes, True, Stats(), heartbeat_age, fence_seconds=25, loop_age_seconds=0)


def watched(*looks: tuple[WorkerStatus, Ends], step: float = STEP, join_seconds: float = 0.0) -> str | None:
    """The last verdict of looks that follow each other; any earlier one would have ended the worker."""
    judge, verdict = Judge(LIMIT, 3 * STEP, join_seconds), None
    for number, (status, ends) in enumerate(looks):
        assert verdict is None
        verdict = judge.look(100 + number * step, status, ends)
    return verdict


def test_a_partition_that_stands_still_with_work_ends_the_worker_after_the_limit() -> None:
    stuck = (worker(lane(5)), {PLACE: 9})
    assert watched(*[stuck] * 6) is None
    assert watched(*[stuck] * 7) == "log[3] stands at offset 5, 4 offsets to go, for 60 s"


def test_lag_that_grows_while_the_position_moves_is_slow_and_not_stuck() -> None:
    assert watched(*[(worker(lane(5 + n)), {PLACE: 1000 * n + 9}) for n in range(20)]) is None


def test_an_idle_partition_may_stand_still_for_ever_and_then_gets_the_whole_limit() -> None:
    idle, due = (worker(lane(5)), {PLACE: 5}), (worker(lane(5)), {PLACE: 6})
    assert watched(*[idle] * 50, *[due] * 5) is None


def test_a_join_may_wait_for_members_that_are_gone_beyond_the_limit() -> None:
    joining = (worker(heartbeat_age=500), {PLACE: 9})
    assert watched(*[joining] * 9, join_seconds=25) is None
    assert watched(*[joining] * 10, join_seconds=25) == "the group has not answered, though the brokers do, for 90 s"


def test_markers_at_the_end_of_a_log_are_no_work() -> None:
    assert watched(*[(worker(lane(5, reached=9)), {PLACE: 9})] * 20) is None


def test_brokers_that_do_not_answer_are_not_the_workers_fault() -> None:
    stuck, away = (worker(lane(5)), {PLACE: 9}), (worker(lane(5), heartbeat_age=500), None)
    assert watched(*[stuck] * 5, *[away] * 50, *[stuck] * 6) is None


def test_a_lane_that_waits_and_tries_again_lives_and_one_that_stopped_trying_does_not() -> None:
    trying = [(worker(lane(5, ready=False, waits_for="down", attempts=n)), {PLACE: 9}) for n in range(20)]
    assert watched(*trying) is None
    assert watched(*[trying[0]] * 7) == "log[3] has not become ready (waits: down) and nothing moves, for 60 s"


def test_a_recovery_that_moves_may_take_any_time_and_one_that_does_not_ends() -> None:
    moving = [(worker(lane(None, ready=False, recovery=progress(n, 100))), {PLACE: 9}) for n in range(20)]
    assert watched(*moving) is None
    stopped = (worker(lane(None, ready=False, recovery=progress(40, 100))), {PLACE: 9})
    verdict = watched(*[stopped] * 7)
    assert verdict is not None and "40 % recovered" in verdict


def test_a_partition_that_is_never_placed_is_stuck() -> None:
    assert watched(*[(worker(lane(None)), {PLACE: 9})] * 7) == (
        "log[3] stands at offset None, an unknown number of offsets to go, for 60 s"
    )


def test_a_group_that_does_not_answer_while_brokers_do_ends_the_worker() -> None:
    outside = (worker(heartbeat_age=26), {})
    assert watched(*[outside] * 7) == "the group has not answered, though the brokers do, for 60 s"
    assert watched(*[outside] * 5, (worker(), {}), *[outside] * 5) is None


def test_a_process_that_stood_still_as_a_whole_gets_its_time_anew() -> None:
    stuck = (worker(lane(5)), {PLACE: 9})
    assert watched(*[stuck] * 4, step=31.0) is None


def test_a_partition_that_went_and_came_back_starts_anew() -> None:
    stuck, gone = (worker(lane(5)), {PLACE: 9}), (worker(), {})
    assert watched(*[stuck] * 5, gone, *[stuck] * 6) is None


def test_the_line_says_where_the_event_loop_is() -> None:
    assert "the event loop is in test_the_line_says_where" in whereabouts() or "is in whereabouts" in whereabouts()


SEIZED = """
import ctypes
from streams.microbatch.delivery import Connection
from streams.microbatch.stats import Stats
from streams.microbatch.status import WorkerStatus
from streams.microbatch.watchdog import Watchdog
Watchdog(Connection("127.0.0.1:1"), lambda: WorkerStatus((), True, Stats(), 1, 25, 0), 1.0).start()
ctypes.PyDLL(None).sleep(60)
"""


def test_a_process_in_which_no_thread_runs_any_more_is_ended_too() -> None:
    """PyDLL keeps the interpreter's lock while the C function sleeps."""
    done = subprocess.run([sys.executable, "-c", SEIZED], check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "Timeout (0:00:02)!" in done.stderr


@pytest.mark.parametrize(("ready", "says"), [(True, "ready"), (False, "opening")])
def test_a_lane_says_what_it_does(ready: bool, says: str) -> None:
    assert lane(5, ready=ready).says() == says
