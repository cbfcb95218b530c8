"""The report as one HTML page: no script, no font, no file but itself."""

from __future__ import annotations

from datetime import date
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from forecasting.backtest import style
from forecasting.backtest.cases import HORIZONS_DAYS
from forecasting.backtest.intervals import METRICS
from forecasting.backtest.method import OURS
from forecasting.backtest.plots import origin_plot, reliability_plot, survival_plot
from forecasting.backtest.tables import means, scores_table, strata_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from forecasting.backtest.intervals import Intervals
    from forecasting.backtest.run import Backtest
    from forecasting.forecasts import Level

BEST = {"auc": 1, "bss": 1, "rpss": 1, "lift": 1, "ece": -1, "crps": -1, "pinball": -1}
SHOWN = ("auc7", "auc14", "auc28", "bss7", "bss14", "bss28", "rpss", "lift14", "ece14", "cov80", "crps", "pinball")
IN_STRATA = ("rows", "base14", "auc14", "bss14", "rpss", "ece14", "cov80")
HEADS = {"rows": "rows", "base": "came", "auc": "AUC", "bss": "Brier skill", "rpss": "ranked skill", "lift": "lift"}
HEADS |= {"ece": "calib. error", "cov80": "in 80 %", "crps": "CRPS, d", "pinball": "pinball, d"}
PLOTTED = (OURS, "Poisson-gamma", "boosting, simple", "boosting, all", "splines, all")
WORDS = {
    "pair": "By pair: the next order of a product by an account",
    "account": "By account: the next order of anything",
}


def head_of(metric: str) -> str:
    """A score's name as tables say it, e.g. 'AUC 14'."""
    if metric in HEADS:
        return HEADS[metric]
    name = metric.rstrip("0123456789")
    return f"{HEADS[name]} {metric[len(name) :]}"


def figure(metric: str, value: float) -> str:
    """A score as tables say it; a dash where the method has no such answer."""
    if not np.isfinite(value):
        return "–"
    if metric == "rows":
        return f"{value:,.0f}"
    return f"{value:.2f}" if metric.startswith(("lift", "crps", "pinball")) else f"{value:.3f}"


def report(backtest: Backtest, found: dict[Level, Intervals], source: str, facts: Sequence[tuple[str, str]]) -> str:
    """The page. source: what was judged; facts: (name, value) about data and versions, shown at the top."""
    table = scores_table(backtest)
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>Backtest of {escape(source)}</title><style>{style.CSS}</style></head><body><main>",
        f"<h1>Backtest: {escape(source)}</h1>",
        f"<p>{escape(_summary(backtest))}</p>",
        "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts) + "</dl>",
    ]
    for level, intervals in found.items():
        parts += _level(backtest, table, level, intervals)
    return "\n".join([*parts, *_methods(backtest), style.DEFINITIONS, "</main></body></html>\n"])


def _summary(backtest: Backtest) -> str:
    days = ", ".join(date.fromordinal(day).isoformat() for day in backtest.origins)
    return (
        f"Rolling origin, {len(backtest.origins)} origins: {days}. At each one everything is learnt anew from the "
        "order days before it; figures are means over origins."
    )


def _level(backtest: Backtest, table: pd.DataFrame, level: Level, intervals: Intervals) -> Iterator[str]:
    methods = [name for name in PLOTTED if backtest.of(level, name)]
    yield f"<h2>{WORDS[level]}</h2>"
    yield _scores(means(table, level), SHOWN)
    yield _intervals(backtest, level, intervals)
    yield '<div class="plots">'
    for horizon in HORIZONS_DAYS:
        yield f"<figure>{reliability_plot(backtest, level, horizon, methods).svg()}"
        yield f"<figcaption>Reliability, order within {horizon} days</figcaption></figure>"
    yield f"<figure>{survival_plot(backtest, level).svg()}"
    yield "<figcaption>Survival by number of orders: forecast (dashed) and as it came</figcaption></figure>"
    for metric in ("auc14", "bss14"):
        label = head_of(metric)
        yield f"<figure>{origin_plot(backtest, level, metric, label, methods).svg()}"
        yield f"<figcaption>{label} from origin to origin</figcaption></figure>"
    yield "</div><h3>By number of orders before the origin</h3>"
    for stratum in strata_of(table, level):
        yield f"<h4>{escape(stratum)}</h4>"
        yield _scores(means(table, level, stratum), IN_STRATA)


def _scores(scores: pd.DataFrame, metrics: Sequence[str]) -> str:
    """One row a method; the best of each column is bold."""
    shown = [metric for metric in metrics if metric in scores]
    rows = [f"<tr><th>method</th>{''.join(f'<th>{head_of(metric)}</th>' for metric in shown)}</tr>"]
    best = {metric: _best(metric, scores[metric]) for metric in shown}
    for method, row in scores.iterrows():
        cells = []
        for metric in shown:
            text = figure(metric, float(row[metric]))
            cells.append(f"<td>{f'<b>{text}</b>' if method == best[metric] else text}</td>")
        own = ' class="ours"' if method == OURS else ""
        rows.append(f"<tr{own}><th>{escape(str(method))}</th>{''.join(cells)}</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _best(metric: str, values: pd.Series[float]) -> object:
    """The method with the best value, None where more is neither better nor worse."""
    name = metric.rstrip("0123456789")
    if name not in BEST or not values.notna().any():
        return None
    return (values * BEST[name]).idxmax()


def _intervals(backtest: Backtest, level: Level, intervals: Intervals) -> str:
    heads = "".join(f"<th>{head_of(metric)}</th><th>ours ahead by</th>" for metric in METRICS)
    rows = [f"<tr><th>95 % intervals, accounts drawn</th>{heads}</tr>"]
    for method in [name for name in backtest.names() if (name, METRICS[0]) in intervals.draws]:
        cells = []
        for metric in METRICS:
            ahead = "–" if method == OURS else _span(*intervals.ahead(OURS, method, metric), signed=True)
            cells.append(f"<td>{_span(*intervals.of(method, metric))}</td><td>{ahead}</td>")
        rows.append(f"<tr><th>{escape(method)}</th>{''.join(cells)}</tr>")
    return f'<div class="wide"><table>{"".join(rows)}</table></div>'


def _span(low: float, high: float, *, signed: bool = False) -> str:
    if not (np.isfinite(low) and np.isfinite(high)):
        return "–"
    return f"{low:+.3f} to {high:+.3f}" if signed else f"{low:.3f} to {high:.3f}"


def _methods(backtest: Backtest) -> Iterator[str]:
    yield "<h2>Methods</h2><dl>"
    for method in backtest.methods:
        missing = backtest.left_out.get(method.name)
        said = f"left out: {missing}" if missing else method.says
        yield f"<dt>{escape(method.name)}</dt><dd>{escape(said)}</dd>"
    yield "</dl>"
