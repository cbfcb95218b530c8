"""SQL repositories of the console's own: links that customers follow, answers that are given again."""

from datetime import datetime

from sqlalchemy import Connection, delete

from outreach.access import AccountLink, KeptAnswer
from outreach.store import web_schema
from outreach.store.tables import SqlTable


class SqlAccountLinks(SqlTable[AccountLink]):
    """See `outreach.ports.AccountLinks`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, web_schema.account_links, AccountLink)

    def of_account(self, account_id: str) -> list[AccountLink]:
        """Newest first."""
        table = self.table.c
        query = self.query().where(table.account_id == account_id)
        return self.all_of(query.order_by(table.created_at.desc(), table.link_id))


class SqlKeptAnswers(SqlTable[KeptAnswer]):
    """See `outreach.ports.KeptAnswers`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, web_schema.kept_answers, KeptAnswer)

    def remove(self, key: str) -> None:
        """Forget it."""
        self.run(delete(self.table).where(self.key == key))

    def end_before(self, db_time: datetime) -> int:
        """Forget the older ones."""
        return self.run(delete(self.table).where(self.table.c.created_at < db_time))
