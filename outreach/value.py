"""What an account is worth: lifetime value, its live form from P(alive), and the growth of a customer base.

Money is in the reporting currency, shares are 0 to 1, years are whole. All functions are pure.

Lifetime value. The expected margin of year t is the margin of a year times the chance r^t that the customer is still
there, discounted by the cost of capital i; what it cost to win the customer is taken off:

    LTV = -A + sum over t = 1..n of M * r^t / (1 + i)^t

Source: discounted cash flow under constant retention, case 1 of P. D. Berger and N. I. Nasr, Customer lifetime value:
marketing models and applications, Journal of Interactive Marketing 12(1), 1998, without promotion cost. There t begins
at 0; here at 1, as in the textbook case that we were given: the first margin comes a year from now, at risk until then.
A = 100, M = 250, r = .7, i = .07, n = 5 gives 316.30.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from schemas.base import put_together
from schemas.needs import AccountValue

FEWEST_DAYS = 90.0
"""A younger account's spend is not multiplied by more than 365 / 90."""
YEAR_DAYS = 365.0
_TOLD = set(AccountValue.model_fields)


class AccountSpend(NamedTuple):
    """What the log knows of an account's money."""

    yearly_spend: float
    """Of the last twelve months."""
    days_since_first: float
    """Since the first order."""
    p_alive: float
    """P(the account will order again), 0 to 1."""
    margin_share: float | None = None
    """Of its own spend; None where no product's margin is known."""
    wallet_yearly: float | None = None
    acquisition_cost: float | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What an installation reckons with; part of the policy profiles."""

    margin_share: float
    retention_share: float
    capital_cost_share: float
    years: int
    headroom_share: float


def lifetime_value(
    acquisition_cost: float, yearly_margin: float, retention_share: float, capital_cost_share: float, years: int
) -> float:
    """LTV of the formula above. Raises ValueError where a share or the years make no sense."""
    weights = _weights(retention_share, capital_cost_share, years)
    return -acquisition_cost + sum([yearly_margin * weight for weight in weights])


def yearly_values(
    yearly_margin: float, retention_share: float, capital_cost_share: float, years: int
) -> Iterator[float]:
    """The summands of the formula, one a year, beginning with year 1."""
    return (yearly_margin * weight for weight in _weights(retention_share, capital_cost_share, years))


@lru_cache(maxsize=64)
def _weights(retention_share: float, capital_cost_share: float, years: int) -> tuple[float, ...]:
    """Of each year's margin: the same for all accounts of an installation."""
    if not 0 <= retention_share <= 1 or capital_cost_share <= -1 or years < 0:
        raise ValueError("retention is 0 to 1, the cost of capital above -1, years not negative")
    factor = retention_share / (1 + capital_cost_share)
    return tuple([factor**year for year in range(1, years + 1)])


def customers_in_year(customers: float, won_share: float, kept_share: float, year: int) -> float:
    """Size of a customer base at the beginning of a year; it is ``customers`` at the beginning of year 1.

    Each year the base keeps ``kept_share`` of itself and wins ``won_share`` of itself anew, so that n(t) =
    n(1) * (kept + won)^(t - 1). With 100,000 customers and 20 % won a year: 197,993 in year 15 at 85 % kept, 379,750
    at 90 %. That new customers are a share of the base at the year's beginning, that they are not lost in the year in
    which they come, and that year 15 is 14 steps from year 1 is our reading: under it both figures come out.
    Raises ValueError where a share is negative, more than all is kept, or the year is before the first.
    """
    if won_share < 0 or not 0 <= kept_share <= 1 or year < 1:
        raise ValueError("won is not negative, kept is 0 to 1, years begin with 1")
    return float(customers * (kept_share + won_share) ** (year - 1))


def live_value(known: AccountSpend, terms: Terms) -> AccountValue:
    """What the account is worth from now on, with all its parts.

    P(alive) times the lifetime value of its margin, without the acquisition cost, which is spent whatever we do. Where
    the account's wallet is known, a share of what it buys elsewhere counts too.
    """
    spend = known.yearly_spend * YEAR_DAYS / min(max(known.days_since_first, FEWEST_DAYS), YEAR_DAYS)
    spend = max(spend, 0.0)
    margin = terms.margin_share if known.margin_share is None else known.margin_share
    counted = spend + terms.headroom_share * headroom(spend, known.wallet_yearly)
    worth = lifetime_value(0.0, counted * margin, terms.retention_share, terms.capital_cost_share, terms.years)
    told = {  # every field, in its order: put together at once, as it is said for nearly every order
        "yearly_spend": round(spend, 2),
        "margin_share": margin,
        "margin_known": known.margin_share is not None,
        "p_alive": known.p_alive,
        "retention_share": terms.retention_share,
        "capital_cost_share": terms.capital_cost_share,
        "years": terms.years,
        "wallet_yearly": known.wallet_yearly,
        "wallet_share": share_of_wallet(spend, known.wallet_yearly),
        "headroom_share": terms.headroom_share,
        "acquisition_cost": known.acquisition_cost,
        "value": round(known.p_alive * worth, 2),
    }
    return put_together(AccountValue, told, _TOLD, None)


def share_of_wallet(yearly_spend: float, wallet_yearly: float | None) -> float | None:
    """Our part of what the account spends, 0 to 1; None where that is not known."""
    if wallet_yearly is None or wallet_yearly <= 0:
        return None
    return min(yearly_spend / wallet_yearly, 1.0)


def headroom(yearly_spend: float, wallet_yearly: float | None) -> float:
    """What the account spends elsewhere in a year; 0 where the wallet is not known or smaller than our part."""
    return max((wallet_yearly or 0.0) - yearly_spend, 0.0)
