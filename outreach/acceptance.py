"""Whether suggestions are accepted, by objective and profile, independent of who happened to make them.

Acceptance is of all that was shown in calls, spoken of or not. An agent who sells well raises whatever he was shown, so
rates are standardised: every objective's rate by agent, weighted with one mix of agents. Objectives are compared by the
Mantel-Haenszel odds ratio over agents. Accounts are levelled out only among showings whose objective was drawn at
random (`Showing.drawn`): give these alone to compare objectives on like accounts.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import exp, log, sqrt
from statistics import NormalDist

from outreach.records import Showing
from schemas.events.ours import SuggestionAnswer

ALL = "all"
ACCEPTED = SuggestionAnswer.ACCEPTED

Tries = dict[str, list[tuple[int, int]]]
"""By agent, (accepted, shown) of each call."""


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Of an objective in a profile cell, or in all. Shares are of what was shown; None: they cannot be said."""

    shown: int
    answered: int
    accepted: int
    agents: int
    """Those who were shown every objective of the cell; the standardised share is theirs."""
    share: float | None
    standardised: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """How much better one objective is accepted than another by the same agents; None: no agent tells them apart."""

    ratio: float | None
    low: float | None
    high: float | None
    agents: int


def by_objective(showings: Iterable[Showing], confidence: float = 0.95) -> dict[tuple[str, str], Acceptance]:
    """By (objective, profile cell) and (objective, ALL)."""
    cells: defaultdict[str, defaultdict[str, list[Showing]]] = defaultdict(lambda: defaultdict(list))
    for one in showings:
        for cell in (one.profile, ALL):
            cells[cell][one.objective].append(one)
    found = {}
    for cell, objectives in cells.items():
        tries = {name: tries_of(some) for name, some in objectives.items()}
        mix = agent_mix(list(tries.values()))
        for name, some in objectives.items():
            found[name, cell] = _acceptance(some, tries[name], mix, confidence)
    return dict(sorted(found.items(), key=lambda item: (item[0][0], item[0][1] != ALL, item[0][1])))


def odds_ratios(showings: Iterable[Showing], confidence: float = 0.95) -> dict[tuple[str, str], OddsRatio]:
    """Of every pair of objectives, the first against the second."""
    tables: defaultdict[str, Counter[tuple[str, bool]]] = defaultdict(Counter)
    for one in showings:
        tables[one.objective][one.agent_id, one.answer == ACCEPTED] += 1
    return {
        (first, second): mantel_haenszel(_strata(tables[first], tables[second]), confidence)
        for first, second in combinations(sorted(tables), 2)
    }


def refusals(showings: Iterable[Showing]) -> dict[str, Counter[str]]:
    """Reasons by objective."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in showings:
        if one.why is not None:
            found[one.objective][one.why] += 1
    return dict(sorted(found.items()))


def tries_of(showings: Iterable[Showing]) -> Tries:
    """What was shown in each call, by agent."""
    calls: defaultdict[tuple[str, str], list[bool]] = defaultdict(list)
    for one in showings:
        calls[one.agent_id, one.attempt_id].append(one.answer == ACCEPTED)
    found: Tries = {}
    for (agent, _), answers in calls.items():
        found.setdefault(agent, []).append((sum(answers), len(answers)))
    return found


def agent_mix(tries: Sequence[Tries]) -> dict[str, float]:
    """Weights of the agents who were shown all of them, by how much they were shown."""
    common = set.intersection(*(set(one) for one in tries)) if tries else set()
    shown = {agent: sum(n for one in tries for _, n in one[agent]) for agent in sorted(common)}
    total = sum(shown.values())
    return {agent: count / total for agent, count in shown.items()}


def standardised(tries: Tries, mix: Mapping[str, float], confidence: float) -> tuple[float, float, float]:
    """(share, low, high) as if the mix of agents had made them; suggestions of one call count as dependent."""
    share, variance = 0.0, 0.0
    for agent, weight in mix.items():
        calls = tries[agent]
        shown = sum(n for _, n in calls)
        rate = sum(x for x, _ in calls) / shown
        share += weight * rate
        variance += weight**2 * _variance(calls, rate, shown)
    half = _z(confidence) * sqrt(variance)
    return share, max(share - half, 0.0), min(share + half, 1.0)


def mantel_haenszel(strata: Sequence[tuple[int, int, int, int]], confidence: float = 0.95) -> OddsRatio:
    """Odds ratio over strata of (a yes, a no, b yes, b no), with the interval of Robins, Breslow and Greenland."""
    used = [one for one in strata if one[0] + one[1] and one[2] + one[3]]
    parts = [(a * d / n, b * c / n, (a + d) / n, (b + c) / n) for a, b, c, d in used if (n := a + b + c + d)]
    for_first, for_second = sum(r for r, _, _, _ in parts), sum(s for _, s, _, _ in parts)
    if not for_first or not for_second:
        return OddsRatio(None, None, None, len(used))
    variance = (
        sum(p * r for r, _, p, _ in parts) / (2 * for_first**2)
        + sum(p * s + q * r for r, s, p, q in parts) / (2 * for_first * for_second)
        + sum(q * s for _, s, _, q in parts) / (2 * for_second**2)
    )
    ratio, half = for_first / for_second, _z(confidence) * sqrt(variance)
    return OddsRatio(ratio, exp(log(ratio) - half), exp(log(ratio) + half), len(used))


def _acceptance(some: Sequence[Showing], tries: Tries, mix: Mapping[str, float], confidence: float) -> Acceptance:
    accepted = sum(one.answer == ACCEPTED for one in some)
    share, low, high = standardised(tries, mix, confidence) if mix else (None, None, None)
    answered = sum(one.answer is not None for one in some)
    return Acceptance(len(some), answered, accepted, len(mix), accepted / len(some), share, low, high)


def _variance(calls: Sequence[tuple[int, int]], rate: float, shown: int) -> float:
    """Of a rate, by calls; at least that of single answers, drawn towards a half so that none and all are not sure."""
    drawn = (rate * shown + 1) / (shown + 2)
    single = drawn * (1 - drawn) / shown
    if len(calls) < 2:
        return single
    between = sum((x - rate * n) ** 2 for x, n in calls) * len(calls) / (len(calls) - 1) / shown**2
    return max(single, between)


def _strata(first: Counter[tuple[str, bool]], second: Counter[tuple[str, bool]]) -> list[tuple[int, int, int, int]]:
    agents = sorted({agent for agent, _ in (*first, *second)})
    return [(first[one, True], first[one, False], second[one, True], second[one, False]) for one in agents]


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
