"""No offset commits while a member joins its group.

A join's answer waits for the slowest member, and a broker answers one connection's requests in order: an offset commit
that is sent meanwhile carries the generation of before and is looked at in the one after. aiokafka 0.14 takes the
refusal (illegal generation) for its own expulsion, forgets who it is and joins anew, which is the next join for all
others to commit into. Where heartbeats are slower than commits such a group never comes to rest.
"""

from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import RebalanceInProgressError


def commit_between_joins(client: AIOKafkaConsumer) -> None:
    """From now on a started consumer that is in a group raises CommitFailedError instead of committing into a join."""
    coordinator = client._coordinator
    join, commit = coordinator._do_rejoin_group, coordinator._do_commit_offsets
    joining = False

    async def join_noted(subscription: Any) -> bool:
        nonlocal joining
        joining = True
        try:
            return bool(await join(subscription))
        finally:
            joining = False

    async def commit_unless_joining(assignment: Any, offsets: Any) -> None:
        if joining:
            raise RebalanceInProgressError(coordinator.group_id)  # aiokafka makes CommitFailedError of it
        await commit(assignment, offsets)

    coordinator._do_rejoin_group, coordinator._do_commit_offsets = join_noted, commit_unless_joining
