"""Accounts with a like basket: who they are, and what they buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from forecasting.similar.population import directions
from forecasting.similar.scores import Scores, top_of_rows

if TYPE_CHECKING:
    from forecasting.similar.baskets import Baskets
    from forecasting.similar.population import References

NEIGHBOURS = 60


def neighbours(references: References, carts: Baskets) -> sp.csr_array:
    """Cosine likeness over what was ever bought, of each account to its NEIGHBOURS nearest references.

    Shape (accounts, references). An account is not its own neighbour.
    """
    return _nearest(directions(carts.matrix()), references.ever, _own(references, carts))


def votes(alike: sp.csr_array, cast: sp.csr_array) -> Scores:
    """Mean vote of the neighbours, weighted by likeness, shape (accounts, skus)."""
    total = np.asarray(alike.sum(1)).ravel()
    share = sp.csr_array(sp.diags_array(1 / np.maximum(total, 1e-9)).astype(np.float32) @ alike)
    return Scores(sp.csr_array(share @ cast))


def counted(alike: sp.csr_array, bought: sp.csr_array) -> Scores:
    """How many of the neighbours ever bought each product, shape (accounts, skus)."""
    ones = sp.csr_array((np.ones(alike.nnz, np.float32), alike.indices, alike.indptr), alike.shape)
    return Scores(sp.csr_array(ones @ bought))


def _own(references: References, carts: Baskets) -> dict[int, int]:
    """Row of an account -> its place among the references."""
    place = references.place
    return {row: place[name] for row, name in enumerate(carts.account_ids) if name in place}


def _nearest(left: sp.csr_array, right: sp.csr_array, own: dict[int, int]) -> sp.csr_array:
    alike = sp.csr_array(left @ right)
    if own:
        rows = np.repeat(np.arange(alike.shape[0]), np.diff(alike.indptr))
        mine = np.full(alike.shape[0], -1)
        mine[list(own)] = list(own.values())
        alike.data[alike.indices == mine[rows]] = 0
    alike.eliminate_zeros()
    return top_of_rows(alike, NEIGHBOURS)
