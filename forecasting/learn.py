"""The population's loop: parameters that all accounts share, fitted on their order days. Arrays in, a model out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import scipy
import statsmodels

from forecasting.artefact import ModelRecord, PopulationModel
from forecasting.clock import FLAT
from forecasting.clock_fit import fit_clock
from forecasting.hazard_fit import account_examples, pair_examples
from forecasting.history import OrderDays, order_days_of
from forecasting.likelihood import SHAPES, fit_renewal, gaps_of
from forecasting.parts import ALL, Parts
from forecasting.renewal import RenewalParameters
from forecasting.snapshots import COLD_BELOW, NEAR_WINDOWS, Window, seasonal, snapshots, window_days, windows_of
from forecasting.stacking import fit_believed
from forecasting.weather import fitted

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from forecasting.additive import Additive
    from forecasting.hazard_fit import Examples
    from forecasting.stacking import Believed
    from forecasting.weather import Weather

NAME = "additive-hazard-1"
PRIOR_PAIR = RenewalParameters(SHAPES, (0.2, 0.6, 0.1, 0.1), a=0.6, scale_days=80.0, alpha=0.7, beta=1.0)
PRIOR_ACCOUNT = RenewalParameters(SHAPES, (0.2, 0.5, 0.2, 0.1), a=0.7, scale_days=45.0, alpha=0.13, beta=2.6)
MIN_PAIRS = 30  # with fewer the prior is published as it is, and the model says that it is degraded
SAMPLE_PAIRS, SAMPLE_ACCOUNTS = 4_000, 1_500
FITTED_BEFORE = "fitted_days_before"  # among the scores of a refreshed model: age of its coefficients at until_day
WINDOW_ROWS = 6_000  # of each window, of pairs ordered often, of others, and of accounts


@dataclass(frozen=True, slots=True)
class Material:
    """What is learnt from: everything about a population but its hazards. Examples are None without windows."""

    record: ModelRecord
    pairs: Examples | None
    cold: NDArray[np.bool_]  # rows of `pairs` with few order days
    accounts: Examples | None


def fit_population(
    history: OrderDays,
    as_of_day: int,
    *,
    seed: int = 0,
    near_windows: int = NEAR_WINDOWS,
    parts: Parts = ALL,
    holidays: Collection[int] = (),
    weather: Weather | None = None,
) -> PopulationModel:
    """Fit everything on the order days before as_of_day (ordinal). The same history gives the same bytes.

    near_windows: weeks of late that are learnt from; fewer are faster and a little worse. parts: all but in ablations.
    holidays: days (ordinals) of the past and ahead on which the calendar says that the trade may be closed.
    weather: temperatures and who follows them; only days before as_of_day are looked at.
    Large populations are sampled (seeded). With too little past the shipped prior stands in: `degraded` is set.
    """
    found = material_of(history, as_of_day, seed=seed, near_windows=near_windows, holidays=holidays, weather=weather)
    return PopulationModel(with_hazards(found, parts))


def material_of(
    history: OrderDays,
    as_of_day: int,
    *,
    seed: int = 0,
    near_windows: int = NEAR_WINDOWS,
    holidays: Collection[int] = (),
    weather: Weather | None = None,
) -> Material:
    """What `fit_population` learns from, before any hazard is fitted."""
    known, rng = history.before(as_of_day), np.random.default_rng(seed)
    pairs, accounts = int(known.starts().sum()) if len(known) else 0, len(np.unique(known.account))
    last = date.fromordinal(as_of_day)
    record = ModelRecord(
        version=f"{NAME}@{last}",
        first_day=str(date.fromordinal(int(known.day.min()))) if len(known) else None,
        until_day=str(last),
        order_days=len(known),
        pairs=pairs,
        accounts=accounts,
        pair=PRIOR_PAIR,
        account=PRIOR_ACCOUNT,
        often=None,
        seldom=None,
        whole=None,
        products={},
        degraded=pairs < MIN_PAIRS,
        scores={},
        packages=packages(),
    )
    if record.degraded:
        return Material(record, None, np.zeros(0, bool), None)
    clock = fit_clock(known.of_accounts(), as_of_day, holidays)
    sky = None if weather is None else fitted(weather.before(as_of_day), known)
    record = msgspec.structs.replace(record, clock=None if clock is FLAT else clock, weather=sky)
    return _material(record, known, as_of_day, rng, near_windows)


def refresh_population(model: PopulationModel, history: OrderDays, as_of_day: int) -> PopulationModel:
    """The model with the products as they are known when as_of_day begins; all coefficients stay.

    Its artefact says in `fitted_days_before` how much older the coefficients are.
    """
    r, known = model.record, history.before(as_of_day)
    days = float(as_of_day - date.fromisoformat(r.until_day).toordinal())
    old = r.scores.get(FITTED_BEFORE, 0.0) + days
    last = date.fromordinal(as_of_day)
    found = msgspec.structs.replace(
        r,
        version=f"{NAME}@{last}",
        until_day=str(last),
        order_days=len(known),
        pairs=int(known.starts().sum()),
        accounts=len(np.unique(known.account)),
        products=_products(known, as_of_day, r.pair) if r.products else {},
        scores={**r.scores, FITTED_BEFORE: old},
    )
    return PopulationModel(found)


def prior_model() -> PopulationModel:
    """The shipped prior: what forecasts are made from before anything was learnt."""
    return fit_population(order_days_of([]), 1)


def packages() -> dict[str, str]:
    """Versions of the numerical packages, as the artefact records them."""
    return {module.__name__: module.__version__ for module in (np, pd, scipy, statsmodels)}


def _material(
    record: ModelRecord, known: OrderDays, as_of_day: int, rng: np.random.Generator, near_windows: int
) -> Material:
    """Renewals, products and examples of a population."""
    pair, pair_fit = fit_renewal(gaps_of(_sample(known, SAMPLE_PAIRS, rng), as_of_day), PRIOR_PAIR)
    whole = known.of_accounts()
    account, account_fit = fit_renewal(gaps_of(_sample(whole, SAMPLE_ACCOUNTS, rng), as_of_day), PRIOR_ACCOUNT)
    of_pairs, of_accounts = _windows(known, as_of_day, pair, rng, near_windows, record.weather)
    scores = {"log_likelihood_of_a_pair": pair_fit, "log_likelihood_of_an_account": account_fit}
    record = msgspec.structs.replace(record, pair=pair, account=account, scores=scores)
    if not of_pairs:
        return Material(record, None, np.zeros(0, bool), None)
    cold = np.concatenate([w.columns.orders < COLD_BELOW for w in of_pairs])
    pairs, accounts = pair_examples(of_pairs, pair, account), account_examples(of_accounts, account)
    scores |= {"examples": float(len(pairs.wait))}
    record = msgspec.structs.replace(record, products=_products(known, as_of_day, pair), scores=scores)
    return Material(record, pairs, cold, accounts)


def with_hazards(found: Material, parts: Parts = ALL) -> ModelRecord:
    """The record with its hazards, as far as there are examples."""
    if not parts.clock:
        found = replace(found, record=msgspec.structs.replace(found.record, clock=None))
    if found.pairs is None or found.accounts is None or not parts.features:
        return found.record
    examples, accounts = (found.pairs.of_names(parts.has), found.accounts.of_names(parts.has))
    kinds = (~found.cold, found.cold) if parts.seldom else (found.cold | True,) * 2
    often, seldom = (fit_believed(examples.where(kind), parts) for kind in kinds)
    by_account = fit_believed(accounts, parts)
    weights = _weights(often=often, seldom=seldom, whole=by_account)
    return msgspec.structs.replace(
        found.record,
        often=_model(often or seldom),
        seldom=_model(seldom or often),
        whole=_model(by_account),
        scores=found.record.scores | weights,
    )


def _products(known: OrderDays, as_of_day: int, pair: RenewalParameters) -> dict[str, tuple[float, ...]]:
    """The table of products as known when as_of_day begins."""
    season = seasonal(known.day.min(), as_of_day)
    return next(snapshots(known, [float(as_of_day)], pair, with_season=season)).products.packed()


def _model(found: Believed | None) -> Additive | None:
    return None if found is None else found[0]


def _weights(**found: Believed | None) -> dict[str, float]:
    """The mean weight of each fitted hazard against the renewal, as the model card tells it."""
    return {f"weight_{name}": round(float(one[1].mean()), 3) for name, one in found.items() if one is not None}


def _windows(
    known: OrderDays,
    as_of_day: int,
    pair: RenewalParameters,
    rng: np.random.Generator,
    near: int,
    weather: Weather | None,
) -> tuple[list[Window], list[Window]]:
    """Windows of pairs and of accounts."""
    first_day = float(known.day.min())
    days, season = window_days(first_day, as_of_day, near), seasonal(first_day, as_of_day)
    shots = snapshots(known, days, pair, with_season=season)
    found = [windows_of(known, shot, as_of_day, WINDOW_ROWS, rng, weather) for shot in shots]
    return [w for w, _ in found if len(w.wait_days)], [w for _, w in found if len(w.wait_days)]


def _sample(history: OrderDays, size: int, rng: np.random.Generator) -> OrderDays:
    """All order days of at most `size` pairs."""
    pair = np.cumsum(history.starts()) - 1
    count = int(pair[-1]) + 1
    if count <= size:
        return history
    chosen = np.zeros(count, bool)
    chosen[rng.choice(count, size, replace=False)] = True
    return history.where(chosen[pair])
