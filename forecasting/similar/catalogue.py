"""What is known of products beside their orders: price, words, variants, availability. All of it may be missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from forecasting.similar.baskets import Floats32

WORD = re.compile(r"[^\W_]{2,}")
COMMONEST_SHARE = 0.5  # a word of more than half of the products tells nothing


@dataclass(frozen=True, slots=True)
class Catalogue:
    """By SKU: unit price, words (description and category), group of variants; and SKUs that cannot be delivered."""

    price: Mapping[str, float] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    group: Mapping[str, str] = field(default_factory=dict)
    unavailable: frozenset[str] = frozenset()

    def log_prices(self, skus: Sequence[str]) -> Floats32 | None:
        """log of the unit price, the median one where it is unknown; None where none is known; shape (skus,)."""
        price = np.array([self.price.get(sku, np.nan) for sku in skus], float)
        known = np.isfinite(price) & (price > 0)
        if not known.any():
            return None
        log = np.log(np.where(known, price, 1.0))
        return np.where(known, log, np.median(log[known])).astype(np.float32)

    def groups(self, skus: Sequence[str]) -> NDArray[np.int32] | None:
        """Number of each SKU's group of variants; None where no group has two; shape (skus,)."""
        names = [self.group.get(sku, sku) for sku in skus]
        place = {name: number for number, name in enumerate(dict.fromkeys(names))}
        return None if len(place) == len(names) else np.array([place[name] for name in names], np.int32)

    def available(self, skus: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each SKU may be suggested; shape (skus,)."""
        return np.array([sku not in self.unavailable for sku in skus], bool)

    def tokens(self, skus: Sequence[str]) -> sp.csr_array | None:
        """TF-IDF of the words, rows of length 1 or empty, shape (skus, words); None where there are none."""
        words = [sorted(set(WORD.findall(self.words.get(sku, "").lower()))) for sku in skus]
        place = {word: number for number, word in enumerate(dict.fromkeys(w for row in words for w in row))}
        if not place:
            return None
        column = np.array([place[word] for row in words for word in row], np.int32)
        start = np.concatenate([[0], np.cumsum([len(row) for row in words])])
        often = np.bincount(column, minlength=len(place))
        rare = np.log(len(skus) / often) * (often <= max(COMMONEST_SHARE * len(skus), 1.0))
        found = sp.csr_array((rare[column], column, start), (len(skus), len(place)))
        length = np.sqrt(np.asarray(found.multiply(found).sum(1)).ravel())
        return sp.csr_array(sp.diags_array(1 / np.maximum(length, 1e-9)) @ found).astype(np.float32)
