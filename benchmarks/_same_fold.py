"""Our fold, one record at a time over somebody else's state: what the rivals' jobs call.

They take the events of accounts and know what is in force, as ours does. They judge nothing when time passes: without
an index of what is due they would have to read every account at every tick. So ours does more in the same table.
"""

from schemas.events import BROADCAST
from schemas.needs import encode_effect
from streams.artefacts import ArtefactSource
from streams.codec import decode_account, encode_account
from streams.core.broadcast import fold_broadcast
from streams.core.context import Context, Installation
from streams.core.fold import fold_event
from streams.in_force import InForce
from streams.microbatch.ports import Record
from streams.processor import read_event
from streams.state import Account, Partition


class SameFold:
    """One process; what concerns every account is kept in memory, for each partition."""

    def __init__(self, artefacts: ArtefactSource) -> None:
        self._artefacts = artefacts
        self._contexts: dict[int, tuple[Context, InForce]] = {}

    def fold(self, record: Record, raw: bytes | None) -> tuple[bytes | None, list[bytes]]:
        """The account's new state, None where it stays, and the effects to be sent. ``raw``: the state so far."""
        event = read_event(record)
        context, in_force = self._of(record.partition)
        if type(event.fact) in BROADCAST:
            in_force.check(event)
            if fold_broadcast(context.partition, event):
                in_force.put_into(context)
            return None, []
        account = Account(account_id=event.subject) if raw is None else decode_account(raw)
        folding = fold_event(account, event, context, record.offset)
        if folding is None:
            return None, []
        return encode_account(account), [encode_effect(effect) for effect in folding.effects]

    def _of(self, partition: int) -> tuple[Context, InForce]:
        if partition not in self._contexts:
            context = Context(Installation(), partition, Partition())
            self._contexts[partition] = context, InForce(self._artefacts)
        return self._contexts[partition]
