"""The order of a customer on the phone: prefilled with what is usual, handed to the ERP's queue, once for each key.

Another quantity than was proposed needs a reason, and so does "not needed": 0 with a reason. Both are learnt from.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, Field

from console.acting import act
from console.context import Console, Me, Services
from console.notices import Notice
from console.pages.agent import desk_page
from console.texts import text
from outreach.ports import Transaction
from schemas.commands import CommandLine
from schemas.errors import BadInput
from schemas.events.ours import OverrideReason

LONGEST_ORDER = 200


class Order(BaseModel):
    """Products, quantities and reasons, side by side; nothing or 0 leaves a product out."""

    model_config = ConfigDict(extra="forbid")
    token: str = Field(max_length=200)
    key: str = Field(min_length=8, max_length=64)
    sku: list[str] = Field(max_length=LONGEST_ORDER)
    quantity: list[str] = Field(max_length=LONGEST_ORDER)
    need_id: list[str] = Field(default_factory=list, max_length=LONGEST_ORDER)
    reason: list[str] = Field(default_factory=list, max_length=LONGEST_ORDER)


def mount(app: FastAPI) -> None:
    """Add the route."""
    app.add_api_route("/agent/tasks/{task_id}/order", place_order, methods=["POST"], include_in_schema=False)


def place_order(console: Services, me: Me, task_id: str, sent: Annotated[Order, Form()]) -> HTMLResponse:
    """Ask the ERP to book it, and note what is not needed. Its answer shows when its order event arrives."""

    def work(tx: Transaction) -> tuple[Notice, ...]:
        reasons = reasons_of(sent.sku, sent.reason)
        lines = priced(tx, lines_of(sent.sku, sent.quantity))
        unwanted = _unwanted(sent, reasons)
        if not lines and not unwanted:
            raise BadInput("say how much of at least one product")
        notices = []
        if lines:
            notices.append(_place(console, tx, task_id, sent, lines, reasons))
        for sku, need_id in unwanted:
            console.desk.not_needed(tx, task_id, sent.token, need_id, reasons[sku], tx.db_now())
        if unwanted:
            told = ", ".join(sku for sku, _ in unwanted)
            notices.append(Notice("ok", text("order.not_needed_title"), text("order.not_needed_text", lines=told)))
        return tuple(notices)

    notices = act(console, work)
    with console.store.read() as tx:
        return desk_page(console, tx, me, notices)


def lines_of(skus: list[str], quantities: list[str]) -> list[CommandLine]:
    """The lines with a quantity; raises BadInput for one that is no number."""
    if len(skus) != len(quantities):
        raise BadInput("each product needs its quantity")
    try:
        wanted = [(sku, Decimal(given.strip() or "0")) for sku, given in zip(skus, quantities, strict=True)]
        return [CommandLine(sku=sku, quantity=quantity) for sku, quantity in wanted if quantity != 0]
    except (ArithmeticError, ValueError) as error:
        raise BadInput("a quantity is a positive number") from error


def reasons_of(skus: Sequence[str], reasons: Sequence[str]) -> dict[str, OverrideReason]:
    """Reasons by product; raises BadInput for one that is not in the list. Products beyond the needs have none."""
    if len(reasons) > len(skus):
        raise BadInput("each reason needs its product")
    try:
        return {sku: OverrideReason(said) for sku, said in zip(skus, reasons, strict=False) if said}
    except ValueError as error:
        raise BadInput("the reason is not in the list") from error


def priced(tx: Transaction, lines: Sequence[CommandLine]) -> list[CommandLine]:
    """With the list price that the agent was shown."""
    prices = {one.sku: one.unit_price for one in tx.products.many(line.sku for line in lines)}
    return [
        line if prices.get(line.sku) is None else line.model_copy(update={"unit_price": Decimal(prices[line.sku] or 0)})
        for line in lines
    ]


def _place(
    console: Console,
    tx: Transaction,
    task_id: str,
    sent: Order,
    lines: Sequence[CommandLine],
    reasons: Mapping[str, OverrideReason],
) -> Notice:
    currency = console.settings.reporting_currency
    console.desk.place_order(tx, task_id, sent.token, sent.key, lines, currency, tx.db_now(), reasons)
    told = ", ".join(f"{line.quantity:f} × {line.sku}" for line in lines)
    return Notice("ok", text("order.sent_title"), text("order.sent_text", lines=told))


def _unwanted(sent: Order, reasons: Mapping[str, OverrideReason]) -> list[tuple[str, str]]:
    """(product, need) of the lines that are not needed: no quantity, and a reason."""
    given = zip(sent.sku, sent.quantity, sent.need_id, strict=False)
    return [(sku, need_id) for sku, quantity, need_id in given if not _positive(quantity) and sku in reasons]


def _positive(quantity: str) -> bool:
    return Decimal(quantity.strip() or "0") != 0
