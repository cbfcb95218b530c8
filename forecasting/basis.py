"""The regressors of a regression over many rows: standardised features, straight and bent, made once for several fits.

Means, scales and knots are those of all rows given, whatever rows a fit then takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.additive import design, standardise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.columns import Floats

    Singles = NDArray[np.float32]
    Places = NDArray[np.intp]

KNOTS_AT = (1 / 3, 2 / 3)  # quantiles of each feature
DIGITS = 6
LEAST_SCALE = 0.02  # a feature that varies less is as good as constant; scaled up it would be all chance


@dataclass(frozen=True, slots=True)
class Basis:
    """`regressors`: shape (rows, regressors), centred by `middle`; the first `straight` are lines, the others bends.

    rows: which of them a fit may take, in the order of its examples.
    """

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    knots: tuple[tuple[float, ...], ...]
    middle: Floats
    regressors: Singles
    rows: Places

    @property
    def straight(self) -> int:
        """How many regressors are lines."""
        return len(self.mean)

    def take(self, rows: Places) -> Basis:
        """The same for some of its rows; nothing is copied."""
        return Basis(self.mean, self.scale, self.knots, self.middle, self.regressors, self.rows[rows])

    def at(self, rows: Places) -> Singles:
        """Regressors of some rows, shape (rows, regressors)."""
        return self.regressors[self.rows[rows]]


def basis_of(features: Floats, *, bends: bool = True) -> Basis:
    """The basis of features, shape (rows, features). bends: or lines only."""
    mean, scale = features.mean(0), features.std(0)
    scale = np.where(scale > LEAST_SCALE, scale, 1.0)
    knots, lines = [], np.empty(features.shape, np.float32)  # half the memory; this is what is largest in learning
    for place in range(features.shape[1]):  # one by one, so that there is no second matrix in double precision
        z = standardise(features[:, place], mean[place], scale[place])
        knots.append(_knots(z) if bends else ())
        lines[:, place] = z
    regressors = design(lines, knots)
    middle = regressors.mean(0, dtype=np.float64)
    regressors -= middle.astype(np.float32)
    return Basis(rounded(mean), rounded(scale), tuple(knots), middle, regressors, np.arange(len(features)))


def rounded(values: Floats) -> tuple[float, ...]:
    """As the artefact keeps them."""
    return tuple(np.round(values, DIGITS).tolist())


def _knots(values: Floats) -> tuple[float, ...]:
    """Places to bend at: quantiles with enough on either side, none where a feature hardly varies."""
    low, high = float(values.min()) + 0.1, float(values.max()) - 0.1
    found = np.unique(np.round(np.quantile(values, KNOTS_AT), 3)).tolist()
    return tuple(knot for knot in found if low < knot < high)
