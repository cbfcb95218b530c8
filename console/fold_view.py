"""What the fold and its workers do, in words: age of forecasts, pace, progress, duplicates and late events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console.desk_figures import DeskFigures
from console.figure import Figure
from console.ports import WorkerSeen
from console.texts import plain, text
from console.times import duration_text
from outreach.desk.emission import Emission
from schemas.needs import ClockMoved

OLD_FORECAST_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker as the page shows it."""

    name: str
    state: str
    tone: str
    says: tuple[str, ...]
    counted: str


def forecast_figure(figures: DeskFigures) -> Figure:
    """How old the oldest forecast is that somebody may be called by."""
    name, age = text("operator.forecasts"), figures.forecast_age_seconds
    if age is None:
        return Figure(name, text("operator.forecasts_none"))
    tone = "warn" if age > OLD_FORECAST_SECONDS else ""
    return Figure(name, text("operator.forecasts_age", time=duration_text(age)), text("operator.forecasts_note"), tone)


def emission_figure(emission: Emission | None) -> Figure:
    """As many tasks as usual?"""
    name = text("operator.emission")
    if emission is None:
        return Figure(name, text("unknown"), text("operator.emission_unknown"))
    pace = emission.pace
    if pace.normal is None:
        return Figure(name, f"{pace.opened:,}", text("operator.emission_unknown"))
    verdict = str(pace.verdict)
    note = text("operator.emission_normal", normal=f"{pace.normal:,.0f}", verdict=plain(verdict))
    return Figure(name, f"{pace.opened:,}", note, "" if verdict == "normal" else "warn")


def rollout_figure(clocks: Iterable[ClockMoved]) -> Figure:
    """How far judging everybody anew is, after a new model or profiles."""
    name = text("operator.rollout")
    running = [clock.rollout for clock in clocks if clock.rollout and clock.rollout.finished_at is None]
    if not running:
        return Figure(name, text("operator.rollout_none"), text("operator.rollout_note"))
    done, total = sum(one.accounts_done for one in running), sum(one.accounts_total for one in running)
    share = min(100.0, 100.0 * done / total) if total else 100.0
    counted = {"done": f"{done:,}", "total": f"{total:,}", "partitions": len(running)}
    return Figure(
        name, text("operator.rollout_value", percent=f"{share:.0f}"), text("operator.rollout_counted", **counted)
    )


def folded_figure(workers: Sequence[WorkerSeen]) -> Figure:
    """Duplicates and late events, of all workers that answer."""
    name = text("operator.folded")
    told = [worker.counts for worker in workers if worker.answers and worker.counts]
    if not told:
        return Figure(name, text("unknown"), text("operator.folded_unknown"))
    sums = {word: sum(counts.get(word, 0) for counts in told) for word in ("folded", "duplicate", "late")}
    shown = {word: f"{count:,}" for word, count in sums.items()}
    return Figure(name, shown["folded"], text("operator.folded_note", duplicate=shown["duplicate"], late=shown["late"]))


def worker_rows(workers: Iterable[WorkerSeen]) -> list[WorkerRow]:
    """Each worker; recovery with its progress is what it says of itself."""
    return [_row(worker) for worker in workers]


def _row(worker: WorkerSeen) -> WorkerRow:
    if not worker.answers:
        return WorkerRow(worker.name, text("operator.worker_away"), "danger", (), "")
    state, tone = ("operator.worker_ready", "ok") if worker.ready else ("operator.worker_not_ready", "warn")
    return WorkerRow(
        worker.name, text(state), tone, worker.says, text("operator.worker_partitions", count=worker.partitions)
    )
