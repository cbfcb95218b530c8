"""Acceptance of suggestions as a table for a terminal, and as plain values for programs."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from rich.table import Table

from outreach.acceptance import Acceptance, OddsRatio

Pairs = Mapping[tuple[str, str], OddsRatio]


def table(found: Mapping[tuple[str, str], Acceptance], confidence: float) -> Table:
    """One line an objective and profile cell."""
    shown = Table("Objective", "Profile", box=None, pad_edge=False)
    for title in ("Shown", "Answered", "Accepted", "Share", "Agents", "Standardised", f"{confidence:.0%} from", "to"):
        shown.add_column(title, justify="right")
    for (objective, cell), one in found.items():
        counts = (f"{count:,}" for count in (one.shown, one.answered, one.accepted))
        shares = (_percent(share) for share in (one.standardised, one.low, one.high))
        shown.add_row(objective, cell, *counts, _percent(one.share), f"{one.agents:,}", *shares)
    return shown


def ratio_lines(ratios: Pairs, confidence: float) -> list[str]:
    """One line a pair of objectives."""
    return [f"    {a} against {b}: {_ratio(one, confidence)}" for (a, b), one in ratios.items()]


def reason_lines(reasons: Mapping[str, Mapping[str, int]]) -> list[str]:
    """The most frequent first."""
    return [f"{count:>8,}  {objective}: {why}" for objective, why, count in _counted(reasons)]


def values(
    found: Mapping[tuple[str, str], Acceptance], ratios: Pairs, reasons: Mapping[str, Mapping[str, int]]
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "acceptance": [{"objective": name, "profile": cell, **asdict(one)} for (name, cell), one in found.items()],
        "odds_ratios": [{"first": a, "second": b, **asdict(one)} for (a, b), one in ratios.items()],
        "refused": {objective: dict(why) for objective, why in reasons.items()},
    }


def _counted(reasons: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, str, int]]:
    for objective, why in reasons.items():
        for word, count in sorted(why.items(), key=lambda one: (-one[1], one[0])):
            yield objective, word, count


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _ratio(one: OddsRatio, confidence: float) -> str:
    if one.ratio is None:
        return "too little was accepted or refused to compare them"
    return f"{one.ratio:.2f} ({confidence:.0%} from {one.low:.2f} to {one.high:.2f}), {one.agents:,} agents"
