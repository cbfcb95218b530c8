"""Passing time: size, phase, ends of cool-downs and needs, and every due pair's decision, many accounts at once."""

import numpy as np

from forecasting.columns import Floats, PairColumns
from outreach.phase import Relationship, phase_of, size_of
from outreach.profiles import ProfileSet
from schemas.events.accounts import Size
from schemas.events.ours import Phase, PhaseChanged, SizeChanged
from streams.core.context import Folding
from streams.core.due_pairs import DuePairs, collect, decide_all
from streams.core.facts import yearly_spend
from streams.core.needs import Cause, next_cycle
from streams.core.outlook import ROUND_DIGITS, account_columns
from streams.core.promises import look_for_late
from streams.core.recording import record
from streams.core.recovery import open_recoveries
from streams.core.standing import PHASES, SIZES
from streams.core.whole import look_at_whole
from streams.state import ACCOUNT_GROUP, Account

CHECK_EVERY_HOURS = 7 * 24
"""Silence makes an account doubtful without any event: its phase is judged at least this often."""


def look_at(foldings: list[Folding], *, everything: bool = False) -> None:
    """Judge accounts at their partition's business time; ``everything``: all their pairs, not only the due ones.

    Does nothing while the partition has no business time, model or profiles.
    """
    in_force = foldings[0].context.in_force if foldings else None
    if in_force is None:
        return
    model, profiles = in_force
    today = np.array([folding.today for folding in foldings], float)
    columns = account_columns([folding.account for folding in foldings], today)
    alive = np.round(model.account.alive(columns, today), ROUND_DIGITS).tolist()
    seen_all = _relationships(columns, today, alive)
    first_days = columns.first_day.tolist()
    due = DuePairs()
    for number, folding in enumerate(foldings):
        folding.account.version += 1
        if folding.account.closed:
            _rest(folding.account)
            continue
        seen = seen_all[number]
        moved = _judge(folding, profiles, seen)
        _end_cool_down(folding)
        look_for_late(folding)
        open_recoveries(folding)
        cause: Cause | None = "policy" if everything else "not_due" if moved else None
        look_at_whole(folding, seen.order_days, float(first_days[number]), alive[number], cause=cause)
        collect(folding, number, due, everything=everything or moved)
    decide_all(model, foldings, due, columns, today)


def _rest(account: Account) -> None:
    """Nothing opens for a closed account any more: it is not looked at again until something is said of it."""
    account.check_hour = None
    for pair in account.pairs.values():
        pair.due_hour = None


def _relationships(columns: PairColumns, today: Floats, alive: list[float]) -> list[Relationship]:
    """One an account; columns become lists at once, as a number taken out of a column costs ten times as much."""
    rows = zip(
        columns.orders.astype(np.int64).tolist(),
        (today - columns.first_day).tolist(),
        (today - columns.last_day).tolist(),
        columns.median_gap.astype(float).tolist(),
        alive,
        strict=True,
    )
    return list(map(Relationship._make, rows))


def _judge(folding: Folding, profiles: ProfileSet, seen: Relationship) -> bool:
    """Set size, phase and the next check; True when the account enters another cell."""
    account = folding.account
    before = (account.size, account.phase)
    by_hand = None if account.about.size is None else SIZES[account.about.size]
    spend = folding.spend = yearly_spend(folding)
    size = size_of(spend, SIZES[account.size], by_hand, profiles.thresholds)
    if size.value != account.size:
        record(folding, _size_changed(folding, size, spend), folding.at)
        account.size = size.value
    phase = phase_of(seen, PHASES[account.phase], profiles.thresholds)
    if phase.value != account.phase:
        record(folding, _phase_changed(folding, phase, seen), folding.at)
        account.phase = phase.value
    account.check_hour = folding.now // 3600 + CHECK_EVERY_HOURS
    account.p_alive = seen.p_alive
    return before != (account.size, account.phase)


def _phase_changed(folding: Folding, phase: Phase, seen: Relationship) -> PhaseChanged:
    account = folding.account
    evidence = {
        "order_days": seen.order_days,
        "silence_days": seen.silence_days,
        "usual_gap_days": round(seen.usual_gap_days, 2),
        "p_alive": seen.p_alive,
        "account_version": account.version,
        "profiles": folding.context.partition.profiles_version,
    }
    return PhaseChanged(previous=Phase(account.phase), phase=phase, evidence=evidence)


def _size_changed(folding: Folding, size: Size, yearly_spend_now: float) -> SizeChanged:
    account = folding.account
    evidence = {
        "yearly_spend": round(yearly_spend_now, 2),
        "set_by_hand": account.about.size is not None,
        "account_version": account.version,
        "profiles": folding.context.partition.profiles_version,
    }
    return SizeChanged(previous=Size(account.size), size=size, evidence=evidence)


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
        spent = pair.done_cycle == pair.cycle or pair.refusal is not None
        if spent and not group.startswith(ACCOUNT_GROUP):  # needs of the account as a whole rest by their own rule
            next_cycle(folding, group, pair, "policy")
            pair.due_hour = folding.now // 3600
