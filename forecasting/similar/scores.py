"""A score of every product for some accounts, dense where the range is small and sparse where it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.similar.baskets import Floats32


CELLS_AT_ONCE = 12_000_000


class Scored(Protocol):
    """Anything that scores (row, sku) pairs."""

    def at(self, row: NDArray[np.int64], sku: NDArray[np.int64]) -> Floats32:
        """Scores of (row, sku) pairs, shape (pairs,)."""
        ...


@dataclass(frozen=True, slots=True)
class Scores:
    """`values`: shape (accounts, skus); in the sparse form what is absent is 0."""

    values: Floats32 | sp.csr_array

    def at(self, row: NDArray[np.int64], sku: NDArray[np.int64]) -> Floats32:
        """Scores of (row, sku) pairs, shape (pairs,)."""
        if isinstance(self.values, np.ndarray):
            return self.values[row, sku]
        skus = self.values.shape[1]
        if self.values.shape[0] * skus <= CELLS_AT_ONCE:  # quicker than to sort
            return np.asarray(self.values.toarray()[row, sku], np.float32)
        known = keys_of(self.values)
        if not len(known):
            return np.zeros(len(row), np.float32)
        wanted = row * skus + sku
        place = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        return np.where(known[place] == wanted, self.values.data[place], 0).astype(np.float32)

    def best(self, count: int, barred: sp.csr_array) -> NDArray[np.int64]:
        """Keys (row * skus + sku) of at least the `count` best products of each row that are not barred."""
        if isinstance(self.values, np.ndarray):
            return _best_dense(self.values, count, barred)
        starts, extra = self.values.indptr, np.diff(barred.indptr)
        found = []
        for row in range(self.values.shape[0]):
            begin, end = int(starts[row]), int(starts[row + 1])
            wanted = count + int(extra[row])
            if end - begin > wanted:
                found.append(begin + np.argpartition(-self.values.data[begin:end], wanted)[:wanted])
            else:
                found.append(np.arange(begin, end))
        place = np.concatenate(found) if found else np.empty(0, np.int64)
        rows = np.repeat(np.arange(len(found)), [len(part) for part in found])
        good = self.values.data[place] > 0
        keys: NDArray[np.int64] = rows[good] * self.values.shape[1] + self.values.indices[place[good]]
        return keys


def _best_dense(values: Floats32, count: int, barred: sp.csr_array) -> NDArray[np.int64]:
    rows, skus = values.shape
    free = -values
    free[np.repeat(np.arange(rows), np.diff(barred.indptr)), barred.indices] = np.inf
    count = min(count, skus)
    best = np.argpartition(free, count - 1, axis=1)[:, :count]
    keys: NDArray[np.int64] = (np.arange(rows)[:, None] * skus + best).ravel()
    return keys


def keys_of(matrix: sp.csr_array) -> NDArray[np.int64]:
    """row * columns + column of each entry, increasing."""
    matrix.sort_indices()
    rows = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
    return rows * matrix.shape[1] + matrix.indices


def product(left: sp.csr_array, right: Floats32 | sp.csr_array) -> Scores:
    """left @ right."""
    found = left @ right
    return Scores(found if isinstance(found, np.ndarray) else sp.csr_array(found))


def top_of_rows(matrix: sp.csr_array, keep: int) -> sp.csr_array:
    """The `keep` greatest entries of each row; ties go to the first column."""
    count = np.diff(matrix.indptr)
    if not (count > keep).any():
        return matrix
    kept = np.ones(matrix.nnz, bool)
    for row in np.flatnonzero(count > keep):
        begin, end = int(matrix.indptr[row]), int(matrix.indptr[row + 1])
        data = matrix.data[begin:end]
        least = -np.partition(-data, keep - 1)[keep - 1]
        good = data > least
        good[np.flatnonzero(data == least)[: keep - int(good.sum())]] = True
        kept[begin:end] = good
    start = np.concatenate([[0], np.cumsum(kept)])[matrix.indptr]
    return sp.csr_array((matrix.data[kept], matrix.indices[kept], start), matrix.shape)
