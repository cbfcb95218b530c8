"""Proper scores of forecasts, plain and with weights (for the bootstrap); all arrays have shape (rows,) or (rows, k).

Definitions follow docs/backtest.md. Sources: Brier (1950); Epstein (1969) for the ranked probability score; Gneiting,
Raftery (2007) for CRPS and the pinball loss; Naeini et al. (2015) for the calibration error by bins of equal count.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest.cases import CURVE_DAYS, HORIZONS_DAYS, QUANTILES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from forecasting.backtest.cases import Outcome, Prediction
    from forecasting.columns import Floats

BINS, BIN_ROWS = 10, 30
Scores = dict[str, float]


def score(prediction: Prediction, outcome: Outcome) -> Scores:
    """Every score that the prediction allows; NaN where it is not defined (nobody came, everybody came)."""
    came = np.stack([outcome.came(h) for h in HORIZONS_DAYS], 1)
    found: Scores = {"rows": float(len(came))}
    for place, horizon in enumerate(HORIZONS_DAYS):
        p, y = prediction.probability[:, place], came[:, place]
        found |= {
            f"base{horizon}": float(y.mean()),
            f"auc{horizon}": auc(y, p),
            f"bss{horizon}": brier_skill(y, p),
            f"lift{horizon}": lift(y, p),
            f"ece{horizon}": calibration_error(y, p),
        }
    found["rpss"] = ranked_skill(came, prediction.probability)
    if prediction.quantile_days is not None:
        found |= quantile_scores(prediction.quantile_days, outcome)
    if prediction.curve is not None:
        found["crps"] = crps(prediction.curve, outcome)
    return found


def auc(came: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """Chance that one who came was given more than one who did not, ties half."""
    if not len(came):
        return float("nan")
    return auc_of_ranks(came, *ranks_of(probability), np.ones(len(came)) if weight is None else weight)


def ranks_of(probability: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows in rising order, and where each run of equal probabilities begins; for auc_of_ranks."""
    order = np.argsort(probability, kind="stable")
    ordered = probability[order]
    return order, np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])


def auc_of_ranks(came: Floats, order: NDArray[np.intp], starts: NDArray[np.intp], weight: Floats) -> float:
    """As `auc`, of at least one row whose ranks are known."""
    ones, zeros = (np.add.reduceat((weight * part)[order], starts) for part in (came, 1 - came))
    below = np.cumsum(zeros) - zeros
    both = ones.sum() * zeros.sum()
    return float(((below + zeros / 2) * ones).sum() / both) if both > 0 else float("nan")


def brier_skill(came: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """1 - mean squared error over that of the base rate."""
    base = float(np.average(came, weights=weight))
    spread = base * (1 - base)
    error = float(np.average((probability - came) ** 2, weights=weight))
    return 1 - error / spread if spread > 0 else float("nan")


def ranked_skill(came: Floats, probability: Floats, weight: Floats | None = None) -> float:
    """The same over all horizons at once: errors are added before they are compared."""
    base = np.average(came, axis=0, weights=weight)
    spread = float((base * (1 - base)).sum())
    error = float(np.average((probability - came) ** 2, axis=0, weights=weight).sum())
    return 1 - error / spread if spread > 0 else float("nan")


def lift(came: Floats, probability: Floats) -> float:
    """Share that came among the top 5 % (at least 50, or a fifth of a small set) over the share of all."""
    rows, base = len(came), float(came.mean())
    top = max(min(50, rows // 5), int(0.05 * rows))
    if not top or base <= 0:
        return float("nan")
    return float(came[np.argsort(-probability, kind="stable")[:top]].mean() / base)


def calibration_error(came: Floats, probability: Floats, bins: int = BINS) -> float:
    """Mean distance between forecast and share that came, over bins of equal count, of BIN_ROWS at least."""
    forecast, share, count = reliability(came, probability, min(bins, max(len(came) // BIN_ROWS, 1)))
    return float(np.average(np.abs(forecast - share), weights=count)) if len(count) else float("nan")


def reliability(came: Floats, probability: Floats, bins: int = BINS) -> tuple[Floats, Floats, Floats]:
    """(mean forecast, share that came, rows) of bins of equal count, ties kept together; shape (bins,)."""
    order = np.argsort(probability, kind="stable")
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1]) if len(order) else np.zeros(0)
    place = np.searchsorted(np.unique(edges), probability, side="right")
    count = np.bincount(place)
    used = count > 0
    forecast, share = (np.bincount(place, values)[used] / count[used] for values in (probability, came))
    return forecast, share, count[used].astype(float)


def quantile_scores(quantile_days: Floats, outcome: Outcome) -> Scores:
    """cov80 over rows whose p90 lies inside the data (chosen by the forecast, not by what came), and the pinball loss.

    Pinball: both sides are cut at the last known day, or at 60 days, so that silence counts.
    """
    low, high = quantile_days[:, 0], quantile_days[:, -1]
    known = high <= outcome.days_left
    inside = (outcome.wait_days >= low) & (outcome.wait_days <= high)
    cut = float(min(outcome.days_left, CURVE_DAYS[-1]))
    missed = np.minimum(outcome.wait_days, cut)[:, None] - np.minimum(quantile_days, cut)
    level = np.array(QUANTILES)
    came_in_data = np.isfinite(outcome.wait_days)
    found = {
        "cov80": float(inside[known].mean()) if known.any() else float("nan"),
        "share_known": float(known.mean()),
        "pinball": float(np.maximum(level * missed, (level - 1) * missed).mean()),
    }
    middle = quantile_days[came_in_data, 1] - outcome.wait_days[came_in_data]
    found["mae50"] = float(np.median(np.abs(middle))) if came_in_data.any() else float("nan")
    return found


def known_horizons(outcome: Outcome) -> NDArray[np.bool_]:
    """Which of CURVE_DAYS end inside the data; shape (CURVE_DAYS,)."""
    return np.asarray(outcome.days_left + 1 >= CURVE_DAYS)


def crps(curve: Floats, outcome: Outcome) -> float:
    """Continuous ranked probability score of the wait on [0, 60] days (fewer where fewer are known), in days."""
    known = known_horizons(outcome)
    came = outcome.wait_days[:, None] < CURVE_DAYS[None, known]
    return float(((curve[:, known] - came) ** 2).sum(1).mean())
