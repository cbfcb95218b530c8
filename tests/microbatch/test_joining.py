"""Commits and joins of a group's member, without a broker."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import RebalanceInProgressError

from streams.microbatch.joining import commit_between_joins


class Coordinator:
    """Joins until it is told that the others have come."""

    group_id = "group"

    def __init__(self) -> None:
        self.others = asyncio.Event()
        self.committed: list[Any] = []

    async def _do_rejoin_group(self, subscription: Any) -> bool:
        await self.others.wait()
        if subscription == "broken":
            raise ConnectionError
        return True

    async def _do_commit_offsets(self, assignment: Any, offsets: Any) -> None:
        self.committed.append((assignment, offsets))


async def joined_meanwhile(subscription: str) -> Coordinator:
    """A coordinator after a join, during which a commit was refused."""
    coordinator = Coordinator()
    commit_between_joins(SimpleNamespace(_coordinator=coordinator))  # type: ignore[arg-type]
    await coordinator._do_commit_offsets("ours", 1)
    join = asyncio.create_task(coordinator._do_rejoin_group(subscription))
    await asyncio.sleep(0)
    with pytest.raises(RebalanceInProgressError):
        await coordinator._do_commit_offsets("ours", 2)
    coordinator.others.set()
    await asyncio.wait([join])
    if subscription == "broken":
        assert isinstance(join.exception(), ConnectionError)
    else:
        assert join.result() is True
    await coordinator._do_commit_offsets("ours", 3)
    return coordinator


@pytest.mark.parametrize("subscription", ["sound", "broken"])
def test_nothing_is_committed_into_a_join(subscription: str) -> None:
    assert asyncio.run(joined_meanwhile(subscription)).committed == [("ours", 1), ("ours", 3)]
