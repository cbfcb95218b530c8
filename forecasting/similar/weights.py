"""Item weights: how much having bought one product speaks for each other one.

Exact: EASE, the closed form of a linear autoencoder with an empty diagonal (Steck 2019, "Embarrassingly shallow
autoencoders for sparse data"). Sparse: the same regression, for each product on the LOCAL products that are most
alike to it only, so that a range of tens of thousands of products costs seconds and little memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.similar.baskets import Floats32

RIDGE_SHARE = 4.0  # the penalty, in mean squared lengths of a product's column
LOCAL = 64  # products that one product's weights are learnt on in the sparse form
BLOCK = 512
MOST_OF_AN_ACCOUNT = 400  # products of an account that speak for likeness: a reseller buys everything


def gram(x: sp.csr_array) -> Floats32:
    """X'X, dense, shape (skus, skus)."""
    short = shortened(x)
    found = np.empty((x.shape[1], x.shape[1]), np.float32)
    turned = short.T.tocsr()
    for start in range(0, x.shape[1], BLOCK):
        found[start : start + BLOCK] = (turned[start : start + BLOCK] @ short).toarray()
    return found


def shortened(x: sp.csr_array) -> sp.csr_array:
    """Rows cut to their MOST_OF_AN_ACCOUNT greatest values."""
    count = np.diff(x.indptr)
    if not (count > MOST_OF_AN_ACCOUNT).any():
        return x
    keep = np.ones(x.nnz, bool)
    for row in np.flatnonzero(count > MOST_OF_AN_ACCOUNT):
        part = slice(x.indptr[row], x.indptr[row + 1])
        least = np.argsort(-x.data[part], kind="stable")[MOST_OF_AN_ACCOUNT:]
        keep[x.indptr[row] + least] = False
    start = np.concatenate([[0], np.cumsum(keep)])[x.indptr]
    return sp.csr_array((x.data[keep], x.indices[keep], start), x.shape)


def ridge_of(product: Floats32) -> float:
    """The penalty for a matrix of products: larger where products are bought more."""
    return float(RIDGE_SHARE * max(product.diagonal().mean(), 1e-3))


def exact_weights(product: Floats32) -> Floats32:
    """EASE weights, shape (skus, skus): column j predicts product j."""
    full = product.astype(np.float64)
    full[np.diag_indices_from(full)] += ridge_of(product)
    factor, _ = lapack.dpotrf(full, lower=True, overwrite_a=True)
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights: Floats32 = (inverse / -np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0)
    return weights


def sparse_weights(product: Floats32, local: int = LOCAL) -> sp.csr_array:
    """The same, each product regressed on the `local` products of highest cosine to it only."""
    skus = len(product)
    near = nearest(product, min(local, skus - 1))
    ridge, size = ridge_of(product), near.shape[1]
    value = np.empty((skus, size), np.float32)
    for start in range(0, skus, BLOCK):
        some = near[start : start + BLOCK]
        square = product[some[:, :, None], some[:, None, :]].astype(np.float64)
        square[:, np.arange(size), np.arange(size)] += ridge
        target = product[some, np.arange(start, start + len(some))[:, None]].astype(np.float64)
        value[start : start + BLOCK] = np.linalg.solve(square, target[:, :, None])[:, :, 0]
    return _columns(near, value)


def cosine_weights(product: Floats32, keep: int) -> sp.csr_array:
    """Cosine of the `keep` most alike products of each product, shape (skus, skus)."""
    near = nearest(product, min(keep, len(product) - 1))
    length = np.sqrt(np.maximum(product.diagonal(), 1e-6))
    own = np.arange(len(product))[:, None]
    return _columns(near, product[near, own] / length[near] / length[own])


def nearest(product: Floats32, keep: int) -> NDArray[np.int64]:
    """The `keep` products of highest cosine to each, itself left out, shape (skus, keep)."""
    length = np.sqrt(np.maximum(product.diagonal(), 1e-6))
    found = np.empty((len(product), keep), np.int64)
    for start in range(0, len(product), BLOCK):
        alike = product[start : start + BLOCK] / length
        alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = -1
        found[start : start + BLOCK] = np.argpartition(-alike, max(keep - 1, 0), axis=1)[:, :keep]
    return found


def _columns(near: NDArray[np.int64], value: NDArray[Any]) -> sp.csr_array:
    """A matrix whose column j has value[j] at the rows near[j]."""
    skus, size = near.shape
    start = np.arange(skus + 1, dtype=np.int64) * size
    turned = sp.csr_array((value.ravel(), near.ravel(), start), (skus, skus))
    found = turned.T.tocsr()
    found.eliminate_zeros()
    return found
