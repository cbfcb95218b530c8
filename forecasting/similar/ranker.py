"""The second stage: which of an account's candidates it buys for the first time, learnt from windows that have closed.

An additive conditional logit. Each feature enters as a piecewise linear function, tilted by how active the account is;
the scores of an account's candidates compete in a softmax whose target is spread evenly over what the account then
bought (Cao et al. 2007, "Learning to rank: from pairwise approach to listwise approach"). A second, small logistic
regression turns the share of the softmax and the account's activity into P(buys within the horizon).
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
SHRINK_TILTS = 0.3  # of slopes that depend on activity; of .1, .3, 1 the best over 2011-06, -07, -08, -10 of it
ITERATIONS = 60
LEAST_SPREAD = 1e-6
NEGATIVES = 3  # one of so many candidates that were not bought is learnt from, and counts for all of them


class Ranker(msgspec.Struct, frozen=True):
    """knots, centres, scales: one a feature; weights: one a basis function. chance: of the second regression.

    tilts: for each figure of an account's activity one weight a feature with knots; usual, spread: of these figures.
    """

    horizon_days: float
    knots: list[list[float]]
    centres: list[float]
    scales: list[float]
    weights: list[float]
    chance: list[float]
    accounts: int
    windows: int
    tilts: list[list[float]] = []
    usual: list[float] = []
    spread: list[float] = []

    def score(self, features: Floats32, row: NDArray[np.int64], activity: Floats32) -> Floats32:
        """Shape (candidates,); higher is better, comparable within an account. row: of `activity`, (rows, 3)."""
        found = np.zeros(len(features), np.float32)
        weight = iter(np.array(self.weights, np.float32))
        tilt = iter(self._tilts(activity).T if self.tilts else ())
        for number, knots in enumerate(self.knots):
            column = _basis(features[:, number], knots, self.centres[number], self.scales[number])
            for part in column:
                found += next(weight) * part
            if column and self.tilts:
                found += next(tilt)[row] * column[0]
        return found

    def _tilts(self, activity: Floats32) -> Floats32:
        """How much steeper each feature's line is for each account, shape (rows, features with knots)."""
        usual = standardised(activity, np.array(self.usual), np.array(self.spread))
        return np.asarray(usual @ np.array(self.tilts, np.float32), np.float32)

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
    offset = np.cumsum([0, *(len(w.activity) for w in windows)])
    row = np.concatenate([w.row + offset[i] for i, w in enumerate(windows)])
    activity = np.concatenate([w.activity for w in windows])
    weight = np.concatenate([w.weight[w.row] for w in windows]) * np.where(bought, 1, NEGATIVES)
    knots, centres, scales = _shape(features)
    usual, spread = activity.mean(0, dtype=np.float64), activity.std(0, dtype=np.float64) + LEAST_SPREAD
    has = np.isin(row, row[bought])
    odds = np.where(bought, 0, np.log(NEGATIVES)).astype(np.float32)
    parts = [_basis(features[has, i], k, centres[i], scales[i]) for i, k in enumerate(knots)]
    basis = np.stack([column for part in parts for column in part], axis=1)
    lines = np.stack([part[0] for part in parts if part], axis=1)
    of_whom = standardised(activity, usual, spread)[row[has]]
    weights, tilts = _softmax(basis, lines, of_whom, row[has], bought[has], odds[has])
    del basis, lines, parts
    learnt = (weights.tolist(), tilts.tolist(), usual.tolist(), spread.tolist())
    ranker = _ranker(horizon_days, (knots, centres, scales), learnt, int(offset[-1]), len(windows))
    newest = row < offset[1]  # how much is bought changes with the season: the newest window knows best
    share = log_share(row[newest], ranker.score(features[newest], row[newest], activity), odds[newest])
    chance = _logistic(share, activity[row[newest]], bought[newest], weight[newest])
    return msgspec.structs.replace(ranker, chance=chance.tolist())


def _ranker(
    horizon_days: float,
    shape: tuple[list[list[float]], list[float], list[float]],
    learnt: tuple[list[float], list[list[float]], list[float], list[float]],
    accounts: int,
    windows: int,
) -> Ranker:
    weights, tilts, usual, spread = learnt
    return Ranker(horizon_days, *shape, weights, [], accounts, windows, tilts, usual, spread)


def standardised(activity: Floats32, usual: NDArray[np.float64], spread: NDArray[np.float64]) -> Floats32:
    """Activity with mean 0 and deviation 1 over the accounts that were learnt from."""
    return np.asarray((activity - usual) / spread, np.float32)


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


def _softmax(
    basis: Floats32,
    lines: Floats32,
    of_whom: Floats32,
    row: NDArray[np.int64],
    bought: NDArray[np.bool_],
    odds: Floats32,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights and tilts of the conditional logit; each account counts once. odds: log of how many a candidate stands
    for. lines: the columns of `basis` that tilt with `of_whom`, the candidate's account's activity."""
    start, place = _starts(row)
    count = np.add.reduceat(bought.astype(np.float64), start)
    target, accounts = bought / count[place], len(start)
    split, shape = basis.shape[1], (of_whom.shape[1], lines.shape[1])
    shrink = np.concatenate([np.full(split, SHRINK), np.full(shape[0] * shape[1], SHRINK_TILTS)])

    def loss(both: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, tilts = both[:split].astype(np.float32), both[split:].reshape(shape).astype(np.float32)
        score = (basis @ weights + odds).astype(np.float64) + ((lines @ tilts.T) * of_whom).sum(1)
        top = np.maximum.reduceat(score, start)
        share = np.exp(score - top[place])
        total = np.add.reduceat(share, start)
        share /= total[place]
        rest = (share - target).astype(np.float32)
        slope = np.concatenate([rest @ basis, ((rest[:, None] * of_whom).T @ lines).ravel()]) / accounts
        value = float((np.log(total) + top).sum() - target @ score) / accounts
        return value + float(shrink @ (both * both)) / 2, slope + shrink * both

    begin = np.zeros(len(shrink))
    found = np.asarray(minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS}).x)
    return found[:split], found[split:].reshape(shape)


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
