"""Anybody's orders: a file of canonical order lines into OrderPlaced events."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from math import isfinite
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd
from pydantic import TypeAdapter, ValidationError

from ops.importers.report import Imported, Report
from ops.orders_file import LATEST, OrderLines, read_order_lines
from schemas.base import CurrencyCode, Identifier, UtcTime
from schemas.envelope import Event
from schemas.errors import BadFile, BadInput
from schemas.events.orders import OrderLine, OrderPlaced

SOURCE: Final = "urn:ringahead:import:orders"
ORDERED: Final = "ordered"
REFUSED: Final = "not_accepted"
"""A value that the event's schema refuses: an id with control characters, a year before 1990, too large a quantity."""

_ID: TypeAdapter[str] = TypeAdapter(Identifier)
_TIME: TypeAdapter[datetime] = TypeAdapter(UtcTime)
_CURRENCY: TypeAdapter[str] = TypeAdapter(CurrencyCode)


def read_orders(path: Path, currency: str | None = None) -> Imported:
    """Events of a file (columns of ops/orders_file.py). Raises BadFile where not one line can be used.

    Lines of one account with one order id are one order, at its first line's time. ``currency``: of all prices, ISO
    4217; None: the installation's own. Importing a file twice is harmless: events are named after their orders.
    """
    _check_currency(currency)
    lines = read_order_lines(path, LATEST)
    orders = _Orders(currency)
    events = list(orders.events(lines.frame))
    if not events:
        raise BadFile(f"{path}: no line can be used ({REFUSED}: {orders.refused}); check ids, dates and quantities")
    return Imported(events, _report(path, lines, orders.refused))


def _check_currency(currency: str | None) -> None:
    try:
        if currency is not None:
            _CURRENCY.validate_python(currency)
    except ValidationError:
        raise BadInput(f"{currency!r} is no currency; write its three ISO 4217 letters, e.g. EUR") from None


def _report(path: Path, lines: OrderLines, refused: int) -> Report:
    left_out = Counter(lines.left_out)
    if refused:
        left_out[REFUSED] += refused
    return Report(str(path), lines.read, {ORDERED: len(lines.frame) - refused}, dict(left_out))


class _Row(NamedTuple):
    account_id: str
    order_id: str
    ordered_at: pd.Timestamp
    sku: str
    quantity: float
    unit_price: float


@dataclass(slots=True)
class _Orders:
    """Rows into events, counting the lines that the schema refuses."""

    currency: str | None
    refused: int = 0

    def events(self, frame: pd.DataFrame) -> Iterator[Event]:
        keys = ["account_id", "order_id"]
        at = frame.groupby(keys, sort=False)["ordered_at"].transform("min")
        rows = frame.assign(ordered_at=at).sort_values(["ordered_at", *keys], kind="stable")
        each = (_Row(*row) for row in rows[list(_Row._fields)].itertuples(index=False, name=None))
        for _, order in groupby(each, key=lambda row: (row.ordered_at, row.account_id, row.order_id)):
            if event := self._event(list(order)):
                yield event

    def _event(self, rows: list[_Row]) -> Event | None:
        lines = tuple(line for row in rows if (line := self._line(row)) is not None)
        first = rows[0]
        try:
            account_id = _ID.validate_python(first.account_id)
            time = _TIME.validate_python(first.ordered_at.to_pydatetime().replace(tzinfo=UTC))
            fact = OrderPlaced(order_id=first.order_id, lines=lines, currency=self.currency)
        except ValidationError:
            self.refused += len(lines)
            return None
        return Event(first.order_id, SOURCE, account_id, time, fact)

    def _line(self, row: _Row) -> OrderLine | None:
        price = Decimal(str(row.unit_price)) if isfinite(row.unit_price) and row.unit_price >= 0 else None
        try:
            return OrderLine(sku=row.sku, quantity=Decimal(str(row.quantity)), unit_price=price)
        except ValidationError:
            self.refused += 1
            return None
