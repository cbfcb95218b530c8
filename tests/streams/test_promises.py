"""Deliveries that come, come late, in parts, or are never reported."""

from datetime import timedelta
from itertools import permutations

import pytest

from outreach.profiles import standard_profiles
from schemas.decisions import NeedKind, Reason
from schemas.events.accounts import (
    AccountMerged,
    ComplaintOpened,
    ComplaintResolved,
    InvoiceDisputed,
    InvoiceIssued,
    InvoicePaid,
)
from schemas.events.orders import OrderCancelled, OrderChanged, OrderDelivered, OrderPlaced, OrderShipped
from schemas.events.ours import CallEnded, Disposition, RecoveryEnded
from schemas.needs import AccountStanding, Effect, OpenNeed
from tests.streams.harness import START, said
from tests.streams.scene import DAY, Scene, ended, lines, of, opened, placed, refused

LATE = "*delivery:o1"


@pytest.fixture
def scene() -> Scene:
    """A weekly buyer of argon who is not due yet, with credit, reached by phone."""
    made = Scene()
    made.settle()
    made.buys_weekly(until_days_ago=1)
    made.profiles(opens=(NeedKind.LATE_DELIVERY, NeedKind.DISPUTED_INVOICE, NeedKind.RECOVERY))
    return made


def promised(days: float, **units: float) -> OrderPlaced:
    """An order that is to arrive so many days from the beginning."""
    return placed("o1", **units).model_copy(update={"promised_at": START + days * DAY})


def lates(scene: Scene, days: int) -> list[str]:
    """Groups of late deliveries that open within these days."""
    return [group for _ in range(days) for group in opened(scene.pass_time(days=1)) if "delivery" in group]


class TestLate:
    """A promised day that passes in silence."""

    def test_opens_once_a_day_after_it(self, scene: Scene) -> None:
        scene.tell(promised(2, wire=3))
        assert lates(scene, 2) == []
        told = scene.pass_time(days=1)
        (need,) = of(OpenNeed, told)
        assert (need.group, need.evidence.sentence) == (
            LATE,
            "Order o1 was promised for 4 March and is not reported as delivered.",
        )
        assert of(AccountStanding, told)[-1].open_complaints == ("delivery:o1",)
        assert lates(scene, 9) == []

    def test_the_profile_says_how_late_is_late(self, scene: Scene) -> None:
        scene.profiles(late_after_days=5.0, opens=(NeedKind.LATE_DELIVERY,))
        scene.tell(promised(1, wire=3))
        assert (lates(scene, 5), lates(scene, 1)) == ([], [LATE])

    @pytest.mark.parametrize(
        "arrival",
        [
            OrderDelivered(order_id="o1"),
            OrderDelivered(order_id="o1", lines=lines(wire=3)),
            OrderShipped(order_id="o1"),
            OrderCancelled(order_id="o1"),
        ],
        ids=lambda fact: type(fact).__name__,
    )
    def test_what_is_heard_in_time_opens_nothing(self, scene: Scene, arrival: OrderDelivered) -> None:
        scene.tell(promised(2, wire=3), arrival)
        assert lates(scene, 9) == []
        assert scene.account().relation.promises == {}

    def test_a_part_is_not_the_whole(self, scene: Scene) -> None:
        scene.tell(promised(2, wire=3), OrderDelivered(order_id="o1", lines=lines(wire=1)))
        assert lates(scene, 4) == [LATE]
        assert ended(scene.tell(OrderDelivered(order_id="o1", lines=lines(wire=2)))) == [(LATE, "resolved")]

    def test_a_shipment_with_another_day_counts_instead(self, scene: Scene) -> None:
        scene.tell(promised(2, wire=3), OrderShipped(order_id="o1", expected_at=START + 6 * DAY))
        assert (lates(scene, 6), lates(scene, 2)) == ([], [LATE])

    def test_a_day_that_is_promised_anew_ends_the_call_and_may_pass_too(self, scene: Scene) -> None:
        scene.tell(promised(1, wire=3))
        assert lates(scene, 3) == [LATE]
        changed = OrderChanged(order_id="o1", lines=lines(wire=3), promised_at=START + 8 * DAY)
        assert ended(scene.tell(changed)) == [(LATE, "resolved")]
        ids = {scene.account().pairs[LATE].cycle}
        assert lates(scene, 7) == [LATE]
        assert scene.account().pairs[LATE].cycle not in ids

    def test_a_delivery_that_was_told_before_its_order(self, scene: Scene) -> None:
        scene.tell(OrderDelivered(order_id="o1"), promised(2, wire=3))
        assert lates(scene, 9) == []

    def test_an_order_told_again_after_it_arrived(self, scene: Scene) -> None:
        scene.tell(promised(2, wire=3), OrderDelivered(order_id="o1"), promised(2, wire=3))
        assert lates(scene, 9) == []

    def test_an_old_promise_is_no_news(self, scene: Scene) -> None:
        scene.tell(promised(-31, wire=3), at=START - 33 * DAY)
        assert lates(scene, 3) == []

    def test_one_that_is_never_heard_of_blocks_no_longer_than_a_month(self, scene: Scene) -> None:
        scene.tell(promised(1, wire=3))
        scene.pass_time(days=3)
        assert scene.account().relation.troubles
        scene.pass_time(days=15)
        scene.pass_time(days=15)
        assert (scene.account().relation.troubles, scene.account().relation.promises) == ({}, {})
        assert not any(isinstance(one.fact, RecoveryEnded) for one in scene.partition.recorded)

    def test_it_blocks_no_longer_where_the_profile_calls_about_none_any_more(self, scene: Scene) -> None:
        scene.tell(promised(1, wire=3))
        assert lates(scene, 3) == [LATE]
        scene.profiles(opens=(NeedKind.RECOVERY,))
        assert lates(scene, 30) == []
        relation = scene.account().relation
        assert (relation.troubles, relation.promises) == ({}, {})

    def test_a_promise_that_had_to_be_forgotten_blocks_nothing(self, scene: Scene) -> None:
        scene.tell(promised(1, wire=3))
        assert lates(scene, 3) == [LATE]
        later = scene.now + 20 * DAY
        many = [placed(f"more-{n}", wire=1).model_copy(update={"promised_at": later}) for n in range(64)]
        assert ended(scene.tell(*many)) == [(LATE, "expired")]
        assert scene.account().relation.troubles == {}

    def test_without_a_promise_the_lead_time_counts_where_deliveries_are_reported(self, scene: Scene) -> None:
        scene.profiles(lead_time_days=3.0, opens=(NeedKind.LATE_DELIVERY,))
        scene.tell(placed("o1", wire=3))
        assert lates(scene, 6) == [], "nobody ever said that anything arrived"
        scene.tell(OrderDelivered(order_id="o1"), placed("o2", wire=3))
        assert lates(scene, 6) == [], "and once is no habit"
        scene.tell(OrderDelivered(order_id="o2"), placed("o3", wire=3))
        assert (lates(scene, 3), lates(scene, 2)) == ([], ["*delivery:o3"])

    def test_where_only_some_deliveries_are_reported_silence_means_nothing(self, scene: Scene) -> None:
        scene.profiles(lead_time_days=3.0, opens=(NeedKind.LATE_DELIVERY,))
        for number in range(6):
            scene.tell(placed(f"n{number}", wire=3))
            if number % 2:
                scene.tell(OrderShipped(order_id=f"n{number}"))
            assert lates(scene, 6) == []


def call(*groups: str) -> CallEnded:
    return CallEnded(task_id="t", attempt_id="a", task_class="service", disposition=Disposition.RESOLVED, groups=groups)


def measured(scene: Scene) -> list[tuple[str, str, float, str]]:
    """(kind, reference, hours, how) of what was mended."""
    facts = [one.fact for one in scene.partition.recorded if isinstance(one.fact, RecoveryEnded)]
    return [(fact.kind, fact.reference, fact.hours, fact.how) for fact in facts]


class TestMending:
    """Nothing is sold before, and how long it took is told."""

    def blocked(self, scene: Scene) -> list[Effect]:
        return scene.profiles(opens=(NeedKind.EXPECTED_REORDER, NeedKind.DISPUTED_INVOICE, NeedKind.RECOVERY))

    def test_a_disputed_invoice_stops_selling_until_it_is_paid(self, scene: Scene) -> None:
        told = scene.tell(InvoiceDisputed(invoice_id="i1"))
        assert opened(told) == ["*invoice:i1"]
        assert of(AccountStanding, told)[-1].open_complaints == ("invoice:i1",)
        assert ("argon", (Reason.OPEN_COMPLAINT,)) in refused(self.blocked(scene))
        assert ended(scene.tell(InvoicePaid(invoice_id="i1"))) == [("*invoice:i1", "resolved")]
        assert opened(scene.pass_time(hours=1)) == ["argon"]

    @pytest.mark.parametrize("places", list(permutations(range(3))))
    def test_two_disputes_and_a_payment_leave_nothing_open_in_any_order(
        self, scene: Scene, places: tuple[int, ...]
    ) -> None:
        facts = [InvoiceDisputed(invoice_id="i1"), InvoiceDisputed(invoice_id="i1"), InvoicePaid(invoice_id="i1")]
        events = [said(fact, scene.now + timedelta(minutes=n), f"invoice-{n}") for n, fact in enumerate(facts)]
        told = [effect for place in places for effect in scene.partition.feed(events[place])]
        standings = of(AccountStanding, told)
        assert not standings or standings[-1].open_complaints == ()
        assert len(opened(told)) == len(ended(told))
        later = said(InvoiceDisputed(invoice_id="i1"), scene.now + timedelta(hours=1), "later")
        assert opened(scene.partition.feed(later)) == ["*invoice:i1"]

    def test_an_invoice_that_nobody_disputes_blocks_nothing(self, scene: Scene) -> None:
        assert scene.tell(InvoiceIssued(invoice_id="i1", amount=10), InvoicePaid(invoice_id="i1")) == []

    def test_a_profile_that_calls_about_none_is_blocked_all_the_same(self, scene: Scene) -> None:
        scene.tell(InvoiceDisputed(invoice_id="i1"))
        told = scene.profiles(opens=(NeedKind.EXPECTED_REORDER,))
        assert ended(told) == [("*invoice:i1", "policy")]
        assert refused(told) == [("argon", (Reason.OPEN_COMPLAINT,))]

    @pytest.mark.parametrize(
        ("opening", "end", "told"),
        [
            (ComplaintOpened(complaint_id="c1"), ComplaintResolved(complaint_id="c1"), ("recovery", "c1", "resolved")),
            (InvoiceDisputed(invoice_id="i1"), InvoicePaid(invoice_id="i1"), ("disputed_invoice", "i1", "paid")),
            (ComplaintOpened(complaint_id="c1"), call("*complaint:c1"), ("recovery", "c1", "call")),
        ],
        ids=["complaint", "invoice", "call"],
    )
    def test_the_time_it_took_is_measured(
        self, scene: Scene, opening: ComplaintOpened, end: CallEnded, told: tuple[str, str, str]
    ) -> None:
        scene.tell(opening)
        scene.now += timedelta(hours=30)
        scene.tell(end)
        kind, reference, how = told
        assert measured(scene) == [(kind, reference, 30.0, how)]
        scene.tell(end)
        assert len(measured(scene)) == 1

    def test_a_call_that_settles_a_complaint_lets_selling_go_on(self, scene: Scene) -> None:
        scene.tell(ComplaintOpened(complaint_id="c1"))
        assert ("argon", (Reason.OPEN_COMPLAINT,)) in refused(self.blocked(scene))
        told = scene.tell(call("*complaint:c1"))
        assert of(AccountStanding, told)[-1].open_complaints == ()
        assert opened(scene.pass_time(hours=1)) == ["argon"]

    def test_a_call_that_settles_a_late_delivery_is_not_made_again(self, scene: Scene) -> None:
        scene.tell(promised(1, wire=3))
        assert lates(scene, 3) == [LATE]
        scene.tell(call(LATE))
        assert lates(scene, 20) == []

    def test_troubles_go_with_a_merged_account(self, scene: Scene) -> None:
        scene.tell(InvoiceDisputed(invoice_id="i1"), promised(2, wire=3))
        scene.tell(AccountMerged(into_account_id="bolt"))
        scene.hear(*scene.partition.recorded)
        assert "*invoice:i1" in scene.account("bolt").relation.troubles
        assert {"*invoice:i1", LATE} <= {group for _ in range(4) for group in opened(scene.pass_time(days=1))}


def test_the_standard_set_mends_in_every_cell() -> None:
    for cell in standard_profiles("x", START).cells.values():
        assert {NeedKind.RECOVERY, NeedKind.LATE_DELIVERY, NeedKind.DISPUTED_INVOICE} <= set(cell.opens)


class TestTold:
    """What the desk may tell the account of its orders."""

    def test_what_is_to_arrive_and_whether_it_left(self, scene: Scene) -> None:
        told = [scene.tell(promised(5, wire=3))]
        told += [scene.tell(OrderShipped(order_id="o1", expected_at=START + 6 * DAY)), scene.pass_time(days=1)]
        told.append(scene.tell(OrderDelivered(order_id="o1")))
        said_of = [one.expected_orders for effects in told for one in of(AccountStanding, effects)]
        first, shipped, *_, last = said_of
        assert [(one.order_id, one.promised_at, one.shipped) for one in first or ()] == [("o1", START + 5 * DAY, False)]
        assert [(one.promised_at, one.shipped) for one in shipped or ()] == [(START + 6 * DAY, True)]
        assert last is None
