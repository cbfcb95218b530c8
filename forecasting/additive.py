"""The hazard of each interval as a piecewise linear function of the features: sums of straight and bent lines.

    eta_j(x) = c_j + sum_i w_ji z_i + sum_ik v_jik max(z_i - knot_ik, 0),    z = (x - mean) / scale, cut at +-REACH

P(order in interval j | none before it) = 1 - exp(-exp(eta_j)): a discrete-time hazard with complementary log-log link.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from forecasting.columns import Floats

Number = TypeVar("Number", "NDArray[np.float64]", "NDArray[np.float32]")

REACH = 4.0  # standard deviations beyond which a feature says no more
LOWEST, HIGHEST = -14.0, 4.0  # of eta


class Additive(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Coefficients; `names` of the features, `knots` of each, `heads` one vector an interval: c, then w, then v."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    knots: tuple[tuple[float, ...], ...]
    heads: tuple[tuple[float, ...], ...]


def standardise(features: Floats, mean: Floats | np.float64, scale: Floats | np.float64) -> Floats:
    """z of the features, shape (rows, features), or of one, shape (rows,)."""
    return np.asarray(np.clip((features - mean) / scale, -REACH, REACH), float)


def design(z: Number, knots: Sequence[Sequence[float]]) -> Number:
    """Straight lines, then bent ones, shape (rows, features + all knots)."""
    place = [place for place, some in enumerate(knots) for _ in some]
    knot = np.array([knot for some in knots for knot in some], z.dtype)
    bent = np.take(z, np.array(place, np.intp), axis=1)
    bent -= knot
    np.maximum(bent, 0.0, out=bent)
    return np.concatenate([z, bent], axis=1)


def log_hazards(model: Additive, features: Floats) -> Floats:
    """eta, shape (rows, intervals). features: shape (rows, names), in the order of `names`."""
    z = standardise(features, np.array(model.mean), np.array(model.scale))
    heads = np.array(model.heads)
    # Not a matrix product: BLAS rounds a row by the number of rows beside it, and a row must not depend on those.
    eta = np.einsum("rf,hf->rh", design(z, model.knots), heads[:, 1:]) + heads[:, 0]
    return np.asarray(np.clip(eta, LOWEST, HIGHEST), float)


def fits(model: Additive) -> bool:
    """Whether the coefficients are as many as the features ask for, all finite, and every scale above 0."""
    features = len(model.names)
    wanted = 1 + features + sum(map(len, model.knots))
    if {features} != {len(model.mean), len(model.scale), len(model.knots)} or not model.heads:
        return False
    numbers = [*model.mean, *model.scale, *(knot for some in model.knots for knot in some), *sum(model.heads, ())]
    good = bool(np.isfinite(numbers).all()) and min(model.scale, default=1.0) > 0
    return good and all(len(head) == wanted for head in model.heads)
