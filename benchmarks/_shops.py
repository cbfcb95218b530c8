"""Made shops: order days with the shape of real ones (few large accounts, few best sellers, kinds, a growing range)."""

import numpy as np

from forecasting.history import OrderDays

FIRST_DAY = 738_000


def shop(
    accounts: int,
    products: int,
    *,
    products_each: float = 12.0,
    kinds: int = 40,
    days: int = 365,
    new_share: float = 0.3,
    fades_days: float | None = None,
    seed: int = 5,
) -> OrderDays:
    """products_each: about the mean products an account ever buys (log-normal). new_share: of the products that come
    into the range within the year. fades_days: first purchases come soon after a product is new, where given."""
    rng = np.random.default_rng(seed)
    size = np.clip(rng.lognormal(np.log(products_each) - 0.6, 1.1, accounts), 1, products / 5).astype(np.int64)
    kind, of_kind = rng.integers(0, kinds, accounts), rng.integers(0, kinds, products)
    account = np.repeat(np.arange(accounts), size)
    weight, order = 1 / (np.arange(products) + 20.0) ** 0.8, rng.permutation(products)
    sku = order[_draw(rng, weight, len(account))]
    own = rng.random(len(account)) < 0.7
    for number in range(kinds):
        mine, theirs = own & (kind[account] == number), np.flatnonzero(of_kind[order] == number)
        if mine.any() and len(theirs):
            sku[mine] = order[theirs[_draw(rng, weight[theirs], int(mine.sum()))]]
    key = np.unique(account * products + sku)
    account, sku = key // products, key % products
    begins = np.where(rng.random(products) < new_share, rng.integers(0, days, products), 0)[sku]
    share = rng.random(len(account)) if fades_days is None else _soon(rng, days - begins, fades_days)
    first = begins + (share * (days - begins)).astype(np.int64)
    return _repeated(rng, accounts, products, days, account, sku, first)


def _draw(rng: np.random.Generator, weight: np.ndarray, count: int) -> np.ndarray:
    total = np.cumsum(weight) / weight.sum()
    return np.minimum(np.searchsorted(total, rng.random(count)), len(weight) - 1)


def _soon(rng: np.random.Generator, left: np.ndarray, fades_days: float) -> np.ndarray:
    """Half of the purchases fall at an exponential time after the product's first day, half at any time."""
    early = np.minimum(rng.exponential(fades_days, len(left)) / np.maximum(left, 1), 0.999)
    return np.where(rng.random(len(left)) < 0.5, early, rng.random(len(left)))


def _repeated(
    rng: np.random.Generator,
    accounts: int,
    products: int,
    days: int,
    account: np.ndarray,
    sku: np.ndarray,
    first: np.ndarray,
) -> OrderDays:
    """Every pair again a geometric number of times after its first day."""
    times = np.minimum(rng.geometric(0.55, len(account)), 12)
    pair, begin = np.repeat(account * products + sku, times), np.repeat(first, times)
    again = np.append(False, pair[1:] == pair[:-1])
    day = begin + np.where(again, (rng.random(len(pair)) * (days - begin)).astype(np.int64), 0)
    key = np.unique(pair * days + day)
    pair, day = key // days, key % days
    names = [f"A{i:07d}" for i in range(accounts)], [f"S{i:05d}" for i in range(products)]
    return OrderDays(*names, pair // products, pair % products, (day + FIRST_DAY).astype(float), np.ones(len(day)))
