"""Acceptance of suggestions, independent of agents."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import StratifiedTable

from outreach.acceptance import ALL, agent_mix, by_objective, mantel_haenszel, odds_ratios, refusals, tries_of
from outreach.records import Showing
from tests.outreach.made import NOW

PLAIN = Showing("", "", "t", "a", "ann", "s", "", "efficiency", "small-maintenance", 1, "v", NOW)


def shown(agent: str, objective: str, yes: int, no: int, silent: int = 0, calls: int | None = None) -> list[Showing]:
    said = [("accepted", None)] * yes + [("refused", "later")] * no + [(None, None)] * silent
    return [
        replace(
            PLAIN,
            showing_id=f"{agent}-{objective}-{n}",
            attempt_id=f"{agent}-{objective}-{n % calls if calls else n}",
            agent_id=agent,
            objective=objective,
            answer=answer,
            why=why,
        )
        for n, (answer, why) in enumerate(said)
    ]


def paradox() -> list[Showing]:
    """The good agent is mostly shown variety, the other one efficiency; with each of them efficiency does better."""
    return [
        *shown("good", "variety", 50, 50),
        *shown("good", "efficiency", 6, 4),
        *shown("slow", "variety", 1, 9),
        *shown("slow", "efficiency", 20, 80),
    ]


def test_an_agents_skill_does_not_count_for_the_objective() -> None:
    found = by_objective(paradox())
    efficiency, variety = found["efficiency", ALL], found["variety", ALL]
    assert efficiency.share is not None
    assert variety.share is not None
    assert efficiency.share < variety.share, "the crude shares say the contrary"
    assert efficiency.standardised == pytest.approx(0.5 * 0.6 + 0.5 * 0.2)
    assert variety.standardised == pytest.approx(0.5 * 0.5 + 0.5 * 0.1)
    ratio = odds_ratios(paradox())["efficiency", "variety"]
    assert ratio.ratio is not None
    assert ratio.ratio > 1.4


def test_the_odds_ratio_is_that_of_statsmodels() -> None:
    strata = [(6, 4, 50, 50), (20, 80, 1, 9), (3, 7, 5, 20)]
    ours = mantel_haenszel(strata)
    theirs = StratifiedTable([np.array(one, float).reshape(2, 2) for one in strata])
    assert ours.ratio == pytest.approx(theirs.oddsratio_pooled)
    assert (ours.low, ours.high) == pytest.approx(theirs.oddsratio_pooled_confint())


def test_what_cannot_be_compared_is_not() -> None:
    assert mantel_haenszel([]).ratio is None
    assert mantel_haenszel([(5, 5, 0, 0)]).agents == 0
    alone = by_objective([*shown("ann", "variety", 3, 3), *shown("bob", "efficiency", 3, 3)])
    assert {one.standardised for one in alone.values()} == {None}
    assert by_objective([]) == {}


def test_what_was_not_spoken_of_counts_as_shown() -> None:
    one = by_objective(shown("ann", "variety", 2, 3, 5))["variety", "small-maintenance"]
    assert (one.shown, one.answered, one.accepted, one.share, one.standardised) == (10, 5, 2, 0.2, 0.2)
    assert refusals(shown("ann", "variety", 2, 3, 5)) == {"variety": {"later": 3}}


def test_suggestions_of_one_call_tell_less_than_as_many_calls() -> None:
    """Three answers of a call are alike: the interval is that of the calls."""
    apart = by_objective(shown("ann", "variety", 30, 60))["variety", ALL]
    alike = [replace(one, attempt_id=str(n // 3)) for n, one in enumerate(shown("ann", "variety", 30, 60))]
    together = by_objective(alike)["variety", ALL]
    assert None not in (apart.low, apart.high, together.low, together.high)
    assert together.high - together.low > 1.5 * (apart.high - apart.low)  # type: ignore[operator]


def test_none_and_all_are_not_certain() -> None:
    none = by_objective(shown("ann", "variety", 0, 10))["variety", ALL]
    assert none.high is not None
    assert 0 < none.high < 0.5


def test_the_mix_is_of_agents_with_all_objectives() -> None:
    tries = [tries_of(shown("ann", "x", 3, 3)), tries_of([*shown("ann", "y", 1, 3), *shown("bob", "y", 9, 9)])]
    assert agent_mix(tries) == {"ann": 1.0}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_interval_holds_what_was_planted(seed: int) -> None:
    """Two agents, two objectives with the same effect: the ratio's interval covers one."""
    draw = np.random.default_rng(seed)
    some = [
        *(
            one
            for agent, rate in (("a", 0.5), ("b", 0.2))
            for name in ("x", "y")
            for one in _drawn(draw, agent, name, rate)
        )
    ]
    found = odds_ratios(some, 0.999)["x", "y"]
    assert found.low is not None
    assert found.high is not None
    assert found.low < 1 < found.high


def _drawn(draw: np.random.Generator, agent: str, objective: str, rate: float) -> list[Showing]:
    yes = int(draw.binomial(300, rate))
    return shown(agent, objective, yes, 300 - yes)
