"""Metered pairs: readings and deliveries move the stock; a low one opens its need at once."""

from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.decisions import NeedKind
from schemas.events.orders import OrderCancelled, OrderChanged, OrderDelivered, OrderLine
from schemas.events.ours import ProductChanged
from schemas.events.usage import StockCorrected, UsageKind, UsageReported
from schemas.needs import OpenNeed
from tests.streams.scene import DAY, Scene, ended, lines, of, opened, placed


def level(value: float, *, sku: str | None = "gas", asset: str | None = "tank") -> UsageReported:
    return UsageReported(asset_id=asset, sku=sku, kind=UsageKind.LEVEL, value=Decimal(str(value)))


def total(value: float, *, reset: bool = False) -> UsageReported:
    return UsageReported(asset_id="tank", sku="gas", kind=UsageKind.METER_TOTAL, value=Decimal(value), reset=reset)


def used(value: float) -> UsageReported:
    return UsageReported(sku="gas", kind=UsageKind.CONSUMED, value=Decimal(value))


@pytest.fixture
def scene() -> Scene:
    """A tank that holds 1,000 units and loses 10 a day."""
    made = Scene()
    made.profiles(lead_time_days=2.0, service_level=0.5)
    for ago in range(20, -1, -1):
        made.tell(level(1000 - 10 * (20 - ago)), at=made.now - ago * DAY)
    return made


def stock(scene: Scene) -> float:
    found = scene.pair("gas").stock
    assert found is not None
    return found.level


def test_a_full_tank_needs_nothing(scene: Scene) -> None:
    assert opened(scene.pass_time(days=1)) == []
    assert stock(scene) == pytest.approx(800, abs=1)


def test_a_low_level_opens_at_once_and_speaks_of_running_out(scene: Scene) -> None:
    (need,) = of(OpenNeed, scene.tell(level(8)))
    assert (need.group, need.kind, need.evidence.method) == ("gas", NeedKind.RUN_OUT, "metered")
    assert need.evidence.stock_units is not None
    assert need.evidence.stock_units < 20


def test_nothing_said_it_comes_due_by_itself(scene: Scene) -> None:
    days = next(day for day in range(1, 100) if opened(scene.pass_time(days=1)))
    assert 72 <= days <= 82, "800 units at 10 a day, less the lead time"


def test_an_order_ends_the_need_and_the_tank_is_still_low(scene: Scene) -> None:
    scene.tell(level(8))
    assert ended(scene.tell(placed("o", gas=900))) == [("gas", "covered")]
    assert stock(scene) < 20


def test_what_is_on_its_way_is_counted_on(scene: Scene) -> None:
    scene.tell(level(8), placed("o", gas=900))
    assert not any("gas" in opened(scene.pass_time(days=1)) for _ in range(9))


def test_an_order_that_never_arrives_is_not_counted_on_for_ever(scene: Scene) -> None:
    scene.tell(level(8), placed("o", gas=1_000_000))
    assert [opened(scene.tell(level(8))) for _ in range(6) if scene.pass_time(days=5)] == [[]] * 6
    scene.pass_time(days=1)
    assert opened(scene.tell(level(8))) == ["gas"]


class TestDelivery:
    """A metered stock rises when the goods arrive, an unmetered one has none."""

    def test_of_the_whole_order(self, scene: Scene) -> None:
        scene.tell(level(8), placed("o", gas=900))
        scene.tell(OrderDelivered(order_id="o"))
        assert stock(scene) == pytest.approx(908, abs=20)
        assert scene.pair("gas").on_order == {}

    def test_twice_is_once(self, scene: Scene) -> None:
        scene.tell(placed("o", gas=100), OrderDelivered(order_id="o"))
        before = stock(scene)
        scene.tell(OrderDelivered(order_id="o"))
        assert stock(scene) == before

    def test_in_parts(self, scene: Scene) -> None:
        scene.tell(level(8), placed("o", gas=900))
        scene.tell(OrderDelivered(order_id="o", lines=lines(gas=300)))
        assert stock(scene) == pytest.approx(308, abs=20)
        assert [units for units, _ in scene.pair("gas").on_order.values()] == [600]
        scene.tell(OrderDelivered(order_id="o", lines=lines(gas=600)))
        assert stock(scene) == pytest.approx(908, abs=20)
        assert scene.pair("gas").on_order == {}

    def test_of_something_else_of_the_same_order(self, scene: Scene) -> None:
        scene.tell(level(8), placed("o", gas=900, wire=1))
        scene.tell(OrderDelivered(order_id="o", lines=lines(wire=1)))
        assert [units for units, _ in scene.pair("gas").on_order.values()] == [900]
        assert scene.pair("wire").stock is None

    def test_that_nobody_ordered_fills_the_tank_too(self, scene: Scene) -> None:
        scene.tell(OrderDelivered(order_id="unknown", lines=lines(gas=100)))
        assert stock(scene) == pytest.approx(900, abs=5)


class TestOrders:
    """What is on its way follows the order."""

    def test_a_changed_one(self, scene: Scene) -> None:
        scene.tell(placed("o", gas=900), OrderChanged(order_id="o", lines=lines(gas=100)))
        assert [units for units, _ in scene.pair("gas").on_order.values()] == [100]

    def test_a_changed_one_of_which_a_part_has_come(self, scene: Scene) -> None:
        scene.tell(placed("o", gas=900), OrderDelivered(order_id="o", lines=lines(gas=300)))
        scene.tell(OrderChanged(order_id="o", lines=lines(gas=700)))
        assert [units for units, _ in scene.pair("gas").on_order.values()] == [400]

    def test_a_changed_one_that_has_come(self, scene: Scene) -> None:
        scene.tell(placed("o", gas=900), OrderDelivered(order_id="o"))
        scene.tell(OrderChanged(order_id="o", lines=lines(gas=950)))
        assert scene.pair("gas").on_order == {}

    def test_a_cancelled_one(self, scene: Scene) -> None:
        scene.tell(placed("o", gas=900), OrderCancelled(order_id="o"))
        assert scene.pair("gas").on_order == {}


class TestMeters:
    """Totals count up: the differences were used."""

    def test_differences_lower_the_stock(self, scene: Scene) -> None:
        scene.tell(total(5000))
        scene.tell(total(5100), at=scene.now + timedelta(hours=1))
        assert stock(scene) == pytest.approx(700, abs=5)

    @pytest.mark.parametrize("reset", [True, False])
    def test_a_reset_or_a_fall_starts_anew(self, scene: Scene, reset: bool) -> None:
        scene.tell(total(5000), total(7000 if reset else 3, reset=reset))
        assert stock(scene) == pytest.approx(800, abs=5)
        found = scene.pair("gas").stock
        assert found is not None
        assert found.last_total == (7000 if reset else 3)

    def test_consumption_lowers_it(self, scene: Scene) -> None:
        scene.tell(used(50))
        assert stock(scene) == pytest.approx(750, abs=5)

    def test_without_a_level_nobody_speaks_of_running_out(self) -> None:
        scene = Scene()
        scene.tell(total(10), total(20))
        assert [opened(scene.pass_time(days=9)) for _ in range(4)] == [[]] * 4


class TestAssets:
    """A reading names an asset; which product it holds is said once."""

    def test_later_readings_need_no_sku(self, scene: Scene) -> None:
        scene.tell(level(500, sku=None), at=scene.now + DAY)
        assert stock(scene) < 700

    def test_an_asset_of_which_nothing_is_known_is_a_letter_and_changes_nothing(self, scene: Scene) -> None:
        before = scene.account().pairs["gas"]
        scene.tell(level(1, sku=None, asset="other"))
        assert scene.account().pairs == {"gas": before}
        assert [letter.detail[:9] for letter in scene.partition.letters] == ["data.sku:"]

    def test_readings_are_of_the_group(self) -> None:
        scene = Scene()
        scene.tell(ProductChanged(sku="argon-50", group="argon", unit_factor=Decimal(50)))
        scene.tell(level(70, sku="argon-50"))
        assert scene.pair("argon").stock is not None

    def test_an_asset_may_come_to_hold_another_product(self, scene: Scene) -> None:
        scene.tell(level(5, sku="oil"))
        scene.tell(level(4, sku=None))
        assert scene.account().assets == {"tank": "oil"}


class TestCorrections:
    """Somebody counted: the next need is another one."""

    def test_the_need_ends_and_another_may_follow(self, scene: Scene) -> None:
        (need,) = of(OpenNeed, scene.tell(level(8)))
        assert ended(scene.tell(StockCorrected(sku="gas", quantity=Decimal(5)))) == [("gas", "corrected")]
        (again,) = of(OpenNeed, scene.pass_time(hours=1))
        assert again.need_id != need.need_id

    def test_a_counted_stock_is_a_reading_of_a_metered_pair(self, scene: Scene) -> None:
        scene.tell(StockCorrected(sku="gas", quantity=Decimal(400)), at=scene.now + DAY)
        assert stock(scene) < 600

    def test_of_an_unmetered_pair_it_lasts_as_the_habit_says(self, scene: Scene) -> None:
        scene.buys_weekly("argon")
        scene.tell(StockCorrected(sku="argon", quantity=Decimal(6)))
        held = scene.pair("argon").hold_until
        assert held == int((scene.now + 21 * DAY).timestamp())

    def test_lasts_until_is_believed(self, scene: Scene) -> None:
        scene.tell(StockCorrected(sku="gas", lasts_until=scene.now + 9 * DAY))
        assert opened(scene.tell(level(8))) == []
        assert [group for _ in range(10) for group in opened(scene.pass_time(days=1))] == ["gas"]


def test_an_order_line_may_be_of_many_units(scene: Scene) -> None:
    scene.tell(level(8))
    many = placed("o", gas=1).model_copy(update={"lines": (OrderLine(sku="gas", quantity=Decimal("0.5")),) * 4})
    scene.tell(many)
    assert [units for units, _ in scene.pair("gas").on_order.values()] == [2.0]
