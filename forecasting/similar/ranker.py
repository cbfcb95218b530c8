"""The second stage: which of an account's candidates it buys for the first time, learnt from windows that have closed.

An additive conditional logit. Each feature enters as a piecewise linear function; the scores of an account's candidates
compete in a softmax whose target is spread evenly over what the account then bought (Cao et al. 2007, "Learning to
rank: from pairwise approach to listwise approach"). A second, small logistic regression turns the share of the softmax
and the account's activity into P(buys within the horizon).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecasting.similar.baskets import Floats32

QUANTILES = (0.02, 0.25, 0.5, 0.75, 0.9, 0.98)
SHRINK = 0.03  # of .01, .03, .1 the best over five dates of the wholesaler
ITERATIONS = 60
NEGATIVES = 3  # one of so many candidates that were not bought is learnt from, and counts for all of them


class Ranker(msgspec.Struct, frozen=True):
    """knots, centres, scales: one a feature; weights: one a basis function. chance: of the second regression."""

    horizon_days: float
    knots: list[list[float]]
    centres: list[float]
    scales: list[float]
    weights: list[float]
    chance: list[float]
    accounts: int
    windows: int

    def score(self, features: Floats32) -> Floats32:
        """Shape (candidates,); higher is better, comparable within an account."""
        found = np.zeros(len(features), np.float32)
        weight = iter(np.array(self.weights, np.float32))
        for number, knots in enumerate(self.knots):
            column = _basis(features[:, number], knots, self.centres[number], self.scales[number])
            for part in column:
                found += next(weight) * part
        return found

    def probability(self, row: NDArray[np.int64], score: Floats32, activity: Floats32) -> Floats32:
        """P(buys it within the horizon). activity: shape (rows, 3), see `account_activity`."""
        return chance_of(np.array(self.chance), log_share(row, score), activity[row])


@dataclass(frozen=True, slots=True)
class Examples:
    """Candidates of accounts on a day of the past. row: sorted; bought: whether within the horizon."""

    row: NDArray[np.int64]
    features: Floats32
    bought: NDArray[np.bool_]
    activity: Floats32
    weight: Floats32  # of each row: how many accounts it stands for

    def thinned(self) -> Examples:
        """One of NEGATIVES of those not bought; candidates lie in order of SKUs, so each account keeps its share."""
        keep = self.bought | (np.arange(len(self.row)) % NEGATIVES == 0)
        return Examples(self.row[keep], self.features[keep], self.bought[keep], self.activity, self.weight)


def fit_ranker(windows: Sequence[Examples], horizon_days: float) -> Ranker:
    """Learn from the thinned examples of several days, newest first; they must hold at least one purchase."""
    features = np.concatenate([w.features for w in windows])
    bought = np.concatenate([w.bought for w in windows])
    offset = np.cumsum([0, *(int(w.row[-1]) + 1 if len(w.row) else 0 for w in windows)])
    row = np.concatenate([w.row + offset[i] for i, w in enumerate(windows)])
    activity = np.concatenate([w.activity[w.row] for w in windows])
    weight = np.concatenate([w.weight[w.row] for w in windows]) * np.where(bought, 1, NEGATIVES)
    knots, centres, scales = _shape(features)
    has = np.isin(row, row[bought])
    odds = np.where(bought, 0, np.log(NEGATIVES)).astype(np.float32)
    parts = [_basis(features[has, i], k, centres[i], scales[i]) for i, k in enumerate(knots)]
    basis = np.stack([column for part in parts for column in part], axis=1)
    weights = _softmax(basis, row[has], bought[has], odds[has])
    del basis, parts
    ranker = Ranker(horizon_days, knots, centres, scales, weights.tolist(), [], int(offset[-1]), len(windows))
    newest = row < offset[1]  # how much is bought changes with the season: the newest window knows best
    share = log_share(row[newest], ranker.score(features[newest]), odds[newest])
    chance = _logistic(share, activity[newest], bought[newest], weight[newest])
    return msgspec.structs.replace(ranker, chance=chance.tolist())


def log_share(row: NDArray[np.int64], score: Floats32, odds: Floats32 | float = 0.0) -> Floats32:
    """log of each candidate's share of its row's softmax; rows are sorted. odds: log of how many it stands for."""
    if not len(row):
        return score
    start, place = _starts(row)
    top = np.maximum.reduceat(score, start)[place]
    total = np.add.reduceat(np.exp(score - top + odds), start)[place]
    return (score - top - np.log(total)).astype(np.float32)


def chance_of(weights: NDArray[np.float64], share: Floats32, activity: Floats32) -> Floats32:
    """The logistic regression on log share and the account's activity."""
    return np.asarray(expit(weights[0] + weights[1] * share + activity @ weights[2:]), np.float32)


def _starts(row: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each row begins, and the number of each candidate's row."""
    new = np.ones(len(row), bool)
    new[1:] = row[1:] != row[:-1]
    return np.flatnonzero(new), np.cumsum(new) - 1


def _shape(features: Floats32) -> tuple[list[list[float]], list[float], list[float]]:
    """Knots at quantiles, mean and standard deviation; a feature that never differs gets no knots and no weight."""
    knots = []
    for column in features.T:
        marks = np.unique(np.quantile(column[:: max(len(column) // 100_000, 1)], QUANTILES))
        knots.append([float(mark) for mark in marks] if len(marks) > 1 else [])
    scale = features.std(0, dtype=np.float64)
    return knots, features.mean(0, dtype=np.float64).tolist(), np.where(scale > 1e-9, scale, 1.0).tolist()


def _basis(column: Floats32, knots: Sequence[float], centre: float, scale: float) -> list[Floats32]:
    """The feature between its outer knots, and its excess over each inner knot."""
    if not knots:
        return []
    held = np.clip(column, np.float32(knots[0]), np.float32(knots[-1]))
    by = np.float32(1 / scale)
    return [(held - np.float32(centre)) * by, *(np.maximum(held - np.float32(k), 0) * by for k in knots[1:-1])]


def _softmax(basis: Floats32, row: NDArray[np.int64], bought: NDArray[np.bool_], odds: Floats32) -> NDArray[np.float64]:
    """Weights of the conditional logit; each account counts once. odds: log of how many a candidate stands for."""
    start, place = _starts(row)
    count = np.add.reduceat(bought.astype(np.float64), start)
    target, accounts = bought / count[place], len(start)

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = (basis @ weights.astype(np.float32) + odds).astype(np.float64)
        top = np.maximum.reduceat(score, start)
        share = np.exp(score - top[place])
        total = np.add.reduceat(share, start)
        share /= total[place]
        gradient = ((share - target).astype(np.float32) @ basis).astype(np.float64) / accounts
        value = float((np.log(total) + top).sum() - target @ score) / accounts
        return value + SHRINK / 2 * float(weights @ weights), gradient + SHRINK * weights

    begin = np.zeros(basis.shape[1])
    return np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS}).x)


def _logistic(
    share: Floats32, activity: Floats32, bought: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Intercept, weight of the share (from 1), weights of the activity."""
    known = np.column_stack([np.ones(len(share)), share, activity]).astype(np.float64)
    prior = np.zeros(known.shape[1])
    prior[1] = 1.0

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        score = known @ weights
        value = weight @ np.logaddexp(0, score) - (weight * score)[bought].sum() + ((weights - prior) ** 2).sum() / 2
        return float(value), known.T @ (weight * (expit(score) - bought)) + weights - prior

    return np.asarray(minimize(loss, prior, jac=True, method="L-BFGS-B").x)
