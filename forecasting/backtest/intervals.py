"""Intervals by account bootstrap: pairs of one account are no independent witnesses, so whole accounts are drawn.

The same draws serve all methods and origins, hence differences between methods have intervals of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest.cases import HORIZONS_DAYS
from forecasting.backtest.scores import auc_of_ranks, brier_skill, ranked_skill, ranks_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from forecasting.backtest.run import Backtest, Judged
    from forecasting.columns import Floats
    from forecasting.forecasts import Level

DRAWS = 200
METRICS = ("auc14", "bss14", "rpss")
MIDDLE = HORIZONS_DAYS.index(14)
TAIL_PERCENT = 2.5


@dataclass(frozen=True, slots=True)
class Intervals:
    """Means over origins in each draw: (method, metric) -> shape (draws,)."""

    draws: dict[tuple[str, str], Floats]

    def of(self, method: str, metric: str) -> tuple[float, float]:
        """The middle 95 % of a method's metric."""
        return _middle(self.draws[method, metric])

    def ahead(self, method: str, other: str, metric: str) -> tuple[float, float]:
        """The middle 95 % of how far a method is ahead of another."""
        return _middle(self.draws[method, metric] - self.draws[other, metric])


def intervals(backtest: Backtest, level: Level, rng: np.random.Generator, draws: int = DRAWS) -> Intervals:
    """Bootstrap of METRICS for every method of a level."""
    judged = backtest.of(level)
    accounts = np.unique(np.concatenate([one.outcome.account for one in judged]))
    counts = rng.multinomial(len(accounts), np.full(len(accounts), 1 / len(accounts)), draws)
    found: dict[tuple[str, str], list[Floats]] = {}
    for one in judged:
        drawn = counts[:, np.searchsorted(accounts, one.outcome.account)].astype(float)
        for metric, measure in _measures(one).items():
            values = np.array([measure(weight) if weight.any() else np.nan for weight in drawn])
            found.setdefault((one.method, metric), []).append(values)
    return Intervals({key: _mean(np.stack(values)) for key, values in found.items()})


def _measures(one: Judged) -> dict[str, Callable[[Floats], float]]:
    """The metrics as functions of weights; what does not depend on them is done once."""
    p, came = one.prediction.probability, np.stack([one.outcome.came(h) for h in HORIZONS_DAYS], 1)
    order, starts = ranks_of(p[:, MIDDLE])
    middle = came[:, MIDDLE]
    return {
        "auc14": lambda weight: auc_of_ranks(middle, order, starts, weight),
        "bss14": lambda weight: brier_skill(middle, p[:, MIDDLE], weight),
        "rpss": lambda weight: ranked_skill(came, p, weight),
    }


def _mean(values: Floats) -> Floats:
    """Mean over origins, of those where the metric is defined; NaN where it is at none."""
    defined = np.isfinite(values)
    count = defined.sum(0)
    total = np.where(defined, values, 0.0).sum(0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _middle(values: Floats) -> tuple[float, float]:
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    low, high = np.percentile(values, [TAIL_PERCENT, 100 - TAIL_PERCENT])
    return float(low), float(high)
