"""What an agent may say of the products that are needed: price, availability, the day on which they can arrive."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from outreach.calling.places import CalledParty, known_zone
from outreach.calling.windows import day_of
from outreach.desk.context import Context
from outreach.desk.results import Offer
from outreach.ports import Transaction
from outreach.records import Need, ProductCard

_SATURDAY = 5
_TINY = 1e-9


def offers(context: Context, lines: Sequence[Need], party: CalledParty) -> tuple[Offer, ...]:
    """What may be ordered for each open need that is about a product."""
    cards = product_cards(context.tx, lines)
    return tuple(_offer(context, need, cards.get(need.group), party) for need in lines if is_product(need))


def promised_on(party: CalledParty, context: Context, lead_time_days: float | None) -> date | None:
    """The first working day on which the goods can arrive, by the lead time alone; None where that is not known."""
    zone = known_zone(party.zone)
    if lead_time_days is None or context.now is None or zone is None:
        return None
    day = context.now.astimezone(zone).date() + timedelta(days=math.ceil(lead_time_days))
    while day.weekday() >= _SATURDAY or day_of(context.rules.book, party, day).holiday_by is not None:
        day += timedelta(days=1)
    return day


def _offer(context: Context, need: Need, card: ProductCard | None, party: CalledParty) -> Offer:
    evidence = need.evidence
    lead = card.lead_time_days if card is not None and card.lead_time_days is not None else None
    if lead is None and evidence is not None:
        lead = evidence.lead_time_days
    return Offer(
        need_id=need.need_id,
        sku=need.group if card is None else card.sku,
        name=(card.name if card is not None else "") or need.group_name or need.group,
        suggested_units=need.quantity_units if card is None else units_of(card, need.quantity_units),
        unit_price=None if card is None else card.unit_price,
        currency=None if card is None else card.currency,
        available=None if card is None else card.available,
        promised_on=promised_on(party, context, lead),
    )


def product_cards(tx: Transaction, lines: Sequence[Need]) -> dict[str, ProductCard]:
    """One product for each group: the one that the group is named after, else the first that can be had."""
    return cards_of_groups(tx, {need.group for need in lines if is_product(need)})


def cards_of_groups(tx: Transaction, groups: Iterable[str]) -> dict[str, ProductCard]:
    """The same for groups; one that no product belongs to is missing."""
    wanted = sorted(groups)
    chosen: dict[str, ProductCard] = {}
    for card in tx.products.of_groups(wanted) if wanted else ():
        best = chosen.get(card.group)
        if best is None or card.sku == card.group or (best.sku != best.group and card.available > best.available):
            chosen[card.group] = card
    return chosen


def units_of(card: ProductCard, group_units: float) -> float:
    """So many of the product as hold these units of its group; whole ones where one is not one."""
    if card.unit_factor == 1:
        return group_units
    return float(math.ceil(group_units / card.unit_factor - _TINY))


def is_product(need: Need) -> bool:
    """Whether the need is about a product, and not about the account or something that went wrong."""
    return not need.group.startswith("*")
