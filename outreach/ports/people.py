"""Repositories of people: contacts and numbers, agents, logins, and what to suggest to whom."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from outreach.access import LoginLink, Session, User
from outreach.ports.keyed import Keyed
from outreach.records import Agent, ContactPoint, Erasure, Queue, RegisterCopy, Showing, Suggestion


class Contacts(Keyed[str, ContactPoint], Protocol):
    """Personal data; nothing else of the store holds any."""

    def of_accounts(self, account_ids: Iterable[str]) -> list[ContactPoint]:
        """In order of rank and id."""
        ...

    def accounts_with(self, number: str) -> list[str]:
        """Account ids that have this (normalised) number."""
        ...

    def erase(self, account_id: str) -> int:
        """Delete the account's contacts; how many."""
        ...


class DoNotCall(Protocol):
    """Numbers, normalised, that nobody calls."""

    def add(self, number: str, at: datetime, source: str) -> None:
        """From now on; twice is once."""
        ...

    def among(self, numbers: Iterable[str]) -> set[str]:
        """Those of the numbers that are on the list."""
        ...

    def counted(self) -> int:
        """How many numbers are on it."""
        ...


class Registers(Protocol):
    """Copies of official do-not-call registers. A new copy is filled under its generation and then put in force."""

    def copies(self) -> list[RegisterCopy]:
        """Those in force, by name."""
        ...

    def add_numbers(self, register: str, generation: str, numbers: Iterable[str]) -> None:
        """Numbers (normalised) of a copy that is being loaded; twice is once."""
        ...

    def put_in_force(self, copy: RegisterCopy) -> None:
        """From now on this generation counts, and the numbers of others are deleted."""
        ...

    def listed(self, numbers: Iterable[str]) -> set[tuple[str, str]]:
        """(number, register) for those of the numbers that stand on a copy in force."""
        ...


class Queues(Keyed[str, Queue], Protocol):
    """Parts of the work."""

    def all(self) -> list[Queue]:
        """In order of place and id."""
        ...

    def remove(self, queue_id: str) -> None:
        """Delete it."""
        ...


class Erasures(Keyed[str, Erasure], Protocol):
    """Accounts whose data are erased."""


class Agents(Keyed[str, Agent], Protocol):
    """People at the phone."""

    def lock(self, agent_id: str) -> Agent | None:
        """The agent, locked."""
        ...

    def all(self) -> list[Agent]:
        """By id."""
        ...


class Users(Keyed[str, User], Protocol):
    """Logins."""

    def named(self, name: str) -> User | None:
        """By login name."""
        ...

    def all(self) -> list[User]:
        """By name."""
        ...


class Sessions(Keyed[str, Session], Protocol):
    """Logins in force, by the hash of their token."""

    def end(self, token_hash: str) -> None:
        """Log out."""
        ...

    def keys(self) -> list[Session]:
        """API keys: logins without a CSRF token, oldest first."""
        ...

    def used(self, token_hash: str, at: datetime) -> None:
        """An API key was used (database time); one that has ended meanwhile stays ended."""
        ...

    def end_expired(self, db_now: datetime) -> int:
        """Delete those past their end; how many."""
        ...


class LoginLinks(Keyed[str, LoginLink], Protocol):
    """Links that log in once, by the hash of their token."""

    def lock(self, token_hash: str) -> LoginLink | None:
        """The link, locked, so that it is used once."""
        ...


class Suggestions(Protocol):
    """Further products for accounts. All rows of an account have one version and were made at one time."""

    def replace(self, account_ids: Iterable[str], rows: Iterable[Suggestion]) -> None:
        """These rows are now all that the accounts have."""
        ...

    def of_account(self, account_id: str, limit: int = 100) -> list[Suggestion]:
        """By rank."""
        ...

    def drop(self, account_id: str, sku: str) -> None:
        """It is suggested to the account no more."""
        ...

    def versions(self) -> set[str]:
        """Those that lists were made with."""
        ...


class Showings(Keyed[str, Showing], Protocol):
    """Suggestions that were on the card in a call, with their answers."""

    def of_task(self, task_id: str) -> list[Showing]:
        """Oldest first."""
        ...

    def of_account(self, account_id: str) -> list[Showing]:
        """Oldest first."""
        ...

    def refused(self, since: datetime) -> list[Showing]:
        """Those that were refused since then (business time), in order of accounts."""
        ...

    def shown(self, start: datetime, end: datetime) -> list[Showing]:
        """Those of calls that began from ``start`` until before ``end``, oldest first."""
        ...

    def erase(self, account_id: str) -> int:
        """Delete the account's; how many."""
        ...

    def rekey(self, account_id: str, survivor: str) -> int:
        """The account goes on as another one, and what it refused with it; how many."""
        ...
