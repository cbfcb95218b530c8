"""The curve that travels with a need: it says the same as the probability and the quantiles beside it."""

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
import pytest

from forecasting.artefact import PopulationModel
from forecasting.learn import prior_model
from forecasting.weather import Follows, weather_of
from schemas.decisions import NeedKind
from schemas.events.accounts import AccountChanged
from schemas.events.ours import ModelPublished
from schemas.events.usage import UsageKind, UsageReported
from schemas.needs import Evidence, OpenNeed
from streams.core.outlook import SURVIVAL_DAYS
from tests.streams.scene import DAY, Scene, of


def agrees(evidence: Evidence) -> None:
    left = dict(evidence.survival)
    assert tuple(left) == SURVIVAL_DAYS
    assert list(left.values()) == sorted(left.values(), reverse=True)
    today = evidence.as_of.date()
    for quantile, day in ((0.1, evidence.p10_on), (0.5, evidence.p50_on), (0.9, evidence.p90_on)):
        assert day is not None
        ahead = (day - today).days
        reached = [chance for days, chance in left.items() if days > ahead]
        not_yet = [chance for days, chance in left.items() if days <= ahead]
        assert all(chance <= 1 - quantile + 1e-4 for chance in reached)
        assert all(chance >= 1 - quantile - 1e-4 for chance in not_yet)


def test_of_orders_it_agrees_with_quantiles_and_the_chance() -> None:
    scene = Scene()
    scene.profiles(lead_time_days=3.0, review_days=0.0)
    scene.buys_weekly()
    (need,) = of(OpenNeed, scene.pass_time(hours=1))
    agrees(need.evidence)
    assert need.evidence.p_due is not None
    assert abs(1 - dict(need.evidence.survival)[3] - need.evidence.p_due) < 1e-4


def test_of_a_stock_it_is_the_chance_that_nothing_ran_out() -> None:
    scene = Scene()
    scene.profiles(lead_time_days=2.0, service_level=0.5, opens=(NeedKind.RUN_OUT, NeedKind.EXPECTED_REORDER))
    for ago in range(20, -1, -1):
        level = UsageReported(asset_id="north", sku="gas", kind=UsageKind.LEVEL, value=Decimal(900 - 30 * (20 - ago)))
        scene.tell(level, at=scene.now - ago * DAY)
    needs: list[OpenNeed] = []
    while not needs:
        needs = of(OpenNeed, scene.pass_time(days=1))
    left = dict(needs[0].evidence.survival)
    assert needs[0].kind is NeedKind.RUN_OUT
    assert left[1] > 0.5 > left[14], "300 units at 30 a day, some of it used"
    assert list(left.values()) == sorted(left.values(), reverse=True)
    assert needs[0].evidence.p50_on is not None
    assert timedelta(0) < needs[0].evidence.p50_on - scene.now.date() < 14 * DAY


def test_of_a_stock_that_follows_the_weather_it_agrees_with_the_chance() -> None:
    scene = Scene()
    scene.tell(AccountChanged(zone="UTC"))
    scene.pass_time(hours=24 - scene.now.hour)  # the chance begins now, the curve with the day
    scene.profiles(lead_time_days=3.0, review_days=0.0, service_level=0.5, opens=(NeedKind.RUN_OUT,))
    begun = scene.now.date().toordinal() - 2 * 365
    cold_now = 10.0 + 10.0 * np.cos(2 * np.pi * (np.arange(2 * 365) + 45) / 365.25)
    sky = weather_of(begun, {"": cold_now}, {"gas": Follows(15.5, even=0.0)})
    model = PopulationModel(msgspec.structs.replace(prior_model().record, weather=sky))
    scene.partition.artefacts.put(model.digest, model.artefact)
    scene.tell(ModelPublished(version=model.version, digest=model.digest))
    for ago in range(20, -1, -1):
        level = UsageReported(asset_id="north", sku="gas", kind=UsageKind.LEVEL, value=Decimal(900 - 30 * (20 - ago)))
        scene.tell(level, at=scene.now - ago * DAY)
    needs: list[OpenNeed] = []
    while not needs:
        needs = of(OpenNeed, scene.pass_time(days=1))
    evidence = needs[0].evidence
    assert evidence.method == "metered"
    assert evidence.p_due is not None
    assert abs(1 - dict(evidence.survival)[3] - evidence.p_due) < 1e-4


@pytest.mark.parametrize("zone", ["UTC", "America/Los_Angeles", "Pacific/Auckland"])
@pytest.mark.parametrize("hour", [1, 9, 15, 23])
def test_of_a_stock_days_are_those_of_the_account(zone: str, hour: int) -> None:
    scene = Scene()
    scene.tell(AccountChanged(zone=zone))
    scene.profiles(lead_time_days=2.0, service_level=0.5, opens=(NeedKind.RUN_OUT,))
    scene.pass_time(hours=hour)
    empty = scene.now + 6.1 * DAY
    for quarters in range(80, 0, -1):
        at = scene.now - quarters * DAY / 4
        level = Decimal(str(round((empty - at) / DAY * 30, 3)))
        scene.tell(UsageReported(asset_id="north", sku="gas", kind=UsageKind.LEVEL, value=level), at=at)
    needs: list[OpenNeed] = []
    while not needs:
        needs = of(OpenNeed, scene.pass_time(days=1))
    evidence, local = needs[0].evidence, ZoneInfo(zone)
    ahead = (empty.astimezone(local).date() - evidence.as_of.astimezone(local).date()).days
    assert evidence.p50_on == empty.astimezone(local).date()
    assert all((chance < 0.5) == (days > ahead) for days, chance in evidence.survival)
