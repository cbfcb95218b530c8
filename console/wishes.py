"""What an account asks for by itself: an event on the log, told once, that takes effect at the desk at once."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from console.context import Console
from console.customer import OFFERED
from console.customer_texts import WRONG
from console.links import Form, OpenLink
from outreach.access import KeptAnswer
from outreach.desk.numbers import normalised
from outreach.ports import Transaction
from outreach.records import AuditEntry
from outreach.task import WAITING, TaskState
from schemas.base import Fact
from schemas.decisions import TaskClass
from schemas.envelope import Event, encode
from schemas.errors import Refused, Unavailable
from schemas.events.accounts import (
    AccountChanged,
    Channel,
    ComplaintOpened,
    ConsentWithdrawn,
    ContactChanged,
    Purpose,
)
from schemas.ids import stable_hash

SOURCE = "/ringahead/self-service"
DONE = 1
BEFORE_CALL = WAITING | {TaskState.LEASED}
NUMBER = re.compile(r"\+?[0-9 ().-]{5,40}")


class BadWish(Exception):
    """A field that cannot be; the argument names the text that says so."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked: the fact for the log, what the desk does at once, and the word for the history."""

    name: str
    fact: Fact
    event: str
    at_once: Callable[[Transaction], None] = lambda _: None


def prefer(channel: str) -> Wish:
    """To be reached this way; raises BadWish."""
    if channel not in {str(one) for one in OFFERED}:
        raise BadWish("my.form_bad_channel")
    return Wish("channel", AccountChanged(preferred_channel=Channel(channel)), "chose_channel")


def stop(console: Console, link: OpenLink) -> Wish:
    """No more calls to sell: consent is withdrawn, every number blocked, what waits is cancelled."""

    def at_once(tx: Transaction) -> None:
        actor = actor_of(link)
        contacts = tx.contacts.of_accounts([link.account_id])
        for number in sorted({one.number for one in contacts if one.number and one.channel is Channel.PHONE}):
            console.desk.block_number(tx, number, actor)
        for task in tx.tasks.open_of([link.account_id]):
            if task.task_class is TaskClass.SELLING and task.state in BEFORE_CALL:
                console.desk.cancel(tx, task.task_id, actor, "asked_not_to_be_called")

    withdrawn = ConsentWithdrawn(purpose=Purpose.SELLING, channel=Channel.PHONE, source="self-service")
    return Wish("stop", withdrawn, "asked_not_to_be_called", at_once)


def correct(console: Console, link: OpenLink, contact_id: str, person: str, number: str, gone: bool) -> Wish:
    """Another name or number of a contact, or that it is no longer valid; raises BadWish."""
    with console.store.read() as tx:
        known = next((one for one in tx.contacts.of_accounts([link.account_id]) if one.contact_id == contact_id), None)
    if known is None:
        raise BadWish("my.form_no_contact")
    name, digits = person.strip(), number.strip()
    if not 1 <= len(name) <= 200 or not name.isprintable():
        raise BadWish("my.form_bad_person")
    if digits and not _is_number(digits):
        raise BadWish("my.form_bad_number")
    changed = replace(known, person=name, number=digits or known.number, valid=not gone)

    def at_once(tx: Transaction) -> None:
        console.desk.put_contacts(tx, [changed])

    fact = ContactChanged(contact_id=contact_id, channels=(known.channel,), valid=not gone)
    return Wish("contact", fact, "corrected_contact", at_once)


def tell_wrong(topic: str, form: Form) -> Wish:
    """That something held is wrong: a complaint, so that somebody looks and nobody sells meanwhile; raises BadWish."""
    if topic not in WRONG:
        raise BadWish("my.form_bad_topic")
    fact = ComplaintOpened(complaint_id=f"correction-{form.form_id}", category=f"correction_{topic}")
    return Wish("wrong", fact, "said_data_are_wrong")


def grant(console: Console, link: OpenLink, form: Form, wish: Wish) -> bool:
    """Do it, once a form. False: this form did it before. Raises Unavailable with nothing changed, and BadWish.

    The event comes first: its id is the form's, so that a second one of it is known as such by whoever folds the log.
    """
    key = stable_hash("wish", link.link_id, form.form_id, wish.name, size_bytes=16).hex()
    with console.store.read() as tx:
        if tx.kept_answers.get(key) is not None:
            return False
        at = _moment(console, tx)
    if console.accept_events is None:
        raise Unavailable("this process takes no events")
    event = Event(id=key, source=SOURCE, subject=link.account_id, time=at, fact=wish.fact)
    (outcome,) = console.accept_events([encode(event)])
    if outcome.outcome == "refused":
        raise Unavailable(f"the event was refused: {outcome.reason}")
    with console.store.begin() as tx:
        tx.take_turns([f"wish:{key}"])
        if tx.kept_answers.get(key) is not None:
            return False
        tx.kept_answers.put([KeptAnswer(key, "", tx.db_now(), DONE)])
        wish.at_once(tx)
        tx.audit.append([entry(link, at, wish.event)])
    return True


def entry(link: OpenLink, at: datetime, event: str) -> AuditEntry:
    """A line of the account's history; who did it is known by the link."""
    return AuditEntry(0, at, f"account:{link.account_id}", link.account_id, actor_of(link), event, None, None, 0)


def actor_of(link: OpenLink) -> str:
    """The account, by this link."""
    return f"customer:{link.link_id}"


def _moment(console: Console, tx: Transaction) -> datetime:
    now = console.now(tx)
    return now.moment if now else console.clock()


def _is_number(told: str) -> bool:
    try:
        return NUMBER.fullmatch(told) is not None and bool(normalised(told))
    except Refused:
        return False
