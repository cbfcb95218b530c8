"""Facts about an account that the fold itself writes to the log; folding them again changes nothing."""

from datetime import datetime

from schemas.base import Fact
from schemas.envelope import Event
from schemas.ids import stable_hash
from streams.core.context import Folding

SOURCE = "ringahead/fold"
"""CloudEvents source of what the fold writes to the log."""


def record(folding: Folding, fact: Fact, at: datetime, *distinct: str) -> None:
    """Write a fact; ``distinct`` tells it from others of the same kind at this version of the account."""
    account = folding.account
    parts = (type(fact).__name__, account.account_id, str(account.version), *distinct)
    event_id = stable_hash(*parts).hex()
    folding.recorded.append(Event(id=event_id, source=SOURCE, subject=account.account_id, time=at, fact=fact))
