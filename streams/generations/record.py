"""Which generation of state is in force; kept in the database, in the transaction of the switch where there is one."""

from datetime import datetime

from outreach.ports import Transaction
from outreach.records import AuditEntry
from schemas.base import EARLIEST

FACT = "generation"
SWITCHING = "generation-switching"
SUBJECT = "desk:generation"
FIRST = 1


def in_force(tx: Transaction) -> int:
    """The generation that workers fold."""
    return int(tx.facts.get(FACT) or FIRST)


def is_switching(tx: Transaction) -> bool:
    """Whether a switch was begun and neither finished nor given up: nobody folds meanwhile."""
    return tx.facts.get(SWITCHING) == "on"


def set_switching(tx: Transaction, on: bool) -> None:
    """Begin or give up a switch."""
    tx.facts.put(SWITCHING, "on" if on else "off")


def switched(tx: Transaction, number: int, actor: str, at: datetime | None, detail: str) -> None:
    """This generation is in force from now on; with an entry in the audit."""
    before = in_force(tx)
    tx.facts.put(FACT, str(number))
    set_switching(tx, False)
    words = ("generation_switched", str(before), str(number))
    tx.audit.append([AuditEntry(0, at or EARLIEST, SUBJECT, None, actor, *words, 1, detail)])
