"""Factors of the range: products that appeal to the same accounts lie near each other in a few dimensions.

Truncated singular value decomposition of the accounts' weighted baskets (Cremonesi, Koren, Turrin 2010, "PureSVD"), by
subspace iteration from a fixed start.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.similar.baskets import Floats32

DIMENSIONS, SPARE, ITERATIONS, SEED = 48, 16, 6, 7
POPULARITY_POWER = 0.25


@dataclass(frozen=True, slots=True)
class Factors:
    """product: directions, shape (skus, dimensions); scale: of each product, shape (skus,)."""

    product: Floats32
    scale: Floats32

    def scores(self, carts: sp.csr_array) -> FactorScores:
        """How near each product is to what the accounts of the matrix have."""
        return FactorScores(_weighted(carts, self.scale) @ self.product, self.product, self.scale)


@dataclass(frozen=True, slots=True)
class FactorScores:
    """Scores that are computed where they are asked for."""

    account: Floats32
    product: Floats32
    scale: Floats32

    def at(self, row: NDArray[np.int64], sku: NDArray[np.int64]) -> Floats32:
        """Scores of (row, sku) pairs, shape (pairs,)."""
        near = np.einsum("ij,ij->i", self.account[row], self.product[sku])
        return np.asarray(near * self.scale[sku], np.float32)


def factors_of(carts: sp.csr_array) -> Factors:
    """Factors of a matrix of shape (accounts, skus)."""
    skus = carts.shape[1]
    mass = np.asarray(carts.sum(0)).ravel()
    scale = (np.maximum(mass, 1) ** POPULARITY_POWER).astype(np.float32)
    weighted = _weighted(carts, scale)
    turned = weighted.T.tocsr()
    width = min(DIMENSIONS + SPARE, skus)
    basis = np.random.default_rng(SEED).standard_normal((skus, width), np.float32)
    for _ in range(ITERATIONS):
        basis = np.linalg.qr(turned @ (weighted @ basis))[0]
    inner = weighted @ basis
    _, vectors = np.linalg.eigh(inner.T @ inner)
    kept = vectors[:, ::-1][:, : min(DIMENSIONS, width)]
    return Factors(np.ascontiguousarray(basis @ kept, np.float32), scale)


def _weighted(carts: sp.csr_array, scale: Floats32) -> sp.csr_array:
    """Rows by the root of their sum, columns by their scale: neither large accounts nor best sellers rule."""
    rows = np.repeat(np.arange(carts.shape[0]), np.diff(carts.indptr))
    total = np.sqrt(np.maximum(np.bincount(rows, carts.data, carts.shape[0]), 1e-3)).astype(np.float32)
    data = carts.data / total[rows] / scale[carts.indices]
    return sp.csr_array((data.astype(np.float32), carts.indices, carts.indptr), carts.shape)
