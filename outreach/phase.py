"""Size and phase of an account: which cell of the profile matrix applies."""

from dataclasses import dataclass

from outreach.profiles import Thresholds
from schemas.events.accounts import Size
from schemas.events.ours import Phase


@dataclass(frozen=True, slots=True)
class Relationship:
    """What the phase is judged by."""

    order_days: int
    days_since_first: float
    silence_days: float
    usual_gap_days: float
    """Median gap between order days of anything; 0 where unknown."""
    p_alive: float | None
    """P(the account will order again); None before the first model."""


def size_of(yearly_spend: float, previous: Size, set_by_hand: Size | None, thresholds: Thresholds) -> Size:
    """Size by yearly spend in the reporting currency, with hysteresis: between the two thresholds it stays."""
    if set_by_hand is not None:
        return set_by_hand
    if yearly_spend >= thresholds.large_from:
        return Size.LARGE
    if yearly_spend < thresholds.small_under:
        return Size.SMALL
    return previous


def phase_of(seen: Relationship, thresholds: Thresholds) -> Phase:
    """Phase from what is known now alone: the way there does not matter, so replays and disorder agree."""
    if seen.order_days == 0:
        return Phase.IGNITION
    if _is_lost(seen, thresholds):
        return Phase.REACTIVATION
    young = seen.days_since_first < thresholds.ignition_until_days
    return Phase.IGNITION if young and seen.order_days < thresholds.ignition_until_orders else Phase.MAINTENANCE


def _is_lost(seen: Relationship, thresholds: Thresholds) -> bool:
    if seen.p_alive is not None and seen.p_alive < thresholds.reactivation_under_p_alive:
        return True
    silent = seen.silence_days > thresholds.reactivation_after_gaps * seen.usual_gap_days
    return seen.usual_gap_days > 0 and seen.order_days >= thresholds.ignition_until_orders and silent
