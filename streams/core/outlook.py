"""The forecast of many pairs at once, as one row a pair. Rows do not depend on each other, so batches do not matter."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.columns import Floats, PairColumns
from forecasting.curve import CurveForecaster
from forecasting.explain import GUESSED_BELOW, quantity_ratio
from forecasting.model import Forecaster
from forecasting.pair import pulses_of, summarise
from streams.state import Account, Pair

SEASON_DAYS = 14
"""The season that a sentence speaks of is that of the days ahead."""
ROUND_DIGITS = 6
"""Probabilities are told with this many digits."""
QUANTILES = (0.1, 0.5, 0.9)
SURVIVAL_DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84)
"""Days ahead at which the curve is told."""
SURVIVAL_DIGITS = 4

Survival = tuple[tuple[int, float], ...]
"""(days ahead, P(nothing happened until then)), as `schemas.needs.Evidence` carries it."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of one pair. Days are local-day ordinals; inf is never."""

    p_due: float
    due_in_days: float
    p_alive: float
    p10_day: float
    p50_day: float
    p90_day: float
    order_days: int
    last_day: int
    usual_gap_days: float
    usual_quantity_units: float
    method: str = "renewal"
    degraded: bool = False
    stock_units: float | None = None
    units_a_day: float = 0.0
    """Rate of use; only where a stock is known."""
    quantity_ratio: float = 1.0
    """Quantity of the last order day against the usual one."""
    season_ratio: float = 1.0
    """Hazard of an order at this time of the year against the year's, where the model knows one."""
    survival: Survival = ()
    """The curve that all of it comes from."""


@dataclass(frozen=True, slots=True)
class Question:
    """Rows to be answered: lead time and service level are each row's own."""

    pairs: Sequence[Pair]
    groups: Sequence[str]
    account_row: Sequence[int]
    today: Floats
    lead_time_days: Floats
    service_level: Floats


@dataclass(frozen=True, slots=True)
class Answer:
    """What is expected of the rows of a question."""

    loud: dict[int, Outlook]
    """Rows whose level is reached, with all that can be said of them."""
    due_in_days: Floats
    """One a row: whole days until the level is reached if nothing happens; 0 where it is, inf where never."""


def outlooks(forecaster: Forecaster, question: Question, accounts: PairColumns) -> Answer:
    """Answer all rows at once. Only where the level is reached are there quantiles and words, which few rows need."""
    columns = summarise([pair.orders for pair in question.pairs])
    rows = np.asarray(question.account_row, dtype=np.intp)
    columns = replace(columns, account=accounts.take(rows), skus=question.groups)
    today, lead, level = question.today, question.lead_time_days, question.service_level
    p_due = np.round(forecaster.probability(columns, today, lead), ROUND_DIGITS)
    due_in = np.zeros(len(p_due))
    quiet, loud = np.flatnonzero(p_due < level), np.flatnonzero(p_due >= level)
    due_in[quiet] = forecaster.due_in_days(columns.take(quiet), today[quiet], lead[quiet], level[quiet])
    return Answer(_loud(forecaster, columns.take(loud), today[loud], p_due[loud], loud), due_in)


def account_columns(accounts: Sequence[Account], today: Floats) -> PairColumns:
    """The accounts' own order days, and how much of what they buy is due on their local day; one row an account."""
    states = [[pair.orders for pair in account.pairs.values()] for account in accounts]
    return replace(summarise([account.orders for account in accounts]), pulse=pulses_of(states, today))


def _season(forecaster: Any, columns: PairColumns, today: Floats) -> Floats:
    """What the model says of the time of the year, if it knows any; shape (rows,)."""
    effect = getattr(forecaster, "season_effect", None)
    return np.ones(len(columns)) if effect is None else np.round(effect(columns, today, SEASON_DAYS), ROUND_DIGITS)


def _loud(
    forecaster: Forecaster, columns: PairColumns, today: Floats, p_due: Floats, rows: NDArray[np.intp]
) -> dict[int, Outlook]:
    if not len(rows):
        return {}
    alive = np.round(forecaster.alive(columns, today), ROUND_DIGITS)
    chances, (p10, p50, p90) = _curve(forecaster, columns, today)
    ratio, season = quantity_ratio(columns), _season(forecaster, columns, today)
    return {
        int(row): Outlook(
            p_due=float(p_due[i]),
            due_in_days=0.0,
            p_alive=float(alive[i]),
            p10_day=float(p10[i]),
            p50_day=float(p50[i]),
            p90_day=float(p90[i]),
            order_days=int(columns.orders[i]),
            last_day=int(columns.last_day[i]),
            usual_gap_days=float(columns.median_gap[i]),
            usual_quantity_units=float(columns.usual_quantity[i]),
            method="prior" if columns.orders[i] < GUESSED_BELOW else "renewal",
            degraded=bool(columns.orders[i] < GUESSED_BELOW),
            quantity_ratio=float(ratio[i]),
            season_ratio=float(season[i]),
            survival=survival([chance[i] for chance in chances]),
        )
        for i, row in enumerate(rows)
    }


def _curve(forecaster: Forecaster, columns: PairColumns, today: Floats) -> tuple[list[Floats], list[Floats]]:
    """Probabilities at SURVIVAL_DAYS and days of QUANTILES, from one curve where the forecaster is one."""
    if isinstance(forecaster, CurveForecaster):
        return forecaster.answers(columns, today, [float(day) for day in SURVIVAL_DAYS], QUANTILES)
    chances = [forecaster.probability(columns, today, float(day)) for day in SURVIVAL_DAYS]
    return chances, [forecaster.quantile_day(columns, today, q) for q in QUANTILES]


def survival(chances: Sequence[float]) -> Survival:
    """From P(it happened) at SURVIVAL_DAYS."""
    left = (round(1.0 - float(chance), SURVIVAL_DIGITS) for chance in chances)
    return tuple((day, min(max(one, 0.0), 1.0)) for day, one in zip(SURVIVAL_DAYS, left, strict=True))
