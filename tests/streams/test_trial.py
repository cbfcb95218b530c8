"""What another profile set would change, before it is switched on: the same as what it changes when it is."""

from decimal import Decimal

import pytest

from outreach.kinds import class_of, kind_of
from outreach.profiles import ProfileSet
from schemas.decisions import NeedKind
from schemas.events.accounts import AccountRegistered, Size
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.events.ours import PhaseChanged, ProfilesChanged, SizeChanged
from schemas.needs import OpenNeed, WithdrawNeed, WithdrawReorder
from streams.trial import Trial, Work, try_out
from tests.streams.harness import INSTALLATION, START, profiles
from tests.streams.scene import DAY, Scene, ended, of, opened, placed, refused


def changed(base: ProfileSet | None = None, **changes: object) -> ProfileSet:
    """Another set: these fields in every cell."""
    known = base or profiles()
    cells = {name: cell.model_copy(update=changes) for name, cell in known.cells.items()}
    return known.model_copy(update={"version": "other", "effective_from": START - DAY, "cells": cells})


def trial(scene: Scene, other: ProfileSet) -> Trial:
    """The scene's only partition, tried out."""
    return try_out([(0, scene.partition.store)], INSTALLATION, scene.partition.artefacts, other)


def publish(scene: Scene, other: ProfileSet) -> list[object]:
    """The same set in force."""
    scene.partition.artefacts.put(other.digest, other.dumps())
    return list(scene.tell(ProfilesChanged(version=other.version, digest=other.digest)))


BASE = changed(lead_time_days=6.0, service_level=0.5)


@pytest.fixture
def scene() -> Scene:
    """Twenty buyers of different habits, judged; some are called, others are not."""
    made = Scene()
    publish(made, BASE)
    for number in range(20):
        made.buys_weekly(account=f"a{number:02}", every_days=5 + 3 * number, until_days_ago=2 + 2 * number)
    made.pass_time(hours=1)
    return made


OTHERS: dict[str, dict[str, object]] = {
    "a lower level": {"service_level": 0.1},
    "a higher level": {"service_level": 0.9},
    "a longer lead time": {"lead_time_days": 30.0},
    "by itself": {"automation": "propose"},
    "fewer kinds": {"opens": (NeedKind.RECOVERY,)},
    "more kinds": {"opens": tuple(NeedKind)},
    "no difference": {"tier": 9},
}


def work_of(scene: Scene) -> set[Work]:
    """What is open, by the states."""
    return {
        Work(account, "reorder", group)
        if pair.need.reorder
        else Work(account, class_of(kind_of(group) or NeedKind.EXPECTED_REORDER).value)
        for account, state in scene.partition.accounts().items()
        for group, pair in state.pairs.items()
        if pair.need is not None
    }


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_foretold_is_what_happens(scene: Scene, name: str) -> None:
    other, before, rows = changed(BASE, **OTHERS[name]), work_of(scene), scene.partition.store.rows.copy()
    told = trial(scene, other)
    assert scene.partition.store.rows == rows, "a trial writes nothing"
    assert (told.accounts, told.open_before) == (20, len(before))
    publish(scene, other)
    after = work_of(scene)
    assert (set(told.added), set(told.withdrawn)) == (after - before, before - after)
    assert (before == after) == (name == "no difference")


def test_the_accounts_are_named(scene: Scene) -> None:
    called = {work.account_id for work in work_of(scene)}
    assert 0 < len(called) < 20
    told = trial(scene, changed(BASE, opens=(NeedKind.RECOVERY,)))
    assert {work.account_id for work in told.withdrawn} == called
    assert told.added == {}
    back = trial(scene, changed(BASE, service_level=0.0))
    assert {work.account_id for work in back.added} == {f"a{number:02}" for number in range(20)} - called


def test_accounts_that_would_enter_another_cell_are_counted(scene: Scene) -> None:
    line = OrderLine(sku="wire", quantity=Decimal(1), unit_price=Decimal(5000))
    scene.tell(OrderPlaced(order_id="dear", lines=(line,)), account="a05")
    thresholds = BASE.thresholds.model_copy(update={"large_from": 4000.0, "small_under": 3000.0})
    told = trial(scene, BASE.model_copy(update={"thresholds": thresholds}))
    assert told.moved == {("small-maintenance", "large-maintenance"): 1}


def test_a_partition_that_decides_nothing_yet_is_told_of() -> None:
    scene = Scene(deciding=False)
    scene.tell(placed("a", argon=1))
    told = trial(scene, changed())
    assert (told.accounts, told.undecided) == (0, 1)


def test_a_set_that_begins_later_is_tried_as_if_it_began_now(scene: Scene) -> None:
    later = changed(opens=(NeedKind.RECOVERY,)).model_copy(update={"effective_from": START + 90 * DAY})
    assert trial(scene, later).withdrawn


class TestSwitchedOn:
    """What other profiles do to needs that stand."""

    @pytest.fixture
    def due(self) -> Scene:
        made = Scene()
        made.settle()
        made.buys_weekly()
        assert opened(made.pass_time(hours=1)) == ["argon"]
        return made

    def test_a_kind_that_is_opened_no_more_is_withdrawn_and_may_come_back_under_another_id(self, due: Scene) -> None:
        need = due.pair().need
        assert ended(due.profiles(opens=(NeedKind.RECOVERY,))) == [("argon", "policy")]
        (again,) = of(OpenNeed, publish(due, changed()))  # type: ignore[arg-type]
        assert need is not None
        assert again.need_id != need.need_id

    def test_a_need_under_the_new_level_is_withdrawn(self, due: Scene) -> None:
        assert ended(due.profiles(service_level=1.0)) == [("argon", "policy")]
        assert [opened(due.pass_time(days=1)) for _ in range(3)] == [[]] * 3

    def test_one_that_reaches_it_stays(self, due: Scene) -> None:
        before = due.pair().need
        assert ended(due.profiles(service_level=0.45)) == []
        assert due.pair().need == before

    def test_calls_become_proposals_and_the_other_way_round(self, due: Scene) -> None:
        told = due.profiles(automation="propose")
        assert ended(told) == [("argon", "policy")]
        back = publish(due, changed())
        assert len([one for one in back if isinstance(one, WithdrawReorder)]) in (0, 1)
        need = due.pair().need
        assert need is None or not need.reorder

    def test_the_same_set_again_changes_nothing(self, due: Scene) -> None:
        other = changed(service_level=0.41)
        publish(due, other)
        before = {name: state.pairs for name, state in due.partition.accounts().items()}
        assert [one for one in publish(due, other) if isinstance(one, OpenNeed | WithdrawNeed)] == []
        assert {name: state.pairs for name, state in due.partition.accounts().items()} == before

    def test_dates_begin_and_end_with_business_time(self, due: Scene) -> None:
        season = changed(opens=(NeedKind.RECOVERY,)).model_copy(
            update={"effective_from": START + 3 * DAY, "effective_until": START + 5 * DAY}
        )
        assert ended(publish(due, season)) == []  # type: ignore[arg-type]
        assert ended(due.pass_time(days=2)) == []
        due.partition.restart()
        assert ended(due.pass_time(days=1)) == [("argon", "policy")]
        assert opened(due.pass_time(days=1)) == []
        due.partition.restart()
        assert opened(due.pass_time(days=1)) == ["argon"]
        assert due.partition.folder.partition.profiles_version == profiles().version
        assert len(due.partition.folder.partition.calendar) == 1, "a season that is over is let go"


def test_size_and_phase_changes_are_told_with_their_evidence() -> None:
    scene = Scene()
    scene.buys_weekly()
    scene.tell(AccountRegistered(size=Size.LARGE))
    scene.pass_time(hours=1)
    facts = {type(one.fact): one.fact for one in scene.partition.recorded}
    size, phase = facts[SizeChanged], facts[PhaseChanged]
    assert (size.previous, size.size, size.evidence["set_by_hand"]) == ("small", "large", True)  # type: ignore[attr-defined]
    assert phase.evidence["profiles"] == "tests-1"  # type: ignore[attr-defined]
    before = scene.partition.store.rows.copy()
    assert scene.hear(*scene.partition.recorded) == []
    assert scene.partition.store.rows == before


def test_who_is_doubted_after_an_order_is_not_called_back_the_same_week() -> None:
    scene = Scene()
    scene.settle()
    scene.buys_weekly()
    while scene.account().phase != "reactivation":
        scene.pass_time(days=7)
    scene.tell(placed("back", argon=1))
    told = [effect for _ in range(6) for effect in scene.pass_time(days=1)]
    assert scene.account().phase == "maintenance"
    assert "*" not in opened(told) + [group for group, _ in refused(told)]
    changes = [one.fact for one in scene.partition.recorded if isinstance(one.fact, PhaseChanged)]
    assert [fact.phase for fact in changes] == ["maintenance", "reactivation", "maintenance"]
