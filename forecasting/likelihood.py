"""Marginal likelihood of the gamma-gamma renewal with dropout, the last gap censored; fitted with statsmodels.

The likelihood of a pair is the product of the predictive densities of its gaps, each given the decayed sums before it,
times the chance to have survived each order, times the chance of the present silence. With no decay (DECAY = 1) that is
exactly the marginal likelihood with theta, k and the dropout probability integrated out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from statsmodels.base.model import GenericLikelihoodModel
from statsmodels.tools.numdiff import approx_fprime

from forecasting.columns import DECAY, GAP_FLOOR_DAYS
from forecasting.renewal import HALF_DAY, TINY, RenewalParameters, gamma_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.columns import Floats, Ints
    from forecasting.history import OrderDays

PRIOR_SPREAD = 1.5  # of the log parameters around the start: decides for a handful of pairs, is nothing for thousands
SHAPES = (1, 2, 4, 8)  # of gaps: from chance alone to clockwork
BOUNDS = {
    "a": (0.05, 50.0),
    "scale_days": (0.1, 1e5),
    "alpha": (1e-4, 50.0),
    "beta": (0.05, 1e3),
    **{f"weight_{k}": (1e-3, 1.0) for k in SHAPES},
}
PRECISION = 1e10  # of the optimum, in units of the float's own: 2e-6 of the likelihood
LEAST_WEIGHT = 0.02  # of a shape worth its cost in every forecast


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps of many pairs, shape (gaps,), with the sums before each; then each pair's end, shape (pairs,)."""

    pair: Ints
    gap: Floats
    n_before: Floats
    sum_before: Floats
    logs_before: Floats
    order: Floats  # this gap ended with the order of that number: 2, 3, ...
    n: Floats
    sum: Floats
    logs: Floats
    orders: Floats
    silence: Floats


def gaps_of(history: OrderDays, as_of_day: float) -> Gaps:
    """All gaps of a history (at least one order day), and what each pair was silent for until as_of_day."""
    start = np.flatnonzero(history.starts())
    length = np.diff(np.append(start, len(history)))
    gap = np.maximum(np.diff(history.day, prepend=history.day[0]), GAP_FLOOR_DAYS)
    n, total, logs = np.zeros(len(history)), np.zeros(len(history)), np.zeros(len(history))
    for position in range(1, int(length.max())):
        at = start[length > position] + position
        n[at] = DECAY * n[at - 1] + 1
        total[at] = DECAY * total[at - 1] + gap[at]
        logs[at] = DECAY * logs[at - 1] + np.log(gap[at])
    pair = np.repeat(np.arange(len(start)), length)
    number = np.arange(len(history)) - start[pair]
    rows, last = np.flatnonzero(number), start + length - 1
    silence = np.maximum(as_of_day - history.day[last] - HALF_DAY, GAP_FLOOR_DAYS)
    return Gaps(
        pair=pair[rows],
        gap=gap[rows],
        n_before=n[rows - 1],
        sum_before=total[rows - 1],
        logs_before=logs[rows - 1],
        order=(number[rows] + 1).astype(float),
        n=n[last],
        sum=total[last],
        logs=logs[last],
        orders=length.astype(float),
        silence=silence,
    )


def log_likelihood(gaps: Gaps, parameters: RenewalParameters) -> Floats:
    """Log-likelihood of each pair, shape (pairs,)."""
    g, p = gaps, parameters
    density = gamma_of(p, g.n_before, g.sum_before, g.logs_before).density(g.gap)
    log_density = np.log(np.maximum(density, TINY)) + np.log1p(-p.alpha / (p.alpha + p.beta + g.order - 2))
    ended = p.alpha / (p.alpha + p.beta + g.orders - 1)
    silent = ended + (1 - ended) * gamma_of(p, g.n, g.sum, g.logs).survival(g.silence)
    of_gaps = np.bincount(g.pair, log_density, len(g.orders)).astype(float)
    return of_gaps + np.log(np.maximum(silent, TINY))


class RenewalLikelihood(GenericLikelihoodModel):  # type: ignore[misc]  # statsmodels has no types
    """One observation a pair; parameters are the logs of a, scale_days, alpha, beta, and of the weights of SHAPES."""

    def __init__(self, gaps: Gaps, start: RenewalParameters) -> None:
        self.gaps = gaps
        self.start_params = np.log([start.a, start.scale_days, start.alpha, start.beta, *start.weights])
        super().__init__(gaps.silence, extra_params_names=[f"log_{name}" for name in BOUNDS])

    def loglikeobs(self, params: Floats) -> Floats:
        """Log-likelihood of each pair, the weak prior spread over them; shape (pairs,)."""
        prior = -0.5 * np.sum(((params - self.start_params) / PRIOR_SPREAD) ** 2)
        return log_likelihood(self.gaps, unpack(params)) + prior / len(self.gaps.orders)

    def score(self, params: Floats) -> Floats:
        """Gradient by forward differences: half the price of central ones, as good for a few smooth parameters."""
        return np.asarray(approx_fprime(params, self.loglike, centered=False), float).ravel()


def unpack(params: Floats) -> RenewalParameters:
    """Parameters of the likelihood as those of the model."""
    low, high = np.log(list(BOUNDS.values())).T
    a, scale, alpha, beta, *weights = np.exp(np.clip(params, low, high))
    return RenewalParameters(SHAPES, _shares(weights), float(a), float(scale), float(alpha), float(beta))


def fit_renewal(gaps: Gaps, start: RenewalParameters) -> tuple[RenewalParameters, float]:
    """Most likely parameters, and the mean log-likelihood of a pair. start has all SHAPES."""
    model = RenewalLikelihood(gaps, start)
    bounds = [tuple(np.log(limits)) for limits in BOUNDS.values()]
    quiet: dict[str, Any] = {"disp": 0, "skip_hessian": True, "warn_convergence": False}
    fit = model.fit(model.start_params, method="lbfgs", maxiter=40, factr=PRECISION, bounds=bounds, **quiet)
    found = _without_small(unpack(fit.params))
    return found, float(log_likelihood(gaps, found).mean())


def _without_small(parameters: RenewalParameters) -> RenewalParameters:
    """Only shapes of some weight."""
    kept = [(k, w) for k, w in zip(parameters.shapes, parameters.weights, strict=True) if w >= LEAST_WEIGHT]
    shapes, weights = zip(*kept, strict=True)
    return msgspec.structs.replace(parameters, shapes=shapes, weights=_shares(weights))


def _shares(weights: Sequence[float]) -> tuple[float, ...]:
    """Weights that sum to 1."""
    total = sum(weights)
    return tuple(float(weight / total) for weight in weights)
