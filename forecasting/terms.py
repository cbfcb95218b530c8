"""Evaluating an additive hazard for many rows: features in rows of a matrix, and each group of them on its own.

What an account says is the same for all of its pairs, and what a product says for all of its buyers, so these parts of
eta are made once for each and added up. A row's figure does not depend on the rows beside it, to the bit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.additive import HIGHEST, LOWEST, REACH

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from forecasting.additive import Additive
    from forecasting.columns import Floats


class Terms:
    """The terms of an Additive model that belong to some of its features; the constant is not among them."""

    def __init__(self, model: Additive, wanted: Callable[[str], bool]) -> None:
        chosen = [place for place, name in enumerate(model.names) if wanted(name)]
        ends = np.cumsum([len(some) for some in model.knots])
        bends = [at for i in chosen for at in range(ends[i] - len(model.knots[i]), ends[i])]
        self.names = tuple(model.names[i] for i in chosen)
        self._mean, self._scale = (np.array(one)[chosen][:, None] for one in (model.mean, model.scale))
        self._bent = np.repeat(np.arange(len(chosen)), [len(model.knots[i]) for i in chosen])
        self._knot = np.array([knot for i in chosen for knot in model.knots[i]])[:, None]
        columns = np.array([*chosen, *(len(model.names) + at for at in bends)], np.intp)
        self._weight = np.array(model.heads)[:, 1 + columns]

    def eta(self, found: Mapping[str, Floats], rows: int) -> Floats:
        """Their share of eta, shape (intervals, rows); found: features by name, shape (rows,) each."""
        if not self.names or not rows:
            return np.zeros((len(self._weight), rows))
        straight = len(self.names)
        z = np.empty((straight + len(self._bent), max(rows, 2)))
        for place, name in enumerate(self.names):
            z[place] = found[name]
        head = z[:straight]
        head -= self._mean
        head /= self._scale
        np.clip(head, -REACH, REACH, out=head)
        np.subtract(head[self._bent], self._knot, out=z[straight:])
        np.maximum(z[straight:], 0.0, out=z[straight:])
        # einsum and not a matrix product: BLAS rounds a row by the number of rows beside it. One row it adds up in
        # another order than several, so one is asked twice.
        return np.asarray(np.einsum("fr,hf->hr", z, self._weight)[:, :rows], float)


def constant_of(model: Additive) -> Floats:
    """The constants of a model, shape (intervals, 1)."""
    return np.array([head[0] for head in model.heads])[:, None]


def bounded(eta: Floats) -> Floats:
    """eta of all terms, in the bounds of the fit; in place."""
    return np.asarray(np.clip(eta, LOWEST, HIGHEST, out=eta), float)
