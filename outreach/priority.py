"""In what order tasks are called: callback due, floor(10 P), value decile, tier, age in days, id.

The order is one integer, smaller first, so that an index of the database keeps it. Its digits, from the left: callback
(0 due, 1 not), 10 - floor(10 P) in two digits, 9 - decile, account tier, profile tier, day of creation in seven.
"""

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime

DECILE_SHARES: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_DAY_DIGITS = 10**7


def decile(yearly_spend: float, edges: Sequence[float]) -> int:
    """0 (least) to 9 (most valuable), from the nine inner edges; 0 where no edges are known yet."""
    return bisect_right(edges, yearly_spend) if edges else 0


def rank(
    *,
    callback_due: bool,
    p_due: float,
    value_decile: int,
    account_tier: int,
    profile_tier: int,
    created_at: datetime,
) -> int:
    """The task's place in the queue; equal ranks are ordered by task id. ``p_due`` is a probability."""
    urgency = min(10, max(0, int(10 * p_due)))
    digits = 0 if callback_due else 1
    digits = digits * 100 + (10 - urgency)
    digits = digits * 10 + (9 - min(9, max(0, value_decile)))
    digits = digits * 10 + _tier(account_tier)
    digits = digits * 10 + _tier(profile_tier)
    return digits * _DAY_DIGITS + created_at.toordinal()


def _tier(tier: int) -> int:
    return min(9, max(0, tier))
