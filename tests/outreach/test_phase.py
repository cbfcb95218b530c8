"""Size and phase, as tables; and profiles that are refused as artefacts."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.phase import Relationship, phase_of, size_of
from outreach.profiles import Profile, Thresholds, cell_name, loads, standard_profiles
from schemas.errors import ArtefactRefused
from schemas.events.accounts import Size
from schemas.events.ours import Phase

SMALL, LARGE = Size
IGNITION, MAINTENANCE, REACTIVATION = Phase
USUAL = Thresholds()
STANDARD = standard_profiles("v1", datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("spend", "before", "by_hand", "size"),
    [
        (0, SMALL, None, SMALL),
        (0, LARGE, None, SMALL),
        (8_999.99, LARGE, None, SMALL),
        (9_000, LARGE, None, LARGE),
        (9_000, SMALL, None, SMALL),
        (11_999.99, SMALL, None, SMALL),
        (12_000, SMALL, None, LARGE),
        (50_000, SMALL, SMALL, SMALL),
        (0, SMALL, LARGE, LARGE),
    ],
)
def test_size_by_spend_with_hysteresis_or_by_hand(spend: float, before: Size, by_hand: Size | None, size: Size) -> None:
    assert size_of(spend, before, by_hand, USUAL) is size


@given(st.floats(0, 1e6), st.sampled_from(Size))
def test_size_is_settled_after_one_look(spend: float, before: Size) -> None:
    once = size_of(spend, before, None, USUAL)
    assert size_of(spend, once, None, USUAL) is once


def seen(
    orders: int, *, first: float = 200, silent: float = 5, gap: float = 7, alive: float | None = 0.9
) -> Relationship:
    return Relationship(orders, first, silent, gap, alive)


@pytest.mark.parametrize(
    ("relationship", "before", "phase"),
    [
        (seen(0, first=0, silent=0, gap=0, alive=None), IGNITION, IGNITION),
        (seen(0, alive=0.0), IGNITION, IGNITION),
        (seen(0), MAINTENANCE, IGNITION),
        (seen(1, first=10, gap=0), IGNITION, IGNITION),
        (seen(2, first=89), IGNITION, IGNITION),
        (seen(2, first=89), MAINTENANCE, MAINTENANCE),
        (seen(2, first=90), IGNITION, MAINTENANCE),
        (seen(1, first=90, gap=0), IGNITION, MAINTENANCE),
        (seen(3, first=10), IGNITION, MAINTENANCE),
        (seen(20), MAINTENANCE, MAINTENANCE),
        (seen(20, silent=8, alive=0.3), MAINTENANCE, MAINTENANCE),
        (seen(20, silent=8, alive=0.299), MAINTENANCE, REACTIVATION),
        (seen(20, silent=7, alive=0.01), MAINTENANCE, MAINTENANCE),
        (seen(20, silent=7, alive=0.01), REACTIVATION, MAINTENANCE),
        (seen(1, first=20, silent=14.1, gap=0, alive=0.1), IGNITION, REACTIVATION),
        (seen(1, first=20, silent=14, gap=0, alive=0.1), IGNITION, IGNITION),
        (seen(20, silent=21), MAINTENANCE, MAINTENANCE),
        (seen(20, silent=21.1), MAINTENANCE, REACTIVATION),
        (seen(20, silent=21.1, alive=None), MAINTENANCE, REACTIVATION),
        (seen(20, silent=2000, gap=0), MAINTENANCE, MAINTENANCE),
        (seen(2, silent=100), MAINTENANCE, MAINTENANCE),
        (seen(2, first=50, silent=49), IGNITION, IGNITION),
        (seen(20, silent=8, alive=0.499), REACTIVATION, REACTIVATION),
        (seen(20, silent=8, alive=0.5), REACTIVATION, MAINTENANCE),
        (seen(20, silent=22, alive=0.9), REACTIVATION, REACTIVATION),
        (seen(2, first=30, silent=3), REACTIVATION, MAINTENANCE),
        (seen(20, silent=8, alive=None), REACTIVATION, REACTIVATION),
    ],
)
def test_phase(relationship: Relationship, before: Phase, phase: Phase) -> None:
    assert phase_of(relationship, before, USUAL) is phase


relationships = st.builds(
    Relationship,
    order_days=st.integers(0, 50),
    days_since_first=st.floats(0, 1000),
    silence_days=st.floats(0, 1000),
    usual_gap_days=st.floats(0, 100),
    p_alive=st.none() | st.floats(0, 1),
)


@given(relationships, st.sampled_from(Phase))
def test_only_who_ordered_can_be_lost(relationship: Relationship, before: Phase) -> None:
    if phase_of(relationship, before, USUAL) is REACTIVATION:
        assert relationship.order_days > 0


@given(relationships, st.sampled_from(Phase))
def test_a_phase_is_settled_after_one_look(relationship: Relationship, before: Phase) -> None:
    once = phase_of(relationship, before, USUAL)
    assert phase_of(relationship, once, USUAL) is once


@given(relationships, st.lists(st.floats(0.3, 0.4999), min_size=2, max_size=6), st.sampled_from(Phase))
def test_doubt_that_trembles_between_the_thresholds_changes_the_phase_once(
    relationship: Relationship, alive: list[float], before: Phase
) -> None:
    phase = phase_of(replace(relationship, p_alive=alive[0]), before, USUAL)
    for p_alive in alive[1:]:
        assert phase_of(replace(relationship, p_alive=p_alive), phase, USUAL) is phase


@given(relationships)
def test_an_order_today_brings_an_account_back(relationship: Relationship) -> None:
    ordered = replace(relationship, silence_days=0.0, order_days=max(relationship.order_days, 1))
    assert phase_of(ordered, REACTIVATION, USUAL) is MAINTENANCE


class TestProfiles:
    """Data, not code: what is not six whole cells is refused, with the place of the fault."""

    def test_the_standard_ones_come_back_as_they_were(self) -> None:
        assert loads(STANDARD.dumps()) == STANDARD
        assert loads(STANDARD.dumps()).digest == STANDARD.digest

    @pytest.mark.parametrize("size", Size)
    @pytest.mark.parametrize("phase", Phase)
    def test_every_cell_is_there(self, size: Size, phase: Phase) -> None:
        assert STANDARD.cell(size, phase) == STANDARD.cells[cell_name(size, phase)]

    @pytest.mark.parametrize(
        ("path", "value", "place"),
        [
            (("cells", "small-ignition", "service_level"), 1.5, "cells.small-ignition.service_level"),
            (("cells", "small-ignition", "lead_time_days"), -1, "cells.small-ignition.lead_time_days"),
            (("cells", "small-ignition", "attempt_cap"), 0, "cells.small-ignition.attempt_cap"),
            (("cells", "small-ignition", "channels"), ["pigeon"], "cells.small-ignition.channels.0"),
            (("cells", "small-ignition", "flavour"), "x", "cells.small-ignition.flavour"),
            (("cells", "tiny-ignition"), {}, "cells must be exactly"),
            (("thresholds", "small_under"), 99_999, "small_under must not be above large_from"),
            (("effective_from",), "soon", "effective_from"),
        ],
    )
    def test_a_fault_is_told_by_its_place(self, path: tuple[str, ...], value: object, place: str) -> None:
        told = json.loads(STANDARD.dumps())
        part = told
        for name in path[:-1]:
            part = part[name]
        part[path[-1]] = value
        with pytest.raises(ArtefactRefused, match=place):
            loads(json.dumps(told).encode())

    @pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff", STANDARD.dumps()[:-10]])
    def test_what_is_none_is_refused(self, raw: bytes) -> None:
        with pytest.raises(ArtefactRefused, match="profiles"):
            loads(raw)

    def test_a_missing_cell_is_refused(self) -> None:
        told = json.loads(STANDARD.dumps())
        del told["cells"]["large-reactivation"]
        with pytest.raises(ArtefactRefused, match="cells must be exactly"):
            loads(json.dumps(told).encode())

    def test_another_word_is_another_digest(self) -> None:
        other = STANDARD.model_copy(update={"cells": {**STANDARD.cells, "small-ignition": Profile(tier=9)}})
        assert other.digest != STANDARD.digest
