"""What the order dialog and the list of asked orders show: plain values for the template."""

from dataclasses import dataclass

from console.texts import named, plain, text
from console.words import OVERRIDES
from outreach.desk import TaskCard
from outreach.desk.ordering import LINES
from outreach.desk.results import Offer
from outreach.hours import known_zone
from outreach.records import AnswerState, AskedOrder

REASONS: tuple[tuple[str, str], ...] = tuple((str(reason), words) for reason, words in OVERRIDES.items())


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of the dialog."""

    sku: str
    name: str
    need_id: str
    quantity: str
    facts: str
    """Price, availability and day, in one sentence."""
    available: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """An order that the ERP was asked for."""

    tone: str
    sentence: str
    more: str


def order_lines(card: TaskCard, currency: str) -> tuple[OrderLine, ...]:
    """The needed products as they are offered."""
    return tuple(
        OrderLine(
            sku=offer.sku,
            name=named(offer.name),
            need_id=offer.need_id,
            quantity=f"{offer.suggested_units:.6g}" if offer.suggested_units > 0 else "",
            facts=_facts(offer, currency),
            available=offer.available is not False,
        )
        for offer in card.offers
    )


def asked_orders(card: TaskCard) -> tuple[Asked, ...]:
    """What was asked in this task, newest first, with the answers."""
    zone = card.contact.zone if card.contact and card.contact.zone else card.standing.zone if card.standing else None
    return tuple(_asked(order, zone) for order in card.orders)


def _facts(offer: Offer, currency: str) -> str:
    price = text("order.price_unknown")
    if offer.unit_price is not None:
        price = text("order.price", price=offer.unit_price, currency=offer.currency or currency)
    had = {True: text("order.available"), False: text("order.not_available"), None: text("order.available_unknown")}
    parts = [price, had[offer.available]]
    if offer.promised_on is not None and offer.available is not False:
        parts.append(text("order.promised", day=f"{offer.promised_on:%a %d %b}"))
    return " · ".join(parts)


def _asked(order: AskedOrder, zone: str | None) -> Asked:
    lines = ", ".join(f"{line.quantity:f} × {line.sku}" for line in LINES.validate_json(order.lines_json))
    more = []
    if order.total is not None:
        more.append(text("order.answer_total", total=order.total, currency=order.currency))
    if order.promised_at is not None:
        there = order.promised_at.astimezone(known_zone(zone))
        more.append(text("order.answer_promised", day=f"{there:%a %d %b}"))
    why = plain(order.reason or "other")
    sentences = {
        AnswerState.ASKED: ("warn", text("order.state_asked", lines=lines)),
        AnswerState.ACCEPTED: ("ok", text("order.state_accepted", order_id=order.order_id, lines=lines)),
        AnswerState.REFUSED: (
            "danger",
            text("order.state_refused", reason=why, lines=lines),
        ),
    }
    tone, sentence = sentences[order.state]
    return Asked(tone, sentence, " · ".join(more))
