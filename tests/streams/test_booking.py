"""Orders that left the ring, returns and credits: each counts once, whatever is told of it later."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.pair import RING, order_key
from schemas.base import Fact
from schemas.events.accounts import AccountMerged
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine, OrderPlaced, OrderReturned
from streams.core.booking import REMEMBERED_PAST, REMEMBERED_RETURNS
from tests.streams.scene import DAY, Scene, ended, lines, opened


def worth(order_id: str, units: int, price: str = "10", sku: str = "argon") -> OrderPlaced:
    line = OrderLine(sku=sku, quantity=Decimal(units), unit_price=Decimal(price))
    return OrderPlaced(order_id=order_id, lines=(line,))


def back(order_id: str | None, units: int, price: str = "10", sku: str = "argon") -> OrderReturned:
    return OrderReturned(order_id=order_id, lines=worth("x", units, price, sku).lines)


def spend(scene: Scene, account: str = "acme") -> float:
    return sum(scene.account(account).spend_cents.values()) / 100


class TestBeyondTheRing:
    """An order that twelve newer ones pushed out of the ring is still known by name."""

    @pytest.fixture
    def scene(self) -> Scene:
        """Fifteen orders, one a day, the first three of which left the ring."""
        made = Scene()
        for number in range(RING + 3):
            made.tell(worth(f"o{number}", 2), at=made.now - (30 - number) * DAY)
        return made

    def test_told_again_it_is_no_new_order(self, scene: Scene) -> None:
        before = scene.account()
        scene.tell(worth("o0", 2), at=scene.now - 30 * DAY)
        after = scene.account()
        assert (after.orders, after.pairs, after.spend_cents) == (before.orders, before.pairs, before.spend_cents)

    def test_told_again_it_covers_no_need(self, scene: Scene) -> None:
        scene.profiles(lead_time_days=60.0, service_level=0.1)
        assert opened(scene.pass_time(days=9)) == ["argon"] or scene.pair().need is not None
        assert ended(scene.tell(worth("o1", 2), at=scene.now - 38 * DAY)) == []

    def test_changed_it_keeps_its_day_and_its_worth_is_mended(self, scene: Scene) -> None:
        before = scene.account()
        scene.tell(OrderChanged(order_id="o0", lines=worth("o0", 5).lines))
        after = scene.account()
        assert spend(scene) == 15 * 20 + 30
        assert after.pairs["argon"].orders == before.pairs["argon"].orders
        assert after.orders == before.orders
        assert [past.cents for past in after.past_orders] == [5000, 2000, 2000]

    def test_changed_to_another_product_this_one_was_ordered_then(self, scene: Scene) -> None:
        scene.tell(OrderChanged(order_id="o0", lines=worth("o0", 5, sku="wire").lines))
        assert [mark.day for mark in scene.pair("wire").orders.ring] == [(scene.now - 30 * DAY).toordinal()]

    def test_cancelled_its_worth_is_taken_off(self, scene: Scene) -> None:
        scene.tell(OrderCancelled(order_id="o0"))
        assert spend(scene) == 14 * 20
        assert [past.key for past in scene.account().past_orders] == [order_key("o1"), order_key("o2")]

    def test_returned_in_part_and_then_cancelled_it_is_worth_nothing(self, scene: Scene) -> None:
        scene.tell(back("o0", 1), OrderCancelled(order_id="o0"))
        assert spend(scene) == 14 * 20

    def test_in_the_ring_of_a_rarer_product_it_is_mended(self) -> None:
        scene = Scene()
        scene.tell(OrderPlaced(order_id="both", lines=lines(argon=1, wire=3)), at=scene.now - 40 * DAY)
        for number in range(RING):
            scene.tell(worth(f"o{number}", 2), at=scene.now - (30 - number) * DAY)
        scene.tell(OrderPlaced(order_id="both", lines=lines(argon=1, wire=4)), at=scene.now - 40 * DAY)
        assert scene.units("wire") == [4.0]

    def test_it_is_known_after_a_merger(self, scene: Scene) -> None:
        scene.tell(AccountMerged(into_account_id="bolt"))
        written, scene.partition.recorded = scene.partition.recorded, []
        scene.hear(*written)
        before = scene.account("bolt").orders
        scene.tell(worth("o0", 2), at=scene.now - 30 * DAY, account="bolt")
        assert scene.account("bolt").orders == before
        assert spend(scene, "bolt") == 15 * 20

    def test_older_than_all_that_is_known_by_name_it_moves_nothing(self) -> None:
        scene = Scene()
        for number in range(2 * RING + REMEMBERED_PAST):  # two a day
            scene.tell(worth(f"o{number}", 1), at=scene.now - (80 - number * 0.5) * DAY)
        before = scene.account()
        assert len(before.past_orders) == REMEMBERED_PAST
        scene.tell(worth("older", 1), at=scene.now - 85 * DAY)
        assert (scene.account().orders, scene.account().late_events) == (before.orders, 1)


class TestReturns:
    """A credit is taken off its own order, once."""

    def test_a_partial_return_and_then_the_cancellation(self) -> None:
        scene = Scene()
        scene.tell(worth("a", 10), worth("b", 1), back("a", 4))
        assert spend(scene) == 70
        scene.tell(OrderCancelled(order_id="a"))
        assert spend(scene) == 10
        assert scene.units() == [1.0]

    def test_of_no_order_in_particular_and_then_the_cancellation(self) -> None:
        scene = Scene()
        scene.tell(worth("a", 10), back(None, 4), OrderCancelled(order_id="a"))
        assert scene.account().spend_cents == {}

    def test_a_credit_is_booked_in_the_month_of_its_order(self) -> None:
        scene = Scene()
        scene.tell(worth("a", 10), at=scene.now - 60 * DAY)
        scene.tell(back("a", 10))
        assert scene.account().spend_cents == {}

    def test_the_whole_came_back_the_account_has_no_such_order(self) -> None:
        scene = Scene()
        scene.tell(worth("a", 10), back("a", 10, price="9"))
        assert (scene.account().orders.ring, scene.account().spend_cents) == ([], {})

    def test_before_the_order_itself(self) -> None:
        scene = Scene()
        scene.tell(back("a", 4), worth("a", 10))
        assert (scene.units(), spend(scene)) == ([6.0], 60)

    def test_of_an_order_of_which_nobody_ever_told(self) -> None:
        scene = Scene()
        scene.tell(worth("a", 1), back("unknown", 4))
        assert (scene.units(), spend(scene)) == ([1.0], 10), "its worth was never counted"

    def test_the_order_told_again_after_a_return_is_no_news(self) -> None:
        scene = Scene()
        scene.tell(worth("a", 10), back("a", 4))
        before = scene.account().pairs
        scene.tell(worth("a", 10))
        assert (scene.account().pairs, spend(scene)) == (before, 60)

    def test_a_change_after_a_return_says_what_is_left(self) -> None:
        scene = Scene()
        scene.tell(worth("a", 10), back("a", 4), OrderChanged(order_id="a", lines=worth("a", 6).lines))
        assert (scene.units(), spend(scene)) == ([6.0], 60)

    def test_more_money_back_than_it_was_worth_is_no_debt(self) -> None:
        scene = Scene()
        scene.tell(worth("a", 10), back("a", 4, price="1000"))
        assert scene.account().spend_cents == {}

    def test_of_more_orders_than_are_remembered(self) -> None:
        scene = Scene()
        for number in range(REMEMBERED_RETURNS + 1):
            scene.tell(back(f"o{number}", 1))
        assert len(scene.account().returns) == REMEMBERED_RETURNS


@given(st.data())
def test_orders_returns_and_cancellations_in_any_order_leave_the_same(data: st.DataObject) -> None:
    facts: list[Fact] = []
    for name in data.draw(st.lists(st.sampled_from("abcde"), min_size=1, unique=True)):
        facts.append(worth(name, data.draw(st.integers(1, 9))))
        more = [back(name, data.draw(st.integers(1, 9))), back(name, 1), OrderCancelled(order_id=name)]
        facts += data.draw(st.lists(st.sampled_from(more), unique_by=repr))
    found = []
    for some in (facts, data.draw(st.permutations(facts))):
        scene = Scene(deciding=False)
        scene.tell(*some)
        account = scene.account()
        ring = sorted((mark.key, mark.quantity) for mark in account.pairs["argon"].orders.ring)
        found.append((ring, account.spend_cents, sorted(mark.key for mark in account.orders.ring)))
    assert found[0] == found[1]
