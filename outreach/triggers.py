"""When a need of the account as a whole is due: one rule a kind, from what is settled with the account and what is not.

A rule says the day (local ordinal, may lie in the past or ahead), or None while nothing calls for it. The profile of
the account's cell says which kinds it opens at all.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from outreach.profiles import Profile
from schemas.decisions import NeedKind
from schemas.events.ours import Phase

FOLLOW_UP_UNTIL_DAYS = 30.0
"""A first order is not followed up later than this after its day had come: the account would not know what for."""
AT_ONCE = 0.0


@dataclass(frozen=True, slots=True)
class Settled:
    """What is known of an account as a whole. Days are local-day ordinals, 0 without an order."""

    today: float
    phase: Phase
    order_days: int
    first_day: float
    credit: bool = False
    channel: bool = False
    """How it likes to be reached is known."""
    manager: bool = False
    edi: bool = False
    joint_day: float | None = None
    """The last joint innovation day."""
    spread: float = 0.0
    """0 to 1, drawn from the account: first joint days are spread over their interval."""


def _credit_terms(seen: Settled, profile: Profile) -> float | None:
    del profile
    return None if seen.credit or seen.order_days == 0 else AT_ONCE


def _channel_preference(seen: Settled, profile: Profile) -> float | None:
    del profile
    return None if seen.channel or seen.order_days == 0 else AT_ONCE


def _first_order_follow_up(seen: Settled, profile: Profile) -> float | None:
    if seen.order_days == 0:
        return None
    day = seen.first_day + profile.follow_up_days
    return day if seen.today <= day + FOLLOW_UP_UNTIL_DAYS else None


def _account_manager(seen: Settled, profile: Profile) -> float | None:
    del profile
    return None if seen.manager else AT_ONCE


def _edi_connection(seen: Settled, profile: Profile) -> float | None:
    del profile
    return None if seen.edi else AT_ONCE


def _innovation_day(seen: Settled, profile: Profile) -> float | None:
    every = profile.innovation_every_days
    if seen.joint_day is not None:
        return seen.joint_day + every
    return None if seen.order_days == 0 else seen.first_day + every * (1.0 + seen.spread)


def _lost(seen: Settled, profile: Profile) -> float | None:
    del profile
    return AT_ONCE if seen.phase is Phase.REACTIVATION else None


TRIGGERS: Mapping[NeedKind, Callable[[Settled, Profile], float | None]] = {
    NeedKind.CREDIT_TERMS: _credit_terms,
    NeedKind.FIRST_ORDER_FOLLOW_UP: _first_order_follow_up,
    NeedKind.CHANNEL_PREFERENCE: _channel_preference,
    NeedKind.ACCOUNT_MANAGER: _account_manager,
    NeedKind.EDI_CONNECTION: _edi_connection,
    NeedKind.INNOVATION_DAY: _innovation_day,
    NeedKind.NEW_PARTNERSHIP: _lost,
    NeedKind.WIN_BACK: _lost,
}


def due_day(kind: NeedKind, seen: Settled, profile: Profile) -> float | None:
    """When the need is due; None: nothing calls for it, or the profile does not open it."""
    return TRIGGERS[kind](seen, profile) if kind in profile.opens else None
