"""In what order tasks are called: callback due, floor(10 P), value decile, tier, age in days, id.

The order is one integer, smaller first, so that an index of the database keeps it. Its digits, from the left: callback
(0 due, 1 not), 10 - floor(10 P) in two digits, 9 - decile, account tier, profile tier, day of creation in seven.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from schemas.needs import AccountStanding

DECILE_SHARES: tuple[float, ...] = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_DAY_DIGITS = 10**7


def worth(standing: AccountStanding) -> float:
    """What the account is ranked by: its value from now on; its spend while it was never valued."""
    return standing.yearly_spend if standing.value is None else standing.value.value


def decile(value: float, edges: Sequence[float]) -> int:
    """0 (least) to 9 (most valuable), from the nine inner edges; 0 where no edges are known yet."""
    return bisect_right(edges, value) if edges else 0


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


@dataclass(frozen=True, slots=True)
class Parts:
    """A rank taken apart: what put the task where it stands."""

    callback_due: bool
    urgency: int
    """floor(10 P), 0 to 10."""
    value_decile: int
    """9 is the most valuable tenth."""
    account_tier: int
    profile_tier: int
    created_on: date


def parts(place: int) -> Parts:
    """The digits of a rank that `rank` made."""
    digits, day = divmod(place, _DAY_DIGITS)
    digits, profile_tier = divmod(digits, 10)
    digits, account_tier = divmod(digits, 10)
    digits, decile_digit = divmod(digits, 10)
    callback, urgency = divmod(digits, 100)
    return Parts(callback == 0, 10 - urgency, 9 - decile_digit, account_tier, profile_tier, date.fromordinal(day))


def _tier(tier: int) -> int:
    return min(9, max(0, tier))
