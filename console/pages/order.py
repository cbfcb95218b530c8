"""The order of a customer on the phone: prefilled with what is usual, handed to the ERP's queue, once for each key."""

from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.acting import act
from console.context import Me, Services
from console.notices import Notice
from console.pages.agent import desk_page
from console.texts import text
from outreach.ports import Transaction
from schemas.commands import CommandLine
from schemas.errors import BadInput

LONGEST_ORDER = 200


class Order(BaseModel):
    """Products and quantities, side by side; nothing or 0 leaves a product out."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(max_length=200)
    key: str = Field(min_length=8, max_length=64)
    sku: list[str] = Field(max_length=LONGEST_ORDER)
    quantity: list[str] = Field(max_length=LONGEST_ORDER)


def mount(app: FastAPI) -> None:
    """Add the route."""
    app.add_api_route("/agent/tasks/{task_id}/order", place_order, methods=["POST"], include_in_schema=False)


def place_order(console: Services, me: Me, task_id: str, sent: Annotated[Order, Form()]) -> HTMLResponse:
    """Ask the ERP to book it. Whether it does shows when its order event arrives."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        lines = lines_of(sent.sku, sent.quantity)
        currency = console.settings.reporting_currency
        console.desk.place_order(tx, task_id, sent.token, sent.key, lines, currency, tx.db_now())
        told = ", ".join(f"{line.quantity:f} × {line.sku}" for line in lines)
        return (Notice("ok", text("order.sent_title"), text("order.sent_text", lines=told)),)

    notices = act(console, work)
    with console.store.read() as tx:
        return desk_page(console, tx, me, notices)


def lines_of(skus: list[str], quantities: list[str]) -> list[CommandLine]:
    """The lines with a quantity; raises BadInput when there is none, or one that is no number."""
    if len(skus) != len(quantities):
        raise BadInput("each product needs its quantity")
    try:
        wanted = [(sku, Decimal(given.strip() or "0")) for sku, given in zip(skus, quantities, strict=True)]
        lines = [CommandLine(sku=sku, quantity=quantity) for sku, quantity in wanted if quantity != 0]
    except (ArithmeticError, ValueError) as error:
        raise BadInput("a quantity is a positive number") from error
    if not lines:
        raise BadInput("say how much of at least one product")
    return lines
