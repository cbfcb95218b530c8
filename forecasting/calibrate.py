"""Fitting the pooled hazard of forecasting.calibrated: one Binomial GLM, complementary log-log, over all horizons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import statsmodels.api as sm

from forecasting.calibrated import Weights, context_of, log_hazard_of
from forecasting.renewal import RenewalParameters, renewal_curve
from forecasting.windows import HORIZONS_DAYS, Window, product_rates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.columns import Floats
    from forecasting.history import OrderDays

MIN_EVENTS = 100  # orders, and silences, that the windows must hold: below it the renewal stands by itself
LEAST_POWER = 0.05  # of the pair's own hazard; less means that the fit has lost the pair
USUAL = (-0.8, 0.5, 0.5, 0.2, 0.2)  # constant, pair, account, orders, share: about what the wholesaler's year says
STIFFNESS = 100.0  # of 20, 100, 300 the best on tenths and quarters of the wholesaler's accounts; no matter on all
FIXED = len(USUAL)  # columns before the product's rates
DIGITS = 5  # of a product's effect in the artefact


def fit_weights(
    windows: Sequence[Window], pair: RenewalParameters, account: RenewalParameters, history: OrderDays, as_of_day: float
) -> tuple[Weights | None, dict[str, float]]:
    """Weights of the pooled hazard, products as they stand at as_of_day; and scores on the rows it was fitted on.

    None where the windows are too few to say anything, or say something that is no survival curve.
    """
    designs = [design(window, pair, account) for window in windows]
    if not designs:
        return None, {}
    regressors, outcome = (np.concatenate(parts) for parts in zip(*designs, strict=True))
    scores = {"calibration_rows": float(len(outcome)), "calibration_orders": float(outcome.sum())}
    if min(outcome.sum(), (1 - outcome).sum()) < MIN_EVENTS:
        return None, scores
    middle = regressors[:, FIXED:].mean(0)  # a product nobody knows is an average one
    regressors[:, FIXED:] -= middle
    fit = _glm(regressors, outcome)
    if not (np.isfinite(fit).all() and fit[1] >= LEAST_POWER and fit[2] >= 0):
        return None, scores
    probability = -np.expm1(-np.exp(regressors @ fit))
    base = outcome.mean()
    scores["calibration_brier_skill"] = float(1 - np.mean((probability - outcome) ** 2) / (base * (1 - base)))
    effects = (product_rates(history, as_of_day) - middle) @ fit[FIXED:]
    products = {sku: round(float(effect), DIGITS) for sku, effect in zip(history.skus, effects, strict=True)}
    constant, own, whole, orders, share = (round(float(w), 8) for w in fit[:FIXED])
    return Weights(constant, own, whole, orders, share, products), scores


def design(window: Window, pair: RenewalParameters, account: RenewalParameters) -> tuple[Floats, Floats]:
    """Regressors (FIXED, then the product's rates) and outcomes of a window, at every horizon that it has room for."""
    columns = window.columns
    if columns.account is None:
        raise ValueError("calibration needs the columns of each pair's account")
    own, whole = renewal_curve(pair, columns, window.opened), renewal_curve(account, columns.account, window.opened)
    orders, share = context_of(columns)
    rows, outcomes = [], []
    for horizon in HORIZONS_DAYS:
        if horizon <= window.length_days:
            hazards = [log_hazard_of(curve.window(0.0, horizon)) for curve in (own, whole)]
            rows.append(np.column_stack([np.ones(len(orders)), *hazards, orders, share, window.product_rates]))
            outcomes.append(window.wait_days < horizon)
    return np.concatenate(rows), np.concatenate(outcomes).astype(float)


def _glm(regressors: Floats, outcome: Floats) -> Floats:
    """Coefficients, drawn to the usual ones with the weight of STIFFNESS rows; the constant goes free."""
    usual = np.zeros(regressors.shape[1])
    usual[: len(USUAL)] = USUAL
    penalty = np.full(len(usual), STIFFNESS / len(outcome))
    penalty[0] = 0.0
    family = sm.families.Binomial(sm.families.links.CLogLog())
    model = sm.GLM(outcome, regressors, family=family, offset=regressors @ usual)
    change = model.fit_regularized(alpha=penalty, L1_wt=0.0, opt_method="L-BFGS-B").params
    return np.asarray(usual + change, float)
