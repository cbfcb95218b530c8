"""A survival curve from hazards of intervals, tabled: cumulated hazard at a few days, straight between them.

    L(d) = sum of exp(eta_j) over whole intervals, and within one in the proportion of the renewal's cumulated hazard
    P(an order within d days) = 1 - exp(-L(d))

The renewal is asked at the nodes only, 25 days within the intervals and, where somebody asks so far, nine beyond.
Beyond the last interval it goes on, scaled to meet the hazard there, straight in the logarithm of time. So there is one
curve for every row, rising with d whatever the coefficients; probabilities and quantiles are read off it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecasting.columns import Floats
    from forecasting.model import Days
    from forecasting.renewal import RenewalCurve

ENDS_DAYS = (7.0, 14.0, 28.0, 56.0, 112.0)  # of the intervals
NODES_DAYS = np.array([*range(11), 12, 14, 16, 18, 21, 24, 28, 35, 42, 49, 56, 70, 84, 98, 112], float)
FAR_DAYS = np.array([112.0, 160.0, 224.0, 320.0, 448.0, 640.0, 1024.0, 2048.0, 8192.0, 32768.0])
ENDS_AT = np.searchsorted(NODES_DAYS, [0.0, *ENDS_DAYS])  # places of the intervals' ends among the nodes
CERTAIN = 1 - 1e-12  # a probability of 1 has no finite hazard
LEAST_HAZARD = 1e-9
TAIL_LIMITS = (0.2, 5.0)  # how far the renewal's tail may be scaled
WEEK_DAYS = 7


@dataclass(slots=True)
class HazardCurve:
    """Curve of many rows. `near`: L at NODES_DAYS, shape (nodes, rows); others (rows,) but `far`, made when asked for.

    base_end: the renewal's cumulated hazard at the last node; tail: scale beyond it; far: L at FAR_DAYS.
    """

    own: RenewalCurve
    near: Floats
    base_end: Floats
    tail: Floats
    far: Floats | None = None

    def take(self, rows: NDArray[np.bool_]) -> HazardCurve:
        """See Curve."""
        far = None if self.far is None else self.far[:, rows]
        return HazardCurve(self.own.take(rows), self.near[:, rows], self.base_end[rows], self.tail[rows], far)

    def window(self, ahead_days: Days, horizon_days: Days) -> Floats:
        """See Curve."""
        end = self.cumulated(_plus(ahead_days, horizon_days))
        at_once = isinstance(ahead_days, float) and ahead_days == 0.0
        start = 0.0 if at_once else self.cumulated(ahead_days)
        return np.where(self.own.known, -np.expm1(-np.maximum(end - start, 0.0)), 0.0)

    def ever(self) -> Floats:
        """See Curve."""
        rest = np.maximum(cumulated_hazard(self.own.ever()) - self.base_end, 0.0)
        return np.where(self.own.known, -np.expm1(-(self.near[-1] + self.tail * rest)), 0.0)

    def ceiling(self, horizon_days: Days, max_ahead_days: int) -> Floats:
        """See Curve: whatever day of a week it begins on, it lies within that week and the horizon after it."""
        most = np.zeros(len(self.tail))
        for week in range(0, max_ahead_days + 1, WEEK_DAYS):
            end = self.cumulated(_plus(float(min(week + WEEK_DAYS - 1, max_ahead_days)), horizon_days))
            most = np.maximum(most, end - self.cumulated(float(week)))
        return np.where(self.own.known, -np.expm1(-most), 0.0)

    def first_horizon(self, q: Floats) -> Floats:
        """See Curve."""
        wanted = -np.log1p(-q)
        found = _reached(self.near, NODES_DAYS, wanted)
        beyond = ~np.isfinite(found)
        if beyond.any():
            found[beyond] = np.exp(_reached(self._beyond()[:, beyond], np.log(FAR_DAYS), wanted[beyond]))
        days = np.where(np.isfinite(found), np.ceil(found), np.inf)
        return self._settled(days, q)

    def _settled(self, days: Floats, q: Floats) -> Floats:
        """Rounding may miss the first day that reaches q by one."""
        whole = np.where(np.isfinite(days), np.maximum(days, 1.0), 1.0)
        before, at = (self.window(0.0, asked) >= q for asked in (whole - 1, whole))
        settled = np.where(before & (whole > 1), whole - 1, np.where(at, whole, whole + 1))
        return np.where(np.isfinite(days) & self.own.known, settled, np.inf)

    def cumulated(self, days: Days) -> Floats:
        """L(days), shape (rows,)."""
        if isinstance(days, float | int):
            return self._cumulated_at(float(days))
        found, far = between(self.near, NODES_DAYS, np.asarray(days, float)), days > FAR_DAYS[0]
        if far.any():
            found[far] = between(self._beyond()[:, far], np.log(FAR_DAYS), np.log(days[far]))
        return found

    def _cumulated_at(self, days: float) -> Floats:
        """As `cumulated`, of all rows at the same day."""
        if days <= NODES_DAYS[-1]:
            return _on(self.near, NODES_DAYS, days)
        return _on(self._beyond(), np.log(FAR_DAYS), float(np.log(days)))

    def _beyond(self) -> Floats:
        """L at FAR_DAYS, shape (far nodes, rows)."""
        if self.far is None:
            base = [cumulated_hazard(self.own.window(0.0, day)) for day in FAR_DAYS[1:].tolist()]
            rest = [self.near[-1] + self.tail * np.maximum(one - self.base_end, 0.0) for one in base]
            self.far = np.maximum.accumulate(np.stack([self.near[-1], *rest]))
        return self.far


def joined(own: RenewalCurve, base: Floats, eta: Floats) -> HazardCurve:
    """The curve with the hazards exp(eta) of its intervals; eta: shape (rows, intervals), base: of `nodes_of`."""
    steps, near = np.exp(eta).T, np.zeros_like(base)
    for place, (begin, end) in enumerate(zip(ENDS_AT[:-1].tolist(), ENDS_AT[1:].tolist(), strict=True)):
        low, whole = base[begin], np.maximum(base[end] - base[begin], LEAST_HAZARD)
        for node in range(begin + 1, end):
            near[node] = near[begin] + np.clip((base[node] - low) / whole, 0.0, 1.0) * steps[place]
        near[end] = near[begin] + steps[place]
    last = base[ENDS_AT[-1]] - base[ENDS_AT[-2]]
    tail = np.clip(steps[-1] / np.maximum(last, LEAST_HAZARD), *TAIL_LIMITS)
    return HazardCurve(own, near, base[-1], tail)


def nodes_of(own: RenewalCurve) -> Floats:
    """The renewal's cumulated hazard at NODES_DAYS, shape (nodes, rows)."""
    return bases(own, NODES_DAYS[1:].tolist())


def bases(own: RenewalCurve, days: Sequence[float] = ENDS_DAYS) -> Floats:
    """The renewal's cumulated hazard at 0 and some days, shape (1 + days, rows)."""
    found = [cumulated_hazard(own.window(0.0, day)) for day in days]
    return np.stack([np.zeros(len(own.silence)), *found])


def cumulated_hazard(probability: Floats) -> Floats:
    """-log(1 - p), finite."""
    return np.asarray(-np.log1p(-np.minimum(probability, CERTAIN)), float)


def between(table: Floats, nodes: Floats, at: Floats) -> Floats:
    """Values of each row's straight pieces: table of shape (nodes, rows) at nodes, asked at `at`, shape (rows,)."""
    rows = np.arange(table.shape[1])
    place = np.clip(np.searchsorted(nodes, at), 1, len(nodes) - 1)
    low, high = table[place - 1, rows], table[place, rows]
    share = np.clip((at - nodes[place - 1]) / (nodes[place] - nodes[place - 1]), 0.0, 1.0)
    return np.asarray(low + share * (high - low), float)


def _plus(one: Days, other: Days) -> float | Floats:
    """Their sum; numbers stay numbers, so that all rows are asked at once."""
    if isinstance(one, float | int) and isinstance(other, float | int):
        return float(one + other)
    return np.asarray(one + other, float)


def _on(table: Floats, nodes: Floats, at: float) -> Floats:
    """As `between`, all rows at the same place."""
    place = int(np.clip(np.searchsorted(nodes, at), 1, len(nodes) - 1))
    share = float(np.clip((at - nodes[place - 1]) / (nodes[place] - nodes[place - 1]), 0.0, 1.0))
    return np.asarray(table[place - 1] + share * (table[place] - table[place - 1]), float)


def _reached(table: Floats, nodes: Floats, wanted: Floats) -> Floats:
    """Where each row's straight pieces reach what is wanted, shape (rows,); inf where they do not."""
    rows = np.arange(table.shape[1])
    place = (table < wanted).sum(0)
    inside = np.clip(place, 1, len(nodes) - 1)
    low, high = table[inside - 1, rows], table[inside, rows]
    share = np.clip((wanted - low) / np.maximum(high - low, LEAST_HAZARD * LEAST_HAZARD), 0.0, 1.0)
    at = nodes[inside - 1] + share * (nodes[inside] - nodes[inside - 1])
    return np.where(place < len(nodes), at, np.inf)
