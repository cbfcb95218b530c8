"""SQL repositories of contacts, numbers, agents and logins."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from outreach.access import LoginLink, Session, User
from outreach.records import Agent, ContactPoint
from outreach.store import schema
from outreach.store.tables import SqlTable, chunks, upsert


class SqlContacts(SqlTable[ContactPoint]):
    """See `outreach.ports.Contacts`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.contacts, ContactPoint)

    def of_accounts(self, account_ids: Iterable[str]) -> list[ContactPoint]:
        """In order of rank and id."""
        wanted = list(account_ids)
        found = self.known(wanted)
        if found is None:
            queries = (self.query().where(self.table.c.account_id.in_(chunk)) for chunk in chunks(wanted))
            found = [row for query in queries for row in self.all_of(query)]
        return sorted(found, key=lambda contact: (contact.rank, contact.contact_id))

    def accounts_with(self, number: str) -> list[str]:
        """Accounts that have this number."""
        account = self.table.c.account_id
        query = select(account).distinct().where(self.table.c.number == number).order_by(account)
        return list(self.connection.scalars(query))

    def erase(self, account_id: str) -> int:
        """Delete the account's contacts."""
        return self.run(delete(self.table).where(self.table.c.account_id == account_id))


class SqlDoNotCall:
    """See `outreach.ports.DoNotCall`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._table = schema.do_not_call
        self.foreseen: tuple[set[str], set[str]] | None = None
        """Numbers that were looked up ahead, and those of them that are listed."""

    def add(self, number: str, at: datetime, source: str) -> None:
        """From now on; the first word stays."""
        self.foreseen = None
        statement = upsert(self._table, self._connection.dialect.name, replaced=False)
        self._connection.execute(statement, [{"number": number, "at": at, "source": source}])

    def among(self, numbers: Iterable[str]) -> set[str]:
        """Those on the list."""
        wanted = set(numbers)
        if self.foreseen is not None and wanted <= self.foreseen[0]:
            return wanted & self.foreseen[1]
        column = self._table.c.number
        queries = (select(column).where(column.in_(chunk)) for chunk in chunks(wanted))
        return {number for query in queries for number in self._connection.scalars(query)}

    def counted(self) -> int:
        """How many."""
        return self._connection.scalar(select(func.count()).select_from(self._table)) or 0


class SqlAgents(SqlTable[Agent]):
    """See `outreach.ports.Agents`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.agents, Agent)

    def lock(self, key: str) -> Agent | None:
        """The agent, locked."""
        known = self.known([key])
        return super().lock(key) if known is None else next(iter(known), None)

    def all(self) -> list[Agent]:
        """By id."""
        return self.all_of(self.query().order_by(self.key))


class SqlUsers(SqlTable[User]):
    """See `outreach.ports.Users`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.users, User)

    def named(self, name: str) -> User | None:
        """By login name."""
        return self.one(self.query().where(self.table.c.name == name))

    def all(self) -> list[User]:
        """By name."""
        return self.all_of(self.query().order_by(self.table.c.name))


class SqlSessions(SqlTable[Session]):
    """See `outreach.ports.Sessions`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.sessions, Session)

    def end(self, token_hash: str) -> None:
        """Log out."""
        self.run(delete(self.table).where(self.key == token_hash))

    def keys(self) -> list[Session]:
        """Oldest first."""
        table = self.table.c
        return self.all_of(self.query().where(table.csrf == "").order_by(table.created_at, table.token_hash))

    def used(self, token_hash: str, at: datetime) -> None:
        """Note it."""
        self.run(update(self.table).where(self.key == token_hash).values(used_at=at))

    def end_expired(self, db_now: datetime) -> int:
        """Delete those past their end."""
        return self.run(delete(self.table).where(self.table.c.expires_at <= db_now))


class SqlLoginLinks(SqlTable[LoginLink]):
    """See `outreach.ports.LoginLinks`."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection, schema.login_links, LoginLink)
