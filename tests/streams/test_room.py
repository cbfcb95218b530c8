"""An account's state stays within one message, whatever is sent; what went may come again under new need ids."""

from base64 import b64encode
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.pair import RING, OrderMark, PairState, add_order
from schemas.decisions import NeedKind
from schemas.errors import DeadLetterReason
from schemas.events.accounts import AccountClosed, AccountRegistered, ComplaintOpened, ComplaintResolved
from schemas.events.orders import OrderLine, OrderPlaced
from schemas.events.ours import ReorderRejected
from schemas.events.usage import UsageKind, UsageReported
from schemas.ids import reorder_id
from schemas.needs import OpenNeed, ProposeReorder, WithdrawNeed
from streams.codec import encode_account
from streams.core.room import (
    COMFORT_BYTES,
    LOOK_EVERY_EVENTS,
    LOOK_EVERY_PAIRS,
    MANY_LINES,
    MOST_BYTES,
    MOST_OPEN_COMPLAINTS,
    weight_bytes,
)
from streams.core.stock import MOST_ASSETS
from streams.state import Account, NeedMark, Pair, Refusal
from tests.streams.scene import DAY, Scene, ended, of, opened, placed

MESSAGE_BYTES = 3 * 1024 * 1024


def many(order_id: str, skus: range, name: str = "sku") -> OrderPlaced:
    """One order of many products."""
    line = OrderLine(sku="x", quantity=Decimal(1))
    return OrderPlaced(
        order_id=order_id, lines=tuple(line.model_copy(update={"sku": f"{name}-{number}"}) for number in skus)
    )


class TestForgetting:
    """Pairs that are no longer forecast are let go when others come."""

    def test_one_off_products_of_years_ago_become_a_summary(self) -> None:
        scene = Scene(deciding=False)
        scene.tell(many("old", range(20)), at=scene.now - 1000 * DAY)
        scene.tell(many("new", range(100, 130)))
        account = scene.account()
        assert len(account.pairs) == 30
        assert account.forgotten is not None
        assert (account.forgotten.pairs, account.forgotten.orders) == (20, 20)
        assert account.forgotten.last_day == (scene.now - 1000 * DAY).toordinal()

    def test_what_is_still_ordered_stays(self) -> None:
        scene = Scene(deciding=False)
        scene.tell(many("old", range(3)), at=scene.now - 1000 * DAY)
        scene.tell(placed("again", **{"sku-1": 2}), at=scene.now - 100 * DAY)
        scene.tell(many("new", range(100, 140)))
        assert [group for group in ("sku-0", "sku-1", "sku-2") if group in scene.account().pairs] == ["sku-1"]
        assert len(scene.pair("sku-1").orders.ring) == 2

    def test_a_product_that_comes_again_has_needs_that_were_never_told(self) -> None:
        scene = Scene()
        scene.profiles(lead_time_days=60.0, service_level=0.01, opens=(NeedKind.EXPECTED_REORDER,))
        told = []
        for _ in range(2):
            for ago in (20, 10):
                scene.tell(placed(f"p{scene.now}{ago}", argon=1), at=scene.now - ago * DAY)
            told += of(OpenNeed, scene.pass_time(hours=1))
            scene.pass_time(days=900)
            scene.tell(many(f"filler{scene.now}", range(LOOK_EVERY_PAIRS), name=f"f{scene.now:%Y}"))
            assert "argon" not in scene.account().pairs
        needs = [need.need_id for need in told if need.group == "argon"]
        assert len(needs) == len(set(needs)) == 2

    def test_complaints_that_were_mended_leave_nothing(self) -> None:
        scene = Scene()
        for number in range(3 * LOOK_EVERY_PAIRS):
            scene.tell(ComplaintOpened(complaint_id=f"c{number}"))
            scene.tell(ComplaintResolved(complaint_id=f"c{number}"))
        assert len(scene.account().pairs) <= LOOK_EVERY_PAIRS

    def test_told_anew_after_it_was_forgotten_it_is_called_about_again(self) -> None:
        scene = Scene()
        (first,) = [need for need in of(OpenNeed, scene.tell(ComplaintOpened(complaint_id="c"))) if ":c" in need.group]
        scene.tell(ComplaintResolved(complaint_id="c"))
        scene.tell(many("filler", range(2 * LOOK_EVERY_PAIRS)))
        assert first.group not in scene.account().pairs
        (again,) = [need for need in of(OpenNeed, scene.tell(ComplaintOpened(complaint_id="c"))) if ":c" in need.group]
        assert again.need_id != first.need_id


class TestBounds:
    """No sender can make a state that does not fit into a message."""

    def test_the_oldest_products_go_where_there_are_too_many(self) -> None:
        scene = Scene(deciding=False)
        for number in range(8):
            at = scene.now - (60 - number) * DAY
            scene.tell(many(f"o{number}", range(number * 1000, number * 1000 + 1000), "s" * 180), at=at)
        account = scene.account()
        assert weight_bytes(account) <= MOST_BYTES
        assert len(encode_account(account)) <= MOST_BYTES
        assert "s" * 180 + "-7999" in account.pairs
        assert "s" * 180 + "-0" not in account.pairs
        assert account.forgotten is not None
        assert account.forgotten.pairs == 8_000 - len(account.pairs) > 0

    def test_orders_of_the_same_products_do_not_outgrow_it_either(self) -> None:
        scene = Scene(deciding=False)
        for number in range(10):
            scene.tell(many(f"o{number}", range(4000), "s" * 100), at=scene.now - (60 - number) * DAY)
        assert len(encode_account(scene.account())) <= MOST_BYTES

    def test_a_need_of_a_product_that_goes_is_withdrawn(self) -> None:
        scene = Scene()
        scene.profiles(lead_time_days=60.0, service_level=0.01, opens=(NeedKind.EXPECTED_REORDER,))
        scene.tell(many("o", range(6000), "o" * 190), at=scene.now - 9 * DAY)
        assert len(of(OpenNeed, scene.pass_time(days=1))) == 6000
        gone = {need.group for need in of(WithdrawNeed, scene.tell(many("more", range(300))))}
        assert gone == {"o" * 190 + f"-{number}" for number in range(6000)} - scene.account().pairs.keys()
        assert 0 < len(gone) < 6000

    def test_what_somebody_is_called_about_stays_as_long_as_anything_else_can_go(self) -> None:
        scene = Scene()
        scene.profiles(lead_time_days=60.0, service_level=0.01, opens=(NeedKind.EXPECTED_REORDER,))
        scene.tell(many("o", range(2), "o"), at=scene.now - 99 * DAY)
        scene.pass_time(days=1)
        scene.tell(many("more", range(8000), "m" * 190))
        assert {"o-0", "o-1"} <= scene.account().pairs.keys()
        assert len(scene.account().pairs) < 8000

    def test_one_complaint_too_many_is_a_letter(self) -> None:
        scene = Scene(deciding=False)
        for number in range(MOST_OPEN_COMPLAINTS + 1):
            scene.tell(ComplaintOpened(complaint_id=f"c{number}"))
        assert len(scene.account().complaints) == MOST_OPEN_COMPLAINTS
        (letter,) = scene.partition.letters
        assert letter.reason is DeadLetterReason.BAD_DATA
        assert "resolve some first" in letter.detail

    @pytest.mark.parametrize(("products", "kept"), [(1, 64), (100, MOST_ASSETS)])
    def test_one_meter_too_many_is_a_letter(self, products: int, kept: int) -> None:
        scene = Scene(deciding=False)
        for number in range(kept + 2):
            reading = UsageReported(
                asset_id=f"m{number}", sku=f"gas-{number % products}", kind=UsageKind.LEVEL, value=Decimal(5)
            )
            scene.tell(reading)
        assert len(scene.account().assets) == kept
        assert {letter.detail[:14] for letter in scene.partition.letters} == {"data.asset_id:"}
        assert len(scene.partition.letters) == 2

    @settings(max_examples=25, deadline=None)
    @given(st.integers(0, 400), st.integers(1, 200), st.integers(0, RING + 1), st.integers(0, 400))
    def test_the_weight_is_never_less_than_the_bytes(self, pairs: int, name: int, orders: int, days: int) -> None:
        state = PairState()
        for number in range(orders):
            add_order(state, OrderMark(730_000 + days + number, 2**64 - 1 - number, 1e-3))
        need, refusal = NeedMark("n" * 32, 2**33, True), Refusal(2**31, ["open_complaint", "outside_calling_hours"])
        pair = Pair(state, 2**31, 2**31, 2**31, need, refusal, 2**33)
        account = Account("a" * 200, pairs={f"{n:0>{name}}": pair for n in range(pairs)})
        assert len(encode_account(account)) <= weight_bytes(account)

    def test_the_largest_state_fits_also_as_a_transfer(self) -> None:
        most = MOST_BYTES + LOOK_EVERY_EVENTS * MANY_LINES * 28
        assert len(b64encode(b"x" * most)) + 10_000 < MESSAGE_BYTES
        assert COMFORT_BYTES < MOST_BYTES


class TestClosing:
    """A closed account that is registered again is open again."""

    @pytest.fixture
    def scene(self) -> Scene:
        made = Scene()
        made.profiles(opens=(NeedKind.EXPECTED_REORDER,))
        made.buys_weekly()
        made.pass_time(hours=1)
        return made

    def test_what_is_due_is_called_about_under_another_id(self, scene: Scene) -> None:
        need = scene.pair().need
        scene.tell(AccountClosed())
        assert opened(scene.pass_time(days=1)) == []
        scene.tell(AccountRegistered())
        (again,) = of(OpenNeed, scene.pass_time(hours=1))
        assert need is not None
        assert (again.group, again.need_id == need.need_id) == ("argon", False)

    def test_a_registration_from_before_the_closing_opens_nothing(self, scene: Scene) -> None:
        scene.tell(AccountClosed())
        scene.tell(AccountRegistered(), at=scene.now - DAY)
        assert scene.account().closed

    def test_an_order_opens_nothing(self, scene: Scene) -> None:
        scene.tell(AccountClosed())
        scene.tell(placed("o", argon=1), at=scene.now + timedelta(hours=1))
        assert scene.account().closed


class TestRejections:
    """A rejection is about one need, and ends no later one."""

    @pytest.fixture
    def scene(self) -> Scene:
        made = Scene()
        made.profiles(automation="propose", opens=(NeedKind.EXPECTED_REORDER,))
        made.buys_weekly(until_days_ago=9)
        return made

    def proposal(self, scene: Scene) -> ProposeReorder:
        (told,) = of(ProposeReorder, scene.pass_time(days=1))
        return told

    @pytest.mark.parametrize("named", [True, False])
    def test_of_the_present_one(self, scene: Scene, named: bool) -> None:
        need = self.proposal(scene).need_id
        fact = ReorderRejected(reorder_id=reorder_id(need), group="argon", need_id=need if named else None)
        assert ended(scene.tell(fact)) == [("argon", "policy")]
        assert opened(scene.pass_time(days=5)) == []

    @pytest.mark.parametrize("named", [True, False])
    def test_of_one_that_an_order_ended(self, scene: Scene, named: bool) -> None:
        need = self.proposal(scene).need_id
        scene.tell(placed("now", argon=2))
        scene.pass_time(days=9)
        fact = ReorderRejected(reorder_id=reorder_id(need), group="argon", need_id=need if named else None)
        assert ended(scene.tell(fact)) == []
        assert scene.pair().need is not None
