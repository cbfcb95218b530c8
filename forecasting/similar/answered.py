"""What customers said to suggestions: which products appeal, and what an account does not want.

Of one account a refused product rests, and products like it are less likely. Across accounts a product's answers count
only where enough accounts gave one. How much either tells is learnt from what was bought then, like everything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from forecasting.similar.baskets import Baskets, Floats32

FEWEST_ANSWERS = 10  # accounts that said something of a product: with fewer it has no appeal, good or bad
DRAWN_TO = 5.0  # answers of the usual kind that a product's are drawn to


@dataclass(frozen=True, slots=True)
class Answer:
    """rest_days: how long a refused product is not suggested again; 0: it was accepted. lasting: a refusal that says
    something of the product, not only of the moment."""

    account_id: str
    sku: str
    day: float
    rest_days: float = 0.0
    lasting: bool = True


@dataclass(frozen=True, slots=True)
class Answers:
    """Arrays of shape (answers,); account and sku are places in the lists of names of a history; day is an ordinal."""

    account: NDArray[np.int64]
    sku: NDArray[np.int64]
    day: NDArray[np.float64]
    rest_days: NDArray[np.float64]
    lasting: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.day)

    @property
    def accepted(self) -> NDArray[np.bool_]:
        """Shape (answers,)."""
        return self.rest_days <= 0

    def where(self, rows: NDArray[np.bool_]) -> Answers:
        """The given ones only."""
        return Answers(self.account[rows], self.sku[rows], self.day[rows], self.rest_days[rows], self.lasting[rows])

    def before(self, day: float) -> Answers:
        """Those that were known when the day began."""
        return self.where(self.day < day)

    def appeal(self, skus: int) -> Floats32 | None:
        """log odds of acceptance of each product against those of all, shape (skus,); 0 with too few answers.

        None where no product has enough.
        """
        asked = np.bincount(self.sku, minlength=skus).astype(float)
        if not len(self) or asked.max() < FEWEST_ANSWERS:
            return None
        wanted = np.bincount(self.sku, self.accepted, skus)
        usual = (wanted.sum() + 1) / (asked.sum() + 2)
        odds = np.log((wanted + DRAWN_TO * usual) / (asked - wanted + DRAWN_TO * (1 - usual)))
        found = np.where(asked >= FEWEST_ANSWERS, odds - np.log(usual / (1 - usual)), 0.0)
        return np.asarray(found, np.float32)

    def unwanted(self, accounts: int, skus: int) -> sp.csr_array:
        """1 where an account refused a product for a reason that lasts, shape (accounts, skus)."""
        return self._matrix(~self.accepted & self.lasting, accounts, skus)

    def resting(self, day: float, accounts: int, skus: int) -> sp.csr_array:
        """1 where a refused product still rests on this day, shape (accounts, skus)."""
        return self._matrix(~self.accepted & (self.day + self.rest_days > day), accounts, skus)

    def _matrix(self, rows: NDArray[np.bool_], accounts: int, skus: int) -> sp.csr_array:
        key = np.unique(self.account[rows] * skus + self.sku[rows])
        start = np.searchsorted(key, np.arange(accounts + 1) * skus)
        return sp.csr_array((np.ones(len(key), np.float32), (key % skus).astype(np.int32), start), (accounts, skus))


def answers_of(said: Iterable[Answer], account_ids: Sequence[str], skus: Sequence[str]) -> Answers:
    """Answers over a history's lists of names; those of unknown accounts and products are left out."""
    accounts = {name: number for number, name in enumerate(account_ids)}
    products = {name: number for number, name in enumerate(skus)}
    some = [one for one in said if one.account_id in accounts and one.sku in products]
    return Answers(
        np.array([accounts[one.account_id] for one in some], np.int64),
        np.array([products[one.sku] for one in some], np.int64),
        np.array([one.day for one in some], np.float64),
        np.array([one.rest_days for one in some], np.float64),
        np.array([one.lasting for one in some], bool),
    )


def answered(carts: Baskets, answers: Answers | None, day: float) -> Baskets:
    """The baskets with what their accounts had refused by this day."""
    if answers is None or not len(answers):
        return carts
    known, shape = answers.before(day), (carts.accounts, len(carts.skus))
    return carts.with_refusals(known.unwanted(*shape), known.resting(day, *shape))
