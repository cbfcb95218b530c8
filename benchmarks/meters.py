"""What readings are worth: error of the day on which a tank falls to its reserve, against the mean-gap rule.

    python -m benchmarks.meters [--small]

A made world, seeded: tanks whose use differs from day to day, by weekday, by season and by a drift of its own. The
account orders when its tank is down to a reserve that it judges by eye, and is delivered to two days later, rarely the
same amount twice. Every week somebody asks when the next order comes. The mean-gap rule knows the orders only; the
others know orders, deliveries and readings, and see the reserve as the level at which the account ordered so far.
Errors are days between the day that was said and that of the order that came, over the same questions.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from forecasting import metering
from forecasting.metering import Metering, Report

DAYS = 730
FIRST_QUESTION = 365
SEED = 4
LEAST_ORDERS = 4
DELIVERY_DAYS = 2
WAYS = {"monthly": (metering.LEVEL, 30), "weekly": (metering.LEVEL, 7), "daily": (metering.LEVEL, 1)}
COUNTED = {"meter total, weekly": (metering.TOTAL, 7), "consumed, weekly": (metering.CONSUMED, 7)}


@dataclass
class Tank:
    """What happened: level and use by day, orders and deliveries by day."""

    use: np.ndarray
    level: np.ndarray
    orders: list[int] = field(default_factory=list)
    delivered: dict[int, float] = field(default_factory=dict)


def tank(rng: np.random.Generator) -> Tank:
    """One tank over DAYS days."""
    size = float(np.exp(rng.normal(6.0, 0.7)))
    gap = float(np.exp(rng.normal(np.log(28), 0.4)))
    day = np.arange(DAYS)
    drift = np.exp(np.cumsum(rng.normal(0, 0.02, DAYS)))
    season = 1 + rng.uniform(0, 0.5) * np.cos(2 * np.pi * (day - rng.uniform(0, 365)) / 365)
    week = np.where(day % 7 < 5, 1.2, 0.5)
    use = size * 0.7 / gap * season * drift / drift.mean() * week * rng.gamma(4.0, 0.25, DAYS)
    made = Tank(use, np.zeros(DAYS))
    level, due = size * rng.uniform(0.3, 1.0), None
    for today in range(DAYS):
        if today in made.delivered:
            level, due = level + made.delivered[today], None
        level = max(level - use[today], 0.0)
        made.level[today] = level
        if due is None and level < size * rng.normal(0.18, 0.03):
            due = today + DELIVERY_DAYS
            made.orders.append(today)
            made.delivered[due] = max(size * rng.uniform(0.35, 1.0) - level, 0.1 * size)
    return made


def reports(made: Tank, kind: int, every: int) -> Iterator[Report]:
    """Deliveries in the morning, readings in the evening."""
    rng, used = np.random.default_rng(int(made.use[0] * 1e6) % 2**32), np.cumsum(made.use)
    for today in range(DAYS):
        if today in made.delivered:
            yield Report(today + 0.3, metering.DELIVERY, made.delivered[today])
        if today % every == every - 1:
            seen = {
                metering.LEVEL: made.level[today] * rng.normal(1, 0.01),
                metering.TOTAL: used[today],
                metering.CONSUMED: used[today] - (used[today - every] if today >= every else 0.0),
            }
            yield Report(today + 0.9, kind, max(float(seen[kind]), 0.0))


def asked(made: Tank) -> Iterator[tuple[int, int]]:
    """(day of the question, day of the next order): weekly, between orders."""
    for today in range(FIRST_QUESTION, DAYS - 90, 7):
        past, later = [one for one in made.orders if one < today], [one for one in made.orders if one >= today]
        if len(past) >= LEAST_ORDERS and later and today > past[-1] + DELIVERY_DAYS:
            yield today, later[0]


def mean_gap(made: Tank) -> np.ndarray:
    """Days of error of: the last order and the mean gap so far, at the earliest today."""
    errors = []
    for today, truth in asked(made):
        past = [one for one in made.orders if one < today]
        errors.append(max(past[-1] + np.diff(past).mean(), today) - truth)
    return np.abs(errors)


def by_meter(made: Tank, kind: int, every: int) -> tuple[np.ndarray, np.ndarray]:
    """Days of error of the day at which the expected level meets the usual reserve, and whether [p10, p90] held it."""
    kept, told = Metering(), list(reports(made, kind, every))
    reserves: list[float] = []
    errors, held, place = [], [], 0
    orders = iter([*made.orders, DAYS])
    order = next(orders)
    questions = dict(asked(made))
    for today in range(DAYS):
        if today in questions:
            errors_here, inside = answer(kept, today, questions[today], float(np.mean(reserves[-6:])))
            errors.append(errors_here)
            held.append(inside)
        while place < len(told) and told[place].day < today + 1:
            metering.take_in(kept, told[place])
            place += 1
        if today == order:
            reserves.append(sum(one.level for one in metering.stocks(kept.now, today + 0.95)))
            order = next(orders)
    return np.abs(errors), np.array(held)


def answer(kept: Metering, today: int, truth: int, reserve: float) -> tuple[float, bool]:
    """Error in days, and whether the truth lies inside the 80 % interval."""
    above = [metering.lowered(one, reserve) for one in metering.stocks(kept.now, today)]
    p10, p50, p90 = metering.run_out_days(above, today, (0.1, 0.5, 0.9))
    return min(p50, DAYS) - truth, p10 <= truth <= p90


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="twelve tanks; its figures mean nothing")
    rng = np.random.default_rng(SEED)
    tanks = [tank(rng) for _ in range(12 if parser.parse_args().small else 200)]
    rule = np.concatenate([mean_gap(one) for one in tanks])
    print(f"{len(tanks)} tanks, {len(rule):,} questions")
    print(f"{'readings':<22}{'mean error, days':>18}{'median':>9}{'of the rule':>13}{'80 % held':>11}")
    print(f"{'none: mean gap':<22}{rule.mean():>18.2f}{np.median(rule):>9.2f}{1:>13.2f}")
    for name, (kind, every) in (WAYS | COUNTED).items():
        parts = [by_meter(one, kind, every) for one in tanks]
        errors, held = (np.concatenate(column) for column in zip(*parts, strict=True))
        share = errors.mean() / rule.mean()
        print(f"{name:<22}{errors.mean():>18.2f}{np.median(errors):>9.2f}{share:>13.2f}{held.mean():>11.2f}")


if __name__ == "__main__":
    main()
