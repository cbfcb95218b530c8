"""In-memory repositories of contacts, numbers, agents, logins and suggestions."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from outreach.access import LoginLink, Session, User
from outreach.memory.tables import MemoryTable
from outreach.records import Agent, ContactPoint, Erasure, Queue, RegisterCopy, Suggestion


class MemoryContacts(MemoryTable[str, ContactPoint]):
    """See `outreach.ports.Contacts`."""

    def of_accounts(self, account_ids: Iterable[str]) -> list[ContactPoint]:
        """In order of rank and id."""
        wanted = set(account_ids)
        found = self.where(lambda contact: contact.account_id in wanted)
        return sorted(found, key=lambda contact: (contact.rank, contact.contact_id))

    def accounts_with(self, number: str) -> list[str]:
        """Accounts that have this number."""
        return sorted({contact.account_id for contact in self.where(lambda contact: contact.number == number)})

    def erase(self, account_id: str) -> int:
        """Delete the account's contacts."""
        found = self.where(lambda contact: contact.account_id == account_id)
        for contact in found:
            self.remove(contact.contact_id)
        return len(found)


class MemoryDoNotCall:
    """See `outreach.ports.DoNotCall`."""

    def __init__(self, table: MemoryTable[str, tuple[str, datetime, str]]) -> None:
        self._table = table

    def add(self, number: str, at: datetime, source: str) -> None:
        """From now on; the first word stays."""
        if self._table.get(number) is None:
            self._table.put([(number, at, source)])

    def among(self, numbers: Iterable[str]) -> set[str]:
        """Those on the list."""
        return {row[0] for row in self._table.many(numbers)}

    def counted(self) -> int:
        """How many."""
        return len(self._table.rows)


class MemoryRegisters:
    """See `outreach.ports.Registers`."""

    def __init__(
        self,
        copies: MemoryTable[str, RegisterCopy],
        numbers: MemoryTable[tuple[str, str, str], tuple[str, str, str]],
    ) -> None:
        self._copies = copies
        self._numbers = numbers

    def copies(self) -> list[RegisterCopy]:
        """By name."""
        return sorted(self._copies.rows.values(), key=lambda copy: copy.register)

    def add_numbers(self, register: str, generation: str, numbers: Iterable[str]) -> None:
        """Of a copy that is being loaded."""
        self._numbers.put((number, register, generation) for number in numbers)

    def put_in_force(self, copy: RegisterCopy) -> None:
        """This generation counts."""
        self._copies.put([copy])
        for row in self._numbers.where(lambda row: row[1] == copy.register and row[2] != copy.generation):
            self._numbers.remove(row)

    def listed(self, numbers: Iterable[str]) -> set[tuple[str, str]]:
        """(number, register)."""
        wanted = set(numbers)
        present = {(copy.register, copy.generation) for copy in self._copies.rows.values()}
        return {row[:2] for row in self._numbers.rows if row[0] in wanted and row[1:] in present}


class MemoryQueues(MemoryTable[str, Queue]):
    """See `outreach.ports.Queues`."""

    def all(self) -> list[Queue]:
        """In order of place and id."""
        return sorted(self.rows.values(), key=lambda queue: (queue.place, queue.queue_id))


class MemoryErasures(MemoryTable[str, Erasure]):
    """See `outreach.ports.Erasures`."""


class MemoryAgents(MemoryTable[str, Agent]):
    """See `outreach.ports.Agents`."""

    def all(self) -> list[Agent]:
        """By id."""
        return sorted(self.rows.values(), key=lambda agent: agent.agent_id)


class MemoryUsers(MemoryTable[str, User]):
    """See `outreach.ports.Users`."""

    def named(self, name: str) -> User | None:
        """By login name."""
        return next(iter(self.where(lambda user: user.name == name)), None)

    def all(self) -> list[User]:
        """By name."""
        return sorted(self.rows.values(), key=lambda user: user.name)


class MemorySessions(MemoryTable[str, Session]):
    """See `outreach.ports.Sessions`."""

    def end(self, token_hash: str) -> None:
        """Log out."""
        self.remove(token_hash)

    def keys(self) -> list[Session]:
        """Oldest first."""
        found = self.where(lambda session: not session.csrf)
        return sorted(found, key=lambda session: (session.created_at, session.token_hash))

    def used(self, token_hash: str, at: datetime) -> None:
        """Note it."""
        known = self.get(token_hash)
        if known is not None:
            self.set(token_hash, replace(known, used_at=at))

    def end_expired(self, db_now: datetime) -> int:
        """Delete those past their end."""
        found = self.where(lambda session: session.expires_at <= db_now)
        for session in found:
            self.remove(session.token_hash)
        return len(found)


class MemoryLoginLinks(MemoryTable[str, LoginLink]):
    """See `outreach.ports.LoginLinks`."""


class MemorySuggestions:
    """See `outreach.ports.Suggestions`."""

    def __init__(self, table: MemoryTable[str, tuple[str, tuple[Suggestion, ...]]]) -> None:
        self._table = table

    def replace(self, account_ids: Iterable[str], rows: Iterable[Suggestion]) -> None:
        """All that the accounts have."""
        sets: dict[str, list[Suggestion]] = {account_id: [] for account_id in account_ids}
        for row in rows:
            sets.setdefault(row.account_id, []).append(row)
        for account_id, found in sets.items():
            self._table.remove(account_id)
            if found:
                self._table.put([(account_id, tuple(sorted(found, key=lambda row: row.rank)))])

    def drop(self, account_id: str, sku: str) -> None:
        """One product of one account."""
        self.replace([account_id], [row for row in self.of_account(account_id) if row.sku != sku])

    def of_account(self, account_id: str, limit: int = 100) -> list[Suggestion]:
        """By rank."""
        known = self._table.get(account_id)
        return list(known[1][:limit]) if known else []

    def versions(self) -> set[str]:
        """Of all lists."""
        return {rows[0].version for _, rows in self._table.rows.values()}
