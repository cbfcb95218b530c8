"""Field types and the base model that every message shares."""

from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

_Model = TypeVar("_Model", bound=BaseModel)

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def as_utc(moment: datetime) -> datetime:
    """The same instant in UTC; refuses years no order was ever placed in (1990 to 2099 are accepted)."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("time is outside of 1990 to 2099") from error
    if not EARLIEST <= utc < LATEST:
        raise ValueError("time is outside of 1990 to 2099")
    return utc


def without_nul(text: str) -> str:
    """The text without NUL characters."""
    return text.replace("\x00", "")


def a_float_above_zero(number: Decimal) -> Decimal:
    """The number; refuses what is above zero and yet no float is, as the fold reckons in floats."""
    if float(number) <= 0:
        raise ValueError("too small to be reckoned with")
    return number


UtcTime = Annotated[AwareDatetime, AfterValidator(as_utc)]
"""An instant, always aware and always UTC once validated."""

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""An id given by somebody's system: printable, 1 to 200 characters, compared as it is."""

Sku = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^*\x00-\x1f\x7f][^\x00-\x1f\x7f]*$")]
"""A product's number or a group of products; a leading ``*`` is kept for what concerns the account as a whole."""

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A short word of a closed or slowly growing list: unit, trade, region, channel."""

CurrencyCode = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
"""ISO 4217 letters; whether a rate is known is asked where the order is folded."""

Text = Annotated[str, StringConstraints(max_length=2000), AfterValidator(without_nul)]
"""Free text of people, without NUL, which no PostgreSQL keeps; never a name, number or address of a person."""

Quantity = Annotated[Decimal, Field(gt=0, le=Decimal(1_000_000_000), allow_inf_nan=False)]
"""A positive number of units."""

Level = Annotated[Decimal, Field(ge=0, le=Decimal(1_000_000_000_000), allow_inf_nan=False)]
"""A reading of a level or a meter, in its own unit."""

Amount = Annotated[Decimal, Field(ge=0, le=Decimal(1_000_000_000), allow_inf_nan=False, max_digits=18)]
"""Money, in the currency that stands beside it."""

Many = Annotated[int, Field(ge=1, le=1_000_000_000)]
"""How many, at least one."""

WholeDays = Annotated[int, Field(ge=0, le=3650)]
"""A term in whole days."""

Probability = Annotated[float, Field(ge=0.0, le=1.0, allow_inf_nan=False)]
Celsius = Annotated[float, Field(ge=-30.0, le=40.0, allow_inf_nan=False)]
"""A base of degree days."""


class Message(BaseModel):
    """What our own programs write for each other: frozen, and unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="null", use_attribute_docstrings=True)

    @classmethod
    def trusted(cls, **told: Any) -> Self:
        """The message of values that are of its fields' own types already, without asking again.

        For what the fold says for every event: a tenth of the cost. Equal to what validation gives, which tests check.
        """
        return put_together(cls, defaults_of(cls) | told, set(told), None)


class Fact(BaseModel):
    """The ``data`` of an event. Unknown fields of outside senders are kept, as they may be known tomorrow."""

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)


@cache
def defaults_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Every field of a model with its default, in their order; to be copied. Needed ones hold pydantic's Undefined."""
    return {name: field.get_default() for name, field in kind.model_fields.items()}


def put_together(kind: type[_Model], values: dict[str, Any], told: set[str], extra: dict[str, Any] | None) -> _Model:
    """A model of validated values: what pydantic would have made of them, with every field and which were told."""
    made = object.__new__(kind)
    _put_values(made, values)
    _put_told(made, told)
    _put_extra(made, extra)
    _put_private(made, None)
    return made


_put_values: Any = BaseModel.__dict__["__dict__"].__set__
_put_told: Any = BaseModel.__dict__["__pydantic_fields_set__"].__set__
_put_extra: Any = BaseModel.__dict__["__pydantic_extra__"].__set__
_put_private: Any = BaseModel.__dict__["__pydantic_private__"].__set__
