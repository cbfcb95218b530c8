"""Repositories of the console's own: links that customers follow, answers that are given again."""

from datetime import datetime
from typing import Protocol

from outreach.access import AccountLink, KeptAnswer
from outreach.ports.keyed import Keyed


class AccountLinks(Keyed[str, AccountLink], Protocol):
    """Links to an account's own page, by their id."""

    def of_account(self, account_id: str) -> list[AccountLink]:
        """Newest first."""
        ...


class KeptAnswers(Keyed[str, KeptAnswer], Protocol):
    """What was answered to requests with an idempotency key, and who is at work on one."""

    def remove(self, key: str) -> None:
        """Forget it."""
        ...

    def end_before(self, db_time: datetime) -> int:
        """Forget the older ones; how many."""
        ...
