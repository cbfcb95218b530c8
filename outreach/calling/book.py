"""The rules of calling as data: read from TOML, validated, each with an id, a citation and its dates; strictest wins.

A rule without a country holds wherever no rule of its table names the country. A site's own rules are added to the
standard ones: nothing can be taken away or loosened.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator

from outreach.calling.places import CalledParty, countries_of, country_code, region_code
from schemas.base import Code, Message, Text
from schemas.errors import Misconfigured
from schemas.events.accounts import Channel, Purpose

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EVERYWHERE = "*"
_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$"
Clock = Annotated[str, StringConstraints(pattern=_CLOCK)]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]


class Rule(Message):
    """What every rule says."""

    id: Code
    citation: Text = Field(min_length=3)
    effective_from: date
    effective_until: date | None = None
    """The first day on which it holds no more."""
    country: Annotated[str, StringConstraints(pattern=r"^([A-Z]{2}|\*)$")] | None = None
    """ISO 3166 letters; ``*``: everywhere; None: wherever no rule of the table names the country."""
    region: Annotated[str, StringConstraints(pattern="^[A-Z0-9]{1,3}$")] | None = None
    """Letters of a state; None: the whole country."""

    @model_validator(mode="after")
    def _place_and_dates(self) -> Self:
        if self.region is not None and self.country in {None, EVERYWHERE}:
            raise ValueError("a region needs its country")
        if self.country not in {None, EVERYWHERE} and country_code(self.country) is None:
            raise ValueError(f"{self.country} is no country")
        if self.region is not None and region_code(self.country or "", self.region) is None:
            raise ValueError(f"{self.region} is no region of {self.country} that is known here")
        if self.effective_until is not None and self.effective_until <= self.effective_from:
            raise ValueError("effective_until must come after effective_from")
        return self


class HoursRule(Rule):
    """When a called party may be called, by its own wall clock."""

    opens: Clock
    closes: Clock
    """From then on nobody may be called."""
    closed_weekdays: tuple[Weekday, ...] = ()

    @model_validator(mode="after")
    def _opens_first(self) -> Self:
        if minute_of(self.opens) >= minute_of(self.closes):
            raise ValueError("opens must come before closes")
        return self

    def allows(self, there: datetime) -> bool:
        """Whether this rule alone would allow a call at that wall clock."""
        if WEEKDAYS[there.weekday()] in self.closed_weekdays:
            return False
        return minute_of(self.opens) <= there.hour * 60 + there.minute < minute_of(self.closes)


class ClosureRule(Rule):
    """Days on which nobody is called."""

    public_holidays: bool = False
    """Those of the country and region."""
    unknown_region: Literal["every", "nation"] = "every"
    """Whose holidays count where the region is not known."""
    days: tuple[MonthDay, ...] = ()
    """Of every year."""
    dates: tuple[date, ...] = ()
    """Single ones."""


class FrequencyRule(Rule):
    """So many contacts within so many hours, over all channels, policies and numbers."""

    contacts: Annotated[int, Field(ge=1, le=100)]
    hours: Annotated[int, Field(ge=1, le=24 * 60)]


class RegisterRule(Rule):
    """A do-not-call register whose copy must be at hand, and fresh."""

    register_name: Code = Field(alias="register")
    max_age_days: Annotated[int, Field(ge=1, le=31)]
    purposes: tuple[Purpose, ...] = (Purpose.SELLING,)
    spared_after_order_days: Annotated[int, Field(ge=0, le=3650)] | None = None
    """Who ordered within so many days may be called nevertheless."""
    spared_by_consent: bool = False
    """Who consented to calls for the purpose may be called nevertheless."""


class ConsentRule(Rule):
    """Whose word is needed before a channel is used for a purpose."""

    channels: tuple[Channel, ...] = Field(min_length=1)
    purposes: tuple[Purpose, ...] = Field(min_length=1)
    needs: Literal["given", "not_withdrawn"]


class _File(Message):
    """A file of rules."""

    version: Code
    hours: tuple[HoursRule, ...] = ()
    closures: tuple[ClosureRule, ...] = ()
    frequency: tuple[FrequencyRule, ...] = ()
    registers: tuple[RegisterRule, ...] = ()
    consent: tuple[ConsentRule, ...] = ()

    @field_validator("hours", "closures", "frequency", "registers", "consent", mode="before")
    @classmethod
    def _list(cls, value: Any) -> Any:
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _names_once(self) -> Self:
        _refuse_twice([rule.id for rule in _all(self)])
        return self


R = TypeVar("R", bound=Rule)


@dataclass(frozen=True, eq=False)
class RuleBook:
    """All rules of an installation. Compared by identity: caches are kept for each book."""

    version: str
    """Of the standard rules, and of the site's own after a ``+``."""
    digest: str
    hours: tuple[HoursRule, ...]
    closures: tuple[ClosureRule, ...]
    frequency: tuple[FrequencyRule, ...]
    registers: tuple[RegisterRule, ...]
    consent: tuple[ConsentRule, ...]
    own: frozenset[str] = field(default_factory=frozenset)
    """Ids of the site's own rules."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule, table by table."""
        return tuple(_all(self))


@lru_cache(maxsize=1)
def standard() -> RuleBook:
    """The rules that every installation starts with."""
    raw = (files("outreach.calling") / "data" / "standard.toml").read_bytes()
    return _book(_parsed(raw, "standard rules"), raw)


def with_site(raw: bytes, name: str) -> RuleBook:
    """The standard rules and a site's own; raises Misconfigured with the place of the first fault."""
    base, own = standard(), _parsed(raw, name)
    try:
        _refuse_twice([rule.id for rule in (*base.rules, *_all(own))])
    except ValueError as error:
        raise Misconfigured(f"{name}: {error}") from None
    return RuleBook(
        version=f"{base.version}+{own.version}",
        digest=hashlib.sha256(base.digest.encode() + raw).hexdigest(),
        hours=base.hours + own.hours,
        closures=base.closures + own.closures,
        frequency=base.frequency + own.frequency,
        registers=base.registers + own.registers,
        consent=base.consent + own.consent,
        own=frozenset(rule.id for rule in _all(own)),
    )


def in_force(rules: Sequence[R], party: CalledParty, on: date) -> tuple[R, ...]:
    """The rules of a table that hold for the party on that local day; those without a country where none else does."""
    alive = [rule for rule in rules if _holds(rule, on)]
    countries = countries_of(party)
    if not countries:
        return tuple(alive)
    named = {rule.country for rule in alive}
    return tuple(
        rule
        for rule in alive
        if (rule.country is None and not countries <= named) or _is_there(rule, countries, party.region)
    )


def minute_of(clock: str) -> int:
    """Minutes after midnight of ``HH:MM``, up to 24:00."""
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _is_there(rule: Rule, countries: frozenset[str], region: str | None) -> bool:
    if rule.country == EVERYWHERE:
        return True
    if rule.country is None or rule.country not in countries:
        return False
    known = region_code(rule.country, region)
    return rule.region is None or known is None or known == rule.region


def _holds(rule: Rule, on: date) -> bool:
    return rule.effective_from <= on and (rule.effective_until is None or on < rule.effective_until)


def _all(rules: "_File | RuleBook") -> Iterator[Rule]:
    yield from (*rules.hours, *rules.closures, *rules.frequency, *rules.registers, *rules.consent)


def _refuse_twice(ids: Sequence[str]) -> None:
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ValueError(f"the id {twice[0]} is given twice")


def _parsed(raw: bytes, name: str) -> _File:
    try:
        return _File.model_validate(tomllib.loads(raw.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"{name}: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Misconfigured(f"{name}: {place}: {first['msg']}") from None


def _book(file: _File, raw: bytes) -> RuleBook:
    digest = hashlib.sha256(raw).hexdigest()
    return RuleBook(file.version, digest, file.hours, file.closures, file.frequency, file.registers, file.consent)
