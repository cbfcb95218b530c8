"""How much of the fitted hazard to believe: a weight between it and the renewal, from outcomes held forward in time.

The hazard is fitted again without the newest days, and asked about the windows that opened in them, of which it has
seen nothing. There the log hazard of an interval is

    renewal + w (fitted - renewal),    0 <= w <= 1

and w is what foretells best, drawn to one half: a population that is small, or that changes, gives the fitted hazard
little reason to be believed, and forecasts of two minds err less than either. Source: Wolpert (1992), "Stacked
generalization"; outcomes held forward, as a window tells nothing of a later one that its own rows could leak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from forecasting.additive import log_hazards
from forecasting.basis import DIGITS, basis_of
from forecasting.hazard import ENDS_DAYS
from forecasting.hazard_fit import Examples, fit_hazard, seen_in
from forecasting.parts import ALL, Parts
from forecasting.ridge import fit_cloglog
from forecasting.snapshots import EVERY_DAYS

if TYPE_CHECKING:
    from forecasting.additive import Additive
    from forecasting.basis import Basis
    from forecasting.columns import Floats

    Believed = tuple[Additive, Floats]

FOLDS_DAYS = (28.0, 56.0)  # how many of the newest days each fit goes without
HELD_ROWS = 15_000  # of an interval in these fits: a little less sure than the whole, for a third of the time
LEAST_ROWS = 2  # to know a spread
NEAR_INTERVALS = 2  # have a weight of their own, the others another
PRIOR_WEIGHT, PRIOR_PENALTY = 0.5, 100.0
RENEWAL = "p_renewal"  # name of the features that hold the renewal's log hazards


def fit_believed(examples: Examples, parts: Parts = ALL) -> Believed | None:
    """The hazard drawn to the renewal, and the weight of each interval, shape (intervals,); None: too few examples."""
    if len(examples.wait) < LEAST_ROWS:
        return None
    basis = basis_of(examples.features, bends=parts.bends)
    model = fit_hazard(examples, basis=basis)
    if model is None:
        return None
    if not parts.stacked:
        return model, np.ones(len(ENDS_DAYS))
    weights = stacking_weights(examples, basis)
    return drawn(model, weights), weights


def stacking_weights(examples: Examples, basis: Basis | None = None) -> Floats:
    """w of each interval, shape (intervals,); PRIOR_WEIGHT where nothing could be held forward."""
    found, basis = [], basis_of(examples.features) if basis is None else basis
    for place, days in enumerate(FOLDS_DAYS):
        known = np.flatnonzero(examples.length > days)
        model = fit_hazard(earlier(examples, days), HELD_ROWS, basis.take(known))
        newest = FOLDS_DAYS[place - 1] if place else 0.0
        if model is not None:
            found += _held(examples.where((examples.length > newest) & (examples.length <= days)), model)
    if not found:
        return np.full(len(ENDS_DAYS), PRIOR_WEIGHT)
    far, renewal, fitted, came, weight = np.concatenate(found).T
    apart = fitted - renewal
    regressors = np.column_stack([apart, apart * (far == 0), apart * (far == 1)])
    offset = renewal + PRIOR_WEIGHT * apart
    moved = fit_cloglog(regressors, came, weight, np.full(3, PRIOR_PENALTY), offset)[1:]
    group = (np.arange(len(ENDS_DAYS)) >= NEAR_INTERVALS).astype(int)
    return np.asarray(np.clip(PRIOR_WEIGHT + moved[0] + moved[1 + group], 0.0, 1.0), float)


def earlier(examples: Examples, days: float) -> Examples:
    """The examples as they were known so many days ago."""
    kept = examples.where(examples.length > days)
    length = kept.length - days
    return Examples(kept.features, kept.names, np.where(kept.wait < length, kept.wait, np.inf), length)


def drawn(model: Additive, weights: Floats) -> Additive:
    """The model with every interval's log hazard at its weight between the renewal's and its own."""
    heads = []
    for place, (head, weight) in enumerate(zip(model.heads, weights.tolist(), strict=True)):
        mixed = weight * np.array(head)
        at = model.names.index(f"{RENEWAL}{place}")
        mixed[0] += (1 - weight) * model.mean[at]
        mixed[1 + at] += (1 - weight) * model.scale[at]
        heads.append(tuple(np.round(mixed, DIGITS).tolist()))
    return msgspec.structs.replace(model, heads=tuple(heads))


def _held(examples: Examples, model: Additive) -> list[Floats]:
    """An array an interval, shape (rows, 5): whether it is far, the log hazards of renewal and model, came, weight."""
    eta, found = log_hazards(model, examples.features), []
    lengths = np.diff([0.0, *ENDS_DAYS])
    for place, length in enumerate(lengths.tolist()):
        rows, came = seen_in(examples, place)
        renewal = examples.features[rows, examples.names.index(f"{RENEWAL}{place}")]
        far = np.full(len(renewal), float(place >= NEAR_INTERVALS))
        weight = np.full(len(renewal), min(1.0, EVERY_DAYS / length))
        found.append(np.column_stack([far, renewal, eta[rows, place], came[rows], weight]))
    return found
