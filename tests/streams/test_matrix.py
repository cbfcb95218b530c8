"""The matrix of policies.md: every cell of size and phase against every kind of need, each driven through the fold.

A scenario makes what its kind is opened by; the cell says whether somebody is called. One account stands in the middle
of the cell, by its orders, its size set by hand and its silence.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from outreach.kinds import KINDS, class_of, group_of
from outreach.profiles import Profile, ProfileSet, cell_name, standard_profiles
from schemas.base import Fact
from schemas.decisions import NeedKind, TaskClass
from schemas.events.accounts import (
    AccountChanged,
    AccountRegistered,
    Channel,
    ComplaintOpened,
    ComplaintResolved,
    CreditChanged,
    InvoiceCorrected,
    InvoiceDisputed,
    PartnerTouchpoint,
    Size,
)
from schemas.events.orders import OrderDelivered
from schemas.events.ours import Phase, ProfilesChanged
from schemas.events.usage import UsageKind, UsageReported
from schemas.needs import Effect, OpenNeed, ProposeReorder, WithdrawNeed, WithdrawReorder
from tests.streams.harness import START, Partition, in_force, said, tick
from tests.streams.scene import DAY, Scene, of, opened, placed

CELLS = [(size, phase) for size in Size for phase in Phase]
STANDARD = standard_profiles("matrix", START - timedelta(days=400))


def matrix_profiles() -> ProfileSet:
    """The standard set; nobody held out, joint days every 30 days, and horizons in which a weekly buyer is due."""
    quick = {"holdout_share": 0.0, "innovation_every_days": 30.0, "lead_time_days": 20.0, "service_level": 0.3}
    cells = {name: Profile(**(cell.model_dump() | quick)) for name, cell in STANDARD.cells.items()}
    return STANDARD.model_copy(update={"cells": cells})


class Cell(Scene):
    """One account in the middle of a cell: nothing is settled with it, and nothing is wrong."""

    def __init__(self, size: Size, phase: Phase) -> None:
        super().__init__(deciding=False)
        self.size, self.phase = size, phase
        self.tell(AccountRegistered(size=size), at=START - 300 * DAY)
        for day in self._order_days():
            self.tell(placed(f"o{day}", argon=2), at=START - day * DAY)
        model, _ = in_force()
        self.hear(model)

    def _order_days(self) -> list[int]:
        match self.phase:
            case Phase.IGNITION:
                return [10, 1]
            case Phase.MAINTENANCE:
                return list(range(141, 0, -7))
            case Phase.REACTIVATION:
                return list(range(290, 149, -7))

    def decide(self) -> list[Effect]:
        """The profiles come into force, and the cell is what it was made to be."""
        profiles = matrix_profiles()
        self.partition.artefacts.put(profiles.digest, profiles.dumps())
        told = self.tell(ProfilesChanged(version=profiles.version, digest=profiles.digest))
        account = self.account()
        assert (account.size, account.phase) == (self.size, self.phase)
        return told


def opened_kinds(told: list[Effect]) -> set[NeedKind]:
    """Kinds for which somebody is called; a proposal to procurement counts as the need that it is made for."""
    calls = {effect.kind for effect in of(OpenNeed, told)}
    return calls | {NeedKind.EXPECTED_REORDER for _ in of(ProposeReorder, told)}


Story = Callable[[Cell], list[Effect]]


def nothing_more(cell: Cell) -> list[Effect]:
    """The cell itself is enough."""
    return cell.decide()


def after(*facts: Fact) -> Story:
    """These are told when decisions are taken already."""

    def story(cell: Cell) -> list[Effect]:
        told = cell.decide()
        return told + cell.tell(*facts)

    return story


def low_tank(cell: Cell) -> list[Effect]:
    """A tank that is read every day and nearly empty."""
    for ago in range(30, -1, -1):
        level = UsageReported(sku="gas", kind=UsageKind.LEVEL, value=10 + 3 * ago)
        cell.tell(level, at=START - ago * DAY)
    return cell.decide()


def late(cell: Cell) -> list[Effect]:
    """An order was promised for a day that has passed; it covers nothing that is asked about here."""
    promised = placed("late", wire=1).model_copy(update={"promised_at": START - 3 * DAY})
    cell.tell(promised, at=START - cell._order_days()[-1] * DAY)
    return cell.decide()


def a_week_later(cell: Cell) -> list[Effect]:
    """First orders are followed up after some days."""
    return cell.decide() + cell.pass_time(days=1)


@dataclass(frozen=True)
class Scenario:
    """How a kind comes up, in which cells it is acted on, and which word ends it."""

    story: Story
    cells: tuple[tuple[Size, Phase], ...]
    settled_by: Fact
    cause: str = "resolved"


EVERYWHERE = tuple(CELLS)
NEW_SMALL = ((Size.SMALL, Phase.IGNITION),)
NEW_LARGE = ((Size.LARGE, Phase.IGNITION),)
USUAL_LARGE = ((Size.LARGE, Phase.MAINTENANCE),)
JOINT_DAY = PartnerTouchpoint(partner_id="us", kind="innovation_day")

SCENARIOS: dict[NeedKind, Scenario] = {
    NeedKind.RUN_OUT: Scenario(low_tank, EVERYWHERE, placed("more", gas=900), "covered"),
    NeedKind.EXPECTED_REORDER: Scenario(nothing_more, EVERYWHERE, placed("again", argon=2), "covered"),
    NeedKind.RECOVERY: Scenario(
        after(ComplaintOpened(complaint_id="c1")), EVERYWHERE, ComplaintResolved(complaint_id="c1")
    ),
    NeedKind.LATE_DELIVERY: Scenario(late, EVERYWHERE, OrderDelivered(order_id="late")),
    NeedKind.DISPUTED_INVOICE: Scenario(
        after(InvoiceDisputed(invoice_id="i1")), EVERYWHERE, InvoiceCorrected(invoice_id="i1")
    ),
    NeedKind.CREDIT_TERMS: Scenario(nothing_more, NEW_SMALL, CreditChanged(hold=False, terms_days=30)),
    NeedKind.FIRST_ORDER_FOLLOW_UP: Scenario(
        a_week_later, NEW_SMALL, PartnerTouchpoint(partner_id="us", kind="first_order_follow_up")
    ),
    NeedKind.CHANNEL_PREFERENCE: Scenario(nothing_more, NEW_SMALL, AccountChanged(preferred_channel=Channel.TEXT)),
    NeedKind.ACCOUNT_MANAGER: Scenario(nothing_more, NEW_LARGE, AccountChanged(account_manager="anna")),
    NeedKind.EDI_CONNECTION: Scenario(nothing_more, NEW_LARGE + USUAL_LARGE, AccountChanged(edi_connected=True)),
    NeedKind.INNOVATION_DAY: Scenario(nothing_more, USUAL_LARGE, JOINT_DAY),
    NeedKind.WIN_BACK: Scenario(nothing_more, ((Size.SMALL, Phase.REACTIVATION),), placed("back", wire=1), "covered"),
    NeedKind.NEW_PARTNERSHIP: Scenario(
        nothing_more, ((Size.LARGE, Phase.REACTIVATION),), placed("back", wire=1), "covered"
    ),
}
BY_HABIT_ONLY = {NeedKind.EXPECTED_REORDER: {Phase.REACTIVATION, Phase.IGNITION}}
"""Where the forecast itself expects nothing: no habit yet, or a habit that has ended."""


def group(kind: NeedKind) -> str:
    references = {NeedKind.RECOVERY: "c1", NeedKind.LATE_DELIVERY: "late", NeedKind.DISPUTED_INVOICE: "i1"}
    if kind in KINDS:
        return group_of(kind, references.get(kind, ""))
    return "gas" if kind is NeedKind.RUN_OUT else "argon"


def test_every_kind_has_a_scenario() -> None:
    assert set(SCENARIOS) == set(NeedKind)


@pytest.mark.parametrize("kind", NeedKind)
@pytest.mark.parametrize(("size", "phase"), CELLS, ids=str)
class TestMatrix:
    """Cell by cell and kind by kind."""

    def test_is_opened_where_the_matrix_says_so(self, size: Size, phase: Phase, kind: NeedKind) -> None:
        scenario = SCENARIOS[kind]
        assert (kind in STANDARD.cell(size, phase).opens) == ((size, phase) in scenario.cells)
        told = scenario.story(Cell(size, phase))
        expected = (size, phase) in scenario.cells and phase not in BY_HABIT_ONLY.get(kind, set())
        proposed = size is Size.LARGE and phase is Phase.MAINTENANCE and kind is NeedKind.RUN_OUT
        if not proposed:
            assert (kind in opened_kinds(told)) == expected
        assert opened(told).count(group(kind)) == expected, "once, and only where the cell opens it"


def where(kind: NeedKind) -> tuple[Size, Phase]:
    """A cell in which the kind is a call."""
    cells = SCENARIOS[kind].cells
    return (Size.SMALL, Phase.MAINTENANCE) if cells == EVERYWHERE else cells[0]


@pytest.mark.parametrize("kind", NeedKind)
class TestKinds:
    """What holds of every kind, wherever it is opened."""

    def test_it_is_a_task_of_its_class_with_a_sentence(self, kind: NeedKind) -> None:
        (need,) = [one for one in of(OpenNeed, SCENARIOS[kind].story(Cell(*where(kind)))) if one.kind is kind]
        assert need.task_class is class_of(kind)
        assert need.evidence.sentence.endswith(".")
        assert need.evidence.profile == cell_name(*where(kind))
        assert need.valid_until > need.at

    def test_the_event_that_settles_it_ends_it_once(self, kind: NeedKind) -> None:
        cell, scenario = Cell(*where(kind)), SCENARIOS[kind]
        (need,) = [one for one in of(OpenNeed, scenario.story(cell)) if one.kind is kind]
        told = cell.tell(scenario.settled_by)
        gone = [one for one in told if isinstance(one, WithdrawNeed | WithdrawReorder) and one.group == need.group]
        assert [(one.need_id, one.cause) for one in gone] == [(need.need_id, scenario.cause)]
        again = [one for _ in range(6) for one in of(OpenNeed, cell.pass_time(days=1)) if one.group == need.group]
        assert need.need_id not in [one.need_id for one in again]
        assert again == [] or kind not in KINDS

    def test_the_same_events_again_open_nothing(self, kind: NeedKind) -> None:
        cell = Cell(*where(kind))
        told = SCENARIOS[kind].story(cell)
        assert kind in opened_kinds(told)
        assert kind not in opened_kinds(cell.pass_time(hours=1) + cell.pass_time(hours=5))

    def test_one_that_nobody_called_about_expires(self, kind: NeedKind) -> None:
        cell = Cell(*where(kind))
        (need,) = [one for one in of(OpenNeed, SCENARIOS[kind].story(cell)) if one.kind is kind]
        days = (need.valid_until - cell.now) / DAY
        told = cell.pass_time(days=days, hours=1)
        assert [one.cause for one in of(WithdrawNeed, told) if one.group == need.group] in (["expired"], ["not_due"])

    def test_what_sells_waits_for_what_is_to_be_mended(self, kind: NeedKind) -> None:
        cell = Cell(*where(kind))
        cell.tell(ComplaintOpened(complaint_id="before"))
        kinds = opened_kinds(SCENARIOS[kind].story(cell))
        assert (kind in kinds) == (class_of(kind) is TaskClass.SERVICE)


def test_a_partition_that_restarts_in_the_middle_opens_the_same() -> None:
    cell = Cell(Size.SMALL, Phase.IGNITION)
    cell.partition.restart()
    assert opened_kinds(nothing_more(cell)) >= {NeedKind.CREDIT_TERMS, NeedKind.CHANNEL_PREFERENCE}


def test_nothing_is_opened_before_time_passes() -> None:
    partition = Partition()
    partition.feed(*in_force(), said(AccountRegistered(size=Size.LARGE), START, "r"))
    assert opened_kinds(partition.feed(tick(START))) == {NeedKind.ACCOUNT_MANAGER, NeedKind.EDI_CONNECTION}
