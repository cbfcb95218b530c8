"""Events from bytes at the speed of msgspec, where they are written as we write them; others as before.

The envelope is read into a typed struct, and so are the facts that have order lines: these are most of a log. Whatever
is not in the plain form (unknown fields, escapes, numbers instead of strings, other spellings of a time) is decoded by
``schemas.envelope.decode``, which alone says what a bad event is: the fast path never refuses. A property test holds
both against each other.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from pydantic import TypeAdapter
from pydantic_core import from_json

from schemas.base import Amount, CurrencyCode, Fact, Quantity, put_together
from schemas.envelope import Event, decode, trace_of
from schemas.events import CATALOGUE, TYPE_OF
from schemas.events.orders import (
    OrderCancelled,
    OrderChanged,
    OrderDelivered,
    OrderLine,
    OrderPlaced,
    OrderReturned,
    OrderShipped,
)

_Id = Annotated[str, Meta(min_length=1, max_length=200)]
_Code = Annotated[str, Meta(min_length=1, max_length=64)]
_MaybeId = _Id | UnsetType | None
_MaybeText = str | UnsetType | None


class _Envelope(Struct, forbid_unknown_fields=True, gc=False):
    specversion: str
    id: _Id
    source: _Id
    type: str
    subject: _Id
    time: str
    datacontenttype: str = "application/json"
    dataschema: str | None = None
    data: Raw = Raw(b"{}")
    traceparent: str | None = None


class _Line(Struct, forbid_unknown_fields=True, gc=False):
    sku: _Id
    quantity: str
    unit: _Code | UnsetType = UNSET
    unit_price: _MaybeText = UNSET


_Lines = Annotated[list[_Line], Meta(max_length=10_000)]


class _Order(Struct, forbid_unknown_fields=True, gc=False):
    """The fields of every fact that has order lines; which are allowed in which is asked of the fact's own type."""

    order_id: _MaybeId = UNSET
    lines: _Lines | UnsetType = UNSET
    currency: _MaybeText = UNSET
    command_id: _MaybeId = UNSET
    promised_at: _MaybeText = UNSET
    expected_at: _MaybeText = UNSET
    cause: _Code | UnsetType | None = UNSET
    credit_note_id: _MaybeId = UNSET


_ORDER_FACTS: tuple[type[Fact], ...] = (
    OrderPlaced,
    OrderChanged,
    OrderCancelled,
    OrderShipped,
    OrderDelivered,
    OrderReturned,
)
_WITH_LINES: tuple[type[Fact], ...] = (*_ORDER_FACTS, OrderLine)
_TYPED: dict[str, type[Fact]] = {TYPE_OF[fact]: fact for fact in _ORDER_FACTS}
_FIELDS: tuple[str, ...] = _Order.__struct_fields__
_DEFAULTS: dict[type[Fact], dict[str, Any]] = {
    fact: {name: field.get_default() for name, field in fact.model_fields.items()} for fact in _WITH_LINES
}
_REQUIRED: dict[type[Fact], frozenset[str]] = {
    fact: frozenset(name for name, field in fact.model_fields.items() if field.is_required()) for fact in _DEFAULTS
}
_NULLABLE: dict[type[Fact], frozenset[str]] = {
    fact: frozenset(name for name, field in fact.model_fields.items() if field.default is None) for fact in _DEFAULTS
}
_BARE = _DEFAULTS[OrderPlaced]
_MANY_LINES = frozenset({OrderPlaced, OrderChanged, OrderReturned})
"""Facts that are nothing without a line."""
_PLAIN_TIMES = frozenset({20, 27})
"""Length of ``2026-01-05T00:00:00Z``, without or with six digits of a second."""
_CACHED, _CACHED_LENGTH = 20_000, 32
"""Words, and characters of each; a longer one is nobody's price and somebody's megabyte."""

_ENVELOPE = msgspec.json.Decoder(_Envelope)
_ORDER = msgspec.json.Decoder(_Order)


class _Memo(dict[str, Any]):
    """What a word means, by its own validator; the words of quantities, prices and currencies are few."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self._read = TypeAdapter(kind).validate_python

    def __missing__(self, word: str) -> Any:
        if len(word) > _CACHED_LENGTH:
            return self._read(word)
        if len(self) >= _CACHED:
            self.clear()
        found = self[word] = self._read(word)
        return found


_QUANTITIES: dict[str, Decimal] = _Memo(Quantity)
_PRICES: dict[str, Decimal] = _Memo(Amount)
_CURRENCIES: dict[str, str] = _Memo(CurrencyCode)


class _Unusual(Exception):
    """Not in the plain form: the slow path decides."""


def read(raw: bytes) -> Event:
    """The event of structured-mode JSON, equal to what ``schemas.envelope.decode`` gives; raises the same BadEvent."""
    if b"\\" in raw or b"\x7f" in raw:  # without either no string holds a control character
        return decode(raw)
    if raw.count(b'"data"') > 1:  # told twice, the last one counts; but what the first holds must be JSON, too
        return decode(raw)
    try:
        return _plain(raw)
    except (_Unusual, KeyError, ValueError, RecursionError):  # msgspec's and pydantic's own errors are ValueErrors
        return decode(raw)


def _plain(raw: bytes) -> Event:
    told = _ENVELOPE.decode(raw)
    if told.specversion != "1.0" or told.datacontenttype != "application/json":
        raise _Unusual
    at, trace = _time(told.time), None if told.traceparent is None else trace_of(told.traceparent)
    fact_type = _TYPED.get(told.type)
    if fact_type is not None:
        return Event(told.id, told.source, told.subject, at, _order(fact_type, _ORDER.decode(told.data)), trace)
    (data,) = from_json(b"[%b]" % told.data, allow_inf_nan=False)  # as deep as it lies in the envelope
    if type(data) is not dict:
        raise _Unusual
    return Event(told.id, told.source, told.subject, at, CATALOGUE[told.type].model_validate(data), trace)


def _time(text: str) -> datetime:
    """A time of the years in which orders are placed."""
    if len(text) not in _PLAIN_TIMES or text[-1] != "Z" or not "1990" <= text < "2100":
        raise _Unusual
    return msgspec.convert(text, datetime)


def _order(fact_type: type[Fact], told: _Order) -> Fact:
    if fact_type is OrderPlaced and told.order_id and told.lines and _is_bare(told):
        return _bare_order(told.order_id, told.lines, told.currency)
    values, fields = _DEFAULTS[fact_type].copy(), set()
    for name in _FIELDS:
        value = getattr(told, name)
        if value is UNSET:
            continue
        if name not in values or (value is None and name not in _NULLABLE[fact_type]):
            raise _Unusual
        fields.add(name)
        values[name] = value if value is None else _value(name, value)
    if not fields >= _REQUIRED[fact_type] or (fact_type in _MANY_LINES and not values["lines"]):
        raise _Unusual
    return put_together(fact_type, values, fields, {})


def _bare_order(order_id: str, told: list[_Line], currency: str | UnsetType | None) -> OrderPlaced:
    values, fields = _BARE.copy(), {"order_id", "lines"}
    values["order_id"], values["lines"] = order_id, tuple([_line(line) for line in told])
    if currency is not UNSET:
        values["currency"] = None if currency is None else _CURRENCIES[currency]
        fields.add("currency")
    return put_together(OrderPlaced, values, fields, {})


def _is_bare(told: _Order) -> bool:
    """Whether an order says its id, its lines and perhaps a currency alone, as most do."""
    return (
        told.command_id is UNSET
        and told.promised_at is UNSET
        and told.expected_at is UNSET
        and told.cause is UNSET
        and told.credit_note_id is UNSET
    )


def _value(name: str, value: Any) -> Any:
    if name == "lines":
        return tuple([_line(line) for line in value])
    if name == "currency":
        return _CURRENCIES[value]
    if name in ("promised_at", "expected_at"):
        return _time(value)
    return value


def _line(told: _Line) -> OrderLine:
    sku, unit, price = told.sku, told.unit, told.unit_price
    if sku[0] == "*":
        raise _Unusual
    values: dict[str, Any] = {"sku": sku, "quantity": _QUANTITIES[told.quantity], "unit": "each", "unit_price": None}
    fields = {"sku", "quantity"}
    if unit is not UNSET:
        values["unit"] = unit
        fields.add("unit")
    if price is not UNSET:
        values["unit_price"] = None if price is None else _PRICES[price]
        fields.add("unit_price")
    return put_together(OrderLine, values, fields, {})
