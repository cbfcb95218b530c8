"""The due pairs of many accounts, as columns, and their decisions: nearly all of them only learn when to look again.

Written for hundreds of thousands of pairs after a new model: one plain loop to collect, one forecast for all rows, one
plain loop to set the next look; only the few rows that reach their level cost more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from forecasting.columns import Floats, PairColumns
from forecasting.model import Population
from outreach.decide import LOOK_AGAIN_DAYS, MAX_WAIT_DAYS
from outreach.profiles import Profile
from schemas.decisions import NeedKind
from streams.core.context import Folding
from streams.core.facts import horizon
from streams.core.looks import spread_hours
from streams.core.needs import end_need, next_cycle
from streams.core.outlook import Outlook, Question, outlooks
from streams.core.settle import settle, stay_quiet
from streams.core.stock import metered_outlook
from streams.core.whole import rest
from streams.state import ACCOUNT_GROUP, Pair


@dataclass(slots=True)
class DuePairs:
    """One row a pair whose next order is asked for; metered pairs are kept apart, as their stock answers."""

    pairs: list[Pair] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    account_row: list[int] = field(default_factory=list)
    horizon_days: list[float] = field(default_factory=list)
    """Lead time and time to the next look."""
    service_level: list[float] = field(default_factory=list)
    metered: list[tuple[int, str]] = field(default_factory=list)


def collect(folding: Folding, row: int, into: DuePairs, *, everything: bool) -> None:
    """Add the account's due pairs, or all; needs that stand are left, or expire."""
    profile, now_hour = folding.profile, folding.now // 3600
    if profile is None or folding.account.closed:
        return
    products, level = folding.context.partition.products, profile.service_level
    usual_lead, review = profile.lead_time_days, profile.review_days
    standing = []
    for group, pair in folding.account.pairs.items():
        if not everything and (pair.due_hour is None or pair.due_hour > now_hour):
            continue
        if pair.need is not None and not (everything and _is_unwanted(profile, group, pair)):
            standing.append(group)
            continue
        if pair.need is not None:
            next_cycle(folding, group, pair, "policy")
        pair.due_hour = None
        if pair.stock is not None:
            into.metered.append((row, group))
        elif not group.startswith(ACCOUNT_GROUP):
            product = products.get(group)
            lead = None if product is None else product.lead_time_days
            into.pairs.append(pair)
            into.groups.append(group)
            into.account_row.append(row)
            into.horizon_days.append((usual_lead if lead is None else lead) + review)
            into.service_level.append(level)
    for group in sorted(standing):
        _stand(folding, group, folding.account.pairs[group])


def _is_unwanted(profile: Profile, group: str, pair: Pair) -> bool:
    """Whether the profile, perhaps another one now, would not have opened a product's need that stands."""
    told = pair.need
    if told is None or group.startswith(ACCOUNT_GROUP):
        return False
    kind = NeedKind.EXPECTED_REORDER if pair.stock is None else NeedKind.RUN_OUT
    by_itself = profile.automation != "never" and bool(pair.orders.days)
    return kind not in profile.opens or told.p_due < profile.service_level or told.reorder != by_itself


def _stand(folding: Folding, group: str, pair: Pair) -> None:
    """A need stays open until it is covered; past its time it expires, which is a miss."""
    if pair.need is not None and folding.now < pair.need.valid_until:
        pair.due_hour = pair.need.valid_until // 3600 + 1
        return
    end_need(folding, group, pair, "expired")
    pair.done_cycle = pair.cycle
    pair.due_hour = None
    rest(folding, group, pair)


def decide_all(model: Population, foldings: list[Folding], due: DuePairs, accounts: PairColumns, today: Floats) -> None:
    """Decide every row. Effects of an account come in the order of its groups, whatever their order in memory."""
    for row, group in sorted(due.metered):
        folding = foldings[row]
        _decide_metered(folding, _profile(folding), group, folding.account.pairs[group])
    if not due.pairs:
        return
    question = Question(
        pairs=due.pairs,
        groups=due.groups,
        account_row=due.account_row,
        today=today[due.account_row],
        lead_time_days=np.array(due.horizon_days, float),
        service_level=np.array(due.service_level, float),
    )
    answer = outlooks(model.pair, question, accounts)
    _set_next_looks(foldings, due, answer.due_in_days)
    raise_alive(foldings, due, answer.loud)
    for number in sorted(answer.loud, key=lambda one: (due.account_row[one], due.groups[one])):
        folding = foldings[due.account_row[number]]
        settle(folding, _profile(folding), due.groups[number], due.pairs[number], answer.loud[number])


def raise_alive(foldings: list[Folding], due: DuePairs, loud: Mapping[int, Outlook]) -> None:
    """An account is at least as alive as each of its pairs that is due; see forecasting.coherent.

    Only what was forecast anyway: asking all pairs of an account would cost more than all else of a look.
    """
    for number, outlook in loud.items():
        account = foldings[due.account_row[number]].account
        if account.p_alive is not None and outlook.p_alive > account.p_alive:
            account.p_alive = outlook.p_alive


def _set_next_looks(foldings: list[Folding], due: DuePairs, due_in_days: Floats) -> None:
    """Rows that reach their level have 0 here and are settled afterwards."""
    now, next_look = foldings[0].now, foldings[0].next_look_hour
    days = np.where(due_in_days < MAX_WAIT_DAYS, due_in_days, LOOK_AGAIN_DAYS)
    spread = np.array([spread_hours(folding.account.account_id) for folding in foldings], np.int64)[due.account_row]
    hours = np.maximum((now // 86_400 + days.astype(np.int64)) * 24 + spread, next_look).tolist()
    quiet = (due_in_days > 0).tolist()
    for number, (pair, hour) in enumerate(zip(due.pairs, hours, strict=True)):
        if pair.hold_until is None and pair.done_cycle != pair.cycle:
            pair.due_hour = hour
        elif quiet[number]:
            stay_quiet(pair, hour)


def _decide_metered(folding: Folding, profile: Profile, group: str, pair: Pair) -> None:
    if pair.stock is not None:
        days = horizon(folding, profile, group)
        outlook = metered_outlook(folding, group, pair, days, profile.service_level)
        settle(folding, profile, group, pair, outlook)


def _profile(folding: Folding) -> Profile:
    """The cell in force; collected rows have one."""
    profile = folding.profile
    if profile is None:
        raise AssertionError("a pair was collected while nothing is decided")
    return profile
