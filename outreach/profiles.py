"""Policy profiles: what is done for a small or large account in each phase. Data, not code."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from outreach.kinds import ACCOUNT_WIDE, MENDING
from schemas.base import Code, Message, Probability, Text, UtcTime
from schemas.decisions import NeedKind
from schemas.errors import ArtefactRefused
from schemas.events.accounts import Channel, Size
from schemas.events.ours import Disposition, Phase

Days = Annotated[float, Field(ge=0, le=3650, allow_inf_nan=False)]
Hours = Annotated[float, Field(ge=0, le=720, allow_inf_nan=False)]
Hour = Annotated[int, Field(ge=0, le=24)]

MOST_FAULTS = 5
CALLABLE_HOURS = range(8, 21)
"""Outside of these local hours no rule lets anybody be called: quiet hours must leave one of them."""

PRODUCTS = (NeedKind.RUN_OUT, NeedKind.EXPECTED_REORDER)


class Profile(Message):
    """One cell of the matrix."""

    lead_time_days: Days = 2.0
    """From order to delivery, where the product master does not say."""
    review_days: Days = 1.0
    """How long the next look may be away: who waits for it, delivers that much later."""
    service_level: Probability = 0.5
    """Act when P(order or run-out before the earliest delivery) reaches this."""
    valid_after_p90_days: Days = 7.0
    """A need ends this long after the day by which the order was to come with probability .9."""
    channels: tuple[Channel, ...] = Field(default=(Channel.PHONE,), min_length=1)
    """In order of preference."""
    quiet_hours: tuple[tuple[Hour, Hour], ...] = ()
    """Local hours in which nobody calls, on top of the legal ones: pairs of from (included), to (excluded)."""
    attempt_cap: Annotated[int, Field(ge=1, le=10)] = 3
    spacing_hours: Mapping[Disposition, Hours] = {
        Disposition.NO_ANSWER: 4.0,
        Disposition.BUSY: 0.5,
        Disposition.VOICEMAIL: 24.0,
    }
    """Time to the next attempt, by how the last one ended."""
    frequency_cap: Annotated[int, Field(ge=1, le=100)] = 5
    """At most so many contacts of an account within ``frequency_days``, of both classes and over all channels."""
    frequency_days: Days = 7.0
    cool_down_days: Days = 30.0
    """After the cap, or after "not interested", where ``cool_downs`` does not say otherwise."""
    cool_downs: Mapping[Disposition, Days] = {}
    """Days without selling after these dispositions."""
    automation: Literal["never", "propose", "send"] = "never"
    """Reorder automation: with anything but never, a due product becomes a reorder proposal instead of a call."""
    suggestions: Annotated[int, Field(ge=0, le=10)] = 3
    suggestion_objective: Literal["efficiency", "variety", "innovation"] = "efficiency"
    """What is suggested: best sellers of the like, the tail of the range, or what is new."""
    suggestion_draw_share: Probability = 0.1
    """Of the accounts: their objective is drawn at random instead, anew with each learning, to compare objectives."""
    skill: Code = "sales"
    tier: Annotated[int, Field(ge=1, le=9)] = 5
    """Priority tier among tasks of equal urgency and value; 1 first."""
    holdout_share: Probability = 0.05
    opens: tuple[NeedKind, ...] = (*PRODUCTS, *MENDING)
    """Kinds of need that become tasks."""
    late_after_days: Days = 1.0
    """A delivery is late this long after the day for which it was promised."""
    follow_up_days: Days = 7.0
    """From the first order to its follow-up."""
    innovation_every_days: Annotated[float, Field(ge=7, le=3650, allow_inf_nan=False)] = 180.0
    """Between two joint days."""
    again_after_days: Days = 90.0
    """A need of the account as a whole that ended while its cause stands is found again after this."""

    @field_validator("opens", "channels")
    @classmethod
    def _once(cls, words: tuple[StrEnum, ...]) -> tuple[StrEnum, ...]:
        twice = sorted({word for word in words if words.count(word) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} stands there twice")
        return words

    @field_validator("quiet_hours")
    @classmethod
    def _possible(cls, pairs: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        quiet: set[int] = set()
        for start, end in pairs:
            if start in (end, 24):
                raise ValueError(f"{start} to {end} is no part of a day")
            hours = set(range(start, end)) if start < end else {*range(start, 24), *range(end)}
            if quiet & hours:
                raise ValueError(f"{start} to {end} overlaps another pair")
            quiet |= hours
        if quiet.issuperset(CALLABLE_HOURS):
            raise ValueError("no hour from 8 to 21 is left: nobody could ever be called")
        return pairs

    @cached_property
    def opens_of_account(self) -> tuple[NeedKind, ...]:
        """Kinds among ``opens`` that concern the account as a whole."""
        return tuple(kind for kind in ACCOUNT_WIDE if kind in self.opens)

    def cool_down_after(self, disposition: Disposition | None, *, exhausted: bool = False) -> float | None:
        """Days without selling after a selling call that ended so; None: there is no cool-down."""
        if disposition is not None and disposition in self.cool_downs:
            return self.cool_downs[disposition]
        return self.cool_down_days if exhausted or disposition is Disposition.NOT_INTERESTED else None


class Thresholds(Message):
    """When an account changes size or phase."""

    large_from: float = Field(default=12_000.0, gt=0)
    """Yearly spend, reporting currency."""
    small_under: float = Field(default=9_000.0, gt=0)
    ignition_until_orders: int = Field(default=3, ge=1)
    ignition_until_days: Days = 90.0
    """Or after this many days with at least one order."""
    reactivation_under_p_alive: Probability = 0.3
    maintenance_from_p_alive: Probability = 0.5
    """Back without an order only from here on: between the two the phase stays."""
    reactivation_after_gaps: float = Field(default=3.0, gt=0)
    """Silence longer than this many usual gaps of the account."""
    doubt_after_days: Days = 14.0
    """An account without a usual gap is not doubted within this time after an order; others within their gap."""

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.small_under > self.large_from:
            raise ValueError("small_under must not be above large_from")
        if self.reactivation_under_p_alive > self.maintenance_from_p_alive:
            raise ValueError("reactivation_under_p_alive must not be above maintenance_from_p_alive")
        return self


class Economics(Message):
    """What accounts are valued by (outreach/value.py), where nothing better is known of an account itself."""

    margin_share: Probability = 0.25
    """Of revenue, where no product of the account says its own."""
    retention_share: Probability = 0.8
    """Chance that a customer is still one a year later."""
    capital_cost_share: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.07
    """A year."""
    years: Annotated[int, Field(ge=1, le=30)] = 5
    """How far ahead value is counted."""
    headroom_share: Probability = 0.1
    """How much is counted of what the account buys elsewhere, where that is known."""


class ProfileSet(Message):
    """The matrix in force, with its version."""

    version: Code
    effective_from: UtcTime
    effective_until: UtcTime | None = None
    """None: until another set takes over. With an end, what was in force before comes back then."""
    based_on: Code | None = None
    """The version that was in force when this one was made."""
    note: Text = ""
    """Why it was made."""
    thresholds: Thresholds = Thresholds()
    economics: Economics = Economics()
    cells: Mapping[str, Profile]
    """Six cells, named ``<size>-<phase>``."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted = {cell_name(size, phase) for size in Size for phase in Phase}
        if set(self.cells) != wanted:
            raise ValueError(f"cells must be exactly {', '.join(sorted(wanted))}")
        return self

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> Self:
        if self.effective_until is not None and self.effective_until <= self.effective_from:
            raise ValueError("effective_until must come after effective_from")
        return self

    def covers(self, at: datetime) -> bool:
        """Whether an instant lies within its dates."""
        return self.effective_from <= at and (self.effective_until is None or at < self.effective_until)

    def cell(self, size: Size, phase: Phase) -> Profile:
        """The profile of an account of this size in this phase."""
        return self.cells[cell_name(size, phase)]

    def dumps(self) -> bytes:
        """The artefact's bytes."""
        return self.model_dump_json(indent=1).encode()

    @property
    def digest(self) -> str:
        """sha256 of the artefact's bytes, in hex."""
        return hashlib.sha256(self.dumps()).hexdigest()


def cell_name(size: Size, phase: Phase) -> str:
    """Name of a cell, e.g. ``small-maintenance``."""
    return f"{size}-{phase}"


def loads(raw: bytes) -> ProfileSet:
    """A profile set from an artefact's bytes; raises ArtefactRefused with its faults."""
    try:
        return ProfileSet.model_validate_json(raw)
    except ValidationError as error:
        faults = error.errors(include_url=False)
        told = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in faults[:MOST_FAULTS]]
        more = f"; and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise ArtefactRefused(f"profiles: {'; '.join(told)}{more}") from None


def standard_profiles(version: str, effective_from: UtcTime) -> ProfileSet:
    """The defaults of docs/profiles.md: what matters most to the customer in each cell."""
    kind = NeedKind
    usual = (*PRODUCTS, *MENDING)
    small = (Channel.PHONE, Channel.TEXT, Channel.MAIL, Channel.WEB)
    large = (Channel.EDI, Channel.MAIL, Channel.PHONE)
    key = "key_accounts"
    return ProfileSet(
        version=version,
        effective_from=effective_from,
        cells={
            cell_name(Size.SMALL, Phase.IGNITION): Profile(
                channels=small,
                tier=3,
                opens=(*usual, kind.CREDIT_TERMS, kind.FIRST_ORDER_FOLLOW_UP, kind.CHANNEL_PREFERENCE),
            ),
            cell_name(Size.SMALL, Phase.MAINTENANCE): Profile(channels=small, tier=4, opens=usual),
            cell_name(Size.SMALL, Phase.REACTIVATION): Profile(
                channels=small, tier=6, suggestions=0, opens=(*usual, kind.WIN_BACK)
            ),
            cell_name(Size.LARGE, Phase.IGNITION): Profile(
                channels=large, tier=1, skill=key, opens=(*usual, kind.ACCOUNT_MANAGER, kind.EDI_CONNECTION)
            ),
            cell_name(Size.LARGE, Phase.MAINTENANCE): Profile(
                channels=large,
                tier=2,
                skill=key,
                automation="propose",
                suggestion_objective="innovation",
                opens=(*usual, kind.EDI_CONNECTION, kind.INNOVATION_DAY),
            ),
            cell_name(Size.LARGE, Phase.REACTIVATION): Profile(
                channels=large, tier=2, skill=key, opens=(*usual, kind.NEW_PARTNERSHIP)
            ),
        },
    )
