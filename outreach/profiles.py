"""Policy profiles: what is done for a small or large account in each phase. Data, not code."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from schemas.base import Code, Message, Probability, UtcTime
from schemas.decisions import NeedKind
from schemas.errors import ArtefactRefused
from schemas.events.accounts import Channel, Size
from schemas.events.ours import Phase

Days = Annotated[float, Field(ge=0, le=3650, allow_inf_nan=False)]
Hour = Annotated[int, Field(ge=0, le=24)]


class Profile(Message):
    """One cell of the matrix."""

    lead_time_days: Days = 2.0
    """From order to delivery, where the product master does not say."""
    service_level: Probability = 0.5
    """Act when P(order or run-out before the earliest delivery) reaches this."""
    valid_after_p90_days: Days = 7.0
    """A need ends this long after the day by which the order was to come with probability .9."""
    channels: tuple[Channel, ...] = (Channel.PHONE,)
    """In order of preference."""
    quiet_hours: tuple[tuple[Hour, Hour], ...] = ()
    """Local hours in which nobody calls, on top of the legal ones: pairs of from (included), to (excluded)."""
    attempt_cap: Annotated[int, Field(ge=1, le=10)] = 3
    cool_down_days: Days = 30.0
    """After the cap, or after "not interested"."""
    automation: Literal["never", "propose", "send"] = "never"
    """Reorder automation: with anything but never, a due product becomes a reorder proposal instead of a call."""
    suggestions: Annotated[int, Field(ge=0, le=10)] = 3
    skill: Code = "sales"
    tier: Annotated[int, Field(ge=1, le=9)] = 5
    """Priority tier among tasks of equal urgency and value; 1 first."""
    holdout_share: Probability = 0.05
    opens: tuple[NeedKind, ...] = (NeedKind.RUN_OUT, NeedKind.EXPECTED_REORDER, NeedKind.RECOVERY)
    """Kinds of need that become tasks."""


class Thresholds(Message):
    """When an account changes size or phase."""

    large_from: float = Field(default=12_000.0, gt=0)
    """Yearly spend, reporting currency."""
    small_under: float = Field(default=9_000.0, gt=0)
    ignition_until_orders: int = Field(default=3, ge=1)
    ignition_until_days: Days = 90.0
    """Or after this many days with at least one order."""
    reactivation_under_p_alive: Probability = 0.3
    reactivation_after_gaps: float = Field(default=3.0, gt=0)
    """Silence longer than this many usual gaps of the account."""

    @model_validator(mode="after")
    def _hysteresis(self) -> Self:
        if self.small_under > self.large_from:
            raise ValueError("small_under must not be above large_from")
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
    """A profile set from an artefact's bytes; raises ArtefactRefused with the first fault."""
    try:
        return ProfileSet.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ArtefactRefused(f"profiles: {place}: {first['msg']}") from None


def standard_profiles(version: str, effective_from: UtcTime) -> ProfileSet:
    """The defaults of docs/profiles.md: what matters most to the customer in each cell."""
    selling = (NeedKind.RUN_OUT, NeedKind.EXPECTED_REORDER, NeedKind.RECOVERY)
    lost = (*selling, NeedKind.WIN_BACK)
    small = (Channel.PHONE, Channel.TEXT, Channel.MAIL, Channel.WEB)
    large = (Channel.EDI, Channel.MAIL, Channel.PHONE)
    return ProfileSet(
        version=version,
        effective_from=effective_from,
        cells={
            cell_name(Size.SMALL, Phase.IGNITION): Profile(channels=small, tier=3, opens=selling),
            cell_name(Size.SMALL, Phase.MAINTENANCE): Profile(channels=small, tier=4, opens=selling),
            cell_name(Size.SMALL, Phase.REACTIVATION): Profile(channels=small, tier=6, opens=lost, suggestions=0),
            cell_name(Size.LARGE, Phase.IGNITION): Profile(channels=large, tier=1, skill="key_accounts", opens=selling),
            cell_name(Size.LARGE, Phase.MAINTENANCE): Profile(
                channels=large, tier=2, skill="key_accounts", automation="propose", opens=selling
            ),
            cell_name(Size.LARGE, Phase.REACTIVATION): Profile(
                channels=large, tier=2, skill="key_accounts", opens=lost
            ),
        },
    )
