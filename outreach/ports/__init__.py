"""What the desk needs of a store: one transaction, and repositories on it. `outreach.memory` and `outreach.store` are
the two implementations; one contract suite runs against both.

All repositories read their own transaction's writes. Methods that say "locks" keep other transactions off those rows
until the end of this one. A store that cannot be reached raises `schemas.errors.Unavailable`.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from outreach.ports.books import Anchor, Books
from outreach.ports.keeping import Artefacts, Audit, Clocks, Facts, Offsets, Outbox
from outreach.ports.keyed import Keyed
from outreach.ports.letters import DeadLetters
from outreach.ports.log import AccountLog, LoggedRecord
from outreach.ports.people import (
    Agents,
    Contacts,
    DoNotCall,
    Erasures,
    LoginLinks,
    Queues,
    Registers,
    Sessions,
    Showings,
    Suggestions,
    Users,
)
from outreach.ports.reports import FirstCall, Handled, QueueLine, QueuePlace, Reports, TaskFate
from outreach.ports.web import AccountLinks, KeptAnswers
from outreach.ports.work import AskedOrders, Attempts, ClaimQuery, Hint, Needs, Products, Reorders, Standings, Tasks

__all__ = [
    "AccountLinks",
    "AccountLog",
    "Agents",
    "Anchor",
    "Artefacts",
    "AskedOrders",
    "Attempts",
    "Audit",
    "Books",
    "ClaimQuery",
    "Clocks",
    "Contacts",
    "DeadLetters",
    "DoNotCall",
    "Erasures",
    "Facts",
    "FirstCall",
    "Handled",
    "Hint",
    "KeptAnswers",
    "Keyed",
    "LoggedRecord",
    "LoginLinks",
    "Needs",
    "Offsets",
    "Outbox",
    "Products",
    "QueueLine",
    "QueuePlace",
    "Queues",
    "Registers",
    "Reorders",
    "Reports",
    "Sessions",
    "Showings",
    "Standings",
    "Store",
    "Suggestions",
    "TaskFate",
    "Tasks",
    "Transaction",
    "Users",
]


class Transaction(Protocol):
    """All repositories in one transaction."""

    @property
    def standings(self) -> Standings: ...
    @property
    def needs(self) -> Needs: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def reorders(self) -> Reorders: ...
    @property
    def attempts(self) -> Attempts: ...
    @property
    def contacts(self) -> Contacts: ...
    @property
    def do_not_call(self) -> DoNotCall: ...
    @property
    def registers(self) -> Registers: ...
    @property
    def erasures(self) -> Erasures: ...
    @property
    def queues(self) -> Queues: ...
    @property
    def products(self) -> Products: ...
    @property
    def asked_orders(self) -> AskedOrders: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def books(self) -> Books: ...
    @property
    def outbox(self) -> Outbox: ...
    @property
    def dead_letters(self) -> DeadLetters: ...
    @property
    def artefacts(self) -> Artefacts: ...
    @property
    def clocks(self) -> Clocks: ...
    @property
    def offsets(self) -> Offsets: ...
    @property
    def agents(self) -> Agents: ...
    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def login_links(self) -> LoginLinks: ...
    @property
    def account_links(self) -> AccountLinks: ...
    @property
    def account_log(self) -> AccountLog: ...
    @property
    def kept_answers(self) -> KeptAnswers: ...
    @property
    def suggestions(self) -> Suggestions: ...
    @property
    def showings(self) -> Showings: ...
    @property
    def reports(self) -> Reports: ...
    @property
    def facts(self) -> Facts: ...

    def db_now(self) -> datetime:
        """The database's clock, UTC: for leases, timers, rate limits."""
        ...

    def foresee_claim(self, agent_id: str) -> None:
        """A claim by this agent is about to be asked for: a store that is far away may read ahead, and locks him."""
        ...

    def foresee_accounts(self, account_ids: Iterable[str], task_ids: Iterable[str], since: datetime) -> None:
        """These accounts and tasks are about to be judged, with attempts since then: a store may read ahead."""
        ...

    def take_turns(self, keys: Iterable[str]) -> None:
        """Wait until no other transaction has taken its turn at one of these, and keep them until this one ends.

        For what two transactions count and then add to. Who takes turns twice takes the later ones in one order."""
        ...

    def forgo_disk(self) -> None:
        """The commit need not wait for the disk. If the machine's power fails in the next moments, this transaction
        never was; whatever is written later with a commit that waits takes this one to the disk with it."""
        ...

    def flush(self) -> None:
        """Write what is still held back (audit, outbox). `Store.begin` does it; whoever binds a transaction to his own
        connection calls it before he commits."""
        ...


class Store(Protocol):
    """Where transactions come from."""

    def begin(self) -> AbstractContextManager[Transaction]:
        """A transaction that writes: committed at the end of the block, rolled back by an exception."""
        ...

    def read(self) -> AbstractContextManager[Transaction]:
        """A transaction that only reads, and waits for no writer."""
        ...
