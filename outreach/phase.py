"""Size and phase of an account: which cell of the profile matrix applies. Both have hysteresis, so that an account near
an edge does not go to and fro."""

from typing import NamedTuple

from outreach.profiles import Thresholds
from schemas.events.accounts import Size
from schemas.events.ours import Phase


class Relationship(NamedTuple):
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


def phase_of(seen: Relationship, previous: Phase, thresholds: Thresholds) -> Phase:
    """The phase after ``previous``; judged again with nothing changed it stays.

    Ignition is entered only without any order, and left once. Reactivation is entered by doubt or silence, never within
    a usual gap of an order, and left by the next order, or where the doubt is gone.
    """
    if seen.order_days == 0:
        return Phase.IGNITION
    if _is_lost(seen, thresholds) or (previous is Phase.REACTIVATION and not _is_back(seen, thresholds)):
        return Phase.REACTIVATION
    young = seen.days_since_first < thresholds.ignition_until_days
    new = young and seen.order_days < thresholds.ignition_until_orders
    return Phase.IGNITION if new and previous is Phase.IGNITION else Phase.MAINTENANCE


def _is_lost(seen: Relationship, thresholds: Thresholds) -> bool:
    if _ordered_lately(seen, thresholds):
        return False
    doubtful = seen.p_alive is not None and seen.p_alive < thresholds.reactivation_under_p_alive
    return doubtful or _is_silent(seen, thresholds)


def _is_back(seen: Relationship, thresholds: Thresholds) -> bool:
    if _ordered_lately(seen, thresholds):
        return True
    sure = seen.p_alive is not None and seen.p_alive >= thresholds.maintenance_from_p_alive
    return sure and not _is_silent(seen, thresholds)


def _is_silent(seen: Relationship, thresholds: Thresholds) -> bool:
    """Longer than some usual gaps; asked only of accounts that have a habit."""
    habit = seen.usual_gap_days > 0 and seen.order_days >= thresholds.ignition_until_orders
    return habit and seen.silence_days > thresholds.reactivation_after_gaps * seen.usual_gap_days


def _ordered_lately(seen: Relationship, thresholds: Thresholds) -> bool:
    """Whoever ordered within his usual gap is not lost, whatever the model says; without a gap, within some days."""
    return seen.silence_days <= (seen.usual_gap_days or thresholds.doubt_after_days)
