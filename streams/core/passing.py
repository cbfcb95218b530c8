"""Passing time: size, phase, ends of cool-downs and needs, and every due pair's decision, many accounts at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from forecasting.columns import Floats, PairColumns
from forecasting.model import Population
from outreach.phase import Relationship, phase_of, size_of
from outreach.profiles import Profile, ProfileSet
from schemas.envelope import Event
from schemas.events.accounts import Size
from schemas.events.ours import Phase, PhaseChanged
from schemas.ids import stable_hash
from streams.core.accounts import SOURCE
from streams.core.context import Folding
from streams.core.facts import lead_time, yearly_spend
from streams.core.needs import end_need, next_cycle
from streams.core.outlook import ROUND_DIGITS, Question, account_columns, outlooks
from streams.core.recovery import open_recoveries
from streams.core.settle import settle, stay_quiet
from streams.core.stock import metered_outlook
from streams.core.winback import win_back
from streams.state import ACCOUNT_GROUP, Pair

CHECK_EVERY_HOURS = 7 * 24
"""Silence makes an account doubtful without any event: its phase is judged at least this often."""


@dataclass(frozen=True, slots=True)
class Due:
    """A pair to be decided."""

    folding: Folding
    profile: Profile
    account_row: int
    group: str
    pair: Pair


def look_at(foldings: Sequence[Folding], *, everything: bool = False) -> None:
    """Judge accounts at their partition's business time; ``everything``: all their pairs, not only the due ones.

    Does nothing while the partition has no business time, model or profiles.
    """
    in_force = foldings[0].context.in_force if foldings else None
    if in_force is None:
        return
    model, profiles = in_force
    columns = account_columns([folding.account for folding in foldings])
    today = np.array([folding.today for folding in foldings], float)
    alive = np.round(model.account.alive(columns, today), ROUND_DIGITS).tolist()
    due: list[Due] = []
    for number, folding in enumerate(foldings):
        folding.account.version += 1
        seen = _relationship(columns, number, float(today[number]), alive[number])
        moved = _judge(folding, profiles, seen)
        _end_cool_down(folding)
        open_recoveries(folding)
        win_back(folding, alive[number])
        due += _due_pairs(folding, number, everything or moved)
    _decide_all(model, due, columns, today)


def _relationship(columns: PairColumns, row: int, today: float, p_alive: float) -> Relationship:
    return Relationship(
        order_days=int(columns.orders[row]),
        days_since_first=today - float(columns.first_day[row]),
        silence_days=today - float(columns.last_day[row]),
        usual_gap_days=float(columns.median_gap[row]),
        p_alive=p_alive,
    )


def _judge(folding: Folding, profiles: ProfileSet, seen: Relationship) -> bool:
    """Set size, phase and the next check; True when the account enters another cell."""
    account = folding.account
    if account.closed:
        return False
    before = (account.size, account.phase)
    by_hand = None if account.about.size is None else Size(account.about.size)
    account.size = size_of(yearly_spend(folding), Size(account.size), by_hand, profiles.thresholds).value
    phase = phase_of(seen, profiles.thresholds)
    if phase.value != account.phase:
        folding.recorded.append(_phase_changed(folding, phase, seen))
        account.phase = phase.value
    account.check_hour = folding.now // 3600 + CHECK_EVERY_HOURS
    return before != (account.size, account.phase)


def _phase_changed(folding: Folding, phase: Phase, seen: Relationship) -> Event:
    account = folding.account
    evidence = {
        "order_days": seen.order_days,
        "silence_days": seen.silence_days,
        "usual_gap_days": round(seen.usual_gap_days, 2),
        "p_alive": seen.p_alive,
        "account_version": account.version,
    }
    return Event(
        id=stable_hash("phase", account.account_id, str(account.version), phase.value).hex(),
        source=SOURCE,
        subject=account.account_id,
        time=folding.at,
        fact=PhaseChanged(previous=Phase(account.phase), phase=phase, evidence=evidence),
    )


def _end_cool_down(folding: Folding) -> None:
    """After the cool-down the account may be called again, about needs with new ids."""
    account = folding.account
    if account.cool_down_until is None:
        return
    end_hour = account.cool_down_until // 3600 + 1
    if folding.now < account.cool_down_until:
        account.check_hour = end_hour if account.check_hour is None else min(account.check_hour, end_hour)
        return
    account.cool_down_until = None
    account.attempts = 0
    for group, pair in sorted(account.pairs.items()):
        if pair.done_cycle == pair.cycle or pair.refusal is not None:
            next_cycle(folding, group, pair, "policy")
            pair.due_hour = folding.now // 3600


def _due_pairs(folding: Folding, number: int, everything: bool) -> Iterator[Due]:
    profile, now_hour = folding.profile, folding.now // 3600
    if profile is None or folding.account.closed:
        return
    pairs = folding.account.pairs
    due = pairs if everything else [one for one, pair in pairs.items() if _is_due(pair, now_hour)]
    for group in sorted(due):
        pair = pairs[group]
        if _stands(folding, group, pair):
            continue
        if not group.startswith(ACCOUNT_GROUP):
            yield Due(folding, profile, number, group, pair)


def _is_due(pair: Pair, now_hour: int) -> bool:
    return pair.due_hour is not None and pair.due_hour <= now_hour


def _stands(folding: Folding, group: str, pair: Pair) -> bool:
    """Whether the pair's need is left as it is: open until it is covered, or just expired, which is a miss."""
    if pair.need is None:
        pair.due_hour = None
        return False
    if folding.now < pair.need.valid_until:
        pair.due_hour = pair.need.valid_until // 3600 + 1
        return True
    end_need(folding, group, pair, "expired")
    pair.done_cycle = pair.cycle
    pair.due_hour = None
    return True


def _decide_all(model: Population, due: Sequence[Due], accounts: PairColumns, today: Floats) -> None:
    for each in due:
        if each.pair.stock is not None:
            lead = lead_time(each.folding, each.profile, each.group)
            metered = metered_outlook(each.folding, each.pair, each.pair.stock, lead, each.profile.service_level)
            settle(each.folding, each.profile, each.group, each.pair, metered)
    ordered = [each for each in due if each.pair.stock is None]
    if not ordered:
        return
    rows = [each.account_row for each in ordered]
    question = Question(
        pairs=[each.pair for each in ordered],
        groups=[each.group for each in ordered],
        account_row=rows,
        today=today[rows],
        lead_time_days=np.array([lead_time(each.folding, each.profile, each.group) for each in ordered], float),
        service_level=np.array([each.profile.service_level for each in ordered], float),
    )
    answer = outlooks(model.pair, question, accounts)
    for row, (each, due_in_days) in enumerate(zip(ordered, answer.due_in_days, strict=True)):
        outlook = answer.loud.get(row)
        if outlook is None:
            stay_quiet(each.folding, each.group, each.pair, due_in_days)
        else:
            settle(each.folding, each.profile, each.group, each.pair, outlook)
