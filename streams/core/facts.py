"""What the log knows of an account that policies ask for."""

from collections.abc import Sequence
from datetime import date, datetime

from forecasting.explain import level_sentence, order_sentence
from forecasting.pair import PairState
from outreach.kinds import kind_of
from outreach.profiles import Profile
from outreach.rules import Facts
from outreach.wording import Spoken, opening_sentence
from schemas.decisions import NeedKind
from schemas.ids import is_held_out
from schemas.needs import Evidence
from streams.core.context import Folding
from streams.core.outlook import Outlook
from streams.state import EPOCH_DAY, Account, moment

EVENT_METHOD = "event"
"""Evidence that is not a forecast."""


def facts_of(folding: Folding, profile: Profile, *, ordered_today: bool = False, available: bool = True) -> Facts:
    """What may block selling to the account."""
    account, at = folding.account, folding.at
    return Facts(
        now=at,
        closed=account.closed,
        open_complaints=len(to_mend(account)),
        credit_hold=account.credit_hold,
        cool_down_until=None if account.cool_down_until is None else moment(account.cool_down_until),
        held_out=is_held_out(account.account_id, at, folding.context.installation.holdout_salt, profile.holdout_share),
        ordered_today=ordered_today,
        available=available,
    )


def lead_time(folding: Folding, profile: Profile, group: str) -> float:
    """Days from order to delivery: the product master's word, else the profile's."""
    product = folding.context.partition.products.get(group)
    known = None if product is None else product.lead_time_days
    return profile.lead_time_days if known is None else known


def horizon(folding: Folding, profile: Profile, group: str) -> float:
    """Days within which an order must be expected for a call today not to be too early, and tomorrow's too late:
    the lead time, and the time to the next look."""
    return lead_time(folding, profile, group) + profile.review_days


def yearly_spend(folding: Folding) -> float:
    """Spend of the last twelve months, this one included, in the reporting currency."""
    newest = folding.context.month(folding.now)
    first, by_month = newest - 12, folding.account.spend_cents
    return sum([cents for month, cents in by_month.items() if first < month <= newest]) / 100


def last_order_day(account: Account) -> int | None:
    """Ordinal of the newest order day."""
    orders = account.orders
    newest = orders.newest_day
    if newest is not None:
        return newest
    return None if orders.folded is None else orders.folded.last_day


def last_order_at(folding: Folding) -> datetime | None:
    """Beginning (UTC) of the newest order day."""
    day = last_order_day(folding.account)
    return None if day is None else moment((day - EPOCH_DAY) * 86_400)


def to_mend(account: Account) -> tuple[str, ...]:
    """What is to be mended before anything is sold: complaints by id, others by word and id."""
    troubles = account.relation.troubles
    if not troubles:
        return tuple(account.complaints)
    others = (group[1:] for group in sorted(troubles) if kind_of(group) is not NeedKind.RECOVERY)
    return (*account.complaints, *others)


def event_evidence(
    folding: Folding, kind: NeedKind, told: Spoken, p_alive: float | None = None, usual_groups: Sequence[str] = ()
) -> Evidence:
    """Evidence of a need that an event or a phase opened."""
    partition = folding.context.partition
    return Evidence(
        as_of=folding.at,
        model_version=partition.model_version or "none",
        profiles_version=partition.profiles_version or "none",
        profile=f"{folding.account.size}-{folding.account.phase}",
        method=EVENT_METHOD,
        p_alive=p_alive,
        usual_groups=tuple(usual_groups),
        sentence=opening_sentence(kind, told),
    )


def forecast_evidence(
    folding: Folding, profile: Profile, lead_time_days: float, outlook: Outlook, orders: PairState
) -> Evidence:
    """Evidence of a need that a forecast opened; ``orders``: those of the pair."""
    partition, last_day = folding.context.partition, outlook.last_day
    return Evidence(
        as_of=folding.at,
        model_version=partition.model_version or "none",
        profiles_version=partition.profiles_version or "none",
        profile=f"{folding.account.size}-{folding.account.phase}",
        method=outlook.method,
        degraded=outlook.degraded,
        p_due=outlook.p_due,
        p_alive=_known(outlook.p_alive),
        lead_time_days=lead_time_days,
        review_days=profile.review_days,
        service_level=profile.service_level,
        order_days=outlook.order_days,
        usual_gap_days=round(outlook.usual_gap_days, 2),
        last_order_on=date.fromordinal(last_day) if last_day > 0 else None,
        past_orders_on=tuple(date.fromordinal(day) for day in sorted({mark.day for mark in orders.ring})),
        p10_on=_date(outlook.p10_day),
        p50_on=_date(outlook.p50_day),
        p90_on=_date(outlook.p90_day),
        survival=outlook.survival,
        stock_units=outlook.stock_units,
        sentence=_sentence(folding, outlook, lead_time_days + profile.review_days),
    )


def _sentence(folding: Folding, outlook: Outlook, horizon_days: float) -> str:
    """What an agent can say; running out is spoken of only where a stock is known."""
    within = max(round(horizon_days), 1)
    if outlook.stock_units is not None:
        return level_sentence(
            level_units=outlook.stock_units,
            units_a_day=outlook.units_a_day,
            unit="",
            as_of_day=folding.today,
            probability=outlook.p_due,
            within_days=within,
        )
    return order_sentence(
        orders=outlook.order_days,
        median_gap_days=outlook.usual_gap_days,
        last_day=outlook.last_day,
        as_of_day=folding.today,
        expected_day=outlook.p50_day,
        probability=outlook.p_due,
        within_days=within,
        quantity_ratio=outlook.quantity_ratio,
        season_ratio=outlook.season_ratio,
    )


def _known(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124 - nan is unlike itself


def _date(day: float) -> date | None:
    """A calendar day; None for never and for what was not asked."""
    return date.fromordinal(int(day)) if 0 < day < date.max.toordinal() else None
