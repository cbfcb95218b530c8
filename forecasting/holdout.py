"""The hold-out of learning: the newest days, on which a candidate must not do worse than the model in force.

The hold-out begins where the data of the model in force end, so that neither has seen it; but it is at least
LEAST_DAYS long, as fewer say nothing, and at most MOST_DAYS. Judged are pairs and accounts with a usual past, by the
squared error of their probabilities over all horizons that fit, paired row by row. Worse means: by more than MARGIN of
the base rate's own error, and by more than NOISE standard errors of the accounts' means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest.cases import candidates_at, outcome_of
from forecasting.backtest.run import LEVELS
from forecasting.backtest.scores import auc, brier_skill, calibration_error
from forecasting.forecasts import HORIZONS_DAYS, forecaster_of

if TYPE_CHECKING:
    from forecasting.artefact import PopulationModel
    from forecasting.backtest.cases import Candidates, Outcome
    from forecasting.columns import Floats
    from forecasting.forecasts import Level
    from forecasting.history import OrderDays

LEAST_DAYS, MOST_DAYS = 14, 28
LEAST_PAST_DAYS = 56
LEAST_ROWS, LEAST_CAME = 30, 10
MARGIN, NOISE = 0.005, 2.0
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class HoldOut:
    """Who is judged, and what came, from `opened` (ordinal) on for `days` days."""

    opened: int
    days: int
    cases: dict[Level, tuple[Candidates, Outcome]]

    @property
    def horizons(self) -> tuple[int, ...]:
        """Those that end inside."""
        return tuple(h for h in HORIZONS_DAYS if h <= self.days)


@dataclass(frozen=True, slots=True)
class Worse:
    """A level at which a candidate is worse than what is in force: the skills of both."""

    level: Level
    candidate: float
    in_force: float


def hold_out(history: OrderDays, as_of_day: int, seen_until: int | None = None, *, seed: int = 0) -> HoldOut | None:
    """The hold-out before as_of_day; None where it or what lies before it is too little to say anything.

    seen_until: the first day that the model in force has not seen.
    """
    unseen = MOST_DAYS if seen_until is None else as_of_day - seen_until
    days = int(np.clip(unseen, LEAST_DAYS, MOST_DAYS))
    opened, known = as_of_day - days, history.before(as_of_day)
    if not len(known) or known.day.min() > opened - LEAST_PAST_DAYS:
        return None
    rng, cases = np.random.default_rng(seed), {}
    for level in LEVELS:
        candidates = candidates_at(known, opened, level)
        if len(candidates) > MOST_ROWS:
            kept = np.sort(rng.choice(len(candidates), MOST_ROWS, replace=False))
            candidates = type(candidates)(level, opened, candidates.past, candidates.pairs.take(kept))
        outcome = outcome_of(known, candidates)
        came = outcome.came(days).sum()
        if len(candidates) >= LEAST_ROWS and min(came, len(candidates) - came) >= LEAST_CAME:
            cases[level] = candidates, outcome
    return HoldOut(opened, days, cases) if cases else None


def probabilities(model: PopulationModel, held: HoldOut, level: Level) -> Floats:
    """What a model says of a level's candidates; shape (rows, horizons)."""
    candidates, forecaster = held.cases[level][0], forecaster_of(model, level)
    columns = candidates.pairs.columns
    return np.stack([forecaster.probability(columns, candidates.day, float(h)) for h in held.horizons], 1)


def check(model: PopulationModel, held: HoldOut) -> dict[str, float]:
    """Calibration and skill by level and horizon, as the artefact keeps them; what is not defined is left out."""
    found = {"holdout_days": float(held.days)}
    for level, (_, outcome) in held.cases.items():
        said = probabilities(model, held, level)
        found[f"holdout_{level}_rows"] = float(len(said))
        found[f"holdout_{level}_skill"] = skill(said, came_of(held, outcome))
        for place, horizon in enumerate(held.horizons):
            p, came = said[:, place], outcome.came(horizon)
            found |= {
                f"holdout_{level}_forecast_{horizon}d": float(p.mean()),
                f"holdout_{level}_came_{horizon}d": float(came.mean()),
                f"holdout_{level}_calibration_error_{horizon}d": calibration_error(came, p),
                f"holdout_{level}_brier_skill_{horizon}d": brier_skill(came, p),
                f"holdout_{level}_auc_{horizon}d": auc(came, p),
            }
    return {name: value for name, value in found.items() if np.isfinite(value)}


def compare(
    candidate: PopulationModel, in_force: PopulationModel, held: HoldOut
) -> tuple[dict[str, float], list[Worse]]:
    """Skill of the model in force on the hold-out, for the artefact, and the levels at which the candidate is worse."""
    scores, worse = {}, []
    for level, (_, outcome) in held.cases.items():
        came = came_of(held, outcome)
        new, old = (probabilities(model, held, level) for model in (candidate, in_force))
        skills = skill(new, came), skill(old, came)
        scores[f"holdout_{level}_skill_of_the_one_in_force"] = skills[1]
        if skills[0] < skills[1] - MARGIN and _beyond_noise(new, old, came, outcome):
            worse.append(Worse(level, *skills))
    return scores, worse


def came_of(held: HoldOut, outcome: Outcome) -> Floats:
    """1.0 where an order day came within each horizon; shape (rows, horizons)."""
    return np.stack([outcome.came(h) for h in held.horizons], 1)


def skill(said: Floats, came: Floats) -> float:
    """1 less the squared error over that of the base rates, all horizons together."""
    base = came.mean(0)
    return float(1 - ((said - came) ** 2).mean(0).sum() / max(float((base * (1 - base)).sum()), 1e-12))


def _beyond_noise(new: Floats, old: Floats, came: Floats, outcome: Outcome) -> bool:
    """True where the mean difference of the errors is more than NOISE standard errors, accounts taken as a whole."""
    more = ((new - came) ** 2 - (old - came) ** 2).sum(1)
    _, account = np.unique(outcome.account, return_inverse=True)
    spread = np.bincount(account, more - more.mean())
    return bool(more.sum() > NOISE * np.sqrt((spread**2).sum()))
