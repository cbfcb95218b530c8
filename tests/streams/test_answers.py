"""What the fold tells agents besides needs: the ERP's answers, products, consents; and what "not needed" does."""

from decimal import Decimal

from schemas.events.accounts import Channel, ConsentGiven, ConsentWithdrawn, Purpose
from schemas.events.orders import OrderPlaced, OrderRefused
from schemas.events.ours import NeedOverridden, OverrideReason, ProductChanged
from schemas.needs import AccountStanding, OpenNeed, OrderAnswered, ProductTold
from tests.streams.scene import Scene, lines, of, opened, placed

SELLING_BY_PHONE = {"purpose": Purpose.SELLING, "channel": Channel.PHONE}


def test_an_order_that_names_its_command_is_an_answer_and_another_is_not() -> None:
    scene = Scene()
    order = OrderPlaced(order_id="SO-1", lines=lines(argon=2), currency="GBP", command_id="c-1")
    (answer,) = of(OrderAnswered, scene.tell(order))
    assert (answer.command_id, answer.accepted, answer.order_id, answer.total) == ("c-1", True, "SO-1", None)
    assert of(OrderAnswered, scene.tell(placed("SO-2", argon=1))) == []


def test_a_refused_order_is_an_answer_and_covers_nothing() -> None:
    scene = Scene()
    scene.buys_weekly()
    scene.settle()
    assert opened(scene.pass_time(hours=1)) == ["argon"]
    told = scene.tell(OrderRefused(command_id="c-1", cause="out_of_stock"))
    assert [(one.accepted, one.cause) for one in of(OrderAnswered, told)] == [(False, "out_of_stock")]
    assert scene.pair().need is not None


def test_products_are_told_with_price_and_availability() -> None:
    product = ProductChanged(sku="argon", name="Argon", unit_price=Decimal("12.50"), currency="GBP", available=False)
    (told,) = of(ProductTold, Scene().tell(product, account="*"))
    assert (told.sku, told.group, told.unit_price, told.available) == ("argon", "argon", Decimal("12.50"), False)


def test_consents_are_told_until_they_are_withdrawn() -> None:
    scene = Scene()
    given = of(AccountStanding, scene.tell(ConsentGiven(**SELLING_BY_PHONE)))[-1]
    assert (given.given, given.withdrawn) == (((Purpose.SELLING, Channel.PHONE),), ())
    taken = of(AccountStanding, scene.tell(ConsentWithdrawn(**SELLING_BY_PHONE)))[-1]
    assert (taken.given, taken.withdrawn) == ((), ((Purpose.SELLING, Channel.PHONE),))


def override(need_id: str, agreed_units: float) -> NeedOverridden:
    return NeedOverridden(
        task_id="t",
        attempt_id="a",
        need_id=need_id,
        group="argon",
        suggested_units=2,
        agreed_units=agreed_units,
        reason=OverrideReason.STOCK_LEFT,
    )


def test_not_needed_ends_the_need_for_its_cycle_and_another_quantity_does_not() -> None:
    scene = Scene()
    scene.buys_weekly()
    scene.settle()
    (need,) = of(OpenNeed, scene.pass_time(hours=1))
    scene.tell(override(need.need_id, 1.0))
    assert scene.pair().need is not None
    scene.tell(override(need.need_id, 0.0))
    assert scene.pair().need is None
    assert opened(scene.pass_time(days=3)) == []
    scene.tell(placed("next", argon=2))
    assert opened(scene.pass_time(days=8)) == ["argon"], "the next cycle is another need"
