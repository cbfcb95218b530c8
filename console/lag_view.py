"""Lag in words: by partition, by group, and in one line for the whole stream."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from console.ports import LagSource, PartitionLag
from console.texts import text
from console.times import duration_text
from schemas.errors import Unavailable

WORST_LAST = ("ok", "warn", "stall", "rewind", "stop")


@dataclass(frozen=True, slots=True)
class Measured:
    """One sample, or why there is none."""

    rows: tuple[PartitionLag, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Overall:
    """The stream as a whole."""

    value: str
    note: str
    tone: str


@dataclass(frozen=True, slots=True)
class LagRow:
    """A partition's lag in words."""

    place: str
    committed: str
    end: str
    events: str
    seconds: str
    pace_in: str
    pace_out: str
    catch_up: str
    status: str
    rule: str
    tone: str


@dataclass(frozen=True, slots=True)
class LagGroup:
    """A consumer group, as bad as its worst partition."""

    name: str
    status: str
    tone: str
    rows: tuple[LagRow, ...]


def measure(source: LagSource) -> Measured:
    """Ask the source; a failure is told, not hidden."""
    try:
        return Measured(tuple(source.sample()))
    except Unavailable as error:
        return Measured(trouble=str(error))


def overall(lag: Measured) -> Overall:
    """Events behind in all, the longest time behind, and the worst status; what is not known is said."""
    if not lag.rows:
        return Overall(text("unknown"), text("operator.behind_unknown"), "warn")
    worst = max((str(row.status) for row in lag.rows), key=_badness)
    known = [row.lag_events for row in lag.rows if row.lag_events is not None]
    silent = len(lag.rows) - len(known)
    events = sum(max(0, count) for count in known)
    seconds = max((row.lag_seconds or 0.0 for row in lag.rows), default=0.0)
    note = (
        text("operator.behind_silent", count=silent) if silent else text("operator.behind_status", status=worst.upper())
    )
    if not known:
        return Overall(text("operator.no_commits"), note, "warn")
    if events == 0:
        return Overall(text("operator.caught_up").capitalize(), note, _tone(worst, calm=True))
    counted = text("operator.behind_events", events=f"{events:,}")
    behind = text("operator.behind_time", time=duration_text(max(0.0, seconds)))
    return Overall(counted, f"{behind}, {note}", _tone(worst, calm=True))


def lag_groups(rows: Sequence[PartitionLag]) -> tuple[LagGroup, ...]:
    """In order of name; a group has the status of its worst partition."""
    found = []
    for name in sorted({row.group for row in rows}):
        own = sorted((row for row in rows if row.group == name), key=lambda row: (row.topic, row.partition))
        worst = max((str(row.status) for row in own), key=_badness)
        found.append(LagGroup(name, worst.upper(), _tone(worst), tuple(_lag_row(row) for row in own)))
    return tuple(found)


def _lag_row(row: PartitionLag) -> LagRow:
    none = row.committed is None
    return LagRow(
        place=f"{row.topic} / {row.partition}",
        committed=text("operator.no_commits") if none else f"{row.committed:,}",
        end=f"{row.end:,}",
        events=text("unknown") if row.lag_events is None else f"{max(0, row.lag_events):,}",
        seconds=_seconds(row),
        pace_in=_pace(row.in_per_second),
        pace_out=_pace(row.out_per_second),
        catch_up=_catch_up(row),
        status=str(row.status).upper(),
        rule=_rule(row),
        tone=_tone(str(row.status)),
    )


def _seconds(row: PartitionLag) -> str:
    if row.lag_seconds is None:
        return text("unknown")
    caught_up = row.lag_events == 0
    return text("operator.caught_up") if caught_up else duration_text(max(0.0, row.lag_seconds))


def _pace(per_second: float | None) -> str:
    if per_second is None:
        return text("unknown")
    return f"{per_second:,.0f}" if per_second >= 10 or per_second == 0 else f"{per_second:.1f}"


def _catch_up(row: PartitionLag) -> str:
    seconds = row.catch_up_seconds
    if seconds is None:
        return text("unknown")
    if seconds == 0:
        return text("operator.caught_up")
    return text("operator.never_at_this_pace") if math.isinf(seconds) else duration_text(seconds)


def _rule(row: PartitionLag) -> str:
    """What gave the status, in words; what retention took is told beside it."""
    said = text("operator.no_commits_yet") if row.committed is None else text(f"operator.rule.{row.rule}")
    gone = text("operator.gone", count=f"{row.gone_events:,}") if row.gone_events else ""
    return f"{said}; {gone}" if gone else said


def _badness(status: str) -> int:
    word = status.lower()
    return WORST_LAST.index(word) if word in WORST_LAST else len(WORST_LAST)


def _tone(status: str, *, calm: bool = False) -> str:
    """Colour of a status; ``calm`` leaves what is well uncoloured."""
    return {0: "" if calm else "ok", 1: "warn"}.get(_badness(status), "danger")
