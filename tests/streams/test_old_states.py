"""States that the first release wrote: they are read, and folding goes on from them."""

from datetime import UTC, datetime
from decimal import Decimal
from textwrap import dedent

import pytest

from forecasting.telemetry import StockState
from schemas.events.orders import OrderCancelled, OrderDelivered
from schemas.events.usage import UsageKind, UsageReported
from streams.codec import decode_account, encode_account
from streams.state import Account
from tests.streams.harness import tick
from tests.streams.scene import Scene

FIRST_RELEASE = bytes.fromhex(
    dedent(
        """
        0100077a11dc0016a461636d65079201cf7fffffffffffffffce6553f1000196a777656c64696e67a24742c0ad4575726f70
        652f4c6f6e646f6ec001a56c61726765ab6d61696e74656e616e6365929193ce000b46ae07cb40b3880000000000c081cd5e
        d8cd13888109a76368616e67656491a263319192a773656c6c696e67a570686f6e65c3c2c0ce6553f2f402ce00077a1181a4
        74616e6ba36761730581a367617399929193ce000b46ae07cb40040000000000009703ce000b4654ce000b46a4cb3ffe6666
        66666666cb404e800000000000cb401a666666666666cb40220000000000000302ce00077a1093a26e31ce6b49d200c29203
        91a7686f6c646f7574ce6553f10098cb41268d7100000000cb405e000000000000cb4010000000000000cb40220000000000
        00cbbfe0000000000000cb3fd0000000000000c3cb40b3880000000000810792cb4004000000000000ce000b46ae
        """
    )
)
AT = datetime(2024, 4, 25, tzinfo=UTC)


@pytest.fixture
def account() -> Account:
    return decode_account(FIRST_RELEASE)


def test_everything_that_was_known_is_known(account: Account) -> None:
    assert (account.account_id, account.version, account.newest) == ("acme", 7, 1_700_000_000)
    assert (account.about.zone, account.complaints, account.attempts) == ("Europe/London", ["c1"], 2)
    pair = account.pairs["gas"]
    assert (pair.cycle, pair.orders.ring[0].quantity) == (3, 2.5)
    assert pair.orders.folded is not None
    assert pair.orders.folded.orders == 3
    assert pair.stock == StockState(739_000.5, 120.0, 4.0, 9.0, -0.5, 0.25, True, 5_000.0)


def test_what_came_later_has_its_default(account: Account) -> None:
    assert (list(account.past_orders), account.returns, account.closed_at, account.cycle_floor) == ([], {}, None, 0)
    assert account.pairs["gas"].metering is None
    assert decode_account(encode_account(account)) == account


class TestGoingOn:
    """The stock of old, of which no meter was named, becomes that of the first meter that is."""

    @pytest.fixture
    def scene(self) -> Scene:
        made = Scene(deciding=False)
        made.partition.store.rows[b"a:acme"] = FIRST_RELEASE
        made.partition.restart()
        made.hear(tick(made.now))
        return made

    def test_with_a_reading(self, scene: Scene) -> None:
        scene.tell(UsageReported(asset_id="tank", kind=UsageKind.LEVEL, value=Decimal(100)), at=AT)
        kept = scene.pair("gas").metering
        assert kept is not None
        assert list(kept.now.meters) == ["tank"]
        assert scene.pair("gas").stock == kept.now.meters["tank"]

    def test_with_a_delivery_and_a_cancellation(self, scene: Scene) -> None:
        scene.tell(OrderDelivered(order_id="unknown"), OrderCancelled(order_id="unknown"), at=AT)
        stock = scene.pair("gas").stock
        assert stock is not None
        assert stock.level == 120.0

    def test_with_a_total(self, scene: Scene) -> None:
        scene.tell(UsageReported(asset_id="tank", kind=UsageKind.METER_TOTAL, value=Decimal(5020)), at=AT)
        stock = scene.pair("gas").stock
        assert stock is not None
        assert stock.level == pytest.approx(100.0)
