"""Facts about orders, as the ERP tells them."""

from pydantic import Field

from schemas.base import Amount, Code, CurrencyCode, Fact, Identifier, Quantity, Sku, UtcTime


class OrderLine(Fact):
    """One product of an order."""

    sku: Sku
    quantity: Quantity
    unit: Code = "each"
    unit_price: Amount | None = None
    """Price of one unit in the order's currency, net; None when the ERP does not say."""


class OrderPlaced(Fact):
    """An account ordered. Its time is when it was placed, never when it was delivered."""

    order_id: Identifier
    lines: tuple[OrderLine, ...] = Field(min_length=1, max_length=10_000)
    currency: CurrencyCode | None = None
    """None: the installation's reporting currency."""
    command_id: Identifier | None = None
    """The PlaceOrder command that this order answers, if any."""
    promised_at: UtcTime | None = None
    """By when it was to arrive. Say it where OrderShipped or OrderDelivered is told too: silence is a late delivery."""


class OrderRefused(Fact):
    """The ERP does not book an order that it was asked for; the account's own orders are not touched."""

    command_id: Identifier
    """The PlaceOrder command that it answers."""
    cause: Code | None = None
    """Why: ``out_of_stock``, ``credit``, ``unknown_sku`` ..."""
    skus: tuple[Sku, ...] = ()
    """Products that could not be booked; none named: all."""


class OrderChanged(Fact):
    """The order now has exactly these lines."""

    order_id: Identifier
    lines: tuple[OrderLine, ...] = Field(min_length=1, max_length=10_000)
    currency: CurrencyCode | None = None
    promised_at: UtcTime | None = None
    """By when it is to arrive now; None: unchanged."""


class OrderCancelled(Fact):
    """The whole order will not be delivered."""

    order_id: Identifier
    cause: Code | None = None


class OrderShipped(Fact):
    """The order left; with lines it is a partial shipment."""

    order_id: Identifier
    lines: tuple[OrderLine, ...] = ()
    expected_at: UtcTime | None = None
    """When it is to arrive: takes the place of what was promised."""


class OrderDelivered(Fact):
    """The goods arrived; with lines it is a partial delivery. A metered asset's stock rises now."""

    order_id: Identifier
    lines: tuple[OrderLine, ...] = ()


class OrderReturned(Fact):
    """Goods came back, or were credited. Without an order id the most recent orders of the product are meant."""

    order_id: Identifier | None = None
    lines: tuple[OrderLine, ...] = Field(min_length=1, max_length=10_000)
    credit_note_id: Identifier | None = None
    currency: CurrencyCode | None = None
