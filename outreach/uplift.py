"""Called against held out: a stratified difference of means with an interval, accounts as clusters.

Each row is an account in a quarter. Who is held out is drawn anew each quarter; inside a stratum (profile cell and
quarter) the two arms differ by chance alone:

    difference = sum over strata of w * (mean of called - mean of held out),   w = rows of the stratum / all rows

Figures of the year before, where they are given, are regressed out first (Deng, Xu, Kohavi, Walker, Improving the
sensitivity of online controlled experiments by utilizing pre-experiment data, WSDM 2013): they cannot be an effect of
calls that came later, and take away most of what tells large accounts from small ones.

The variance is the sum, over accounts, of the squared sum of what each of the account's rows contributes (the cluster
robust variance of a difference of means), each arm's residuals raised by n / (n - 1). The interval is Student's, with
Satterthwaite's degrees of freedom over the arms of all strata: a cell with few held out makes it wider. How often it
covers what was planted is measured: docs/proof.md.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

FEWEST_IN_ARM = 2
"""A stratum with fewer rows in an arm says nothing of the difference, and is left out."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Rows of accounts in quarters; every column of shape (rows,)."""

    account: Ints
    """Number of the account: rows of one account are not independent."""
    stratum: Ints
    held_out: Bools
    outcome: Floats
    before: Floats | None = None
    """The same figure before the quarter began."""

    def take(self, rows: Bools) -> "Panel":
        """The given rows only."""
        before = None if self.before is None else self.before[rows]
        return Panel(self.account[rows], self.stratum[rows], self.held_out[rows], self.outcome[rows], before)

    def __len__(self) -> int:
        return len(self.account)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What calling changed, a row: the mean over all rows of comparable strata."""

    called_mean: float
    held_out_mean: float
    difference: float
    low: float
    high: float
    called: int
    """Rows that were to be called."""
    held_out: int
    left_out: int
    """Rows of strata that could not be compared."""

    @property
    def relative(self) -> float | None:
        """The difference as a share of what the held-out did; None where that is nothing."""
        return self.difference / self.held_out_mean if self.held_out_mean > 0 else None

    @property
    def proves(self) -> bool:
        """Whether no difference at all lies outside of the interval."""
        return not self.low <= 0 <= self.high


def estimate(panel: Panel, confidence: float = 0.95) -> Estimate | None:
    """The difference with its interval; None where no stratum has two rows in each arm."""
    whole = len(panel)
    panel = panel.take(_comparable(panel))
    if not len(panel):
        return None
    stratum = np.unique(panel.stratum, return_inverse=True)[1]
    cell = stratum * 2 + panel.held_out
    count = np.bincount(cell, minlength=2 * (int(stratum.max()) + 1)).astype(float)
    outcome = _without_history(panel, stratum, cell, count)
    mean = np.bincount(cell, outcome, len(count)) / count
    weight = (count[0::2] + count[1::2]) / len(panel)
    called, held = float(weight @ mean[0::2]), float(weight @ mean[1::2])
    residual = (outcome - mean[cell]) * np.sqrt(count / (count - 1))[cell]
    share = np.where(panel.held_out, -1.0, 1.0) * weight[stratum] / count[cell] * residual
    error, freedom = _spread(panel, share, cell, count)
    reach = float(student.ppf((1 + confidence) / 2, freedom)) * error if error > 0 else 0.0
    raw_held = float(weight @ (np.bincount(cell, panel.outcome, len(count)) / count)[1::2])
    return Estimate(
        called_mean=raw_held + called - held,
        held_out_mean=raw_held,
        difference=called - held,
        low=called - held - reach,
        high=called - held + reach,
        called=int((~panel.held_out).sum()),
        held_out=int(panel.held_out.sum()),
        left_out=whole - len(panel),
    )


def _comparable(panel: Panel) -> Bools:
    """Rows of strata that have enough of both arms."""
    if not len(panel):
        return np.zeros(0, bool)
    strata, place = np.unique(panel.stratum, return_inverse=True)
    held = np.bincount(place, panel.held_out, len(strata))
    called = np.bincount(place, minlength=len(strata)) - held
    return ((held >= FEWEST_IN_ARM) & (called >= FEWEST_IN_ARM))[place]


def _without_history(panel: Panel, stratum: Ints, cell: Ints, count: Floats) -> Floats:
    """Outcomes less what the year before says of them, by one slope within stratum and arm; strata keep their mean."""
    if panel.before is None:
        return panel.outcome
    before, outcome = panel.before, panel.outcome
    by_cell = [np.bincount(cell, value, len(count)) / count for value in (before, outcome)]
    x, y = before - by_cell[0][cell], outcome - by_cell[1][cell]
    spread = float(x @ x)
    slope = float(x @ y) / spread if spread > 0 else 0.0
    rows = np.bincount(stratum)
    centre = np.bincount(stratum, before) / rows
    return outcome - slope * (before - centre[stratum])


def _spread(panel: Panel, share: Floats, cell: Ints, count: Floats) -> tuple[float, float]:
    """Standard error with accounts as clusters, and the degrees of freedom of a sum of parts, each of them estimated.

    Rows that repeat each other tell less than they are many: freedom falls as the clusters raise the variance.
    """
    cluster = np.unique(panel.account, return_inverse=True)[1]
    variance = float((np.bincount(cluster, share) ** 2).sum())
    part = np.bincount(cell, share**2, len(count))
    doubt = float((part**2 / (count - 1)).sum())
    if doubt <= 0:
        return 0.0, 1.0
    alone = float(part.sum())
    return float(np.sqrt(variance)), alone**2 / doubt / max(variance / alone, 1.0)
