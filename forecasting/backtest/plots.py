"""The plots of a backtest's report: reliability, survival, and scores from origin to origin."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest.cases import CURVE_DAYS, HORIZONS_DAYS
from forecasting.backtest.method import OURS
from forecasting.backtest.run import STRATA
from forecasting.backtest.scores import reliability
from forecasting.backtest.svg import Line, Plot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from forecasting.backtest.run import Backtest, Survival
    from forecasting.forecasts import Level

MOST_DOT = 7.0


def reliability_plot(backtest: Backtest, level: Level, horizon: int, methods: Sequence[str]) -> Plot:
    """Share that came over mean forecast, in bins of equal count over all origins; dots grow with their rows."""
    lines, highest, place = [], 0.05, HORIZONS_DAYS.index(horizon)
    for number, method in enumerate(methods):
        judged = backtest.of(level, method)
        if not judged:
            continue
        p = np.concatenate([one.prediction.probability[:, place] for one in judged])
        came = np.concatenate([one.outcome.came(horizon) for one in judged])
        forecast, share, count = reliability(came, p)
        highest = max(highest, float(forecast.max()), float(share.max()))
        lines.append(
            Line(
                method,
                forecast.tolist(),
                share.tolist(),
                number,
                dots=(np.sqrt(count / count.max()) * MOST_DOT / 2).tolist(),
            )
        )
    top = min(1.0, np.ceil(highest * 10 + 0.5) / 10)
    title = f"Reliability, order within {horizon} days"
    return Plot(title, "forecast probability", "share that ordered", (0, top), (0, top), lines, diagonal=True)


def survival_plot(backtest: Backtest, level: Level) -> Plot:
    """Of ours: share of candidates still without an order, as forecast and as it came, by number of orders before."""
    lines = []
    for number, stratum in enumerate(STRATA):
        parts = [one.survival[stratum] for one in backtest.of(level, OURS) if stratum in one.survival]
        if not parts:
            continue
        days, forecast, came = _shares(parts)
        lines.append(Line(f"{stratum}: forecast", days, forecast, number, dashed=True))
        lines.append(Line("as it came", days, came, number))
    last = max((line.x[-1] for line in lines), default=1.0)
    title = "Survival: still no order after so many days, by orders before the origin"
    return Plot(title, "days after the origin", "share without an order", (0, last), (0, 1), lines)


def _shares(parts: Sequence[Survival]) -> tuple[list[float], list[float], list[float]]:
    """Days, forecast and outcome over the days that all origins know; where there are few, over what each knows."""
    rows = np.sum([part.rows for part in parts], 0)
    every = np.min([part.rows > 0 for part in parts], 0)
    known = np.flatnonzero(every)
    forecast, came = (
        np.sum([getattr(part, name) for part in parts], 0)[known] / rows[known] for name in ("forecast", "came")
    )
    return [0.0, *CURVE_DAYS[known]], [1.0, *forecast], [1.0, *came]


def origin_plot(backtest: Backtest, level: Level, metric: str, label: str, methods: Sequence[str]) -> Plot:
    """A score from origin to origin."""
    lines, values = [], []
    for number, method in enumerate(methods):
        judged = backtest.of(level, method)
        found = [one.scores[metric] for one in judged]
        values += [value for value in found if np.isfinite(value)]
        lines.append(Line(method, [one.day for one in judged], found, number, dots=[2.5] * len(judged)))
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    margin = max(0.05 * (high - low), 0.01)
    days = backtest.origins
    marks = [(float(day), f"{date.fromordinal(day):%d %b %y}") for day in days[:: max(1, -(-len(days) // 4))]]
    span = (float(days[0]), float(max(days[-1], days[0] + 1)))
    return Plot(f"{label} by origin", "origin", label, span, (low - margin, high + margin), lines, x_ticks=marks)
