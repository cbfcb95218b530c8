"""What blocks selling, what calls to mend, and how an account ends."""

from datetime import timedelta

import pytest

from schemas.base import Fact
from schemas.decisions import NeedKind, Reason, TaskClass
from schemas.events.accounts import (
    AccountClosed,
    AccountRegistered,
    Channel,
    ComplaintOpened,
    ComplaintResolved,
    ConsentGiven,
    ConsentWithdrawn,
    CreditChanged,
    Purpose,
    Size,
)
from schemas.events.ours import CallEnded, Disposition, ProductChanged
from schemas.needs import AccountStanding, Effect, OpenNeed, RefuseNeed, WithdrawNeed
from streams.state import moment
from tests.streams.harness import START, in_force, profiles, tick
from tests.streams.scene import DAY, Scene, ended, of, opened, placed, refused

HOLD, LIFTED = CreditChanged(hold=True), CreditChanged(hold=False)
COMPLAINT, MENDED = ComplaintOpened(complaint_id="c1"), ComplaintResolved(complaint_id="c1")


@pytest.fixture
def scene() -> Scene:
    """A weekly buyer who is due at the next tick."""
    made = Scene()
    made.buys_weekly()
    return made


def standing(effects: list[Effect]) -> AccountStanding:
    """The last that was told."""
    return of(AccountStanding, effects)[-1]


class TestBlocking:
    """A need that nobody acts on is told once, with every reason, and opens when they are gone."""

    BLOCKS = (
        (HOLD, LIFTED, Reason.CREDIT_HOLD, 1),
        (COMPLAINT, MENDED, Reason.OPEN_COMPLAINT, 1),
        (ProductChanged(sku="argon", available=False), ProductChanged(sku="argon"), Reason.OUT_OF_STOCK, 24),
    )

    @pytest.mark.parametrize(
        ("block", "lift", "reason", "hours"), BLOCKS, ids=lambda one: str(one) if isinstance(one, Reason) else ""
    )
    def test_and_its_end(self, scene: Scene, block: Fact, lift: Fact, reason: Reason, hours: int) -> None:
        scene.tell(block)
        (told,) = of(RefuseNeed, scene.pass_time(hours=1))
        assert (told.group, told.reasons) == ("argon", (reason,))
        assert refused(scene.pass_time(days=1)) == [], "said again although nothing changed"
        scene.tell(lift)
        (need,) = [one for one in of(OpenNeed, scene.pass_time(hours=hours)) if one.group == "argon"]
        assert need.need_id == told.need_id

    def test_all_reasons_are_told_together_in_their_order(self, scene: Scene) -> None:
        scene.tell(ProductChanged(sku="argon", available=False), HOLD, COMPLAINT)
        assert refused(scene.pass_time(hours=1)) == [
            ("argon", (Reason.OPEN_COMPLAINT, Reason.CREDIT_HOLD, Reason.OUT_OF_STOCK))
        ]

    def test_another_reason_is_told(self, scene: Scene) -> None:
        scene.tell(HOLD)
        scene.pass_time(hours=1)
        scene.tell(COMPLAINT, LIFTED)
        assert refused(scene.pass_time(hours=1)) == [("argon", (Reason.OPEN_COMPLAINT,))]

    def test_an_order_ends_what_was_refused(self, scene: Scene) -> None:
        scene.tell(HOLD)
        scene.pass_time(hours=1)
        assert ended(scene.tell(placed("now", argon=1))) == [("argon", "covered")]

    def test_who_is_held_out_is_not_sold_to_and_is_helped_all_the_same(self, scene: Scene) -> None:
        assert refused(scene.profiles(holdout_share=1.0)) == [("argon", (Reason.HOLDOUT,))]
        (need,) = of(OpenNeed, scene.tell(COMPLAINT))
        assert (need.kind, need.task_class) == (NeedKind.RECOVERY, TaskClass.SERVICE)

    def test_the_desk_is_told_of_holds_and_consents(self, scene: Scene) -> None:
        assert standing(scene.tell(HOLD)).credit_hold
        withdrawn = ConsentWithdrawn(purpose=Purpose.SELLING, channel=Channel.PHONE)
        assert standing(scene.tell(withdrawn)).withdrawn == ((Purpose.SELLING, Channel.PHONE),)
        given = ConsentGiven(purpose=Purpose.SELLING, channel=Channel.PHONE)
        assert standing(scene.tell(given)).withdrawn == ()

    def test_consent_for_another_purpose_gives_nothing_back(self, scene: Scene) -> None:
        scene.tell(ConsentWithdrawn(purpose=Purpose.SELLING, channel=Channel.PHONE))
        scene.tell(ConsentGiven(purpose=Purpose.SERVICE, channel=Channel.PHONE))
        assert [tuple(one) for one in scene.account().withdrawn] == [("selling", "phone")]


class TestComplaints:
    """Mend before selling."""

    def test_a_complaint_has_somebody_call_at_once(self, scene: Scene) -> None:
        (need,) = of(OpenNeed, scene.tell(COMPLAINT))
        assert (need.kind, need.task_class, need.evidence.method) == (NeedKind.RECOVERY, TaskClass.SERVICE, "event")
        assert standing(scene.tell(ComplaintOpened(complaint_id="c2"))).open_complaints == ("c1", "c2")

    def test_each_complaint_has_a_need_of_its_own(self, scene: Scene) -> None:
        first, second = of(OpenNeed, scene.tell(COMPLAINT, ComplaintOpened(complaint_id="c2")))
        assert first.need_id != second.need_id

    def test_mended_it_ends(self, scene: Scene) -> None:
        (need,) = of(OpenNeed, scene.tell(COMPLAINT))
        (gone,) = of(WithdrawNeed, scene.tell(MENDED))
        assert (gone.need_id, gone.cause) == (need.need_id, "resolved")
        assert scene.account().complaints == []

    def test_of_one_that_came_before_anything_was_decided(self) -> None:
        scene = Scene(deciding=False)
        scene.settle()
        scene.tell(placed("a", argon=1))
        assert opened(scene.tell(COMPLAINT)) == []
        assert opened(scene.hear(*in_force())) == ["*complaint:c1"]

    def test_mended_before_it_was_opened_stays_open(self, scene: Scene) -> None:
        scene.tell(MENDED)
        assert opened(scene.tell(COMPLAINT)) == ["*complaint:c1"]

    def test_a_call_that_nobody_made_expires_and_selling_stays_blocked(self, scene: Scene) -> None:
        scene.tell(COMPLAINT)
        assert ("*complaint:c1", "expired") in ended(scene.pass_time(days=31))
        scene.pass_time(days=7)
        assert scene.account().complaints == ["c1"]

    def test_a_profile_may_leave_them_alone(self, scene: Scene) -> None:
        scene.profiles(opens=(NeedKind.EXPECTED_REORDER,))
        scene.pass_time(hours=1)
        assert opened(scene.tell(COMPLAINT)) == []


def ended_call(disposition: Disposition, **more: object) -> CallEnded:
    told = {"task_id": "t", "attempt_id": "a", "task_class": "selling", "groups": ("argon",), "attempts": 1, **more}
    return CallEnded.model_validate({**told, "disposition": disposition})


class TestCalls:
    """What the account learns from a call."""

    @pytest.fixture
    def due(self, scene: Scene) -> Scene:
        assert opened(scene.pass_time(hours=1)) == ["argon"]
        return scene

    @pytest.mark.parametrize("disposition", [Disposition.NO_ANSWER, Disposition.BUSY, Disposition.VOICEMAIL])
    def test_nobody_reached_leaves_the_need_as_it_is(self, due: Scene, disposition: Disposition) -> None:
        before = due.pair().need
        assert standing(due.tell(ended_call(disposition, attempts=2))).selling_attempts == 2
        assert due.pair().need == before

    @pytest.mark.parametrize(
        "disposition", [Disposition.NOT_INTERESTED, Disposition.DO_NOT_CALL, Disposition.HAS_STOCK]
    )
    def test_a_no_ends_the_need_for_this_cycle(self, due: Scene, disposition: Disposition) -> None:
        assert ended(due.tell(ended_call(disposition))) == [], "the desk closed it by itself"
        for _ in range(20):
            assert opened(due.pass_time(days=1)) == []

    def test_not_interested_cools_down_and_another_need_follows(self) -> None:
        scene = Scene()
        scene.buys_weekly(every_days=30, until_days_ago=15)
        (need,) = of(OpenNeed, scene.pass_time(hours=1))
        told = standing(scene.tell(ended_call(Disposition.NOT_INTERESTED)))
        days = profiles().cells["small-maintenance"].cool_down_days
        assert told.cool_down_until == scene.now + days * DAY
        assert opened(scene.pass_time(days=days - 0.1)) == []
        found = scene.pass_time(days=0.2)
        (again,) = of(OpenNeed, found)
        assert again.group == need.group
        assert again.need_id != need.need_id
        assert (standing(found).cool_down_until, standing(found).selling_attempts) == (None, 0)

    @pytest.mark.parametrize(
        ("days", "disposition"),
        [(180.0, Disposition.NOT_INTERESTED), (7.0, Disposition.NOT_INTERESTED), (10.0, Disposition.HAS_STOCK)],
    )
    def test_a_cool_down_lasts_as_long_as_the_profile_says(
        self, due: Scene, days: float, disposition: Disposition
    ) -> None:
        due.profiles(cool_downs={disposition: days}, lead_time_days=20.0)
        told = standing(due.tell(ended_call(disposition)))
        assert told.cool_down_until == due.now + days * DAY

    def test_a_cool_down_of_no_days_is_none(self, due: Scene) -> None:
        due.profiles(cool_downs={Disposition.NO_ANSWER: 0.0}, lead_time_days=20.0)
        due.tell(ended_call(Disposition.NO_ANSWER, attempts=2))
        due.pass_time(hours=1)
        assert (due.account().cool_down_until, due.account().attempts) == (None, 2)

    def test_a_shorter_cool_down_does_not_end_a_longer_one(self, due: Scene) -> None:
        due.profiles(cool_downs={Disposition.HAS_STOCK: 2.0}, lead_time_days=20.0)
        due.tell(ended_call(Disposition.NOT_INTERESTED))
        until = due.account().cool_down_until
        due.tell(ended_call(Disposition.HAS_STOCK))
        assert due.account().cool_down_until == until

    def test_a_promised_callback_outlives_the_need(self, due: Scene) -> None:
        need = due.pair().need
        assert need is not None
        promised = moment(need.valid_until) + 5 * DAY
        due.tell(ended_call(Disposition.CALLBACK, callback_at=promised))
        while due.now + DAY < promised:
            assert ended(due.pass_time(days=1)) == []
        assert ended([*due.pass_time(days=1), *due.pass_time(days=2)]) == [("argon", "expired")]

    def test_the_cap_cools_down_whatever_was_said(self, due: Scene) -> None:
        told = standing(due.tell(ended_call(Disposition.NO_ANSWER, attempts=3, exhausted=True)))
        assert told.cool_down_until is not None
        assert due.pair().need is None

    def test_other_groups_are_refused_while_it_cools_down(self, due: Scene) -> None:
        due.tell(ended_call(Disposition.NOT_INTERESTED))
        due.buys_weekly("wire")
        assert refused(due.pass_time(days=1)) == [("wire", (Reason.COOL_DOWN,))]

    def test_a_service_call_cools_nothing_down(self, due: Scene) -> None:
        due.tell(ended_call(Disposition.NOT_INTERESTED, task_class="service", groups=(), exhausted=True, attempts=3))
        assert (due.account().cool_down_until, due.account().attempts) == (None, 0)

    def test_stock_until_a_day_asks_again_then(self, due: Scene) -> None:
        need = due.pair().need
        due.tell(ended_call(Disposition.HAS_STOCK, stock_until=due.now + 9 * DAY))
        for _ in range(8):
            assert opened(due.pass_time(days=1)) == []
        (again,) = of(OpenNeed, due.pass_time(days=1, hours=1))
        assert need is not None
        assert again.need_id != need.need_id

    def test_an_order_takes_the_stock_until_back(self, due: Scene) -> None:
        due.tell(ended_call(Disposition.HAS_STOCK, stock_until=due.now + 90 * DAY))
        due.tell(placed("now", argon=2))
        assert due.pair().hold_until is None
        assert [group for _ in range(14) for group in opened(due.pass_time(days=1))] == ["argon"]


class TestEnds:
    """A closed account is left alone for ever."""

    def test_everything_open_ends(self, scene: Scene) -> None:
        scene.pass_time(hours=1)
        scene.tell(COMPLAINT)
        told = scene.tell(AccountClosed())
        assert ended(told) == [("*complaint:c1", "closed"), ("argon", "closed")]
        assert standing(told).closed

    @pytest.mark.parametrize(
        "later", [COMPLAINT, MENDED, LIFTED, placed("late", argon=3), AccountRegistered(trade="x")]
    )
    def test_nothing_opens_again(self, scene: Scene, later: Fact) -> None:
        scene.pass_time(hours=1)
        scene.tell(COMPLAINT)
        scene.tell(AccountClosed())
        assert opened(scene.tell(later)) == []
        for _ in range(4):
            assert opened(scene.pass_time(days=9)) == []
        assert opened(scene.profiles(lead_time_days=60.0)) == []

    def test_a_cool_down_that_was_running_wakes_nothing(self, scene: Scene) -> None:
        scene.pass_time(hours=1)
        scene.tell(ended_call(Disposition.NOT_INTERESTED))
        scene.tell(AccountClosed())
        assert opened(scene.profiles(lead_time_days=60.0)) == []
        assert opened(scene.pass_time(days=40)) == []

    def test_nobody_looks_at_it_every_hour(self, scene: Scene) -> None:
        scene.tell(AccountClosed())
        scene.tell(placed("late", argon=3))
        scene.pass_time(days=2)
        version = scene.account().version
        scene.pass_time(hours=1)
        scene.pass_time(hours=1)
        assert scene.account().version == version


class TestMasterData:
    """What is left out is unchanged."""

    def test_fields_come_one_by_one(self, scene: Scene) -> None:
        scene.tell(AccountRegistered(trade="welding", zone="Europe/London", tier=1))
        told = standing(scene.tell(AccountRegistered(region="north")))
        assert (told.trade, told.zone, told.tier, told.region) == ("welding", "Europe/London", 1, "north")

    def test_size_by_hand_and_back(self, scene: Scene) -> None:
        scene.tell(AccountRegistered(size=Size.LARGE))
        assert standing(scene.pass_time(hours=1)).size is Size.LARGE
        scene.tell(AccountRegistered(size=None))
        assert standing(scene.pass_time(hours=1)).size is Size.SMALL

    def test_the_desk_is_not_told_twice(self, scene: Scene) -> None:
        registered = AccountRegistered(trade="welding")
        assert len(of(AccountStanding, scene.tell(registered))) == 1
        assert of(AccountStanding, scene.tell(AccountRegistered(trade="welding"))) == []


def test_a_log_without_time_decides_nothing() -> None:
    scene = Scene(deciding=False)
    scene.buys_weekly()
    assert opened(scene.hear(tick(START + timedelta(days=1)))) == []
