"""State as bytes: what is written is read, also by releases before and after, and damage is told."""

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forecasting.marks import KEY, Folded, OrderMark, PairState
from forecasting.metering import GroupStock, Metering, Report
from forecasting.telemetry import StockState
from schemas.envelope import Event
from schemas.errors import Corrupt, Misconfigured
from streams import codec
from streams.state import (
    Account,
    Forgotten,
    NeedMark,
    Pair,
    Partition,
    PastOrder,
    PastOrders,
    Product,
    Profile,
    Promise,
    Refusal,
    Relation,
    Returned,
    Rollout,
)
from tests.streams.strategies import logs
from tests.streams.test_fold_properties import play

PAIR = Pair(
    orders=PairState.of([OrderMark(739_000, 2**64 - 1, 2.5)]),
    cycle=3,
    done_cycle=2,
    due_hour=490_000,
    need=NeedMark("n1", 1_800_000_000),
    refusal=Refusal(3, ["holdout"]),
    on_order={2**64 - 1: (2.5, 739_000)},
)
ACCOUNT = Account(
    account_id="acme",
    version=7,
    seen=KEY.pack(1) + KEY.pack(2**63 - 1),
    past_orders=PastOrders.of([PastOrder(5, 2**64 - 1, -3)]),
    pairs={"argon": PAIR},
    assets={"tank": "argon"},
)
PARTITION = Partition(as_of=1_800_000_000, products={"argon": Product("gas", 2.0)}, rates={"USD": {739_000: 0.8}})


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(logs())
def test_states_that_a_log_leaves_are_read_as_they_were_written(events: list[Event]) -> None:
    partition, _ = play(events, [])
    for key, raw in partition.store.items(b"a:"):
        account = codec.decode_account(raw)
        assert codec.encode_account(account) == raw
        assert codec.due_hour_of(raw) == account.due_hour
        assert key == b"a:" + account.account_id.encode()
    raw = partition.store.rows[b"p"]
    assert codec.encode_partition(codec.decode_partition(raw)) == raw


def test_every_field_comes_back() -> None:
    assert codec.decode_account(codec.encode_account(ACCOUNT)) == ACCOUNT
    assert codec.decode_partition(codec.encode_partition(PARTITION)) == PARTITION


@given(st.none() | st.integers(0, 2**31))
def test_the_due_hour_is_read_without_decoding(hour: int | None) -> None:
    account = Account(account_id="acme", check_hour=hour)
    head = codec.encode_account(account)[:5]
    assert codec.due_hour_of(head) == hour


def test_the_earliest_of_the_pairs_and_the_account_is_the_due_hour() -> None:
    account = Account(
        account_id="acme", check_hour=30, pairs={"a": Pair(due_hour=20), "b": Pair(), "c": Pair(due_hour=40)}
    )
    assert codec.due_hour_of(codec.encode_account(account)) == 20


def test_an_hour_before_1970_is_due_at_once() -> None:
    assert codec.due_hour_of(codec.encode_account(Account(account_id="acme", check_hour=-5))) == 0


@pytest.mark.parametrize("decode", [codec.decode_account, codec.decode_partition])
@pytest.mark.parametrize("length", range(5))
def test_shorter_than_its_head_is_corrupt(decode: object, length: int) -> None:
    with pytest.raises(Corrupt, match="rebuild it from the log"):
        decode(codec.encode_account(ACCOUNT)[:length])  # type: ignore[operator]


def test_cut_off_anywhere_is_corrupt() -> None:
    raw = codec.encode_account(ACCOUNT)
    for length in range(5, len(raw)):
        with pytest.raises(Corrupt, match="rebuild it from the log"):
            codec.decode_account(raw[:length])


@pytest.mark.parametrize("column", ["days", "keys", "quantities", "sums"])
@pytest.mark.parametrize("what", ["of the account", "of 'argon'"])
@pytest.mark.parametrize("damage", [lambda kept: kept[:-1], lambda kept: kept + b"x" * 8, lambda kept: kept[8:]])
def test_columns_of_different_lengths_are_corrupt(column: str, what: str, damage: Callable[[bytes], bytes]) -> None:
    """Joined into one array with others they would move every value behind them to another account."""
    account = codec.decode_account(codec.encode_account(ACCOUNT))
    ring = [OrderMark(739_000, 1, 2.5), OrderMark(739_010, 2, 2.5)]
    whole = PairState.of(ring, Folded(1, 738_000, 738_000, 0.0, 0.0, 0.0, 1.0))
    account.orders = account.pairs["argon"].orders = whole
    assert codec.decode_account(codec.encode_account(account)) == account
    broken = PairState(whole.days, whole.keys, whole.quantities, whole.sums)
    setattr(broken, column, damage(getattr(whole, column)))
    if what == "of the account":
        account.orders = broken
    else:
        account.pairs["argon"].orders = broken
    with pytest.raises(Corrupt, match=r"state of account 'acme': the orders.*rebuild it from the log"):
        codec.decode_account(codec.encode_account(account))


@pytest.mark.parametrize("column", ["days", "keys", "cents"])
def test_past_orders_of_different_lengths_are_corrupt(column: str) -> None:
    account = codec.decode_account(codec.encode_account(ACCOUNT))
    setattr(account.past_orders, column, getattr(account.past_orders, column) + b"x" * 4)
    with pytest.raises(Corrupt, match="state of account 'acme': the orders that left the ring"):
        codec.decode_account(codec.encode_account(account))


def test_half_a_seen_id_is_corrupt() -> None:
    account = codec.decode_account(codec.encode_account(ACCOUNT))
    account.seen += b"x"
    with pytest.raises(Corrupt, match="state of account 'acme': the ids that were seen"):
        codec.decode_account(codec.encode_account(account))


def test_more_than_was_written_is_corrupt() -> None:
    with pytest.raises(Corrupt):
        codec.decode_account(codec.encode_account(ACCOUNT) + b"\x00")


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(codec.READERS)), st.binary(max_size=60))
def test_foreign_bytes_are_corrupt_or_a_state_but_nothing_else(version: int, payload: bytes) -> None:
    for decode in (codec.decode_account, codec.decode_partition):
        try:
            decode(bytes([version]) + b"\x00\x00\x00\x00" + payload)
        except Corrupt:
            continue


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipped_bytes_are_corrupt_or_a_state_but_nothing_else(data: st.DataObject) -> None:
    raw = bytearray(codec.encode_account(ACCOUNT))
    raw[data.draw(st.integers(5, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        codec.decode_account(bytes(raw))
    except Corrupt:
        return


class TestVersions:
    """A rolling upgrade: releases read each other as far as is promised."""

    def aged(self, version: int) -> bytes:
        return bytes([version]) + codec.encode_account(ACCOUNT)[1:]

    def test_a_newer_one_is_refused_with_its_version(self) -> None:
        says = "version 3 was written by a newer release; this one reads up to 2: .*RINGAHEAD_UPGRADE_FROM=2"
        with pytest.raises(Corrupt, match=says):
            codec.decode_account(self.aged(3))

    @pytest.mark.parametrize(("version", "says"), [(3, "run the newer"), (0, "too old; rebuild it")])
    def test_one_that_cannot_be_read_is_noticed_when_the_index_is_built(self, version: int, says: str) -> None:
        with pytest.raises(Corrupt, match=says):
            codec.due_hour_of(self.aged(version))

    def test_an_older_one_without_a_reader_is_refused(self) -> None:
        with pytest.raises(Corrupt, match="version 0 is too old"):
            codec.decode_account(self.aged(0))

    def test_the_present_layout_and_the_one_before_are_read_and_written(self) -> None:
        assert {codec.VERSION, codec.VERSION - 1} <= set(codec.READERS)
        assert {codec.VERSION, codec.VERSION - 1} <= set(codec.WRITERS)
        assert codec.layout_to_write(None) == codec.VERSION
        assert codec.layout_to_write(1) == 1

    @pytest.mark.parametrize("asked", [0, 3])
    def test_a_layout_that_cannot_be_written_is_refused_by_its_number(self, asked: int) -> None:
        with pytest.raises(Misconfigured, match=f"FROM={asked}: this release writes state layouts 1, 2;"):
            codec.layout_to_write(asked)

    @pytest.mark.parametrize("layout", sorted(codec.WRITERS))
    def test_every_layout_gives_back_what_was_written(self, layout: int) -> None:
        raw = codec.encode_account(ACCOUNT, layout=layout)
        assert raw[0] == layout
        assert codec.decode_account(raw) == ACCOUNT


class Grown(msgspec.Struct, array_like=True):
    """A struct of the next release: one field more, with a default."""

    need_id: str
    valid_until: int
    reorder: bool = False
    p_due: float = 1.0
    colour: str = "plain"


def test_a_field_appended_is_read_by_both_releases() -> None:
    now, then = msgspec.msgpack.Decoder(NeedMark), msgspec.msgpack.Decoder(Grown)
    old, new = NeedMark("n", 5, True, 0.5), Grown("n", 5, True, 0.5, "red")
    assert now.decode(msgspec.msgpack.encode(new)) == old
    assert then.decode(msgspec.msgpack.encode(old)) == Grown("n", 5, True, 0.5)


LAYOUT: dict[type[msgspec.Struct], tuple[int, str]] = {
    Account: (
        1,
        "account_id version seen newest late_events about size phase orders spend_cents settled_orders complaints "
        "withdrawn credit_hold closed merged_into cool_down_until attempts check_hour assets standing pairs "
        "past_orders returns closed_at cycle_floor forgotten p_alive margin_cents relation given absorbed",
    ),
    Pair: (0, "orders cycle done_cycle due_hour need refusal hold_until stock on_order metering"),
    Partition: (
        0,
        "as_of model_version model_digest model_published profiles_version profiles_digest products rates seen "
        "decided_once pending_version pending_digest calendar slice_accounts rollout",
    ),
    Rollout: (2, "number started after done total finished"),
    Returned: (0, "units cents"),
    Forgotten: (0, "pairs orders last_day"),
    Product: (1, "group unit_factor name lead_time_days available margin_share minimum_units multiple_units"),
    Profile: (0, "trade country region zone size tier wallet_yearly acquisition_cost"),
    NeedMark: (2, "need_id valid_until reorder p_due"),
    Promise: (4, "order_id at to_ship to_deliver"),
    Relation: (0, "credit channel manager edi joint_day delivers promises arrived troubles invoices"),
    Refusal: (2, "cycle reasons"),
    PairState: (0, "days keys quantities sums"),
    PastOrders: (0, "days keys cents"),
    Report: (3, "day kind value meter reset"),
    GroupStock: (0, "meters pool"),
    Metering: (0, "now before recent"),
    StockState: (1, "day level rate level_var covariance rate_var level_known last_total counted_day scale"),
}
"""Fields that must be there, and all fields in their order."""


@pytest.mark.parametrize("kind", LAYOUT)
def test_fields_stand_where_they_stood(kind: type[msgspec.Struct]) -> None:
    """Array-like: a field moved or taken away would be read as another. Append with a default, or raise VERSION."""
    needed, names = LAYOUT[kind]
    assert " ".join(kind.__struct_fields__) == names, "append the new field here too"
    assert len(kind.__struct_fields__) - len(kind.__struct_defaults__) == needed, "old states lack the new field"
