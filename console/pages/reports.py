"""Whether calling pays, what became of tasks by profile, and whether suggestions are accepted, whoever makes them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from console.context import Console, Me, Services
from console.texts import plain, text
from console.times import moment_text
from outreach import acceptance
from outreach.acceptance import Acceptance, OddsRatio
from outreach.ports import Transaction

SPAN = timedelta(days=90)
MONEY = "revenue"


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/team/reports", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/team/reports/counted", show_counted, methods=["GET"], include_in_schema=False)


def show(console: Services, me: Me) -> HTMLResponse:
    """The whole page; what must be read from the log appears when it is counted."""
    with console.store.read() as tx:
        shown = {**_counted(console), **_suggestions(console, tx)}
        return console.page("reports.html", me=me, tx=tx, here="/team", **shown)


def show_counted(console: Services) -> HTMLResponse:
    """The part that is counted behind the page."""
    return HTMLResponse(console.render("reports_counted.html", **_counted(console)))


def _counted(console: Console) -> dict[str, object]:
    count = console.reports.get()
    values = count.values
    return {
        "possible": console.reports.possible,
        "failure": text("reports.failed", why=count.failure) if count.failure else "",
        "counting": values is None and not count.failure,
        "as_of": text("reports.as_of", time=moment_text(count.counted_at)) if count.counted_at else "",
        "holdout": _holdout(values["holdout"]) if values and values["holdout"] else (),
        "incomplete": _incomplete(values["holdout"]) if values and values["holdout"] else "",
        "fates": [_fate(one) for one in values["tasks"]] if values else (),
        "fates_note": text("reports.conversion_note", time=_moment(values["until"])) if values else "",
    }


def _holdout(told: Mapping[str, Any]) -> list[tuple[str, ...]]:
    return [_estimate(one) for one in told["estimates"]]


def _incomplete(told: Mapping[str, Any]) -> str:
    return ", ".join(text("reports.incomplete", name=one["name"]) for one in told["quarters"] if not one["complete"])


def _estimate(one: Mapping[str, Any]) -> tuple[str, ...]:
    names = (plain(one["cell"]), plain(one["metric"]))
    if "difference" not in one:
        return (*names, "", "", text("reports.too_few"), "", "")
    digits = 2 if one["metric"] == MONEY else 4
    called, held, difference, low, high = (
        f"{one[name]:,.{digits}f}" for name in ("called_mean", "held_out_mean", "difference", "low", "high")
    )
    relative = "" if one["relative"] is None else f" ({one['relative']:+.1%})"
    return (*names, called, held, difference + relative, f"{low} … {high}", f"{one['called']:,} / {one['held_out']:,}")


def _fate(one: Mapping[str, Any]) -> tuple[str, ...]:
    share = "" if one["conversion"] is None else f"{one['conversion']:.1%}"
    sold = one["ordered"] + one["promised"]
    counts = (f"{one[name]:,}" for name in ("opened", "called"))
    rest = (f"{one[name]:,}" for name in ("overtaken", "expired"))
    return (plain(one["cell"]), plain(one["task_class"]), *counts, f"{sold:,}", share, *rest)


def _suggestions(console: Console, tx: Transaction) -> dict[str, object]:
    now = console.desk.business_time(tx)
    rows = tx.showings.shown(now - SPAN, now + timedelta(seconds=1)) if now else []
    found, ratios = acceptance.by_objective(rows), acceptance.odds_ratios(rows)
    reasons = [
        f"{plain(objective)}: {plain(why)} · {count:,}"
        for objective, whys in acceptance.refusals(rows).items()
        for why, count in whys.most_common()
    ]
    return {
        "accepted": [_acceptance(*key, one) for key, one in found.items()],
        "odds": [_odds(*key, one) for key, one in ratios.items()],
        "refused": reasons,
    }


def _acceptance(objective: str, cell: str, one: Acceptance) -> tuple[str, ...]:
    counts = (f"{count:,}" for count in (one.shown, one.accepted))
    between = "" if one.low is None or one.high is None else f"{one.low:.1%} … {one.high:.1%}"
    return (
        plain(objective),
        plain(cell),
        *counts,
        _percent(one.share),
        _percent(one.standardised),
        between,
        f"{one.agents}",
    )


def _odds(first: str, second: str, one: OddsRatio) -> str:
    ratio = text("reports.odds_unknown")
    if one.ratio is not None:
        ratio = f"{one.ratio:.2f} ({one.low:.2f} … {one.high:.2f})"
    return text("reports.odds_of", first=plain(first), second=plain(second), ratio=ratio)


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _moment(told: str) -> str:
    return moment_text(datetime.fromisoformat(told))
