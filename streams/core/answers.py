"""The ERP's answers to orders that an agent asked it to book, for the agent's page."""

from decimal import Decimal

from schemas.envelope import Event
from schemas.events.orders import OrderPlaced, OrderRefused
from schemas.needs import OrderAnswered
from streams.core.context import Folding


def placed(folding: Folding, event: Event, fact: OrderPlaced) -> None:
    """An order that names the command it answers was booked."""
    del event
    if fact.command_id is None:
        return
    prices = [line.unit_price for line in fact.lines]
    total = sum((line.quantity * line.unit_price for line in fact.lines if line.unit_price is not None), Decimal(0))
    folding.effects.append(
        OrderAnswered(
            account_id=folding.account.account_id,
            account_version=folding.account.version,
            at=folding.at,
            place=folding.place,
            command_id=fact.command_id,
            accepted=True,
            order_id=fact.order_id,
            promised_at=fact.promised_at,
            total=None if None in prices else float(total),
            currency=fact.currency,
        )
    )


def refused(folding: Folding, event: Event, fact: OrderRefused) -> None:
    """The ERP does not book it: the agent hears so, and nothing else changes."""
    del event
    folding.effects.append(
        OrderAnswered(
            account_id=folding.account.account_id,
            account_version=folding.account.version,
            at=folding.at,
            place=folding.place,
            command_id=fact.command_id,
            accepted=False,
            cause=fact.cause,
        )
    )
