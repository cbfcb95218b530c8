"""Orders: what covers, what takes back, and that the way there does not matter."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from schemas.base import Fact
from schemas.errors import DeadLetterReason
from schemas.events.accounts import AccountRegistered
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine, OrderPlaced, OrderReturned
from schemas.events.ours import CallEnded, Disposition, ProductChanged, RatesChanged
from schemas.needs import OpenNeed, WithdrawNeed
from streams.core.orders import REMEMBERED_SETTLED
from tests.streams.harness import START, said
from tests.streams.scene import DAY, Scene, ended, lines, of, opened, placed

A, B = placed("a", argon=3), placed("b", argon=5)

STORIES: dict[str, tuple[list[Fact], dict[str, list[float]]]] = {
    "placed": ([A], {"argon": [3]}),
    "two orders of a day stay two orders": ([A, B], {"argon": [3, 5]}),
    "lines of one product are one": (
        [OrderPlaced(order_id="a", lines=lines(argon=1) + lines(argon=2))],
        {"argon": [3]},
    ),
    "said twice under another id": ([A, placed("a", argon=3)], {"argon": [3]}),
    "cancelled": ([A, B, OrderCancelled(order_id="a")], {"argon": [5]}),
    "cancelled before it was placed": ([OrderCancelled(order_id="a"), A, B], {"argon": [5]}),
    "another one cancelled": ([A, OrderCancelled(order_id="b")], {"argon": [3]}),
    "cancelled twice": ([A, OrderCancelled(order_id="a"), OrderCancelled(order_id="a")], {"argon": []}),
    "changed": ([A, OrderChanged(order_id="a", lines=lines(argon=7))], {"argon": [7]}),
    "changed before it was placed": ([OrderChanged(order_id="a", lines=lines(argon=7)), A], {"argon": [7]}),
    "changed to another product": (
        [A, OrderChanged(order_id="a", lines=lines(wire=7))],
        {"argon": [], "wire": [7]},
    ),
    "changed to another product before it was placed": (
        [OrderChanged(order_id="a", lines=lines(wire=7)), A],
        {"argon": [], "wire": [7]},
    ),
    "changed and cancelled": (
        [A, OrderChanged(order_id="a", lines=lines(argon=7)), OrderCancelled(order_id="a")],
        {"argon": []},
    ),
    "returned in part": ([A, B, OrderReturned(order_id="a", lines=lines(argon=1))], {"argon": [2, 5]}),
    "returned whole": ([A, B, OrderReturned(order_id="a", lines=lines(argon=3))], {"argon": [5]}),
    "more returned than ordered": ([A, B, OrderReturned(order_id="a", lines=lines(argon=9))], {"argon": [5]}),
    "an unknown order returned": ([A, OrderReturned(order_id="x", lines=lines(argon=1))], {"argon": [3]}),
    "a product returned that was never ordered": ([A, OrderReturned(lines=lines(wire=1))], {"argon": [3]}),
    "returned without saying of which order": ([A, B, OrderReturned(lines=lines(argon=2))], {"argon": [3, 3]}),
    "returned over two orders": ([A, B, OrderReturned(lines=lines(argon=6))], {"argon": [2]}),
}


@pytest.mark.parametrize("story", STORIES)
def test_what_is_left_of_the_orders(story: str) -> None:
    facts, left = STORIES[story]
    scene = Scene()
    for number, fact in enumerate(facts):
        day = START - 5 * DAY + timedelta(hours=number) if getattr(fact, "order_id", "") != "b" else START - DAY
        scene.tell(fact, at=day)
    assert {group: scene.units(group) for group in left} == left


class TestDuplicates:
    """Recognised by CloudEvents source and id together."""

    def test_the_same_event_changes_nothing(self) -> None:
        scene = Scene()
        scene.tell(A, name="e1")
        before = scene.partition.store.rows.copy()
        assert scene.tell(A, name="e1") == []
        assert scene.partition.store.rows == before

    def test_the_same_id_of_another_source_is_another_event(self) -> None:
        scene = Scene()
        first, second = said(A, START, "e1"), said(B, START, "e1")
        scene.hear(first)
        scene.hear(type(second)("e1", "another", "acme", START, B))
        assert sorted(scene.units()) == [3, 5]

    def test_an_id_is_remembered_over_255_others(self) -> None:
        scene = Scene()
        scene.tell(A, name="e1")
        for number in range(255):
            scene.tell(OrderCancelled(order_id=f"x{number}"))
        version = scene.account().version
        scene.tell(A, name="e1")
        assert scene.account().version == version


class TestTimes:
    """Late, early, and the account's own day."""

    def test_later_than_90_days_is_noted_and_moves_nothing(self) -> None:
        scene = Scene()
        scene.tell(A, at=START)
        scene.tell(B, at=START - 90 * DAY - timedelta(seconds=1))
        assert (scene.units(), scene.account().late_events) == ([3], 1)

    def test_90_days_old_still_counts(self) -> None:
        scene = Scene()
        scene.tell(A, at=START)
        scene.tell(B, at=START - 90 * DAY)
        assert (scene.units(), scene.account().late_events) == ([5, 3], 0)

    def test_what_moves_no_forecast_is_never_late(self) -> None:
        scene = Scene()
        scene.tell(A, at=START)
        scene.tell(AccountRegistered(trade="welding"), at=START - 400 * DAY)
        assert (scene.account().about.trade, scene.account().late_events) == ("welding", 0)

    def test_the_day_of_an_order_is_the_accounts_own(self) -> None:
        late_evening = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
        scene = Scene()
        for account, zone in (("tokyo", "Asia/Tokyo"), ("york", "America/New_York"), ("nowhere", "Mars/Olympus")):
            scene.tell(AccountRegistered(zone=zone), account=account)
            scene.tell(A, at=late_evening, account=account)
        days = {name: one.pairs["argon"].orders.ring[0].day for name, one in scene.partition.accounts().items()}
        first = date(2026, 3, 1).toordinal()
        assert days == {"tokyo": first + 1, "york": first, "nowhere": first}

    def test_a_changed_order_keeps_its_day(self) -> None:
        scene = Scene()
        scene.tell(A, at=START - 9 * DAY)
        scene.tell(OrderChanged(order_id="a", lines=lines(argon=1)), at=START)
        assert [mark.day for mark in scene.pair().orders.ring] == [(START - 9 * DAY).toordinal()]


class TestCovering:
    """A positive order of the group ends its need, whatever its size; taking it back brings another need."""

    @pytest.fixture
    def due(self) -> Scene:
        scene = Scene()
        scene.buys_weekly()
        scene.need = of(OpenNeed, scene.pass_time(hours=1))[0]  # type: ignore[attr-defined]
        return scene

    @pytest.mark.parametrize("units", [1, 2, 1000])
    def test_an_order_of_any_size_ends_the_need(self, due: Scene, units: int) -> None:
        (gone,) = of(WithdrawNeed, due.tell(placed("now", argon=units)))
        assert (gone.need_id, gone.cause, gone.order_id) == (due.need.need_id, "covered", "now")  # type: ignore[attr-defined]

    def test_an_order_of_something_else_does_not(self, due: Scene) -> None:
        assert ended(due.tell(placed("now", wire=5))) == []

    def test_nobody_calls_again_on_the_day_of_the_order(self, due: Scene) -> None:
        due.tell(placed("now", argon=2))
        assert opened(due.pass_time(hours=10)) == []

    def test_a_cancelled_order_brings_the_need_back_under_another_id(self, due: Scene) -> None:
        due.tell(placed("now", argon=2))
        due.tell(OrderCancelled(order_id="now"))
        (again,) = of(OpenNeed, due.pass_time(hours=1))
        assert again.group == "argon"
        assert again.need_id != due.need.need_id  # type: ignore[attr-defined]

    def test_a_return_of_everything_does_too(self, due: Scene) -> None:
        due.tell(placed("now", argon=2))
        due.tell(OrderReturned(order_id="now", lines=lines(argon=2)))
        assert opened(due.pass_time(hours=1)) == ["argon"]

    def test_an_order_that_was_cancelled_before_it_came_covers_nothing_in_the_end(self, due: Scene) -> None:
        due.tell(OrderCancelled(order_id="now"))
        due.tell(placed("now", argon=2))
        assert opened(due.pass_time(hours=1)) == ["argon"]

    def test_the_day_of_an_order_is_over_before_anybody_looks_again(self, due: Scene) -> None:
        due.tell(placed("now", argon=2))
        assert opened(due.profiles(service_level=0.0)) == [], "everything was judged"
        assert opened(due.pass_time(days=1)) == ["argon"]

    def test_a_returned_order_is_no_order_of_the_account_either(self, due: Scene) -> None:
        before = len(due.account().orders.ring)
        due.tell(placed("now", foam=2), OrderReturned(order_id="now", lines=lines(foam=2)))
        assert [mark.day for mark in due.account().orders.ring if mark.day == START.toordinal()] == []
        assert len(due.account().orders.ring) in (before, before - 1)

    @pytest.mark.parametrize(
        "first", [OrderCancelled(order_id="now"), OrderChanged(order_id="now", lines=lines(wire=2))]
    )
    def test_attempts_count_anew_whatever_came_first(self, due: Scene, first: Fact) -> None:
        busy = CallEnded(task_id="t", attempt_id="1", task_class="selling", disposition=Disposition.BUSY, attempts=2)
        due.tell(busy, first)
        due.tell(placed("now", wire=1))
        assert due.account().attempts == 0

    def test_attempts_count_anew_after_an_order(self, due: Scene) -> None:
        due.tell(CallEnded(task_id="t", attempt_id="1", task_class="selling", disposition=Disposition.BUSY, attempts=2))
        assert due.account().attempts == 2
        due.tell(placed("now", wire=1))
        assert due.account().attempts == 0


class TestProducts:
    """The group is the unit of forecasting; the product master says which SKU counts how much."""

    @pytest.fixture
    def scene(self) -> Scene:
        scene = Scene()
        scene.tell(
            ProductChanged(sku="argon-50", group="argon", unit_factor=Decimal(50), name="Argon"),
            ProductChanged(sku="argon-10", group="argon", unit_factor=Decimal(10)),
            ProductChanged(sku="wire"),
        )
        return scene

    def test_units_of_a_group_are_added_by_their_factors(self, scene: Scene) -> None:
        both = lines(**{"argon-50": 2, "argon-10": 3, "wire": 1})
        scene.tell(OrderPlaced(order_id="a", lines=both))
        assert (scene.units("argon"), scene.units("wire")) == ([130], [1])

    def test_another_sku_of_the_group_covers(self, scene: Scene) -> None:
        scene.buys_weekly("argon-50")
        assert opened(scene.pass_time(hours=1)) == ["argon"]
        assert ended(scene.tell(placed("now", **{"argon-10": 1}))) == [("argon", "covered")]

    def test_a_return_of_another_sku_of_the_group_counts_in_units(self, scene: Scene) -> None:
        scene.tell(placed("a", **{"argon-50": 1}), OrderReturned(order_id="a", lines=lines(**{"argon-10": 2})))
        assert scene.units("argon") == [30]

    def test_a_sku_that_the_master_lacks_is_a_letter_and_changes_nothing(self, scene: Scene) -> None:
        scene.tell(OrderPlaced(order_id="a", lines=lines(wire=1, foam=1)))
        assert [letter.reason for letter in scene.partition.letters] == [DeadLetterReason.UNKNOWN_SKU]
        assert scene.partition.accounts() == {}

    def test_a_change_of_the_master_counts_for_later_orders(self, scene: Scene) -> None:
        scene.tell(placed("a", wire=2), at=START - DAY)
        scene.tell(ProductChanged(sku="wire", unit_factor=Decimal(5)))
        scene.tell(placed("b", wire=2))
        assert scene.units("wire") == [2, 10]


def priced(order_id: str, price: str, currency: str | None = None) -> OrderPlaced:
    line = OrderLine(sku="argon", quantity=Decimal(2), unit_price=Decimal(price))
    return OrderPlaced(order_id=order_id, lines=(line,), currency=currency)


class TestMoney:
    """Spend in the reporting currency, by the rate that was known on the day."""

    def spend(self, scene: Scene) -> float:
        return sum(scene.account().spend_cents.values()) / 100

    @pytest.fixture
    def scene(self) -> Scene:
        scene = Scene()
        for ago, rate in ((10, "0.8"), (3, "0.5")):
            day = (START - ago * DAY).date()
            scene.tell(RatesChanged(rate_date=day, rates={"USD": Decimal(rate)}))
        return scene

    @pytest.mark.parametrize(
        ("currency", "ago", "worth"),
        [
            (None, 0, 20.0),
            ("GBP", 0, 20.0),
            ("USD", 0, 10.0),
            ("USD", 3, 10.0),
            ("USD", 4, 16.0),
            ("USD", 10, 16.0),
        ],
    )
    def test_the_newest_rate_of_the_day_counts(
        self, scene: Scene, currency: str | None, ago: int, worth: float
    ) -> None:
        scene.tell(priced("a", "10", currency), at=START - ago * DAY)
        assert self.spend(scene) == worth

    @pytest.mark.parametrize(("currency", "ago"), [("USD", 11), ("EUR", 0)])
    def test_no_rate_on_the_day_is_a_letter(self, scene: Scene, currency: str, ago: int) -> None:
        scene.tell(priced("a", "10", currency), at=START - ago * DAY)
        assert [letter.reason for letter in scene.partition.letters] == [DeadLetterReason.UNKNOWN_CURRENCY]
        assert scene.partition.accounts() == {}

    def test_cancelled_and_changed_orders_are_counted_as_they_are_now(self, scene: Scene) -> None:
        scene.tell(priced("a", "10"), priced("b", "7"), OrderCancelled(order_id="a"))
        assert self.spend(scene) == 14.0
        scene.tell(OrderChanged(order_id="b", lines=priced("b", "3").lines))
        assert self.spend(scene) == 6.0

    def test_a_return_takes_its_worth_off(self, scene: Scene) -> None:
        scene.tell(priced("a", "10"), OrderReturned(order_id="a", lines=priced("a", "10").lines[:1]))
        assert self.spend(scene) == 0.0
        assert scene.account().spend_cents == {}

    def test_an_order_without_prices_is_worth_nothing(self, scene: Scene) -> None:
        scene.tell(placed("a", argon=5))
        assert self.spend(scene) == 0.0


def test_what_was_settled_first_is_remembered_for_64_orders() -> None:
    scene = Scene()
    for number in range(REMEMBERED_SETTLED + 1):
        scene.tell(OrderCancelled(order_id=f"o{number}"))
    scene.tell(placed("o0", argon=1), placed("o1", argon=1))
    assert scene.units() == [1.0], "the first is forgotten, the second is not"
