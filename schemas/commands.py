"""Intents, imperative: what we ask of others, on ``ringahead.commands``. Each carries a key, so that twice is once."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Amount, Code, CurrencyCode, Identifier, Message, Quantity, Sku, UtcTime


class CommandLine(Message):
    """One product of an order that we ask for."""

    sku: Sku
    quantity: Quantity
    unit: Code = "each"
    unit_price: Amount | None = None


class PlaceOrder(Message):
    """Ask the ERP to book an order; its answer is an OrderPlaced with this command id."""

    command: Literal["place_order"] = "place_order"
    command_id: Identifier
    """Idempotency key."""
    account_id: Identifier
    task_id: Identifier | None = None
    lines: tuple[CommandLine, ...] = Field(min_length=1)
    currency: CurrencyCode
    requested_at: UtcTime


class SendReorder(Message):
    """Hand an approved reorder proposal to the ERP."""

    command: Literal["send_reorder"] = "send_reorder"
    command_id: Identifier
    account_id: Identifier
    reorder_id: Identifier
    lines: tuple[CommandLine, ...] = Field(min_length=1)
    requested_at: UtcTime


Command = Annotated[PlaceOrder | SendReorder, Field(discriminator="command")]
COMMAND_TYPES: tuple[type[PlaceOrder | SendReorder], ...] = (PlaceOrder, SendReorder)
