"""A fuel dealer: few accounts, tanks that empty by degree days, working days or harvest, and irregular deliveries.

A tank is looked at now and then, not daily, and an order comes when what was seen is below what its owner thinks low;
some fill up early when prices are good, some run dry, some are filled half and again a few days later, some leave. The
weather is drawn for each year, so no two winters are the same, and no order line tells a temperature.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from benchmarks.made.calendar import degree_days, lines_of, next_open, open_days, season, temperatures, weekday

DAYS = 3 * 365


class Use(NamedTuple):
    """How one kind of tank is emptied: mean days a full one lasts (log-normal), and when it is used."""

    sku: int
    lasts_days: float
    spread: float
    by: str  # heat | work | harvest | even
    price: float


HEATING, PROCESS_GAS = Use(1, 130, 0.5, "heat", 0.9), Use(2, 45, 0.6, "heat", 0.7)
DIESEL, ADDITIVE = Use(3, 9, 0.6, "work", 1.2), Use(4, 35, 0.5, "work", 0.6)
FARM_DIESEL, CYLINDERS, LUBRICANT = (
    Use(5, 40, 0.5, "harvest", 0.9),
    Use(6, 24, 0.8, "even", 42.0),
    Use(7, 110, 0.6, "even", 4.0),
)
HEATED = (HEATING.sku, PROCESS_GAS.sku)
"""Products whose use follows degree days."""
TRADES: dict[str, tuple[float, tuple[Use, ...]]] = {
    "home": (0.3, (HEATING,)),
    "haulier": (0.22, (DIESEL, ADDITIVE, LUBRICANT, HEATING)),
    "farm": (0.2, (FARM_DIESEL, HEATING, LUBRICANT, CYLINDERS)),
    "builder": (0.14, (DIESEL, CYLINDERS, LUBRICANT)),
    "works": (0.14, (PROCESS_GAS, CYLINDERS, LUBRICANT, HEATING)),
}


@dataclass(frozen=True, slots=True)
class Tanks:
    """One row a tank; shape (tanks,)."""

    account: np.ndarray
    sku: np.ndarray
    use: np.ndarray  # row of `pace`
    lasts_days: np.ndarray
    price: np.ndarray
    capacity: np.ndarray
    low: np.ndarray  # share of the tank at which its owner orders
    looked_at: np.ndarray  # chance on an open day
    begins: np.ndarray
    ends: np.ndarray


def fuel(seed: int = 2, accounts: int = 140, days: int = DAYS) -> pd.DataFrame:
    """Canonical order lines of such a trade (account_id, sku, quantity, unit_price, ordered_at, order_id)."""
    rng = np.random.default_rng(seed)
    tanks, pace, opened = _tanks(rng, accounts, days), _pace(rng, days), open_days(days, shut_weekdays=(5, 6))
    bought = _emptied(rng, tanks, pace, opened)
    tank, day, quantity = (np.concatenate(parts) for parts in zip(*bought, strict=True))
    day = np.append(next_open(opened), days)[np.minimum(day, days)]
    tank, day, quantity = tank[day < days], day[day < days], quantity[day < days]
    market = np.exp(np.cumsum(rng.normal(0, 0.01, days)))
    return lines_of(tanks.account[tank], tanks.sku[tank], day, quantity, tanks.price[tank] * market[day], rng)


def fuel_temperatures(seed: int = 2, accounts: int = 140, days: int = DAYS) -> np.ndarray:
    """What the weather was in `fuel` of the same arguments, degrees Celsius; shape (days,), from FIRST_DAY on."""
    rng = np.random.default_rng(seed)
    _tanks(rng, accounts, days)
    return temperatures(days, rng)


def few_fuel(seed: int = 3, accounts: int = 26, days: int = DAYS) -> pd.DataFrame:
    """The same trade with fewer than 30 accounts."""
    return fuel(seed, accounts, days)


def _pace(rng: np.random.Generator, days: int) -> dict[str, np.ndarray]:
    """Relative use on each day by kind, mean about 1; shape (days,) each."""
    cold = degree_days(days, rng)
    working = np.where(weekday(days) < 5, 1.3, 0.25) * (
        1 + 0.12 * season(days, 180) - 0.25 * (season(days, 360) > 0.98)
    )
    harvest = 0.35 + 2.2 * (season(days, 225) > 0.85) + 1.1 * (season(days, 105) > 0.9)
    return {
        "heat": 0.12 + 0.88 * cold / cold.mean(),
        "work": working / working.mean(),
        "harvest": harvest / harvest.mean(),
        "even": np.ones(days),
    }


def _tanks(rng: np.random.Generator, accounts: int, days: int) -> Tanks:
    names = list(TRADES)
    share = np.array([TRADES[name][0] for name in names])
    rows: list[tuple[int, Use, float]] = []
    for account in range(accounts):
        uses = TRADES[names[rng.choice(len(names), p=share / share.sum())]][1]
        size = rng.lognormal(0, 0.35)  # a busy account empties all of its tanks faster
        kept = [use for place, use in enumerate(uses) if place == 0 or rng.random() < 0.6]
        rows += [(account, use, size) for use in kept]
    account, uses = np.array([row[0] for row in rows]), [row[1] for row in rows]
    lasts = np.array([use.lasts_days * rng.lognormal(0, use.spread) / size for _, use, size in rows])
    joined = np.where(rng.random(accounts) < 0.25, rng.integers(0, int(days * 0.85), accounts), 0)
    left = joined + rng.exponential(365 / 0.08, accounts)
    count = len(rows)
    return Tanks(
        account=account,
        sku=np.array([use.sku for use in uses]),
        use=np.array([use.by for use in uses]),
        lasts_days=np.clip(lasts, 3, 400),
        price=np.array([use.price for use in uses]),
        capacity=np.round(rng.lognormal(7.3, 0.7, count), -2).clip(200),
        low=rng.beta(4, 12, count),
        looked_at=rng.choice([0.9, 0.35, 0.1], count),
        begins=joined[account],
        ends=np.minimum(left[account], joined[account] + rng.exponential(365 / 0.06, count)),
    )


def _emptied(
    rng: np.random.Generator, tanks: Tanks, pace: dict[str, np.ndarray], opened: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(tank, day, quantity) of every order, day by day; what is ordered arrives one to six days later."""
    count, days = len(tanks.account), len(opened)
    level, coming = rng.uniform(0.2, 1.0, count), np.zeros((days + 40, count))
    own_pace, bought = rng.lognormal(0, 0.25, count), []
    away = np.full(count, -1)
    for day in range(days):
        level = np.minimum(level + coming[day], 1.0)
        own_pace = np.exp(0.97 * np.log(own_pace) + rng.normal(0, 0.08, count))  # jobs come and go
        used = np.array([pace[kind][day] for kind in tanks.use]) * own_pace * rng.gamma(3.0, 1 / 3.0, count)
        level = np.maximum(level - used / tanks.lasts_days, 0.0)
        starts_leave = rng.random(count) < 1 / 300
        away = np.where(starts_leave, day + rng.integers(7, 28, count), away)
        looks = opened[day] & (rng.random(count) < tanks.looked_at) & (away < day)
        bargain = rng.random(count) < 0.0012
        low = level < tanks.low * rng.lognormal(0, 0.2, count)
        waiting = coming[day + 1 : day + 12].sum(0) > 0
        wants = (low & looks | bargain & (level < 0.7)) & ~waiting & (tanks.begins <= day) & (tanks.ends > day)
        bought += _ordered(rng, tanks, np.flatnonzero(wants), day, level, coming)
    return bought


def _ordered(
    rng: np.random.Generator, tanks: Tanks, tank: np.ndarray, day: int, level: np.ndarray, coming: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Orders of one day; one in twelve is for a part only, and the rest is ordered within days."""
    if not len(tank):
        return []
    fill = np.maximum((0.95 - level[tank]) * rng.choice([1.0, 1.0, 0.6], len(tank)), 0.05)
    half = rng.random(len(tank)) < 1 / 12
    first = np.where(half, 0.4 * fill, fill)
    coming[day + rng.integers(1, 7, len(tank)), tank] += fill
    rest = tank[half], day + rng.integers(1, 5, int(half.sum())), (0.6 * fill * tanks.capacity[tank])[half]
    return [(tank, np.full(len(tank), day), first * tanks.capacity[tank]), rest]
