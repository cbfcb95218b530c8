"""The table of dirty life, each rule on a made case and on a real one of the wholesaler's year."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.winsor import believed
from ops.importers import online_retail
from schemas.envelope import Event
from schemas.events.orders import OrderCancelled, OrderDelivered, OrderLine, OrderPlaced, OrderReturned
from schemas.events.ours import ProductChanged
from schemas.events.usage import StockCorrected, UsageKind, UsageReported
from schemas.needs import OpenNeed
from streams.history import OrderHistory
from streams.state import Account
from tests.streams.scene import DAY, Scene, lines, of, opened, placed

ZONE = "Europe/London"
REAL = ("12346", "14156", "14911", "16446", "16923", "17850")


@cache
def year() -> pd.DataFrame:
    """Raw lines of some accounts of the wholesaler."""
    whole = online_retail.read()
    return whole[whole["account_id"].isin(REAL)]


@cache
def real(account: str) -> tuple[Event, ...]:
    """Everything that happened to one of them, by time."""
    return tuple(online_retail.convert(year()[year()["account_id"] == account]).events)


def folded(events: Sequence[Event]) -> Account:
    """The account after these."""
    scene = Scene(deciding=False)
    for event in events:
        scene.hear(event)
    return scene.account(events[0].subject)


def quantities(account: Account, group: str) -> list[float]:
    return [mark.quantity for mark in account.pairs[group].orders.ring]


class TestBulk:
    """One order of very much is no habit, and what it brought is on hand."""

    def test_made_a_counted_stock_lasts_by_the_habit(self) -> None:
        scene = Scene()
        for n in range(10):
            scene.tell(placed(f"o{n}", argon=5000 if n == 4 else 7), at=scene.now - (7 * (10 - n)) * DAY)
        scene.tell(StockCorrected(sku="argon", quantity=Decimal(60)))
        held = scene.pair().hold_until
        assert held is not None
        lasts_days = (held - scene.now.timestamp()) / 86_400
        assert 14 < lasts_days < 70, "with the bulk order among the habits it would be 0.7 days"

    def test_real_408_where_6_are_usual(self) -> None:
        found = quantities(folded(real("14156")), "22666")
        assert max(found) == 408
        assert max(believed(found)) < 60
        assert np.median(believed(found)) == np.median(found)

    def test_the_call_offers_what_is_usual(self) -> None:
        scene = Scene()
        for n in range(12):
            scene.tell(placed(f"o{n}", argon=80_995 if n == 10 else 7), at=scene.now - (7 * (13 - n)) * DAY)
        (need,) = [one for one in of(OpenNeed, scene.pass_time(hours=1)) if one.group == "argon"]
        assert need.quantity_units == 7


class TestUnknownStock:
    """Where nothing is known of the stock, an order resets it."""

    def test_made_a_delivery_is_all_there_is(self) -> None:
        scene = Scene(deciding=False)
        scene.tell(UsageReported(sku="gas", kind=UsageKind.METER_TOTAL, value=Decimal(100)))
        scene.tell(OrderDelivered(order_id="o", lines=lines(gas=500)))
        stock = scene.pair("gas").stock
        assert stock is not None
        assert (stock.level_known, stock.level) == (True, 500.0)

    def test_real_each_order_begins_the_wait_anew(self) -> None:
        events = [event for event in real("14911") if isinstance(event.fact, OrderPlaced)][:12]
        account = folded(events)
        days = {group: pair.orders.ring[-1].day for group, pair in account.pairs.items()}
        last = {line.sku: event.time.date().toordinal() for event in events for line in event.fact.lines}  # type: ignore[attr-defined]
        assert days == last
        assert all(pair.stock is None for pair in account.pairs.values())


class TestSubstitution:
    """Two pack sizes are one group; tests/forecasting/test_substitution.py has the forecasts."""

    def test_made_another_pack_covers(self) -> None:
        scene = Scene()
        scene.tell(ProductChanged(sku="S", group="gas", unit_factor=Decimal(10)))
        scene.tell(ProductChanged(sku="L", group="gas", unit_factor=Decimal(50)))
        for n in range(20):
            pack = lines(S=5) if n % 2 else lines(L=1)
            scene.tell(OrderPlaced(order_id=f"o{n}", lines=pack), at=scene.now - (7 * (20 - n)) * DAY)
        (need,) = [one for one in of(OpenNeed, scene.pass_time(hours=1)) if one.group == "gas"]
        assert (need.quantity_units, need.evidence.order_days, need.evidence.usual_gap_days) == (50.0, 20, 7.0)

    def test_real_colours_of_one_article_as_a_group_are_ordered_on_all_their_days(self) -> None:
        scene = Scene(deciding=False)
        skus = ("84029G", "84029E")
        for sku in {line.sku for event in real("17850") for line in getattr(event.fact, "lines", ())}:
            scene.tell(ProductChanged(sku=sku, group="84029" if sku in skus else sku))
        alone = folded(real("17850"))
        for event in real("17850"):
            scene.hear(event)
        together = {mark.day for mark in scene.pair("84029", "17850").orders.ring}
        assert together >= {mark.day for sku in skus for mark in alone.pairs[sku].orders.ring} & together
        assert "84029G" not in scene.account("17850").pairs


class TestTakenBack:
    """Returns, credit notes and cancellations undo the order that they are about."""

    def test_real_80995_pieces_cancelled_12_minutes_later_never_were(self) -> None:
        events = real("16446")
        placed_at, cancelled_at = (
            one.time for one in events if "581483" in (one.id, getattr(one.fact, "order_id", ""))
        )
        assert cancelled_at - placed_at == timedelta(minutes=12)
        assert quantities(folded(events[:2]), "23843") == [80_995.0]
        account = folded(events)
        assert quantities(account, "23843") == []
        assert sum(account.spend_cents.values()) == sum(folded(events[:1]).spend_cents.values())
        assert account.orders == folded(events[:1]).orders

    def test_real_the_other_way_round_they_never_were_either(self) -> None:
        first, order, cancellation = real("16446")
        straight, swapped = folded([first, order, cancellation]), folded([first, cancellation, order])
        assert straight.spend_cents == swapped.spend_cents
        assert quantities(swapped, "23843") == []

    def test_real_74215_pieces_leave_an_account_without_orders(self) -> None:
        account = folded(real("12346"))
        assert (account.orders.ring, account.spend_cents) == ([], {})

    def test_real_credits_of_a_year_take_each_pound_off_once(self) -> None:
        account = folded(real("14911"))
        assert all(cents >= 0 for cents in account.spend_cents.values())
        rows = year()[(year()["account_id"] == "14911") & year()["fate"].isin(("ordered", "credited"))]
        net = float((rows["quantity"] * rows["unit_price"]).sum())
        gross = float((rows["quantity"] * rows["unit_price"])[rows["quantity"] > 0].sum())
        spent = sum(account.spend_cents.values()) / 100
        assert net - 1 <= spent <= gross, "a credit for what was bought before the year finds no order to come off"
        assert spent == pytest.approx(net, rel=0.02)

    def test_made_a_credit_note_in_parts(self) -> None:
        scene = Scene()
        scene.tell(placed("a", argon=10), OrderReturned(order_id="a", lines=lines(argon=4)))
        assert scene.units() == [6.0]
        scene.tell(OrderReturned(order_id="a", lines=lines(argon=6)))
        assert scene.units() == []


class TestParts:
    """Lines of one order are one order, orders of one day one order day, parts of a delivery one delivery."""

    def test_real_twenty_lines_of_one_product_on_one_invoice(self) -> None:
        rows = year()[(year()["order_id"] == "555524") & (year()["sku"] == "22698")]
        assert len(rows) == 20
        until = next(place for place, event in enumerate(real("16923")) if event.id == "555524")
        assert quantities(folded(real("16923")[: until + 1]), "22698")[-1] == float(rows["quantity"].sum())

    def test_real_twelve_invoices_of_one_day_are_one_order_day(self) -> None:
        history = OrderHistory(ZONE)
        history.add(event for event in real("17850") if event.time < datetime(2010, 12, 3, tzinfo=event.time.tzinfo))
        days = history.order_days()
        mine = days.day[days.sku == days.skus.index("84029G")]
        assert len(mine) == len(set(mine.tolist())) <= 2

    def test_made_partial_deliveries_add_up(self) -> None:
        scene = Scene(deciding=False)
        scene.tell(
            UsageReported(asset_id="t", sku="gas", kind=UsageKind.LEVEL, value=Decimal(50)), placed("o", gas=900)
        )
        for part, units in enumerate((300, 300, 300)):
            scene.tell(OrderDelivered(order_id="o", lines=lines(gas=units)), at=scene.now + timedelta(minutes=part + 1))
        stock = scene.pair("gas").stock
        assert stock is not None
        assert (round(stock.level), scene.pair("gas").on_order) == (950, {})


class TestArrival:
    """Late, twice, out of order."""

    @settings(max_examples=15, deadline=None)
    @given(st.data())
    def test_real_a_week_of_orders_in_any_order(self, data: st.DataObject) -> None:
        events = [one for one in real("14911")[:10] if getattr(one.fact, "order_id", None)]  # others mean the newest
        mixed = data.draw(st.permutations(events))
        straight, other = folded(events), folded([*mixed, *mixed[:3]])
        assert other.spend_cents == straight.spend_cents
        assert {g: p.orders for g, p in other.pairs.items()} == {g: p.orders for g, p in straight.pairs.items()}

    def test_made_a_late_order_is_put_where_it_belongs(self) -> None:
        scene = Scene(deciding=False)
        for ago in (40, 10, 20, 30):
            scene.tell(placed(f"o{ago}", argon=1), at=scene.now - ago * DAY)
        days = [mark.day for mark in scene.pair().orders.ring]
        assert days == sorted(days)


class TestFirstOrder:
    """One order only: the prior speaks, and says so."""

    def told(self, scene: Scene) -> OpenNeed:
        scene.profiles(lead_time_days=60.0, service_level=0.001)
        return next(one for one in of(OpenNeed, scene.pass_time(days=20)) if one.evidence.method == "prior")

    def test_made(self) -> None:
        scene = Scene()
        scene.tell(placed("o", argon=1))
        need = self.told(scene)
        assert need.evidence.degraded
        assert need.evidence.sentence.startswith("They ordered this once")
        assert need.evidence.sentence.endswith("a guess from what others do.")

    def test_real(self) -> None:
        scene = Scene()
        (first, *_) = real("16446")
        moved = [Event(first.id, first.source, first.subject, scene.now, first.fact)]
        scene.hear(*moved)
        assert self.told(scene).evidence.degraded


class TestBadInput:
    """What a sender may say and nobody means: numbers stay numbers, and a decision is taken."""

    CASES: ClassVar[dict[str, list[tuple[int, float]]]] = {
        "all on one day": [(5, 1)] * 20,
        "constant gaps": [(7 * n, 2) for n in range(1, 40)],
        "gaps of years": [(n * 800, 1) for n in range(9, 0, -1)],
        "10 million of one product": [(60, 5), (50, 5), (40, 10_000_000), (30, 5), (20, 5)],
        "the smallest": [(n, 1e-9) for n in range(60, 2, -9)],
        "today": [(0, 1)],
        "a day ahead": [(-1, 1), (20, 1), (40, 1)],
    }

    @pytest.mark.parametrize("case", CASES)
    def test_leaves_figures_that_are_figures(self, case: str) -> None:
        scene = Scene()
        scene.profiles(lead_time_days=40.0, service_level=0.01)
        for number, (ago, units) in enumerate(sorted(self.CASES[case], reverse=True)):
            line = OrderLine(sku="argon", quantity=Decimal(str(units)), unit_price=Decimal("0.01"))
            scene.tell(OrderPlaced(order_id=f"o{number}", lines=(line,)), at=scene.now - ago * DAY)
        told = [need for day in range(9) for need in of(OpenNeed, scene.pass_time(days=3))]
        text = " ".join(need.model_dump_json() for need in told)
        assert "argon" in [need.group for need in told]
        assert "NaN" not in text
        assert all(need.evidence.p_due is not None for need in told if need.group == "argon")
        assert scene.partition.letters == []

    def test_an_order_cancelled_before_anything_else_is_nothing(self) -> None:
        scene = Scene()
        scene.tell(OrderCancelled(order_id="x"), OrderReturned(order_id="y", lines=lines(argon=1)))
        assert [group for group in opened(scene.pass_time(days=1)) if not group.startswith("*")] == []
