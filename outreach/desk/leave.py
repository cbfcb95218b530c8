"""By whose leave somebody is called: consents and official registers, by the rules of the called party's place.

A register that a rule asks for and of which there is no copy, or only one that is too old, counts as if every number
stood on it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.calling.book import RegisterRule, in_force
from outreach.desk.context import Context
from outreach.hours import CalledParty
from outreach.ports import Transaction
from outreach.records import ContactPoint, RegisterCopy
from schemas.decisions import TaskClass
from schemas.events.accounts import Channel, Purpose
from schemas.needs import AccountStanding


@dataclass(frozen=True, slots=True)
class Listed:
    """What the registers say of some numbers."""

    copies: Mapping[str, RegisterCopy]
    numbers: frozenset[tuple[str, str]]
    """(number, register)."""


NOBODY = Listed({}, frozenset())


def read_registers(tx: Transaction, numbers: Iterable[str]) -> Listed:
    """Two statements for any number of numbers."""
    copies = {copy.register: copy for copy in tx.registers.copies()}
    return Listed(copies, frozenset(tx.registers.listed(numbers)) if copies else frozenset())


def consent_lacks(
    context: Context, party: CalledParty, standing: AccountStanding | None, task_class: TaskClass, now: datetime
) -> tuple[str, ...]:
    """Ids of the rules that ask for a consent which is not there; phone calls alone."""
    purpose, channel = Purpose(task_class.value), Channel.PHONE
    withdrawn = standing is not None and (purpose, channel) in standing.withdrawn
    given = standing is not None and (purpose, channel) in standing.given
    lacking = {"given": withdrawn or not given, "not_withdrawn": withdrawn}
    return tuple(
        rule.id
        for rule in in_force(context.rules.book.consent, party, now.date())
        if purpose in rule.purposes and channel in rule.channels and lacking[rule.needs]
    )


def registers_forbid(
    context: Context,
    party: CalledParty,
    standing: AccountStanding | None,
    task_class: TaskClass,
    contact: ContactPoint,
    listed: Listed,
    now: datetime,
) -> tuple[str, ...]:
    """Ids of the rules whose register forbids the number, or whose copy is missing or too old."""
    if not context.rules.registers_required:
        return ()
    purpose = Purpose(task_class.value)
    return tuple(
        rule.id
        for rule in in_force(context.rules.book.registers, party, now.date())
        if purpose in rule.purposes
        and not _is_spared(rule, standing, purpose, now)
        and (_is_missing(rule, listed.copies, now) or (contact.number, rule.register_name) in listed.numbers)
    )


def _is_spared(rule: RegisterRule, standing: AccountStanding | None, purpose: Purpose, now: datetime) -> bool:
    if standing is None:
        return False
    if rule.spared_by_consent and (purpose, Channel.PHONE) in standing.given:
        return True
    days, ordered = rule.spared_after_order_days, standing.last_order_at
    return days is not None and ordered is not None and ordered > now - timedelta(days=days)


def _is_missing(rule: RegisterRule, copies: Mapping[str, RegisterCopy], now: datetime) -> bool:
    copy = copies.get(rule.register_name)
    return copy is None or now - copy.copied_at > timedelta(days=rule.max_age_days)
