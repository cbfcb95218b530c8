"""Published methods beside ours, on the same baskets: popularity, item cosine, EASE, `implicit` where it is."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp

from forecasting.similar import Baskets

EASE_PENALTY, COSINES, DENSE_SKUS = 300.0, 50, 6_000
ACCOUNTS_AT_ONCE = 500


def rivals(known: Baskets, rows: np.ndarray, k: int) -> Iterator[tuple[str, np.ndarray]]:
    """Name and the k best new products of each account at `rows`, shape (rows, k)."""
    bought = sp.csr_array(known.matrix(), dtype=np.float32)
    popularity = np.asarray(bought.sum(0)).ravel()
    yield "popularity", _best(bought, rows, lambda part: np.tile(popularity, (part.shape[0], 1)), k)
    if bought.shape[1] <= DENSE_SKUS:
        weights = _cosine(bought, popularity)
        yield "item cosine", _best(bought, rows, lambda part: part @ weights, k)
        ease = _ease(bought)
        yield "EASE, penalty 300", _best(bought, rows, lambda part: part @ ease, k)
    try:
        import implicit
    except ImportError:
        return
    yield from _implicit(implicit, bought, rows, k)


def _cosine(bought: sp.csr_array, popularity: np.ndarray) -> np.ndarray:
    length = np.sqrt(np.maximum(popularity, 1))
    weights = (bought.T @ bought).toarray() / length[:, None] / length
    np.fill_diagonal(weights, 0)
    keep = min(COSINES, len(weights) - 1)
    weights[weights < -np.partition(-weights, keep, axis=1)[:, keep][:, None]] = 0
    return weights


def _ease(bought: sp.csr_array) -> np.ndarray:
    gram = (bought.T @ bought).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += EASE_PENALTY
    inverse = np.linalg.inv(gram)
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights.astype(np.float32)


def _best(bought: sp.csr_array, rows: np.ndarray, score: Any, k: int) -> np.ndarray:
    found = []
    for start in range(0, len(rows), ACCOUNTS_AT_ONCE):
        part = bought[rows[start : start + ACCOUNTS_AT_ONCE]]
        values = np.array(score(part), np.float32)
        values[part.toarray() > 0] = -np.inf
        found.append(np.argsort(-values, axis=1, kind="stable")[:, :k])
    return np.concatenate(found)


def _implicit(implicit: Any, bought: sp.csr_array, rows: np.ndarray, k: int) -> Iterator[tuple[str, np.ndarray]]:
    whole = sp.csr_matrix(bought)
    models = {
        "implicit: item cosine": implicit.nearest_neighbours.CosineRecommender(K=COSINES, num_threads=2),
        "implicit: ALS, 64 factors": implicit.als.AlternatingLeastSquares(64, random_state=7, num_threads=2),
    }
    for name, model in models.items():
        model.fit(whole, show_progress=False)
        found, _ = model.recommend(rows, whole[rows], N=k, filter_already_liked_items=True)
        yield name, np.asarray(found)
