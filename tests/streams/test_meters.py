"""Meters in the fold: several on one product, deliveries that only a gauge saw, evidence that speaks of running out."""

from datetime import timedelta
from decimal import Decimal

import pytest

from schemas.decisions import NeedKind
from schemas.events.orders import OrderDelivered
from schemas.events.ours import ProductChanged
from schemas.events.usage import UsageKind, UsageReported
from schemas.needs import OpenNeed
from streams.codec import encode_account
from streams.core.room import weight_bytes
from tests.streams.scene import DAY, Scene, lines, of, opened, placed

RUN_OUT_ONLY = (NeedKind.RUN_OUT, NeedKind.EXPECTED_REORDER)


def level(value: float, asset: str | None = "north", sku: str | None = "gas", *, reset: bool = False) -> UsageReported:
    return UsageReported(asset_id=asset, sku=sku, kind=UsageKind.LEVEL, value=Decimal(str(value)), reset=reset)


@pytest.fixture
def scene() -> Scene:
    """Two tanks of one product: north loses 30 a day, south 2."""
    made = Scene()
    made.profiles(lead_time_days=2.0, service_level=0.5, opens=RUN_OUT_ONLY)
    for ago in range(20, -1, -1):
        at = made.now - ago * DAY
        made.tell(level(900 - 30 * (20 - ago)), at=at)
        made.tell(level(500 - 2 * (20 - ago), "south"), at=at + timedelta(minutes=1))
    return made


def rates(scene: Scene) -> dict[str, float]:
    kept = scene.pair("gas").metering
    assert kept is not None
    return {name: round(meter.rate, 1) for name, meter in kept.now.meters.items()}


def test_each_keeps_its_own_rate(scene: Scene) -> None:
    assert rates(scene) == {"north": pytest.approx(30, rel=0.1), "south": pytest.approx(2, rel=0.1)}
    stock = scene.pair("gas").stock
    assert stock is not None
    assert stock.level == pytest.approx(300 + 460, rel=0.03)


def test_the_first_that_runs_out_opens_the_need(scene: Scene) -> None:
    days = next(day for day in range(1, 30) if opened(scene.pass_time(days=1)))
    assert days in (7, 8, 9), "300 units at 30 a day, less the lead time"


def test_a_low_level_of_one_opens_at_once(scene: Scene) -> None:
    (need,) = of(OpenNeed, scene.tell(level(3, "south"), at=scene.now + timedelta(minutes=2)))
    assert (need.group, need.kind) == ("gas", NeedKind.RUN_OUT)
    assert "run out" in need.evidence.sentence
    assert need.evidence.p10_on is not None
    assert need.evidence.p10_on <= scene.now.date() + DAY


def test_a_report_that_is_late_is_put_in_its_place(scene: Scene) -> None:
    before = rates(scene)
    scene.tell(level(345), at=scene.now - timedelta(days=1, hours=12))
    assert rates(scene) == pytest.approx(before, rel=0.05)


def test_units_of_the_meter_are_units_of_its_product() -> None:
    scene = Scene(deciding=False)
    scene.tell(ProductChanged(sku="gas-50", group="gas", unit_factor=Decimal(50)))
    scene.tell(ProductChanged(sku="gas-10", group="gas", unit_factor=Decimal(10)))
    scene.tell(level(4, "big", "gas-50"), level(4, "small", "gas-10"))
    kept = scene.pair("gas").metering
    assert kept is not None
    assert {name: meter.level for name, meter in kept.now.meters.items()} == {"big": 200.0, "small": 40.0}


class TestUnreportedDeliveries:
    """Many ERPs never say that goods arrived; the gauge does."""

    @pytest.fixture
    def filled(self, scene: Scene) -> Scene:
        scene.tell(placed("o", gas=1000))
        for day in range(1, 4):
            at = scene.now + day * DAY
            scene.tell(level(300 - 30 * day + 940), at=at)
            scene.tell(level(460 - 2 * day + 60, "south"), at=at + timedelta(minutes=1))
        return scene

    def test_what_a_gauge_saw_arrive_is_not_counted_on_any_more(self, filled: Scene) -> None:
        assert [units for units, _ in filled.pair("gas").on_order.values()] == [0.0]
        assert rates(filled)["north"] == pytest.approx(30, rel=0.15)

    def test_its_report_comes_later_and_adds_nothing(self, filled: Scene) -> None:
        before = filled.pair("gas").stock
        filled.tell(OrderDelivered(order_id="o", lines=lines(gas=1000)), at=filled.now + 4 * DAY)
        assert filled.pair("gas").stock == before
        assert filled.pair("gas").on_order == {}


def test_an_account_with_many_meters_weighs_more_than_its_bytes() -> None:
    scene = Scene(deciding=False)
    for number in range(60):
        name = f"{number:0>150}"
        scene.tell(level(9, name, "gas" if number < 30 else f"gas-{number}"), placed(f"o{number}", gas=2))
        scene.tell(level(8, name, None), at=scene.now + timedelta(hours=number + 1))
    assert len(encode_account(scene.account())) <= weight_bytes(scene.account())
