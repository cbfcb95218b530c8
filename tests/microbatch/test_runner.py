"""The runner opens, suspends, retries, drops and ends as it says, with lanes that fail on demand."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiokafka.errors import MessageSizeTooLargeError, ProducerFenced

from streams.microbatch import runner as runner_module
from streams.microbatch.heartbeat import Heartbeat
from streams.microbatch.ports import Unavailable
from streams.microbatch.runner import BatchRunner
from tests.microbatch.fakes import PLACE, FakeLane, FakeWorker, batch_of

Scenario = Callable[[BatchRunner, FakeLane, FakeWorker], Awaitable[None]]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "FIRST_PAUSE_SECONDS", 0.001)


def play(scenario: Scenario) -> None:
    async def run() -> None:
        lane, worker = FakeLane(), FakeWorker()
        runner = BatchRunner(Heartbeat(60), fenced_pause_seconds=0.03)
        runner.bind(worker)
        runner.route([PLACE.topic], lambda place: lane)
        await scenario(runner, lane, worker)

    asyncio.run(run())


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(2):
        while not true():  # noqa: ASYNC110  # nothing tells us
            await asyncio.sleep(0.001)


async def opened(runner: BatchRunner, generation: int = 1) -> None:
    await runner.assign({PLACE}, generation)
    await until(lambda: runner.ready_lane(PLACE))
    runner.cursors.start(PLACE, runner.positions()[PLACE])


def test_batches_are_applied_in_order_and_the_position_is_what_may_be_committed() -> None:
    async def scenario(runner: BatchRunner, lane: FakeLane, worker: FakeWorker) -> None:
        await opened(runner)
        await runner.handle(batch_of(runner.cursors, 0, 5))
        await runner.handle(batch_of(runner.cursors, 5, 7))
        await runner.settle()
        assert lane.applied == list(range(7))
        assert runner.positions() == {PLACE: 7}

    play(scenario)


@pytest.mark.parametrize("error", [Unavailable("down"), TimeoutError()])
def test_what_is_unavailable_suspends_the_lane_and_is_tried_again(error: Exception) -> None:
    async def scenario(runner: BatchRunner, lane: FakeLane, worker: FakeWorker) -> None:
        await opened(runner)
        lane.apply_errors, lane.open_errors = [error], [Unavailable("still"), Unavailable("still")]
        batch = batch_of(runner.cursors, 0, 5)
        await runner.handle(batch)
        await until(lambda: not runner.ready_lane(PLACE))
        assert PLACE not in runner.cursors
        await runner.handle(batch)
        await until(lambda: runner.ready_lane(PLACE))
        assert lane.applied == [] and runner.positions() == {PLACE: 0}
        assert lane.calls == ["open", "fail", "open", "fail", "open", "fail", "open"]
        runner.cursors.start(PLACE, 0)
        await runner.handle(batch_of(runner.cursors, 0, 5))
        await runner.settle()
        assert lane.applied == [0, 1, 2, 3, 4]
        assert worker.reason is None
        assert runner.stats.retries == 3

    play(scenario)


@pytest.mark.parametrize("error", [ValueError("a bug"), MessageSizeTooLargeError("a state of 20 MB")])
def test_any_other_error_ends_the_worker(error: Exception) -> None:
    async def scenario(runner: BatchRunner, lane: FakeLane, worker: FakeWorker) -> None:
        await opened(runner)
        lane.apply_errors = [error]
        await runner.handle(batch_of(runner.cursors, 0, 5))
        await until(lambda: worker.reason)
        assert worker.reason is error
        assert runner.ready_lane(PLACE) is None
        assert runner.positions() == {PLACE: 0}

    play(scenario)


def test_a_fenced_lane_waits_longer_than_the_group_needs_to_say_that_it_moved() -> None:
    async def scenario(runner: BatchRunner, lane: FakeLane, worker: FakeWorker) -> None:
        await opened(runner)
        lane.apply_errors = [ProducerFenced()]
        started = asyncio.get_running_loop().time()
        await runner.handle(batch_of(runner.cursors, 0, 5))
        await until(lambda: lane.calls.count("open") == 2)
        assert asyncio.get_running_loop().time() - started >= 0.03

    play(scenario)


def test_a_batch_after_the_position_is_not_applied_but_read_again() -> None:
    async def scenario(runner: BatchRunner, lane: FakeLane, worker: FakeWorker) -> None:
        await opened(runner)
        runner.cursors.start(PLACE, 3)
        await runner.handle(batch_of(runner.cursors, 3, 5))
        await until(lambda: PLACE not in runner.cursors)
        assert lane.applied == []
        assert runner.ready_lane(PLACE) is lane

    play(scenario)


def test_a_lane_stays_open_only_while_no_generation_was_missed() -> None:
    async def scenario(runner: BatchRunner, lane: FakeLane, worker: FakeWorker) -> None:
        await opened(runner, generation=4)
        await runner.settle()
        await opened(runner, generation=5)
        assert "close" not in lane.calls
        await runner.settle()
        await opened(runner, generation=7)
        assert lane.calls[-2:] == ["close", "open"]
        await runner.assign(set(), 8)
        assert lane.calls[-1] == "close"
        assert runner.positions() == {}

    play(scenario)
