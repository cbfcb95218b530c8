"""In-memory repositories of the console's own: links that customers follow, answers that are given again."""

from datetime import datetime

from outreach.access import AccountLink, KeptAnswer
from outreach.memory.tables import MemoryTable


class MemoryAccountLinks(MemoryTable[str, AccountLink]):
    """See `outreach.ports.AccountLinks`."""

    def of_account(self, account_id: str) -> list[AccountLink]:
        """Newest first."""
        found = sorted(self.where(lambda link: link.account_id == account_id), key=lambda link: link.link_id)
        return sorted(found, key=lambda link: link.created_at, reverse=True)


class MemoryKeptAnswers(MemoryTable[str, KeptAnswer]):
    """See `outreach.ports.KeptAnswers`."""

    def end_before(self, db_time: datetime) -> int:
        """Forget the older ones."""
        found = self.where(lambda answer: answer.created_at < db_time)
        for answer in found:
            self.remove(answer.key)
        return len(found)
