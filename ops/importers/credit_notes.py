"""Which order a credit note undoes: the latest order of the account that it fits, wholly or in part."""

from collections.abc import Iterator
from dataclasses import dataclass, field

Quantities = dict[str, int]
"""Units by SKU."""


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a credit note; quantities are positive in both."""

    number: str
    account_id: str
    quantities: Quantities


@dataclass(slots=True)
class _Open:
    """An order and what of it has not been undone yet."""

    order: Document
    remaining: Quantities
    touched: bool = False


@dataclass(slots=True)
class OrderBook:
    """The orders of every account so far. Feed documents in the order of their times."""

    _orders: dict[str, list[_Open]] = field(default_factory=dict)

    def add(self, order: Document) -> None:
        """Remember an order."""
        self._orders.setdefault(order.account_id, []).append(_Open(order, dict(order.quantities)))

    def undo(self, note: Document) -> tuple[str | None, bool]:
        """(order that the credit note belongs to, whether it undoes the whole of it); (None, False) if unknown.

        A whole order is undone when the note has the same SKUs in the same quantities and no earlier note touched it.
        """
        found = self._whole(note) or self._part(note)
        if found is None:
            return None, False
        whole = not found.touched and found.remaining == note.quantities
        for sku, quantity in note.quantities.items():
            found.remaining[sku] -= quantity
        found.touched = True
        return found.order.number, whole

    def _latest_first(self, account_id: str) -> Iterator[_Open]:
        return reversed(self._orders.get(account_id, []))

    def _whole(self, note: Document) -> _Open | None:
        orders = self._latest_first(note.account_id)
        return next((order for order in orders if not order.touched and order.remaining == note.quantities), None)

    def _part(self, note: Document) -> _Open | None:
        wanted = note.quantities.items()
        orders = self._latest_first(note.account_id)
        return next((order for order in orders if all(order.remaining.get(sku, 0) >= n for sku, n in wanted)), None)
