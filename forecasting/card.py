"""The model card: what a model knows, from what, how good it was, and what it is not for; Markdown for people."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from forecasting.artefact import PopulationModel

CHECKED = re.compile(r"holdout_(pair|account)_(forecast|came|calibration_error|brier_skill|auc)_(\d+)d")
MEASURES = ("forecast", "came", "calibration_error", "brier_skill", "auc")
HEADS = (
    "| level | within | forecast, mean | came | calibration error | Brier skill | AUC |\n|---|---|---|---|---|---|---|"
)
LONGEST_LIST = 8
ASIDE = ("version", "first_day", "until_day", "order_days", "pairs", "accounts", "degraded", "scores", "packages")
SEEN_NOT = "## Checked on days it had not seen"
LIMITS = """## What it is for, and what not

For the day of the next order of a product by an account, and of anything by an account, and for when to act on it. It
is not for quantities, nor for accounts that never ordered. It knows order days before its last day only: promotions,
strikes and price lists that nobody put into the orders are unknown to it. Calls change what comes; the hold-out of the
accounts that are not called says by how much. A model over 7 days old opens no new selling calls."""


def card(model: PopulationModel) -> str:
    """The card of a model, whatever its parameters are."""
    record = model.record
    return (
        "\n\n".join(
            [
                f"# Model card: {record.version}",
                _origin(model),
                *_hold_out(record.scores),
                *_other_scores(record.scores),
                "## Parameters\n\n" + "\n".join(_parameters(record)),
                "## Made with\n\n" + "\n".join(f"- {name} {version}" for name, version in record.packages.items()),
                LIMITS,
            ]
        )
        + "\n"
    )


def _origin(model: PopulationModel) -> str:
    record = model.record
    said = [
        f"- digest: `{model.digest}`, {len(model.artefact):,} bytes",
        f"- learnt from: {record.order_days:,} order days of {record.pairs:,} pairs and {record.accounts:,} accounts, "
        f"{record.first_day or 'none'} until before {record.until_day}",
    ]
    if record.degraded:
        said.append("- **degraded**: too little was known to learn from; the shipped prior answers")
    return "\n".join(said)


def _hold_out(scores: dict[str, float]) -> Iterator[str]:
    """Calibration by horizon on days that the fit had not seen."""
    days = scores.get("holdout_days")
    if days is None:
        yield f"{SEEN_NOT}\n\nNot checked: too few orders, or too short a past, to keep days back."
        return
    found = {match.groups(): scores[match.string] for match in map(CHECKED.fullmatch, scores) if match}
    rows = [
        f"| {level} | {horizon} d | "
        + " | ".join(_number(found.get((level, measure, horizon))) for measure in MEASURES)
        + " |"
        for level in ("pair", "account")
        for horizon in sorted({key[2] for key in found if key[0] == level}, key=int)
    ]
    lines = [
        f"Fitted without the last {days:.0f} days of its data, and asked at their beginning. Then fitted again on all.",
        "\n".join([HEADS, *rows]),
        *(_beside(scores, level) for level in ("pair", "account")),
    ]
    yield f"{SEEN_NOT}\n\n" + "\n\n".join(line for line in lines if line)


def _beside(scores: dict[str, float], level: str) -> str:
    """Skill over all horizons, beside that of the model that was in force before."""
    own, other = scores.get(f"holdout_{level}_skill"), scores.get(f"holdout_{level}_skill_of_the_one_in_force")
    if own is None:
        return ""
    beside = "" if other is None else f"; of the model in force until then {other:.4f}"
    return f"By {level}: ranked skill {own:.4f}{beside}, {scores.get(f'holdout_{level}_rows', 0):,.0f} rows."


def _other_scores(scores: dict[str, float]) -> Iterator[str]:
    others = [(name, value) for name, value in scores.items() if not name.startswith("holdout_")]
    if others:
        yield "## Of the fit itself\n\n" + "\n".join(f"- {_words(name)}: {_number(value)}" for name, value in others)


def _parameters(struct: Any, indent: str = "") -> Iterator[str]:
    """Every field of the record that is no data about data, whatever its shape; long ones by their size."""
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if not indent and name in ASIDE:
            continue
        if isinstance(value, msgspec.Struct):
            yield f"{indent}- {_words(name)}"
            yield from _parameters(value, indent + "  ")
        elif (count := _leaves(value)) > LONGEST_LIST:
            yield f"{indent}- {_words(name)}: {count:,} values, in the artefact"
        else:
            yield f"{indent}- {_words(name)}: {_said(value)}"


def _leaves(value: object) -> int:
    """How many single values something holds."""
    if isinstance(value, dict):
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list | tuple) else 1


def _said(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(_said(one) for one in value) or "none"
    if isinstance(value, msgspec.Struct):
        return ", ".join(f"{_words(name)} {_said(getattr(value, name))}" for name in value.__struct_fields__)
    return _number(value) if isinstance(value, float) else "none" if value is None else str(value)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}" if value == int(value) and abs(value) < 1e15 else f"{value:.4g}"


def _words(name: str) -> str:
    return name.replace("_", " ")
