"""Every fact of the catalogue, built from its own annotations: all limits are reached, fields come and go."""

from collections.abc import Mapping
from datetime import UTC, date, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import assume
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from schemas.base import (
    EARLIEST,
    LATEST,
    Amount,
    Celsius,
    Code,
    CurrencyCode,
    Fact,
    Identifier,
    Level,
    Many,
    Probability,
    Quantity,
    Sku,
    Text,
    UtcTime,
    WholeDays,
)
from schemas.envelope import Event
from schemas.events import BROADCAST, CATALOGUE, EVERYBODY

printable = st.characters(exclude_categories=("Cs",), exclude_characters=[*map(chr, range(32)), "\x7f"])


def words(max_size: int) -> st.SearchStrategy[str]:
    return st.text(printable, min_size=1, max_size=min(max_size, 12)) | st.just("x" * max_size)


def decimals(low: str, high: str, places: int = 6) -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(low), Decimal(high), allow_nan=False, allow_infinity=False, places=places)


offsets = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(
    EARLIEST.replace(tzinfo=None) + timedelta(days=1),
    LATEST.replace(tzinfo=None) - timedelta(days=1),
    timezones=offsets | st.just(UTC),
)
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | words(9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words(9), inner, max_size=3),
    max_leaves=5,
)
ATOMS: tuple[tuple[Any, st.SearchStrategy[Any]], ...] = (
    (UtcTime, moments),
    (Identifier, words(200)),
    (Sku, words(200).filter(lambda word: not word.startswith("*"))),
    (Code, words(64)),
    (CurrencyCode, st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3)),
    (Text, st.text(max_size=20) | st.just("t" * 2000)),
    (Quantity, decimals("0.000001", "1000000000")),
    (Level, decimals("0", "1000000000000")),
    (Amount, decimals("0", "1000000000", places=4)),
    (Probability, st.floats(0, 1)),
    (Celsius, st.floats(-30, 40)),
    (Many, st.integers(1, 10**9)),
    (WholeDays, st.integers(0, 3650)),
    (Decimal, decimals("0.0001", "1000000", places=4)),
    (float, st.floats(0, 365)),
    (bool, st.booleans()),
    (int, st.integers(-(10**9), 10**9)),
    (str, words(50)),
    (date, st.dates(EARLIEST.date(), LATEST.date() - timedelta(days=1))),
    (NoneType, st.none()),
    (Any, json_values),
)


def of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of an annotation."""
    for atom, strategy in ATOMS:
        if kind == atom:
            return strategy
    if get_origin(kind) is Annotated:
        return of(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        return st.one_of([of(each) for each in get_args(kind)])
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) in (dict, Mapping):
        names, values = get_args(kind)
        return st.dictionaries(of(names), of(values), max_size=3)
    if get_origin(kind) is tuple:
        parts = get_args(kind)
        if parts[-1] is Ellipsis:
            return st.lists(of(parts[0]), min_size=1, max_size=3).map(tuple)
        return st.tuples(*map(of, parts))
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    assert issubclass(kind, BaseModel), f"no strategy for {kind!r}"
    return models(kind)


@st.composite
def models(draw: st.DrawFn, kind: type[BaseModel]) -> BaseModel:
    """A model with all its needed fields and some of the others."""
    hints = get_type_hints(kind, include_extras=True)
    names = [name for name, field in kind.model_fields.items() if field.is_required() or draw(st.booleans())]
    told = {name: draw(of(hints[name])) for name in names}
    if issubclass(kind, Fact) and draw(st.integers(0, 3)) == 0:
        told["unknown_to_us"] = draw(json_values)
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        assert {fault["type"] for fault in error.errors()} <= {"value_error", "greater_than"}, error
        assume(False)
        raise


@st.composite
def events(draw: st.DrawFn, kind: type[Fact] | None = None) -> Event:
    """An event about one of the facts."""
    fact = draw(models(kind or draw(st.sampled_from(list(CATALOGUE.values())))))
    assert isinstance(fact, Fact)
    subject = EVERYBODY if type(fact) in BROADCAST else draw(words(200).filter(lambda word: word != EVERYBODY))
    return Event(draw(words(200)), draw(words(200)), subject, draw(moments), fact)
