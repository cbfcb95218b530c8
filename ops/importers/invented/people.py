"""Accounts with trade and place, their contacts, consents and wishes not to be called."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ops.importers.invented import ORIGIN, chosen, event, invented, rng
from ops.importers.invented.numbers import Numbers
from ops.importers.invented.places import Place, place_of
from outreach.records import ContactPoint
from schemas.envelope import Event
from schemas.events.accounts import (
    AccountRegistered,
    Channel,
    ConsentGiven,
    ConsentWithdrawn,
    ContactChanged,
    Purpose,
)

TRADES = ("gift_shop", "online_shop", "florist", "garden_centre", "cafe", "museum_shop", "event_planner", "stationer")
TRADE_SHARES = (0.34, 0.18, 0.12, 0.1, 0.09, 0.07, 0.05, 0.05)
SECOND_CONTACT_SHARE = 0.15
WITHDRAWN_SHARE = 0.01
DO_NOT_CALL_SHARE = 0.005
REGISTERED_DAYS_BEFORE = 3

_FIRST = (
    "Ada",
    "Ben",
    "Carla",
    "Dev",
    "Elin",
    "Femi",
    "Grace",
    "Hugo",
    "Iris",
    "Jonas",
    "Kiran",
    "Lena",
    "Milo",
    "Nora",
)
_LAST = ("Abbot", "Brook", "Castell", "Dunmore", "Ellery", "Fairley", "Grange", "Holloway", "Ives", "Jessop", "Kestrel")


@dataclass(frozen=True, slots=True)
class People:
    """Accounts as events; persons and numbers apart from them, since they never enter the log."""

    events: list[Event]
    contacts: list[ContactPoint]
    do_not_call: list[tuple[str, datetime]]
    """Numbers on the internal list, and since when."""


def people(seed: int, countries: Mapping[str, str], first_orders: Mapping[str, datetime], until: datetime) -> People:
    """Invent people for accounts. ``countries`` and ``first_orders`` are by account id, from the real orders."""
    random = rng(seed, "people")
    numbers = Numbers(rng(seed, "numbers"))
    events: list[Event] = []
    contacts: list[ContactPoint] = []
    for account_id in sorted(first_orders):
        place = place_of(countries.get(account_id, ""), random)
        since = first_orders[account_id] - timedelta(days=REGISTERED_DAYS_BEFORE)
        its_contacts = _contacts(account_id, place, numbers, random)
        events.append(event(f"registered-{account_id}", account_id, since, _registered(place, random)))
        events.extend(_contact_events(its_contacts, since))
        contacts.extend(its_contacts)
    events.extend(_withdrawals(seed, first_orders, until))
    return People(events, contacts, _do_not_call(seed, contacts, first_orders, until))


def _registered(place: Place, random: np.random.Generator) -> AccountRegistered:
    trade = str(random.choice(TRADES, p=TRADE_SHARES))
    return invented(AccountRegistered, trade=trade, country=place.country, region=place.region, zone=place.zone)


def _contacts(account_id: str, place: Place, numbers: Numbers, random: np.random.Generator) -> list[ContactPoint]:
    count = 1 + int(random.random() < SECOND_CONTACT_SHARE)
    return [_contact(f"{account_id}-{rank}", account_id, rank, place, numbers, random) for rank in range(1, count + 1)]


def _contact(
    contact_id: str, account_id: str, rank: int, place: Place, numbers: Numbers, random: np.random.Generator
) -> ContactPoint:
    """A person with a number that cannot ring; where no such number exists, one who can only be written to."""
    number = numbers.next(place.country)
    return ContactPoint(
        contact_id=contact_id,
        account_id=account_id,
        person=f"{random.choice(_FIRST)} {random.choice(_LAST)}",
        number=number,
        channel=Channel.PHONE if number else Channel.MAIL,
        zone=place.zone,
        rank=rank,
        origin=ORIGIN,
    )


def _contact_events(contacts: list[ContactPoint], since: datetime) -> Iterator[Event]:
    for contact in contacts:
        changed = invented(
            ContactChanged, contact_id=contact.contact_id, channels=(contact.channel,), zone=contact.zone
        )
        yield event(f"contact-{contact.contact_id}", contact.account_id, since, changed)
    first = contacts[0]
    for purpose in Purpose:
        given = invented(
            ConsentGiven,
            purpose=purpose,
            channel=first.channel,
            contact_id=first.contact_id,
            source="order_form",
        )
        yield event(f"consent-{purpose}-{first.account_id}", first.account_id, since, given)


def _withdrawals(seed: int, first_orders: Mapping[str, datetime], until: datetime) -> Iterator[Event]:
    """A few accounts withdraw consent to selling calls at some time after their first order."""
    random = rng(seed, "withdrawn")
    for account_id in chosen(random, first_orders, WITHDRAWN_SHARE):
        withdrawn = invented(ConsentWithdrawn, purpose=Purpose.SELLING, channel=Channel.PHONE, source="web_form")
        time = _between(first_orders[account_id], until, random)
        yield event(f"withdrawn-{account_id}", account_id, time, withdrawn)


def _do_not_call(
    seed: int, contacts: list[ContactPoint], first_orders: Mapping[str, datetime], until: datetime
) -> list[tuple[str, datetime]]:
    random = rng(seed, "do-not-call")
    accounts = {contact.number: contact.account_id for contact in contacts if contact.number}
    listed = chosen(random, accounts, DO_NOT_CALL_SHARE)
    return [(number, _between(first_orders[accounts[number]], until, random)) for number in listed]


def _between(start: datetime, end: datetime, random: np.random.Generator) -> datetime:
    seconds = max((end - start).total_seconds(), 0.0) * float(random.random())
    return (start + timedelta(seconds=seconds)).replace(microsecond=0)
