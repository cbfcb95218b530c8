"""Policy profiles as data: what is refused, with its place; which set is in force when; the book of versions."""

import json
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.calendar import Term, check_dates, in_force_at, still_to_come
from outreach.desk import policies
from outreach.ports import Store
from outreach.profiles import Profile, ProfileSet, cell_name, loads, standard_profiles
from schemas.decisions import NeedKind
from schemas.errors import ArtefactRefused, NotFound, Refused
from schemas.events.accounts import Size
from schemas.events.ours import Disposition, Phase

NOW = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
STANDARD = standard_profiles("v1", NOW)


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


class TestBadInput:
    """Impossible values are refused with a word that says why."""

    @pytest.mark.parametrize(
        ("field", "value", "says"),
        [
            ("quiet_hours", [[9, 9]], "9 to 9 is no part of a day"),
            ("quiet_hours", [[24, 3]], "24 to 3 is no part of a day"),
            ("quiet_hours", [[25, 3]], "less than or equal to 24"),
            ("quiet_hours", [[-1, 3]], "greater than or equal to 0"),
            ("quiet_hours", [[12, 14], [13, 15]], "13 to 15 overlaps another pair"),
            ("quiet_hours", [[22, 6], [5, 7]], "5 to 7 overlaps another pair"),
            ("quiet_hours", [[8, 21]], "nobody could ever be called"),
            ("quiet_hours", [[20, 9], [9, 20]], "nobody could ever be called"),
            ("channels", [], "at least 1 item"),
            ("channels", ["phone", "phone"], "phone stands there twice"),
            ("opens", ["win_back", "win_back"], "win_back stands there twice"),
            ("opens", ["call_them"], "opens.0"),
            ("spacing_hours", {"no_answer": -1}, "spacing_hours.no_answer"),
            ("spacing_hours", {"no_idea": 1}, "spacing_hours.no_idea"),
            ("cool_downs", {"has_stock": 4000}, "cool_downs.has_stock"),
            ("frequency_cap", 0, "frequency_cap"),
            ("innovation_every_days", 0, "innovation_every_days"),
            ("suggestion_objective", "luck", "suggestion_objective"),
            ("lead_time_days", "NaN", "lead_time_days"),
            ("review_days", None, "review_days"),
        ],
    )
    def test_in_a_cell(self, field: str, value: object, says: str) -> None:
        told = json.loads(STANDARD.dumps())
        told["cells"]["small-ignition"][field] = value
        with pytest.raises(ArtefactRefused, match=says):
            loads(json.dumps(told).encode())

    @pytest.mark.parametrize("pairs", [[[22, 6]], [[12, 13], [18, 9]], [[0, 8], [21, 24]], [[9, 21]]])
    def test_possible_hours_are_taken(self, pairs: list[list[int]]) -> None:
        told = json.loads(STANDARD.dumps())
        told["cells"]["small-ignition"]["quiet_hours"] = pairs
        assert loads(json.dumps(told).encode())

    def test_an_end_before_the_beginning(self) -> None:
        told = {**json.loads(STANDARD.dumps()), "effective_until": (NOW - DAY).isoformat()}
        with pytest.raises(ArtefactRefused, match="effective_until must come after"):
            loads(json.dumps(told).encode())

    def test_doubt_that_ends_below_where_it_begins(self) -> None:
        told = json.loads(STANDARD.dumps())
        told["thresholds"]["maintenance_from_p_alive"] = 0.2
        with pytest.raises(ArtefactRefused, match="reactivation_under_p_alive must not be above"):
            loads(json.dumps(told).encode())

    def test_several_faults_are_told_together(self) -> None:
        told = json.loads(STANDARD.dumps())
        told["cells"]["small-ignition"] |= {"tier": 0, "flavour": "x", "skill": ""}
        with pytest.raises(ArtefactRefused, match=r"skill.*tier.*flavour"):
            loads(json.dumps(told).encode())


@pytest.mark.parametrize(
    ("changes", "said", "exhausted", "days"),
    [
        ({}, Disposition.NOT_INTERESTED, False, 30.0),
        ({}, Disposition.NO_ANSWER, True, 30.0),
        ({}, Disposition.HAS_STOCK, False, None),
        ({"cool_down_days": 5.0}, Disposition.NOT_INTERESTED, False, 5.0),
        ({"cool_downs": {Disposition.NOT_INTERESTED: 90.0}}, Disposition.NOT_INTERESTED, False, 90.0),
        ({"cool_downs": {Disposition.HAS_STOCK: 10.0}}, Disposition.HAS_STOCK, False, 10.0),
        ({"cool_downs": {Disposition.HAS_STOCK: 10.0}}, None, True, 30.0),
    ],
)
def test_cool_down_by_disposition(
    changes: dict[str, object], said: Disposition | None, exhausted: bool, days: float | None
) -> None:
    assert Profile.model_validate(changes).cool_down_after(said, exhausted=exhausted) == days


def term(version: str, begins: float, ends: float | None = None) -> Term:
    """A set in force so many days from now."""
    until = None if ends is None else NOW + ends * DAY
    profiles = STANDARD.model_copy(
        update={"version": version, "effective_from": NOW + begins * DAY, "effective_until": until}
    )
    return Term(version, version, profiles)


BASE = term("base", -100)


class TestCalendar:
    """Of the sets whose dates hold the day, the one that was published last."""

    @pytest.mark.parametrize(
        ("terms", "day", "version"),
        [
            ([BASE], 0, "base"),
            ([BASE, term("later", 5)], 4.9, "base"),
            ([BASE, term("later", 5)], 5, "later"),
            ([BASE, term("season", 5, 9)], 5, "season"),
            ([BASE, term("season", 5, 9)], 9, "base"),
            ([term("season", 5, 9), term("base", 0)], 6, "base"),
            ([term("season", 0, 3)], 7, "season"),
            ([BASE, term("first", -3), term("second", -3)], 0, "second"),
        ],
    )
    def test_in_force(self, terms: list[Term], day: float, version: str) -> None:
        found = in_force_at(terms, NOW + day * DAY)
        assert found is not None
        assert found.version == version

    def test_before_the_first_there_is_none(self) -> None:
        assert in_force_at([term("later", 1)], NOW) is None

    @given(
        st.lists(st.tuples(st.integers(-20, 20), st.none() | st.integers(1, 15)), min_size=1, max_size=6),
        st.integers(0, 30),
        st.integers(0, 30),
    )
    def test_what_is_let_go_is_never_missed(self, dates: list[tuple[int, int | None]], first: int, later: int) -> None:
        terms = [
            term(str(number), begins, None if length is None else begins + length)
            for number, (begins, length) in enumerate(dates)
        ]
        kept = still_to_come(terms, NOW + first * DAY)
        at = NOW + (first + later) * DAY
        covering = [one for one in terms if one.profiles.covers(at)]
        if covering:
            assert in_force_at(kept, at) == covering[-1]

    @pytest.mark.parametrize(
        ("published", "new", "overlaps"),
        [
            ([BASE], term("new", 0), None),
            ([BASE], term("new", 0, 9), None),
            ([BASE, term("later", 9)], term("new", 0), "later"),
            ([BASE, term("later", 9)], term("new", 0, 9), None),
            ([BASE, term("later", 9)], term("new", 0, 10), "later"),
            ([BASE, term("later", 9)], term("new", 12), "later"),
            ([BASE, term("season", 5, 9)], term("new", 9), None),
            ([BASE, term("season", 5, 9)], term("new", 8, 12), "season"),
            ([BASE, term("season", -5, 9)], term("new", 0), "season"),
            ([BASE, term("over", -9, -5)], term("new", 0), None),
        ],
    )
    def test_dates_that_overlap_are_refused(self, published: list[Term], new: Term, overlaps: str | None) -> None:
        if overlaps is None:
            check_dates(new.profiles, published, NOW)
            return
        with pytest.raises(Refused, match=f"overlapping_dates: {overlaps} is in force from"):
            check_dates(new.profiles, published, NOW)

    def test_dates_that_are_over_are_refused(self) -> None:
        with pytest.raises(Refused, match="dates_over"):
            check_dates(term("new", -5, -1).profiles, [BASE], NOW)


def first(store: Store) -> ProfileSet:
    with store.begin() as tx:
        policies.publish_first(tx, STANDARD, NOW)
    return STANDARD


def with_tier(base: ProfileSet, tier: int) -> ProfileSet:
    """The same with another tier in a cell."""
    cells = {**base.cells, "small-ignition": base.cells["small-ignition"].model_copy(update={"tier": tier})}
    return base.model_copy(update={"cells": cells})


class TestBook:
    """Versions: compared and set, kept for ever, rolled back."""

    def test_a_set_follows_the_one_it_was_made_from(self, store: Store) -> None:
        base = first(store)
        with store.begin() as tx:
            new, digest = policies.publish(tx, with_tier(base, 7), NOW + DAY, "anna")
        assert (new.version, new.based_on, new.effective_from) == ("profiles-2", "v1", NOW + DAY)
        with store.read() as tx:
            assert tx.artefacts.current("profiles") == ("profiles-2", digest)
            assert policies.load(tx, digest) == new
            assert [(page.version, page.actor) for page in policies.pages(tx)] == [
                ("profiles-2", "anna"),
                ("v1", "ringahead"),
            ]

    def test_of_two_supervisors_the_second_is_refused_with_the_reason(self, store: Store) -> None:
        base = first(store)
        with store.begin() as tx:
            policies.publish(tx, with_tier(base, 7), NOW, "anna")
        with store.begin() as tx, pytest.raises(Refused, match=r"start from v1, and profiles-2 .* by anna") as refused:
            policies.publish(tx, with_tier(base, 8), NOW, "ben")
        assert refused.value.reason == "profiles_changed"
        with store.read() as tx:
            assert [page.actor for page in policies.pages(tx)] == ["anna", "ringahead"]
            newest = policies.pages(tx)[0]
            assert policies.load(tx, newest.digest).cells["small-ignition"].tier == 7

    def test_at_the_same_moment_one_wins_and_the_other_is_told(self, store: Store) -> None:
        base, barrier, outcomes = first(store), Barrier(2), []

        def edit(actor: str, tier: int) -> None:
            barrier.wait()
            try:
                with store.begin() as tx:
                    outcomes.append(policies.publish(tx, with_tier(base, tier), NOW, actor)[0].version)
            except Refused as error:
                outcomes.append(error.reason)

        threads = [Thread(target=edit, args=told) for told in (("anna", 7), ("ben", 8))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(outcomes) == ["profiles-2", "profiles_changed"]
        with store.read() as tx:
            assert len(policies.pages(tx)) == 2

    def test_what_is_refused_leaves_nothing(self, store: Store) -> None:
        base = first(store)
        for bad, reason in (
            (base, "nothing_new"),
            (with_tier(base, 7).model_copy(update={"effective_until": NOW}), "dates_over"),
        ):
            with store.begin() as tx, pytest.raises(Refused) as refused:
                policies.publish(tx, bad, NOW + DAY, "anna")
            assert refused.value.reason == reason
        with store.read() as tx:
            assert [page.version for page in policies.pages(tx)] == ["v1"]

    def test_planned_dates_are_kept_free_unless_it_comes_instead(self, store: Store) -> None:
        base = first(store)
        season = with_tier(base, 7).model_copy(
            update={"effective_from": NOW + 5 * DAY, "effective_until": NOW + 9 * DAY}
        )
        with store.begin() as tx:
            planned, _ = policies.publish(tx, season, NOW, "anna")
        later = with_tier(planned, 8).model_copy(update={"effective_from": NOW, "effective_until": None})
        with store.begin() as tx, pytest.raises(Refused, match="overlapping_dates: profiles-2"):
            policies.publish(tx, later, NOW, "ben")
        with store.begin() as tx:
            new, _ = policies.publish(tx, later, NOW, "ben", instead=True)
            found = in_force_at(policies.terms(tx), NOW + 6 * DAY)
        assert new.version == "profiles-3"
        assert found is not None

    def test_rolling_back_publishes_the_earlier_set_again(self, store: Store) -> None:
        base = first(store)
        with store.begin() as tx:
            policies.publish(tx, with_tier(base, 7), NOW, "anna")
        with store.begin() as tx:
            again, _ = policies.roll_back(tx, None, NOW + DAY, "ben")
        assert (again.version, again.based_on, again.cells) == ("profiles-3", "profiles-2", base.cells)
        with store.begin() as tx:
            forward, _ = policies.roll_back(tx, "profiles-2", NOW + 2 * DAY, "ben")
        assert forward.cells["small-ignition"].tier == 7
        with store.read() as tx:
            assert [(page.version, page.note) for page in policies.pages(tx)][:2] == [
                ("profiles-4", "back to profiles-2"),
                ("profiles-3", "back to v1"),
            ]

    @pytest.mark.parametrize("version", [None, "profiles-9"])
    def test_there_is_nothing_to_roll_back_to(self, store: Store, version: str | None) -> None:
        first(store)
        with store.begin() as tx, pytest.raises(NotFound):
            policies.roll_back(tx, version, NOW, "ben")

    def test_a_set_that_was_put_there_by_hand_is_on_the_first_page(self, store: Store) -> None:
        with store.begin() as tx:
            tx.artefacts.set_current("profiles", "v1", tx.artefacts.put(STANDARD.dumps()), NOW)
        with store.begin() as tx:
            policies.publish(tx, with_tier(STANDARD, 7), NOW, "anna")
        with store.read() as tx:
            assert [page.version for page in policies.pages(tx)] == ["profiles-2", "v1"]

    def test_without_any_set_there_is_nothing_to_change(self, store: Store) -> None:
        with store.begin() as tx, pytest.raises(Refused, match="no profiles are in force yet"):
            policies.publish(tx, STANDARD, NOW, "anna")


def test_differences_are_told_field_by_field() -> None:
    opens = STANDARD.cells["small-ignition"].opens
    cell = STANDARD.cells["small-ignition"].model_copy(
        update={"service_level": 0.3, "opens": opens[:-1], "cool_downs": {Disposition.HAS_STOCK: 4.0}}
    )
    new = STANDARD.model_copy(update={"version": "x", "cells": {**STANDARD.cells, "small-ignition": cell}})
    told = {path: (before, after) for path, before, after in policies.differences(STANDARD, new)}
    place = "cells.small-ignition"
    assert told[f"{place}.service_level"] == ("0.5", "0.3")
    assert told[f"{place}.cool_downs.has_stock"] == ("none", "4.0")
    assert str(NeedKind.CHANNEL_PREFERENCE) in told[f"{place}.opens"][0]
    assert len(told) == 3
