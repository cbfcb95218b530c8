"""Layout 1 of account states: orders as lists of marks, seen ids and past orders as lists. Frozen.

Read for ever, and written while workers of a release that knows nothing newer still run (``RINGAHEAD_UPGRADE_FROM``).
Later fields are appended to layout 2 only; what they say must be rebuildable, since a state that went through an older
worker comes back without it.
"""

from operator import attrgetter
from typing import Any

import msgspec

from forecasting.marks import KEY, Folded, OrderMark, PairState
from forecasting.metering import Metering
from forecasting.telemetry import StockState
from schemas.events.accounts import Size
from schemas.events.ours import Phase
from streams.state import (
    Account,
    Forgotten,
    NeedMark,
    Pair,
    PastOrder,
    PastOrders,
    Profile,
    Refusal,
    Relation,
    Returned,
)

_new = msgspec.field


class Orders1(msgspec.Struct, array_like=True, gc=False):
    """forecasting.marks.PairState as it was."""

    ring: list[OrderMark] = _new(default_factory=list)
    folded: Folded | None = None


class Pair1(msgspec.Struct, array_like=True, gc=False):
    """streams.state.Pair as it was."""

    orders: Orders1 = _new(default_factory=Orders1)
    cycle: int = 0
    done_cycle: int = -1
    due_hour: int | None = None
    need: NeedMark | None = None
    refusal: Refusal | None = None
    hold_until: int | None = None
    stock: StockState | None = None
    on_order: dict[int, tuple[float, int]] = _new(default_factory=dict)
    metering: Metering | None = None


class Account1(msgspec.Struct, array_like=True, gc=False):
    """streams.state.Account as it was."""

    account_id: str
    version: int = 0
    seen: list[int] = _new(default_factory=list)
    newest: int = 0
    late_events: int = 0
    about: Profile = _new(default_factory=Profile)
    size: str = Size.SMALL.value
    phase: str = Phase.IGNITION.value
    orders: Orders1 = _new(default_factory=Orders1)
    spend_cents: dict[int, int] = _new(default_factory=dict)
    settled_orders: dict[int, str] = _new(default_factory=dict)
    complaints: list[str] = _new(default_factory=list)
    withdrawn: list[tuple[str, str]] = _new(default_factory=list)
    credit_hold: bool = False
    closed: bool = False
    merged_into: str | None = None
    cool_down_until: int | None = None
    attempts: int = 0
    check_hour: int | None = None
    assets: dict[str, str] = _new(default_factory=dict)
    standing: int = 0
    pairs: dict[str, Pair1] = _new(default_factory=dict)
    past_orders: list[PastOrder] = _new(default_factory=list)
    returns: dict[int, list[Returned]] = _new(default_factory=dict)
    closed_at: int | None = None
    cycle_floor: int = 0
    forgotten: Forgotten | None = None
    p_alive: float | None = None
    margin_cents: dict[int, tuple[int, int]] = _new(default_factory=dict)
    relation: Relation = _new(default_factory=Relation)
    given: list[tuple[str, str]] = _new(default_factory=list)


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Account1)
_OF_ACCOUNT = attrgetter(*Account1.__struct_fields__)
_OF_PAIR = attrgetter(*Pair1.__struct_fields__)


def read(payload: bytes) -> Account:
    """An account from the payload of layout 1; raises what msgspec raises."""
    told: dict[str, Any] = _named(Account1, _OF_ACCOUNT(_DECODER.decode(payload)))
    told["seen"] = b"".join(map(KEY.pack, told["seen"]))
    told["orders"] = _orders(told["orders"])
    told["past_orders"] = PastOrders.of(told["past_orders"])
    told["pairs"] = {group: _pair(one) for group, one in told["pairs"].items()}
    return Account(**told)


def written(account: Account) -> bytes:
    """The payload of layout 1; fields of later layouts are left out."""
    told: dict[str, Any] = _named(Account1, _OF_ACCOUNT(account))
    told["seen"] = [key for (key,) in KEY.iter_unpack(account.seen)]
    told["orders"] = _orders_1(account.orders)
    told["past_orders"] = list(account.past_orders)
    told["pairs"] = {group: _pair_1(one) for group, one in account.pairs.items()}
    return _ENCODER.encode(Account1(**told))


def _named(kind: type[msgspec.Struct], values: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip(kind.__struct_fields__, values, strict=True))


def _orders(one: Orders1) -> PairState:
    return PairState.of(one.ring, one.folded)


def _orders_1(one: PairState) -> Orders1:
    return Orders1(one.ring, one.folded)


def _pair(one: Pair1) -> Pair:
    return Pair(**(_named(Pair1, _OF_PAIR(one)) | {"orders": _orders(one.orders)}))


def _pair_1(one: Pair) -> Pair1:
    return Pair1(**(_named(Pair1, _OF_PAIR(one)) | {"orders": _orders_1(one.orders)}))
