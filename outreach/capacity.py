"""How many tasks the people who are there can call: the window of the queue that is offered, and the rate of opening.

A task waits in the queue of its skill, in order of rank. The window is the longest beginning of all queues together
that the agents could call before it is reckoned anew; what lies behind it waits with the reason `capacity`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from schemas.decisions import Reason

Place = tuple[int, str]
"""A task's place in a queue: rank, then id."""
Crew = Mapping[frozenset[str], int]
"""How many agents are there, by the skills that they have."""

REASON = Reason.CAPACITY
"""What is said of a task behind the window."""
MANY_SKILLS = 6
"""With more skills only each one and all together are looked at: their combinations would be too many."""
NORMAL_DAYS = 28
FEWEST_DAYS = 7
"""With fewer days behind it nobody can say what is normal."""


@dataclass(frozen=True, slots=True)
class Window:
    """The last place that is offered, by skill; a skill that is missing is offered nothing."""

    last: Mapping[str, Place]
    places: int = 0
    """Tasks inside it when it was reckoned."""

    def holds(self, skill: str, place: Place) -> bool:
        """Whether a task at this place of its skill's queue is offered."""
        end = self.last.get(skill)
        return end is not None and place <= end

    def moved_to(self, skill: str, place: Place) -> "Window":
        """The window, long enough for this task."""
        return self if self.holds(skill, place) else Window({**self.last, skill: place}, self.places)


def window(queue: Iterable[tuple[str, Place]], crew: Crew, calls_each: int) -> Window:
    """The window of a queue of (skill, place) in order of rank, for agents who make ``calls_each`` calls each.

    A task is inside while the agents with its skill, some of whom may be needed for other skills, can still call it.
    For each set of skills the tasks inside must not be more than the calls of all agents who have any of them (Hall's
    condition), which makes the greedy choice by rank the best one.
    """
    skills = sorted({skill for held in crew for skill in held})
    limits = _limits(skills, crew, calls_each)
    used = dict.fromkeys(limits, 0)
    open_skills, last, places = set(skills), {}, 0
    for skill, place in queue:
        if skill not in open_skills:
            continue
        touched = [group for group in limits if skill in group]
        if any(used[group] >= limits[group] for group in touched):
            open_skills.discard(skill)
            if not open_skills:
                break
            continue
        for group in touched:
            used[group] += 1
        last[skill], places = place, places + 1
    return Window(last, places)


def calls_until_next(crew: Crew, calls_each: int) -> int:
    """Calls that all agents together can make: so much of the queue must be read."""
    return calls_each * sum(crew.values())


def _limits(skills: Sequence[str], crew: Crew, calls_each: int) -> dict[frozenset[str], int]:
    few = range(1, len(skills) + 1) if len(skills) <= MANY_SKILLS else (1, len(skills))
    groups = (frozenset(group) for size in few for group in combinations(skills, size))
    return {group: calls_each * sum(n for held, n in crew.items() if held & group) for group in groups}


@dataclass(frozen=True, slots=True)
class Pace:
    """Tasks opened in a day against what is normal."""

    opened: int
    normal: float | None
    """Median of the days before; None while there are too few."""
    verdict: str
    """``unknown``, ``normal``, ``high`` or ``low``."""


def pace(opened: int, days_before: Sequence[int]) -> Pace:
    """Judge a day by up to 28 days before it, newest last.

    High over three times the median and more than 3 standard deviations of a Poisson count above it; low under a third
    of it and as far below. The counts of a quiet installation vary that much by themselves.
    """
    recent = days_before[-NORMAL_DAYS:]
    if len(recent) < FEWEST_DAYS:
        return Pace(opened, None, "unknown")
    normal = float(median(recent))
    spread = 3 * max(normal, 1.0) ** 0.5
    if opened > max(3 * normal, normal + spread):
        return Pace(opened, normal, "high")
    if opened < min(normal / 3, normal - spread):
        return Pace(opened, normal, "low")
    return Pace(opened, normal, "normal")
