"""How a partition does, by LinkedIn Burrow's rules over a window, and which rule said so. Pure.

Source: Burrow's `core/internal/evaluator/caching.go`; its own published cases are in tests/lag/burrow.py. What differs:
the window is sampled on our own clock, so that its length does not hang on how often a group commits; a commit is a
sample that found another offset than the one before.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

MINIMUM_SAMPLES = 3


class LagStatus(StrEnum):
    """How a partition does, worst last."""

    OK = "ok"
    WARN = "warn"
    STALL = "stall"
    REWIND = "rewind"
    STOP = "stop"


class Rule(StrEnum):
    """What gave the status, in the order in which they are asked."""

    FEW = "few_samples"
    WITHIN = "within_allowance"
    SILENT = "no_commit_while_end_moved"
    BACK = "offset_went_back"
    CAUGHT_UP = "caught_up_in_window"
    STILL = "no_offset_moved"
    NEVER_FELL = "lag_never_fell"
    GOES_ON = "lag_falls"


@dataclass(frozen=True, slots=True)
class Sample:
    """What one look found of a partition that has commits."""

    at_seconds: float
    """When we looked, on our clock."""
    committed: int
    lag_events: int | None
    """None: not known then."""
    committed_seconds: float
    """When the offset was last seen to be committed anew, on the same clock."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A status, and the rule that gave it."""

    status: LagStatus
    rule: Rule


@dataclass(frozen=True, slots=True)
class Window:
    """What the rules look at."""

    samples: Sequence[Sample]
    """Oldest first."""
    ends: Sequence[int]
    """Recent end offsets, in any order."""
    lag_events: int | None
    """Now; None: not known."""
    now_seconds: float
    allowance_events: int = 0
    """So little lag is none."""
    minimum: int = MINIMUM_SAMPLES

    @property
    def offsets(self) -> list[int]:
        """What was committed, sample by sample."""
        return [one.committed for one in self.samples]

    @property
    def lags(self) -> list[int]:
        """Where it was known."""
        return [one.lag_events for one in self.samples if one.lag_events is not None]


def judge(window: Window) -> Verdict:
    """The first rule that holds."""
    return next(Verdict(status, rule) for rule, status, holds in RULES if holds(window))


def _too_few(window: Window) -> bool:
    return len(window.samples) < max(window.minimum, 1) or window.lag_events is None


def _within(window: Window) -> bool:
    return (window.lag_events or 0) <= window.allowance_events


def _silent(window: Window) -> bool:
    """No commit for longer than the window spans, while records came all the while.

    Where one of the recent ends lies within what is committed, there was nothing new for a part of the window: a slow
    topic whose newest record has only just come is no reason for an alarm.
    """
    last, first = window.samples[-1], window.samples[0]
    if window.now_seconds - last.committed_seconds <= last.at_seconds - first.at_seconds:
        return False
    if any(end <= last.committed for end in window.ends):
        return False
    seen = [one.committed + one.lag_events for one in window.samples if one.lag_events is not None]
    known = [*seen, *window.ends]
    return max(known, default=0) > min(known, default=0)


def _went_back(window: Window) -> bool:
    return any(later < before for before, later in pairwise(window.offsets))


def _caught_up_once(window: Window) -> bool:
    return any(lag <= window.allowance_events for lag in window.lags)


def _still(window: Window) -> bool:
    return len(set(window.offsets)) == 1


def _never_fell(window: Window) -> bool:
    return not any(later < before for before, later in pairwise(window.lags))


RULES: tuple[tuple[Rule, LagStatus, Callable[[Window], bool]], ...] = (
    (Rule.FEW, LagStatus.OK, _too_few),
    (Rule.WITHIN, LagStatus.OK, _within),
    (Rule.SILENT, LagStatus.STOP, _silent),
    (Rule.BACK, LagStatus.REWIND, _went_back),
    (Rule.CAUGHT_UP, LagStatus.OK, _caught_up_once),
    (Rule.STILL, LagStatus.STALL, _still),
    (Rule.NEVER_FELL, LagStatus.WARN, _never_fell),
    (Rule.GOES_ON, LagStatus.OK, lambda _: True),
)


def worst(statuses: Sequence[LagStatus]) -> LagStatus:
    """A group is as bad as its worst partition; OK where there is none."""
    order = list(LagStatus)
    return max(statuses, key=order.index, default=LagStatus.OK)
