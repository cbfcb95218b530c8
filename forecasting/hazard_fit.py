"""Fitting the hazard: features of every window's rows, then one penalised regression an interval.

What few data cannot tell is drawn to what they can: each interval's coefficients to those of all intervals together,
and those to a core of a few regressors (the renewals of the pair and of its account). Straight lines are drawn less
than bent ones. So a few hundred rows give little more than a calibrated renewal, and a hundred thousand all details.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.additive import Additive
from forecasting.basis import DIGITS, basis_of
from forecasting.features import account_features, pair_features
from forecasting.hazard import ENDS_DAYS, hazards, whole_features
from forecasting.renewal import renewal_curve
from forecasting.ridge import fit_cloglog
from forecasting.snapshots import EVERY_DAYS
from forecasting.weathered import weather_renewal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from forecasting.basis import Basis
    from forecasting.columns import Floats
    from forecasting.features import Columns
    from forecasting.renewal import RenewalParameters
    from forecasting.snapshots import Window

    Mask = NDArray[np.bool_]
    Places = NDArray[np.intp]
    Singles = NDArray[np.float32]

MIN_EVENTS = 60  # orders, and silences, that the rows must hold: below it the renewal stands by itself
CORE = ("p_renewal", "a_renewal", "p_orders", "share")
CORE_PENALTY = 3.0
STRAIGHT, BENT, APART = 40.0, 200.0, 200.0  # penalties: of lines, of bends, of an interval's own deviation
FADE_HALF_LIFE_DAYS = 60.0  # of a window's weight: populations drift
MAX_ROWS = 45_000


@dataclass(frozen=True, slots=True)
class Examples:
    """Rows of all windows; shape (rows,). wait: inf where no order was seen; length: days that could be seen."""

    features: Floats
    names: tuple[str, ...]
    wait: Floats
    length: Floats

    def where(self, rows: Mask) -> Examples:
        """The rows where the mask holds."""
        return Examples(self.features[rows], self.names, self.wait[rows], self.length[rows])

    def of_names(self, wanted: Callable[[str], bool]) -> Examples:
        """The same rows with some of the features."""
        kept = [place for place, name in enumerate(self.names) if wanted(name)]
        if len(kept) == len(self.names):
            return self
        names = tuple(self.names[place] for place in kept)
        return Examples(self.features[:, kept], names, self.wait, self.length)


def pair_examples(windows: Sequence[Window], own: RenewalParameters, whole: RenewalParameters) -> Examples:
    """Features of pairs in their windows."""

    def features_of(w: Window) -> Columns:
        mine = hazards(weather_renewal(own, w.columns, w.opened, w.weather))
        theirs = whole_features(w.columns, w.opened, whole)
        return pair_features(w.columns, w.opened, mine, theirs, w.products, w.weather)

    return _examples(windows, features_of)


def account_examples(windows: Sequence[Window], own: RenewalParameters) -> Examples:
    """Features of accounts in their windows."""

    def features_of(w: Window) -> Columns:
        return account_features(w.columns, w.opened, hazards(renewal_curve(own, w.columns, w.opened)), w.products)

    return _examples(windows, features_of)


def fit_hazard(examples: Examples, max_rows: int = MAX_ROWS, basis: Basis | None = None) -> Additive | None:
    """The hazard of every interval, from a sample of max_rows each; None where the examples say too little.

    basis: of the examples' rows, where it was made already.
    """
    asked = np.minimum(examples.length, ENDS_DAYS[-1])
    came = examples.wait < asked
    if min(came.sum(), (~came).sum()) < MIN_EVENTS:
        return None
    basis = basis_of(examples.features) if basis is None else basis
    heads = []
    for head in _heads(examples, basis, max_rows):
        constant = head[0] - float(head[1:] @ basis.middle)
        heads.append(tuple(np.round([constant, *head[1:]], DIGITS).tolist()))
    return Additive(examples.names, basis.mean, basis.scale, basis.knots, tuple(heads))


def _heads(examples: Examples, basis: Basis, max_rows: int) -> list[Floats]:
    """Intercept and coefficients of each interval; those without enough events take what all have in common."""
    rng = np.random.default_rng(0)
    weight = np.exp2(-examples.length / FADE_HALF_LIFE_DAYS)
    weight = weight / weight.mean()
    straight = basis.straight
    seen = [seen_in(examples, place) for place in range(len(ENDS_DAYS))]
    penalty = np.where(np.arange(len(basis.middle)) < straight, STRAIGHT, BENT)
    rows = np.concatenate([_some(np.flatnonzero(mask), max_rows // len(seen), rng) for mask, _ in seen])
    kind = np.repeat(np.arange(len(seen)), [min(int(mask.sum()), max_rows // len(seen)) for mask, _ in seen])
    outcome = np.stack([came for _, came in seen])[kind, rows].astype(float)
    length_days = np.diff([0.0, *ENDS_DAYS])
    once = np.minimum(EVERY_DAYS / length_days, 1.0)  # windows of long intervals tell of each order several times
    counted = weight[rows] * once[kind]
    common = _common(examples, basis.at(rows), outcome, counted, penalty, np.log(length_days)[kind])
    heads = []
    for place, (mask, came) in enumerate(seen):
        start = np.concatenate([[common[0] + np.log(length_days[place])], common[1:]])
        heads.append(start)
        at = _some(np.flatnonzero(mask), max_rows, rng)
        if min(came[at].sum(), (~came[at]).sum()) < MIN_EVENTS:
            continue
        regressors, stiff = basis.at(at), np.full(straight, APART)
        offset = regressors @ common[1:]
        moved = fit_cloglog(regressors[:, :straight], came[at].astype(float), weight[at] * once[place], stiff, offset)
        start[0] = moved[0]
        start[1 : straight + 1] += moved[1:]
    return heads


def _common(
    examples: Examples, regressors: Singles, outcome: Floats, weight: Floats, penalty: Floats, offset: Floats
) -> Floats:
    """Coefficients of all intervals together, drawn to those of the core."""
    core = np.array([place for place, name in enumerate(examples.names) if name.startswith(CORE)])
    few = fit_cloglog(regressors[:, core], outcome, weight, np.full(len(core), CORE_PENALTY), offset)
    start = np.zeros(regressors.shape[1])
    start[core] = few[1:]
    found = fit_cloglog(regressors, outcome, weight, penalty, offset + regressors @ start)
    found[1:] += start
    return found


def seen_in(examples: Examples, place: int) -> tuple[Mask, Mask]:
    """Rows that were still waiting when an interval began and whose window reached its end; and who ordered in it."""
    begin, end = (0.0, *ENDS_DAYS)[place], ENDS_DAYS[place]
    mask = (examples.length >= end) & (examples.wait >= begin)
    return mask, examples.wait < end


def _examples(windows: Sequence[Window], features_of: Callable[[Window], Columns]) -> Examples:
    """Window by window into one matrix, which is what is largest in learning: there are never two of it."""
    rows = [len(w.wait_days) for w in windows]
    first = features_of(windows[0])
    names, features, end = tuple(first), np.empty((sum(rows), len(first))), 0
    for w in windows:
        found = features_of(w) if end else first
        begin, end = end, end + len(w.wait_days)
        for place, name in enumerate(names):
            features[begin:end, place] = found[name]
    wait = np.concatenate([w.wait_days for w in windows])
    return Examples(features, names, wait, np.repeat([w.length_days for w in windows], rows))


def _some(rows: Places, size: int, rng: np.random.Generator) -> Places:
    return rng.choice(rows, size, replace=False) if len(rows) > size else rows
