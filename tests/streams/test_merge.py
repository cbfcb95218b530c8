"""Two accounts become one: state travels as an event, and whoever still writes to the old one is redirected."""

from collections.abc import Iterable
from decimal import Decimal

import pytest

from schemas.envelope import Event
from schemas.events.accounts import (
    AccountClosed,
    AccountMerged,
    Channel,
    ComplaintOpened,
    ComplaintResolved,
    ConsentGiven,
    ConsentWithdrawn,
    Purpose,
)
from schemas.events.orders import OrderCancelled, OrderLine, OrderPlaced
from schemas.events.ours import CallEnded, Disposition, StateTransferred
from schemas.events.usage import StockCorrected, UsageKind, UsageReported
from schemas.needs import AccountStanding, Effect
from tests.streams.scene import DAY, Scene, about, ended, of, opened, placed, refused

INTO = AccountMerged(into_account_id="bolt")


@pytest.fixture
def scene() -> Scene:
    """Acme buys argon every week, bolt bought wire twice."""
    made = Scene()
    made.buys_weekly()
    made.tell(placed("b1", wire=4), at=made.now - 30 * DAY, account="bolt")
    made.tell(placed("b2", wire=4), at=made.now - 15 * DAY, account="bolt")
    made.pass_time(hours=1)
    return made


def settle(scene: Scene) -> list[Effect]:
    """Fold what the fold itself wrote to the log, until it writes no more."""
    told: list[Effect] = []
    for _ in range(20):
        written, scene.partition.recorded = scene.partition.recorded, []
        if not written:
            return told
        told += scene.hear(*written)
    raise AssertionError("the fold writes for ever")


def transfers(events: Iterable[Event]) -> list[str]:
    return [event.subject for event in events if isinstance(event.fact, StateTransferred)]


def test_the_losers_tasks_end_and_the_desk_knows_where_it_went(scene: Scene) -> None:
    told = scene.tell(INTO)
    assert ended(told) == [("argon", "merged")]
    (standing,) = of(AccountStanding, told)
    assert (standing.closed, standing.merged_into) == (True, "bolt")
    assert transfers(scene.partition.recorded) == ["bolt"]


def test_the_survivor_has_both_histories_and_is_called_in_its_own_name(scene: Scene) -> None:
    scene.tell(INTO)
    settle(scene)
    assert (len(scene.units("argon", "bolt")), scene.units("wire", "bolt")) == (12, [4, 4])
    assert opened(about(scene.pass_time(hours=1), "bolt")) == ["argon"]
    assert len(scene.account("bolt").orders.ring) == 12


def test_orders_of_the_same_product_are_one_history(scene: Scene) -> None:
    scene.tell(placed("b3", argon=9), account="bolt")
    scene.tell(INTO)
    settle(scene)
    assert 9 in scene.units("argon", "bolt")
    assert 2 in scene.units("argon", "bolt")


def test_what_is_still_said_of_the_loser_reaches_the_survivor(scene: Scene) -> None:
    scene.tell(INTO)
    settle(scene)
    scene.pass_time(hours=1)
    scene.tell(placed("late", argon=3))
    assert ended(settle(scene)) == [("argon", "covered")]
    assert 3 in scene.units("argon", "bolt")


def test_the_same_word_twice_is_one_transfer(scene: Scene) -> None:
    scene.tell(INTO, name="m")
    scene.tell(INTO, name="m")
    assert transfers(scene.partition.recorded) == ["bolt"]
    again = list(scene.partition.recorded)
    settle(scene)
    before = scene.partition.store.rows.copy()
    scene.hear(*again)
    assert scene.partition.store.rows == before


def test_merged_again_the_state_goes_on(scene: Scene) -> None:
    scene.tell(INTO)
    settle(scene)
    scene.tell(AccountMerged(into_account_id="core"), account="bolt")
    settle(scene)
    scene.tell(placed("late", argon=3))
    settle(scene)
    assert {"argon", "wire"} <= scene.account("core").pairs.keys()
    assert 3 in scene.units("argon", "core")


def test_a_transfer_on_its_way_follows_the_survivor(scene: Scene) -> None:
    scene.tell(INTO)
    scene.tell(AccountMerged(into_account_id="core"), account="bolt")
    settle(scene)
    assert {"argon", "wire"} <= scene.account("core").pairs.keys()


def test_merged_into_each_other_at_once_both_stay_and_miss_nothing(scene: Scene) -> None:
    """Before either transfer arrives: each comes back to who sent it."""
    scene.tell(INTO)
    scene.tell(AccountMerged(into_account_id="acme"), account="bolt")
    scene.tell(*(placed(f"late-{number}", argon=3) for number in range(300)), at=scene.now)
    settle(scene)
    assert [scene.account(name).merged_into for name in ("acme", "bolt")] == [None, None]
    assert not scene.account().closed
    assert scene.account().orders.newest_day == scene.now.date().toordinal()
    scene.tell(placed("later", argon=4))
    settle(scene)
    assert 4 in scene.units("argon")
    scene.pass_time(hours=26)


def test_what_was_told_before_two_merges_at_once_is_known_afterwards(scene: Scene) -> None:
    scene.tell(placed("before", argon=5), name="before")
    scene.tell(INTO, name="merge")
    scene.tell(AccountMerged(into_account_id="acme"), account="bolt")
    settle(scene)
    rows = scene.partition.store.rows.copy()
    scene.tell(placed("before", argon=5), name="before")
    scene.tell(INTO, name="merge")
    assert scene.partition.store.rows == rows


@pytest.mark.parametrize("through", [(), ("core",)])
def test_an_account_is_not_merged_into_one_that_continues_as_it(scene: Scene, through: tuple[str, ...]) -> None:
    """Neither would be left, and whatever is said of them would go round for ever."""
    last = "bolt"
    scene.tell(INTO)
    settle(scene)
    for following in through:
        scene.tell(AccountMerged(into_account_id=following), account=last)
        settle(scene)
        last = following
    scene.tell(AccountMerged(into_account_id="acme"), account=last)
    (letter,) = scene.partition.letters
    assert (letter.reason, letter.detail[:20]) == ("bad_data", "data.into_account_id")
    scene.tell(*(placed(f"late-{number}", foam=3) for number in range(300)), at=scene.now)
    settle(scene)
    assert scene.units("foam", last) != []


def test_a_merge_into_yet_another_account_does_not_merge_the_survivor(scene: Scene) -> None:
    """Acme went to bolt by mistake, and is told again, rightly: bolt has nothing to do with core."""
    scene.tell(INTO)
    settle(scene)
    scene.tell(AccountMerged(into_account_id="core"))
    settle(scene)
    assert scene.account("bolt").merged_into is None
    (letter,) = scene.partition.letters
    assert letter.detail.startswith("data.into_account_id")
    scene.tell(INTO, name="told again")
    settle(scene)
    assert len(scene.partition.letters) == 1, "the same word is no news"


def test_a_merge_that_is_told_again_every_day_merges_nobody_else(scene: Scene) -> None:
    """After bolt went to core it was handed on to core, which merged into bolt."""
    scene.tell(INTO)
    scene.tell(AccountMerged(into_account_id="core"), account="bolt")
    settle(scene)
    scene.tell(INTO, name="the next day")
    settle(scene)
    assert scene.account("core").merged_into is None
    assert scene.partition.letters == []


def test_a_closed_account_is_not_merged(scene: Scene) -> None:
    scene.tell(AccountClosed(), INTO)
    assert transfers(scene.partition.recorded) == []


class TestWhatTravels:
    """Besides orders: whatever protects the people behind the account, and what later events need."""

    def test_complaints_and_withdrawn_consents(self, scene: Scene) -> None:
        scene.tell(ComplaintOpened(complaint_id="c1"))
        scene.tell(ConsentWithdrawn(purpose=Purpose.SELLING, channel=Channel.PHONE))
        scene.tell(INTO)
        settle(scene)
        told = scene.pass_time(hours=1)
        assert opened(about(told, "bolt")) == ["*complaint:c1"]
        assert [reasons for _, reasons in refused(about(told, "bolt"))] == [("open_complaint",)]
        assert [tuple(one) for one in scene.account("bolt").withdrawn] == [("selling", "phone")]
        scene.tell(ComplaintResolved(complaint_id="c1"))
        assert ("*complaint:c1", "resolved") in ended(settle(scene))

    def test_a_withdrawn_consent_outweighs_a_given_one(self, scene: Scene) -> None:
        pair = {"purpose": Purpose.SELLING, "channel": Channel.PHONE}
        scene.tell(ConsentGiven(**pair), account="bolt")
        scene.tell(ConsentWithdrawn(**pair), INTO)
        settle(scene)
        assert scene.account("bolt").given == []

    def test_attempts(self, scene: Scene) -> None:
        busy = CallEnded(task_id="t", attempt_id="a", task_class="selling", disposition=Disposition.BUSY, attempts=2)
        scene.tell(busy)
        scene.tell(INTO)
        settle(scene)
        assert scene.account("bolt").attempts == 2

    def test_a_cool_down(self, scene: Scene) -> None:
        no = CallEnded(task_id="t", attempt_id="a", task_class="selling", disposition=Disposition.NOT_INTERESTED)
        scene.tell(no)
        until = scene.account().cool_down_until
        scene.tell(INTO)
        told = settle(scene)
        assert scene.account("bolt").cool_down_until == until
        assert of(AccountStanding, told)[-1].cool_down_until is not None
        assert opened(about(scene.pass_time(days=1), "bolt")) == []
        assert opened(about(scene.pass_time(days=30), "bolt")) != []

    def test_meters(self, scene: Scene) -> None:
        scene.tell(UsageReported(asset_id="tank", sku="gas", kind=UsageKind.LEVEL, value=500))
        scene.tell(INTO)
        settle(scene)
        scene.tell(UsageReported(asset_id="tank", kind=UsageKind.LEVEL, value=0))
        assert opened(settle(scene)) == ["gas"]

    def test_cancellations_whose_order_is_on_its_way(self, scene: Scene) -> None:
        scene.tell(OrderCancelled(order_id="late"))
        scene.tell(INTO)
        settle(scene)
        scene.tell(placed("late", argon=99))
        settle(scene)
        assert 99 not in scene.units("argon", "bolt")

    def test_spend(self, scene: Scene) -> None:
        for account, price in (("acme", 3), ("bolt", 4)):
            line = OrderLine(sku="foam", quantity=Decimal(10), unit_price=Decimal(price))
            scene.tell(OrderPlaced(order_id=f"{account}-foam", lines=(line,)), account=account)
        scene.tell(INTO)
        settle(scene)
        assert sum(scene.account("bolt").spend_cents.values()) == 7000

    def test_what_the_account_said_of_its_stock(self, scene: Scene) -> None:
        until = scene.now + 30 * DAY
        scene.tell(StockCorrected(sku="wire", lasts_until=until))
        scene.tell(INTO)
        settle(scene)
        assert scene.pair("wire", "bolt").hold_until == int(until.timestamp())
