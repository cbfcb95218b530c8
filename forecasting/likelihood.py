"""Marginal likelihood of the gamma-gamma renewal with dropout, the last gap censored; fitted with statsmodels.

The likelihood of a pair is the product of the predictive densities of its gaps, each given the decayed sums before it,
times the chance to have survived each order, times the chance of the present silence. With no decay (DECAY = 1) that is
exactly the marginal likelihood with theta and the dropout probability integrated out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import betainc, betaln
from statsmodels.base.model import GenericLikelihoodModel
from statsmodels.tools.numdiff import approx_fprime

from forecasting.columns import DECAY, GAP_FLOOR_DAYS
from forecasting.renewal import HALF_DAY, RenewalParameters

if TYPE_CHECKING:
    from forecasting.columns import Floats, Ints
    from forecasting.history import OrderDays

NAMES = ("k", "a", "b", "alpha", "beta")
LOWEST, HIGHEST = np.log([0.4, 0.05, 0.05, 1e-4, 0.05]), np.log([12.0, 50.0, 20_000.0, 50.0, 1_000.0])
PRIOR_SPREAD = 1.5  # of the log parameters around the start: decides for a handful of pairs, is nothing for thousands


@dataclass(frozen=True, slots=True)
class Gaps:
    """Gaps of many pairs, shape (gaps,), with the sums before each; then each pair's end, shape (pairs,)."""

    pair: Ints
    gap: Floats
    n_before: Floats
    sum_before: Floats
    order: Floats  # this gap ended with the order of that number: 2, 3, ...
    n: Floats
    sum: Floats
    orders: Floats
    silence: Floats


def gaps_of(history: OrderDays, as_of_day: float) -> Gaps:
    """All gaps of a history (at least one order day), and what each pair was silent for until as_of_day."""
    start = np.flatnonzero(history.starts())
    length = np.diff(np.append(start, len(history)))
    gap = np.maximum(np.diff(history.day, prepend=history.day[0]), GAP_FLOOR_DAYS)
    n, total = np.zeros(len(history)), np.zeros(len(history))
    for position in range(1, int(length.max())):
        at = start[length > position] + position
        n[at] = DECAY * n[at - 1] + 1
        total[at] = DECAY * total[at - 1] + gap[at]
    pair = np.repeat(np.arange(len(start)), length)
    number = np.arange(len(history)) - start[pair]
    rows, last = np.flatnonzero(number), start + length - 1
    silence = np.maximum(as_of_day - history.day[last] - HALF_DAY, GAP_FLOOR_DAYS)
    return Gaps(
        pair=pair[rows],
        gap=gap[rows],
        n_before=n[rows - 1],
        sum_before=total[rows - 1],
        order=(number[rows] + 1).astype(float),
        n=n[last],
        sum=total[last],
        orders=length.astype(float),
        silence=silence,
    )


class RenewalLikelihood(GenericLikelihoodModel):  # type: ignore[misc]  # statsmodels has no types
    """One observation a pair; parameters are the logs of NAMES."""

    def __init__(self, gaps: Gaps, start: RenewalParameters) -> None:
        self.gaps = gaps
        self.start_params = np.log([getattr(start, name) for name in NAMES])
        super().__init__(gaps.silence, extra_params_names=[f"log_{name}" for name in NAMES])

    def loglikeobs(self, params: Floats) -> Floats:
        """Log-likelihood of each pair, the weak prior spread over them; shape (pairs,)."""
        k, a, b, alpha, beta = np.exp(np.clip(params, LOWEST, HIGHEST))
        g, pairs = self.gaps, len(self.gaps.orders)
        shape, rate = a + k * g.n_before, b + g.sum_before
        density = (k - 1) * np.log(g.gap) + shape * np.log(rate) - (shape + k) * np.log(rate + g.gap)
        density += np.log1p(-alpha / (alpha + beta + g.order - 2)) - betaln(k, shape)
        ended = alpha / (alpha + beta + g.orders - 1)
        rate = b + g.sum
        silent = betainc(a + k * g.n, k, rate / (rate + g.silence))
        prior = -0.5 * np.sum(((params - self.start_params) / PRIOR_SPREAD) ** 2)
        per_pair = np.bincount(g.pair, density, pairs) + np.log(np.maximum(ended + (1 - ended) * silent, 1e-300))
        return np.asarray(per_pair + prior / pairs, float)

    def score(self, params: Floats) -> Floats:
        """Gradient by forward differences: half the price of central ones, as good for five smooth parameters."""
        return np.asarray(approx_fprime(params, self.loglike, centered=False), float).ravel()


def fit_renewal(gaps: Gaps, start: RenewalParameters) -> tuple[RenewalParameters, float]:
    """Most likely parameters, and the mean log-likelihood of a pair."""
    model = RenewalLikelihood(gaps, start)
    quiet: dict[str, Any] = {"disp": 0, "skip_hessian": True, "warn_convergence": False}
    bounds = list(zip(LOWEST, HIGHEST, strict=True))
    fit = model.fit(model.start_params, method="lbfgs", maxiter=60, bounds=bounds, **quiet)
    values = np.exp(np.clip(fit.params, LOWEST, HIGHEST))
    return RenewalParameters(*map(float, values)), float(model.loglike(fit.params)) / len(gaps.orders)
