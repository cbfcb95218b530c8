"""Stock of a SKU group with any number of meters: each keeps a state of its own, late reports go where they belong.

A meter that ever showed a level holds stock; each such meter runs out by itself. A meter that only counts use draws
from the pool, which deliveries fill. A delivery names no meter: it is shared out by use, and the next reading tells.
A clock counts operational days (degree days) where use follows them; days in states are those of the calendar.
The last reports stay one by one, so the state is a function of the set of them, whatever the order of arrival.
"""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from forecasting.telemetry import (
    LONGEST_DAYS,
    StockState,
    between,
    consumed,
    delivered,
    metered,
    predict,
    reading,
    runs_out_within,
    used_since,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.telemetry import Clock

LEVEL, CONSUMED, TOTAL, DELIVERY = range(4)
RECENT = 12  # reports that may still be joined by an earlier one
MOST_METERS = 64  # of one group of one account
UNNAMED = ""  # a report that names no meter is about the only one
SHARED_DOUBT = 0.5  # standard deviation of a meter's part of a delivery, as a share of it
NOT_FLOORED = -float("inf")


class Report(msgspec.Struct, array_like=True, gc=False):
    """One word about the group: `value` in units of the group; kind LEVEL, CONSUMED, TOTAL or DELIVERY."""

    day: float
    kind: int
    value: float
    meter: str = UNNAMED
    reset: bool = False


class GroupStock(msgspec.Struct, array_like=True, gc=False):
    """Each meter's state by name. `pool`: what was delivered less what was counted, where no meter shows a level."""

    meters: dict[str, StockState] = msgspec.field(default_factory=dict)
    pool: StockState | None = None


class Metering(msgspec.Struct, array_like=True, gc=False):
    """`now` is `before` after `recent`, which is sorted by day and holds at most RECENT reports."""

    now: GroupStock = msgspec.field(default_factory=GroupStock)
    before: GroupStock = msgspec.field(default_factory=GroupStock)
    recent: list[Report] = msgspec.field(default_factory=list)


def begun_with(stock: StockState | None) -> Metering:
    """A group of which a single stock was known so far, or nothing."""
    if stock is None:
        return Metering()
    return Metering(GroupStock({UNNAMED: stock}), GroupStock({UNNAMED: stock}))


def take_in(metering: Metering, report: Report, clock: Clock | None = None) -> bool:
    """Take in a report, in its place by day. False: known already, or older than all that can still be moved.

    Mutates `metering`.
    """
    recent = metering.recent
    if report in recent or (len(recent) == RECENT and report.day < recent[0].day):
        return False
    place = bisect.bisect_right(recent, report.day, key=lambda one: one.day)
    recent.insert(place, report)
    if place == len(recent) - 1:
        metering.now = _after(metering.now, report, clock)
    else:
        metering.now = metering.before
        for one in recent:
            metering.now = _after(metering.now, one, clock)
    while len(recent) > RECENT:
        metering.before = _after(metering.before, recent.pop(0), clock)
    return True


def beside(mine: Metering, others: Metering) -> Metering:
    """Both groups as one; of a meter that both know, the newer word counts. What came before is settled."""
    meters = dict(others.now.meters)
    for name, meter in mine.now.meters.items():
        if name not in meters or meters[name].day <= meter.day:
            meters[name] = meter
    pools = [one for one in (mine.now.pool, others.now.pool) if one is not None]
    pool = _sum(pools, max(one.day for one in pools)) if pools else None
    group = GroupStock(meters, pool)
    return Metering(group, group)


def stocks(group: GroupStock, day: float, coming_units: float = 0.0, clock: Clock | None = None) -> list[StockState]:
    """Every stock that can run out by itself, on a day, as if `coming_units` had arrived then."""
    holders = [predict(meter, day, clock=clock) for meter in group.meters.values() if meter.level_known]
    if not holders:
        holders = [_pooled(group, day, clock)]
    parts = _shares(holders)
    return [
        msgspec.structs.replace(one, level=one.level + part * coming_units) if one.level_known else one
        for one, part in zip(holders, parts, strict=True)
    ]


def lowered(stock: StockState, reserve_units: float) -> StockState:
    """The stock above a reserve: its run-out is the day on which the reserve is reached."""
    return msgspec.structs.replace(stock, level=max(stock.level - reserve_units, 0.0))


def total(group: GroupStock, clock: Clock | None = None) -> StockState:
    """The group as one stock: the sum of its parts, as of the newest word on any of them."""
    states = list(group.meters.values())
    if len(states) == 1 and group.pool is None:
        return states[0]
    day = max([state.day for state in states] + ([] if group.pool is None else [group.pool.day]))
    return _sum(stocks(group, day, clock=clock), day)


def group_runs_out_within(
    states: Sequence[StockState], day: float, horizon_days: Sequence[float], clock: Clock | None = None
) -> list[float]:
    """P(one of the stocks is used up before day + horizon), for each horizon; they run out independently."""
    chance = runs_out_within(states, day, 0.0, np.asarray(horizon_days, float)[:, None], clock)
    return [float(p) for p in 1 - np.prod(1 - chance, axis=1)]


def group_due_in_days(
    states: Sequence[StockState],
    day: float,
    lead_time_days: float,
    service_level: float,
    max_ahead_days: int = 60,
    clock: Clock | None = None,
) -> float:
    """Whole days until the first day t with P(one is used up before t + lead time) >= service level; inf if none."""
    ahead = [t + lead_time_days for t in range(max_ahead_days + 1)]
    reached = group_runs_out_within(states, day, ahead, clock)
    return next((float(t) for t, p in enumerate(reached) if p >= service_level), float("inf"))


def run_out_days(
    states: Sequence[StockState],
    day: float,
    levels: Sequence[float],
    clock: Clock | None = None,
    zone_days: float = 0.0,
) -> list[float]:
    """First day (ordinal) before whose end one stock is used up with each probability; inf beyond LONGEST_DAYS.

    zone_days: by what the clocks of those who ask are ahead of that of `day`; the answer is a day of theirs.
    """
    today = math.floor(_local(day, zone_days))
    chance = group_runs_out_within(states, day, ends_of_days(day, range(1, LONGEST_DAYS + 1), zone_days), clock)
    places = [int(np.searchsorted(np.maximum.accumulate(chance), level)) for level in levels]
    return [float(today + place) if place < LONGEST_DAYS else float("inf") for place in places]


def ends_of_days(day: float, days: Sequence[int], zone_days: float = 0.0) -> list[float]:
    """Time from `day` until so many days are over, of which the present one, begun already, is the first."""
    local = _local(day, zone_days)
    return [math.floor(local) + one - local for one in days]


def _local(day: float, zone_days: float) -> float:
    return round(day + zone_days, 6)  # to a tenth of a second: midnight is midnight


def _after(group: GroupStock, report: Report, clock: Clock | None) -> GroupStock:
    """The group after a report that is the newest; the given one is left as it is."""
    if report.kind == DELIVERY:
        return _fill(group, report, clock)
    meters = dict(group.meters)
    name = _name(meters, report.meter)
    meter, day, value = meters.get(name), report.day, report.value
    if report.kind == LEVEL:
        meters[name] = reading(meter, day, value, reset=report.reset, clock=clock)
        counters = [one for one in meters.values() if not one.level_known]
        return GroupStock(meters, group.pool if counters else None)
    if report.kind == CONSUMED:
        used, meters[name] = value, consumed(meter, day, value, clock=clock)
    else:
        used = _counted(meter, report, clock)
        meters[name] = metered(meter, day, value, reset=report.reset, clock=clock)
    pool = group.pool
    if pool is not None and not meters[name].level_known:
        pool = msgspec.structs.replace(pool, level=max(pool.level - used, 0.0))
    return GroupStock(meters, pool)


def _counted(meter: StockState | None, report: Report, clock: Clock | None) -> float:
    """Units that a counter says were used; by its rate where it was changed, nothing where it is new."""
    used = used_since(meter, report.value, reset=report.reset)
    if used is None:
        return 0.0 if meter is None else meter.rate * max(between(clock, meter.day, report.day), 0.0)
    return used


def _name(meters: dict[str, StockState], name: str) -> str:
    """Which meter a report is about. The first name that is told becomes that of an unnamed one."""
    if name == UNNAMED and len(meters) == 1:
        return next(iter(meters))
    if name not in meters and len(meters) == 1 and UNNAMED in meters:
        meters[name] = meters.pop(UNNAMED)
    return name


def _fill(group: GroupStock, report: Report, clock: Clock | None) -> GroupStock:
    """A delivery goes to the meters that show levels, by their use; without any of them into the pool."""
    holders = {name: meter for name, meter in group.meters.items() if meter.level_known}
    if not holders:
        return GroupStock(group.meters, _filled_pool(group, report.day, report.value, clock))
    filled = dict(group.meters)
    doubt = SHARED_DOUBT if len(holders) > 1 else 0.0
    for (name, meter), part in zip(holders.items(), _shares(list(holders.values())), strict=True):
        units = part * report.value
        filled[name] = delivered(meter, report.day, units, doubt_units=doubt * units, clock=clock)
    return GroupStock(filled, group.pool)


def _filled_pool(group: GroupStock, day: float, quantity: float, clock: Clock | None) -> StockState:
    """The pool still holds what was used since the counters last told; it is taken off when they tell."""
    pool, drained = group.pool, _drained(group, day, clock)
    if pool is None or pool.level - drained < 0:
        filled = delivered(None, day, quantity)
        return msgspec.structs.replace(filled, level=filled.level + drained)
    return msgspec.structs.replace(pool, level=pool.level + quantity)


def _drained(group: GroupStock, day: float, clock: Clock | None) -> float:
    """Units that the counters are expected to have counted since they last told."""
    return sum(-one.level for one in _counters(group, day, clock))


def _counters(group: GroupStock, day: float, clock: Clock | None) -> list[StockState]:
    """Meters that only count, on a day; the level is what they took since they last told, negative."""
    meters = (msgspec.structs.replace(one, level=0.0) for one in group.meters.values() if not one.level_known)
    return [predict(one, day, floor=NOT_FLOORED, clock=clock) for one in meters]


def _pooled(group: GroupStock, day: float, clock: Clock | None) -> StockState:
    """The pool less what its counters are expected to have taken; of an unknown level while nothing was delivered."""
    counters = _counters(group, day, clock)
    if group.pool is None:
        return _sum(counters, day)
    if sum(one.rate for one in counters) <= 0:  # nothing was counted yet: the pool's own guess
        return predict(group.pool, day, clock=clock)
    pool = msgspec.structs.replace(group.pool, day=day, rate=0.0, rate_var=0.0)
    return msgspec.structs.replace(_sum([pool, *counters], day), level_known=True)


def _sum(states: Sequence[StockState], day: float) -> StockState:
    """Independent stocks as one; known where every part that holds something is."""
    return StockState(
        day,
        level=max(sum(one.level for one in states), 0.0),
        rate=sum(one.rate for one in states),
        level_var=sum(one.level_var for one in states),
        covariance=sum(one.covariance for one in states),
        rate_var=sum(one.rate_var for one in states),
        level_known=any(one.level_known for one in states),
        scale=max((one.scale for one in states), default=1.0),
    )


def _shares(states: Sequence[StockState]) -> list[float]:
    """Of a delivery, by use; equal parts where no use is known."""
    use = sum(one.rate for one in states)
    return [one.rate / use if use > 0 else 1 / len(states) for one in states]
