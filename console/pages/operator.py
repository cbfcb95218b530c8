"""The operator's page: how far behind, what is in force, what was refused and why."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import FastAPI, Form
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict

from console.context import Console, Me, Services
from console.desk_figures import DeskFigures
from console.figure import Figure
from console.fold_view import emission_figure, folded_figure, forecast_figure, rollout_figure, worker_rows
from console.lag_view import Measured, lag_groups, measure, overall
from console.letter_view import letter_row
from console.pages import letters, resets
from console.ports import WorkerSeen
from console.roles import OPERATORS, Role
from console.texts import plain, text
from console.times import moment_text
from outreach.ports import Transaction
from schemas.settings import Settings

LETTERS_SHOWN = 5


class Switched(BaseModel):
    """The kill switch as it shall be."""

    model_config = ConfigDict(extra="forbid")
    on: bool


def mount(app: FastAPI) -> None:
    """Add the routes, those of its further pages too."""
    letters.mount(app)
    resets.mount(app)
    app.add_api_route("/operator", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/operator/board", show_board, methods=["GET"], include_in_schema=False)
    app.add_api_route("/operator/kill-switch", set_kill_switch, methods=["POST"], include_in_schema=False)


def show(console: Services, me: Me) -> HTMLResponse:
    """The whole page."""
    lag = measure(console.lag)
    with console.store.read() as tx:
        return console.page("operator.html", me=me, tx=tx, here="/operator", **board(console, tx, lag, me.role))


def set_kill_switch(console: Services, me: Me, sent: Annotated[Switched, Form()]) -> HTMLResponse:
    """Stop every new call at once, or allow them again; the audit keeps who did."""
    with console.store.begin() as tx:
        console.desk.set_kill_switch(tx, me.user_id, sent.on)
    return show_board(console, me)


def show_board(console: Services, me: Me) -> HTMLResponse:
    """The part that renews itself."""
    lag = measure(console.lag)
    with console.store.read() as tx:
        return HTMLResponse(console.render("board.html", **board(console, tx, lag, me.role)))


def board(console: Console, tx: Transaction, lag: Measured, role: Role) -> dict[str, object]:
    """Everything on it. Counts over all tasks are some seconds old; letters, clocks and the switch are of now."""
    counted, workers = console.figures.get(), console.workers.sample()
    return {
        "lag": lag_groups(lag.rows),
        "lag_trouble": lag.trouble,
        "figures": (_behind(lag), *figures(console, tx), *_of_the_fold(counted, tx, workers)),
        "workers": worker_rows(workers),
        "workers_configured": console.workers.configured,
        "tasks": _counted(counted.tasks),
        "refused": _counted(counted.refused),
        "letter_counts": _counted(tx.dead_letters.counts()),
        "letters": [letter_row(letter) for letter in tx.dead_letters.listed(limit=LETTERS_SHOWN)],
        "may_act": role in OPERATORS,
        "may_reset": role in OPERATORS and console.resets is not None,
    }


def _of_the_fold(counted: DeskFigures, tx: Transaction, workers: Sequence[WorkerSeen]) -> tuple[Figure, ...]:
    return (
        forecast_figure(counted),
        emission_figure(counted.emission),
        rollout_figure(tx.clocks.all()),
        folded_figure(workers),
    )


def _behind(lag: Measured) -> Figure:
    """The first question of an operator, answered in one line."""
    said = overall(lag)
    return Figure(text("operator.behind"), said.value, said.note, said.tone)


def figures(console: Console, tx: Transaction) -> tuple[Figure, ...]:
    """Business time, runtime, model, profiles, kill switch."""
    runtime = text(f"operator.runtime_{console.settings.runtime}")
    now = console.now(tx)
    time = Figure(text("operator.business_time"), moment_text(now.moment) if now else text("unknown"))
    profiles = sorted({clock.profiles_version for clock in tx.clocks.all() if clock.profiles_version})
    return (
        time,
        _model(console.settings, tx),
        Figure(text("operator.profiles"), ", ".join(profiles) or text("operator.profiles_none")),
        _kill_switch(console.settings, tx),
        Figure(text("operator.runtime"), console.settings.runtime.capitalize(), runtime),
    )


def _model(settings: Settings, tx: Transaction) -> Figure:
    """The oldest model of all partitions, since that is the one that goes stale first."""
    name = text("operator.model")
    dated = [clock for clock in tx.clocks.all() if clock.model_version]
    if not dated:
        return Figure(name, text("operator.model_none"), text("operator.model_none_hint"), "danger")
    versions = ", ".join(sorted({clock.model_version or "" for clock in dated}))
    ages = [clock.as_of - clock.model_published_at for clock in dated if clock.model_published_at]
    if not ages:
        return Figure(name, versions, text("operator.model_age_unknown"), "warn")
    days = max(ages).total_seconds() / 86_400
    if days > settings.stale_model_days:
        return Figure(name, versions, text("operator.model_stale", days=f"{days:.1f}"), "danger")
    return Figure(name, versions, text("operator.model_age", days=f"{max(0.0, days):.1f}"))


def _kill_switch(settings: Settings, tx: Transaction) -> Figure:
    name = text("operator.kill_switch")
    if settings.kill_switch:
        return Figure(name, text("operator.kill_on"), text("operator.kill_by_settings"), "danger")
    on = tx.facts.get("kill_switch") == "on"
    shown = text("operator.kill_on") if on else text("operator.kill_off")
    return Figure(name, shown, tone="danger" if on else "", switch=not on)


def _counted(counts: Mapping[Any, int]) -> list[tuple[str, int]]:
    ordered = sorted(((plain(word), count) for word, count in counts.items() if count), key=lambda pair: pair[0])
    return sorted(ordered, key=lambda pair: -pair[1])
