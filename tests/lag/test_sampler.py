"""The sampler: one window whoever looks, failures told and not counted."""

import pytest

from console.ports import FixedLag, PartitionLag
from ops.lag_sampler import SampledLag
from schemas.errors import Unavailable
from streams.lag.status import LagStatus


def row(committed: int, end: int) -> PartitionLag:
    return PartitionLag("g", "t", 0, committed, end, end - committed, 1.0)


class Clock:
    """Seconds that the test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_reading_twice_is_one_sample_and_a_failure_leaves_the_window() -> None:
    source, clock = FixedLag([row(0, 10)]), Clock()
    sampled = SampledLag(source, clock=clock)
    assert sampled.age_seconds is None
    assert sampled.sample() == sampled.sample()
    assert sampled.age_seconds == 0.0
    for at in (10.0, 20.0):
        clock.now = at
        sampled.take()
    assert sampled.sample()[0].status is LagStatus.STALL
    source.failure = "no broker answers"
    clock.now = 30.0
    sampled.take()
    with pytest.raises(Unavailable, match="no broker answers"):
        sampled.sample()
    assert sampled.age_seconds == 10.0
    source.failure = ""
    source.rows = (row(10, 10),)
    sampled.take()
    assert sampled.sample()[0].status is LagStatus.OK


def test_the_thread_samples_and_ends() -> None:
    source = FixedLag([row(0, 10)])
    with SampledLag(source, interval_seconds=0.01) as sampled:
        for _ in range(1000):
            if sampled.sample()[0].status is LagStatus.STALL:
                break
            sampled._ended.wait(0.01)
        else:
            pytest.fail("the thread took no samples")
    assert not sampled._thread.is_alive()
