"""A grocery wholesaler: many accounts, most with a weekly rhythm, baskets of several goods, promotions, life cycles.

What is drawn, and why it is not the model's own world: accounts come on their weekday or whenever, skip, go on holiday,
leave for good; each pair has a stock that is used up at its own, uneven pace and is looked at when the account orders
anyway, some carefully and some not; a promotion brings orders forward and makes the next gap longer; goods are
launched, withdrawn and have seasons; baskets are full or hasty as a whole; a good share of lines are bought once.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.made.calendar import lines_of, next_open, open_days, season, weekday

SKUS, DAYS = 320, 560
ONE_OFFS = 0.6
"""Chance that an order has a line that begins no habit."""


@dataclass(frozen=True, slots=True)
class Goods:
    """What is sold; shape (goods,), promotions (goods, days)."""

    popularity: np.ndarray
    launched: np.ndarray
    withdrawn: np.ndarray
    season: np.ndarray  # amplitude, negative for winter goods
    price: np.ndarray
    pack: np.ndarray
    promoted: np.ndarray


@dataclass(frozen=True, slots=True)
class Habits:
    """Repertoires; shape (pairs,), sorted by account."""

    account: np.ndarray
    good: np.ndarray
    cycle_days: np.ndarray  # how long a usual quantity lasts
    care: np.ndarray  # how sharply the stock decides, in cycles; small is regular
    begins: np.ndarray
    ends: np.ndarray
    quantity: np.ndarray


def groceries(
    seed: int = 1, accounts: int = 450, days: int = DAYS, skus: int = SKUS, one_offs: float = ONE_OFFS
) -> pd.DataFrame:
    """Canonical order lines of such a trade (account_id, sku, quantity, unit_price, ordered_at, order_id)."""
    rng = np.random.default_rng(seed)
    goods = _goods(rng, skus, days)
    joined, left = _membership(rng, accounts, days)
    visits = _visits(rng, accounts, days, joined, left)
    habits = _habits(rng, goods, joined, left)
    bought = [*_stocked(rng, goods, habits, visits), *_one_offs(rng, goods, visits, one_offs)]
    account, good, day, quantity = (np.concatenate(parts) for parts in zip(*bought, strict=True))
    price = goods.price[good] * (1 - 0.2 * goods.promoted[good, day])
    return lines_of(account, good, day, quantity, price, rng)


def _goods(rng: np.random.Generator, skus: int, days: int) -> Goods:
    popularity = 1.0 / (rng.permutation(skus) + 6.0) ** 0.9
    fate = rng.random(skus)
    launched = np.where(fate < 0.18, rng.integers(20, days - 20, skus), -1000)
    withdrawn = np.where((fate > 0.84), rng.integers(60, days, skus), days + 1000)
    promoted = np.zeros((skus, days), bool)
    for good in np.flatnonzero(rng.random(skus) < 0.6):
        for start in rng.integers(0, days, rng.poisson(3.5 * days / 365)):
            promoted[good, start : start + rng.choice([6, 7, 13])] = True
    amplitude = np.where(rng.random(skus) < 0.25, rng.uniform(-0.8, 0.8, skus), rng.normal(0, 0.08, skus))
    price, pack = rng.lognormal(1.6, 0.8, skus), rng.choice([1, 2, 6, 10, 12, 24], skus)
    return Goods(popularity, launched, withdrawn, amplitude, price, pack, promoted)


def _membership(rng: np.random.Generator, accounts: int, days: int) -> tuple[np.ndarray, np.ndarray]:
    """First and last day of each account: a third joins later, a fifth leaves each year."""
    joined = np.where(rng.random(accounts) < 0.35, rng.integers(0, int(days * 0.9), accounts), -60)
    return joined, np.maximum(joined, 0) + rng.exponential(365 / 0.2, accounts)


def _visits(rng: np.random.Generator, accounts: int, days: int, joined: np.ndarray, left: np.ndarray) -> np.ndarray:
    """True where an account orders on a day; shape (accounts, days)."""
    opened = open_days(days)
    shift = np.append(next_open(opened), days)
    busy = 1 + 0.15 * season(days, 350) - 0.12 * season(days, 225)
    visits = np.zeros((accounts, days + 1), bool)
    for account in range(accounts):
        weekly = rng.random() < 0.5
        drawn = _on_weekdays(rng, days) if weekly else _whenever(rng, days)
        inside = drawn[(drawn >= max(joined[account], 0)) & (drawn < min(left[account], days))]
        kept = inside[rng.random(len(inside)) < 0.9 * np.minimum(busy[inside], 1.1)]
        for start in rng.integers(0, days, rng.poisson(1.4 * days / 365)):  # holidays, refits, quarrels
            kept = kept[(kept < start) | (kept > start + rng.integers(7, 40))]
        visits[account, shift[kept]] = True
    return visits[:, :days]


def _on_weekdays(rng: np.random.Generator, days: int) -> np.ndarray:
    """One or two fixed weekdays, each week or each other week, now and then a day off."""
    every, day = rng.choice([7, 7, 7, 14]), np.arange(days)
    chosen = rng.choice(6, rng.choice([1, 1, 2]), replace=False)
    fixed = day[np.isin(weekday(days), chosen) & ((day // 7) % (every // 7) == 0)]
    moved = fixed + np.where(rng.random(len(fixed)) < 0.15, rng.choice([-1, 1, 2], len(fixed)), 0)
    return np.unique(moved[(moved >= 0) & (moved < days)])


def _whenever(rng: np.random.Generator, days: int) -> np.ndarray:
    """Gamma gaps at a pace that drifts."""
    mean, shape = float(np.clip(rng.lognormal(2.3, 0.8), 1.5, 90)), float(rng.choice([0.8, 1.5, 3.0]))
    gaps = rng.gamma(shape, mean / shape, int(3 * days / mean) + 20)
    drift = np.exp(np.cumsum(rng.normal(0, 0.06, len(gaps))))
    day = np.cumsum(np.maximum(gaps * drift, 0.6)).astype(int)
    return np.unique(day[day < days])


def _habits(rng: np.random.Generator, goods: Goods, joined: np.ndarray, left: np.ndarray) -> Habits:
    """Each account's repertoire: popular goods more often, most from the start, a third given up within a year."""
    share, parts = goods.popularity / goods.popularity.sum(), []
    for account, size in enumerate(np.clip(rng.lognormal(3.2, 0.7, len(joined)), 3, 120).astype(int)):
        chosen = rng.choice(len(share), min(size, len(share) // 2), replace=False, p=share)
        parts.append(np.column_stack([np.full(len(chosen), account), chosen]))
    account, good = np.concatenate(parts).T
    rows = len(account)
    hunger = rng.lognormal(0, 0.5, len(joined))[account]  # big accounts use everything up faster
    begins = np.where(rng.random(rows) < 0.6, -200, rng.uniform(0, goods.promoted.shape[1], rows))
    begins = np.maximum(np.maximum(begins, joined[account]), goods.launched[good])
    ends = np.minimum(begins.clip(0) + rng.exponential(365 / 0.4, rows), goods.withdrawn[good])
    cycle = np.clip(rng.lognormal(3.3, 0.75, rows) / hunger, 4, 240)
    quantity = goods.pack[good] * np.maximum(rng.poisson(1.2 * hunger), 1)
    return Habits(account, good, cycle, rng.choice([0.08, 0.25, 0.6, 1.5], rows), begins, ends, quantity)


def _stocked(
    rng: np.random.Generator, goods: Goods, habits: Habits, visits: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Lines of the repertoires, day by day: stock falls, and is looked at when the account orders anyway."""
    rows, days = len(habits.account), visits.shape[1]
    stock, seen = rng.uniform(0, 1, rows) * habits.cycle_days, np.maximum(habits.begins, 0)
    wave, bought = season(days, 200), []
    for day in range(days):
        row = np.flatnonzero(visits[habits.account, day] & (habits.begins <= day) & (habits.ends > day))
        if not len(row):
            continue
        good = habits.good[row]
        pace = np.exp(goods.season[good] * wave[day]) * rng.gamma(6.0, 1 / 6.0, len(row))
        stock[row] -= (day - seen[row]) * pace
        seen[row] = day
        promoted = goods.promoted[good, day]
        basket = rng.normal(0, 0.7, visits.shape[0])[habits.account[row]]  # a full or a hasty order as a whole
        need = -stock[row] / (habits.care[row] * habits.cycle_days[row]) + 0.5 + basket + 1.2 * promoted
        chosen = rng.random(len(row)) < 0.02 + 0.93 / (1 + np.exp(-np.clip(need, -30, 30)))
        row, promoted = row[chosen], promoted[chosen]
        amount = rng.lognormal(0, 0.3, len(row)) * np.where(promoted, rng.uniform(1.0, 2.5, len(row)), 1.0)
        bulk = np.where(rng.random(len(row)) < 0.004, rng.uniform(5, 20, len(row)), 1.0)
        stock[row] = np.maximum(stock[row], -0.3 * habits.cycle_days[row]) + amount * habits.cycle_days[row]
        bought.append((habits.account[row], good[chosen], np.full(len(row), day), habits.quantity[row] * amount * bulk))
    return bought


def _one_offs(
    rng: np.random.Generator, goods: Goods, visits: np.ndarray, chance: float
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]]:
    """Lines bought once, of what is sold on that day."""
    account, day = np.nonzero(visits)
    chosen = rng.random(len(account)) < chance
    account, day = account[chosen], day[chosen]
    good = rng.choice(len(goods.popularity), len(day), p=goods.popularity / goods.popularity.sum())
    sold = (goods.launched[good] <= day) & (day < goods.withdrawn[good])
    account, day, good = account[sold], day[sold], good[sold]
    return [(account, good, day, goods.pack[good].astype(float))]
