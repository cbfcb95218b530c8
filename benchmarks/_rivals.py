"""Published methods beside ours, on the same baskets: popularity, item cosine, EASE, `implicit` where it is."""

from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from forecasting.similar import Baskets

EASE = "EASE, penalty 300"
EASE_PENALTY, COSINES = 300.0, 50
ACCOUNTS_AT_ONCE = 500

Learnt = Callable[[np.ndarray, int], np.ndarray]
"""The k best new products of the accounts at some rows, shape (rows, k)."""


def rivals(known: Baskets, rows: np.ndarray, k: int) -> Iterator[tuple[str, np.ndarray]]:
    """Name and the k best new products of each account at `rows`, shape (rows, k)."""
    bought = known.matrix()
    for name, learn in METHODS.items():
        yield name, best_of(learn(bought), bought, rows, k)


def best_of(learnt: Learnt, bought: sp.csr_array, rows: np.ndarray, k: int) -> np.ndarray:
    """In slices of accounts, as scores may be dense."""
    parts = [rows[start : start + ACCOUNTS_AT_ONCE] for start in range(0, len(rows), ACCOUNTS_AT_ONCE)]
    return np.concatenate([learnt(part, k) for part in parts])


def _popularity(bought: sp.csr_array) -> Learnt:
    often = np.asarray(bought.sum(0)).ravel()
    return _scored(bought, lambda part: np.tile(often, (part.shape[0], 1)))


def _cosine(bought: sp.csr_array) -> Learnt:
    length = np.sqrt(np.maximum(np.asarray(bought.sum(0)).ravel(), 1))
    weights = _gram(bought)
    keep = min(COSINES, len(weights) - 1)
    for row in range(len(weights)):
        alike = weights[row] / (length[row] * length)
        alike[row] = 0
        weights[row] = np.where(alike >= -np.partition(-alike, keep)[keep], alike, 0)
    kept = sp.csr_array(weights)
    return _scored(bought, lambda part: (part @ kept).toarray())


def _ease(bought: sp.csr_array) -> Learnt:
    """In place and in 64 bits: 3.2 GB at 20,000 products."""
    gram = np.asfortranarray(_gram(bought), np.float64)
    gram[np.diag_indices_from(gram)] += EASE_PENALTY
    factor, _ = lapack.dpotrf(gram, lower=True, overwrite_a=True)
    inverse, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    weights = inverse.astype(np.float32)
    del gram, factor, inverse
    for row in range(len(weights)):  # only the lower half was written
        weights[row, row + 1 :] = weights[row + 1 :, row]
    weights /= -weights.diagonal().copy()
    np.fill_diagonal(weights, 0)
    return _scored(bought, lambda part: part @ weights)


def _gram(bought: sp.csr_array) -> np.ndarray:
    """How many accounts bought both, dense, shape (skus, skus); a slice at a time, as a sparse one would be larger."""
    turned = bought.T.tocsr()
    found = np.empty((bought.shape[1], bought.shape[1]), np.float32)
    for start in range(0, len(found), ACCOUNTS_AT_ONCE):
        found[start : start + ACCOUNTS_AT_ONCE] = (turned[start : start + ACCOUNTS_AT_ONCE] @ bought).toarray()
    return found


def _scored(bought: sp.csr_array, score: Callable[[sp.csr_array], Any]) -> Learnt:
    def best(rows: np.ndarray, k: int) -> np.ndarray:
        part = bought[rows]
        values = np.array(score(part), np.float32)
        values[np.repeat(np.arange(len(rows)), np.diff(part.indptr)), part.indices] = -np.inf
        return np.argsort(-values, axis=1, kind="stable")[:, :k]

    return best


def _implicit_cosine(bought: sp.csr_array) -> Learnt:
    from implicit.nearest_neighbours import CosineRecommender

    return _fitted(CosineRecommender(K=COSINES, num_threads=2), bought)


def _implicit_als(bought: sp.csr_array) -> Learnt:
    from implicit.als import AlternatingLeastSquares

    return _fitted(AlternatingLeastSquares(64, random_state=7, num_threads=2), bought)


def _fitted(model: Any, bought: sp.csr_array) -> Learnt:
    whole = sp.csr_matrix(bought)
    model.fit(whole, show_progress=False)

    def best(rows: np.ndarray, k: int) -> np.ndarray:
        return np.asarray(model.recommend(rows, whole[rows], N=k, filter_already_liked_items=True)[0])

    return best


_IMPLICIT = {"implicit: item cosine": _implicit_cosine, "implicit: ALS, 64 factors": _implicit_als}
METHODS: Mapping[str, Callable[[sp.csr_array], Learnt]] = {
    "popularity": _popularity,
    **(_IMPLICIT if find_spec("implicit") else {}),
    "item cosine": _cosine,
    EASE: _ease,
}
"""What learns each."""
