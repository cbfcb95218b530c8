"""The in-memory twin of the task database: the same answers, one transaction at a time, gone with the process."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from datetime import datetime
from threading import RLock

from outreach.memory import asked, keeping, people, web, work
from outreach.memory.books import MemoryBooks
from outreach.memory.letters import MemoryDeadLetters
from outreach.memory.log import MemoryAccountLog
from outreach.memory.reports import MemoryReports
from outreach.memory.showings import MemoryShowings
from outreach.memory.tables import Journal, MemoryTable
from outreach.records import AuditEntry, OutboxMessage


class MemoryTransaction:
    """Implements `outreach.ports.Transaction`."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.journal = journal = Journal()
        self._clock = clock
        self.standings = work.MemoryStandings(journal, lambda row: row.account_id)
        self.needs = work.MemoryNeeds(journal, lambda row: row.need_id)
        self.tasks = work.MemoryTasks(journal)
        self.reorders = work.MemoryReorders(journal, lambda row: row.reorder_id)
        self.attempts = work.MemoryAttempts(journal, lambda row: row.attempt_id)
        self.contacts = people.MemoryContacts(journal, lambda row: row.contact_id)
        self.do_not_call = people.MemoryDoNotCall(MemoryTable(journal, lambda row: row[0]))
        self.registers = people.MemoryRegisters(
            MemoryTable(journal, lambda row: row.register), MemoryTable(journal, lambda row: row)
        )
        self.erasures = people.MemoryErasures(journal, lambda row: row.account_id)
        self.queues = people.MemoryQueues(journal, lambda row: row.queue_id)
        self.products = asked.MemoryProducts(journal, lambda row: row.sku)
        self.asked_orders = asked.MemoryAskedOrders(journal, lambda row: row.command_id)
        self.agents = people.MemoryAgents(journal, lambda row: row.agent_id)
        self.users = people.MemoryUsers(journal, lambda row: row.user_id)
        self.sessions = people.MemorySessions(journal, lambda row: row.token_hash)
        self.login_links = people.MemoryLoginLinks(journal, lambda row: row.token_hash)
        self.account_links = web.MemoryAccountLinks(journal, lambda row: row.link_id)
        self.account_log = MemoryAccountLog(MemoryTable(journal, lambda row: (row.partition, row.position)))
        self.kept_answers = web.MemoryKeptAnswers(journal, lambda row: row.key)
        self.suggestions = people.MemorySuggestions(MemoryTable(journal, lambda row: row[0]))
        self.showings = MemoryShowings(journal, lambda row: row.showing_id)
        self.reports = MemoryReports(self.tasks, self.attempts)
        entries = MemoryTable[int, AuditEntry](journal, lambda row: row.audit_id)
        messages = MemoryTable[int, tuple[OutboxMessage, datetime | None]](journal, lambda row: row[0].outbox_id)
        self.audit, self.outbox = keeping.MemoryAudit(entries), keeping.MemoryOutbox(messages)
        self.books = MemoryBooks(messages, entries)
        self.dead_letters = MemoryDeadLetters(MemoryTable(journal, lambda row: row.letter.letter_id))
        self.artefacts = keeping.MemoryArtefacts(
            MemoryTable(journal, str), MemoryTable(journal, str), MemoryTable(journal, lambda row: (row[0], ""))
        )
        self.clocks = keeping.MemoryClocks(MemoryTable(journal, lambda row: row.partition))
        self.offsets = keeping.MemoryOffsets(MemoryTable(journal, lambda _: ("", "", 0)))
        self.facts = keeping.MemoryFacts(MemoryTable(journal, str))

    def db_now(self) -> datetime:
        """What the clock that was given says."""
        return self._clock()

    def foresee_claim(self, agent_id: str) -> None:
        """All is near."""

    def foresee_accounts(self, account_ids: Iterable[str], task_ids: Iterable[str], since: datetime) -> None:
        """All is near."""

    def take_turns(self, keys: Iterable[str]) -> None:
        """One transaction at a time anyway."""

    def forgo_disk(self) -> None:
        """There is none."""

    def flush(self) -> None:
        """Nothing is held back."""


class MemoryStore:
    """Implements `outreach.ports.Store`; its clock stands in for the database's."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._lock = RLock()
        self._transaction = MemoryTransaction(clock)

    @contextmanager
    def begin(self) -> Generator[MemoryTransaction]:
        """One transaction at a time; an exception takes back what it changed."""
        with self._lock:
            try:
                yield self._transaction
            except BaseException:
                self._transaction.journal.roll_back()
                raise
            self._transaction.journal.commit()

    @contextmanager
    def read(self) -> Generator[MemoryTransaction]:
        """Whatever a reader changes is taken back."""
        with self._lock:
            try:
                yield self._transaction
            finally:
                self._transaction.journal.roll_back()
