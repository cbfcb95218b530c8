"""A small made-up distributor: accounts whose gaps are gamma, some of whom stop. Seeded; for tests and benchmarks."""

from datetime import date

import numpy as np
import pandas as pd

FIRST_DAY = date(2021, 1, 1)
LAST_DAY = date(2022, 6, 30)


def order_lines(accounts: int = 120, skus: int = 25, shape: float = 3.0, seed: int = 1) -> pd.DataFrame:
    """Canonical order lines, about six products an account, gaps of a month give or take."""
    rng, rows = np.random.default_rng(seed), []
    days = (LAST_DAY - FIRST_DAY).days
    for account in range(accounts):
        for sku in rng.choice(skus, rng.integers(2, 10), replace=False):
            mean, day = np.exp(rng.normal(np.log(25), 0.5)), rng.uniform(0, 200)
            while day < days:
                at = pd.Timestamp(FIRST_DAY) + pd.Timedelta(hours=int(24 * day))
                order = f"O{account}-{int(day)}"
                rows.append((f"{account:05d}", f"S{sku:03d}", float(rng.integers(1, 30)), 2.5, at, order))
                if rng.random() < 0.04:
                    break
                day += max(rng.gamma(shape, mean / shape), 0.6)
    names = ["account_id", "sku", "quantity", "unit_price", "ordered_at", "order_id"]
    return pd.DataFrame(rows, columns=names)
