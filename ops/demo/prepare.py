"""What the demo plays: the wholesaler's real orders, and around them what a seed invents."""

from dataclasses import dataclass
from datetime import datetime

from ops.embedded.installation import Opened
from ops.importers import online_retail
from ops.importers.generator import Generated, generate, in_order
from ops.importers.report import Report
from schemas.envelope import Event


@dataclass(frozen=True, slots=True)
class Script:
    """Events by time, contacts beside them, and what was left out of the file."""

    events: list[Event]
    generated: Generated
    report: Report


def script() -> Script:
    """Read the shipped file and invent what it lacks; always the same."""
    lines = online_retail.read()
    imported = online_retail.convert(lines)
    invented = generate(imported.events, lines)
    return Script(list(in_order(invented.events, imported.events)), invented, imported.report)


def put_people(opened: Opened, generated: Generated, copied_at: datetime) -> None:
    """Contacts and do-not-call numbers go into the database, never into the log; so do copies of the registers.

    The numbers are fictitious, hence the copies are empty.
    """
    with opened.store.begin() as tx:
        for register in sorted({rule.register_name for rule in opened.desk.rules.book.registers}):
            opened.desk.load_register(tx, register, (), copied_at, "generated")
        opened.desk.put_contacts(tx, generated.contacts)
        for number, at in generated.do_not_call:
            tx.do_not_call.add(number, at, "generated")
