"""The repository of the log by account: what the log of record holds, for who asks about one account.

Kafka's log is read by partition, never by account; a process of its own copies it here. The embedded runtime's log can
be read by account itself and leaves this empty.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class LoggedRecord:
    """One record of the log of record, as it is."""

    partition: int
    position: int
    """Its offset."""
    account_id: str
    recorded_ms: int
    """Record time, milliseconds since 1970."""
    value: bytes


class AccountLog(Protocol):
    """Only added to; cut at its beginning, and by erasure."""

    def put(self, records: Iterable[LoggedRecord]) -> int:
        """Keep; a place that is known is not written again. How many were new."""
        ...

    def of_account(self, account_id: str, limit: int) -> list[LoggedRecord]:
        """The newest so many, in the order of the log."""
        ...

    def erase(self, account_id: str) -> int:
        """Delete all of an account; how many."""
        ...

    def end_before(self, recorded_ms: int, limit: int = 5000) -> int:
        """Delete what is older at the beginning of each partition, at most so many of each; how many."""
        ...
