"""Bounds an account's state: what is old is folded into a summary, and nothing grows beyond what one message holds.

Looked at when an account gains pairs, after the event that brought them, so that batches do not matter. A pair that was
let go may come again: it begins at the account's cycle floor, and its needs have ids that were never used.
"""

from schemas.errors import BadEvent, DeadLetterReason
from streams.core.context import Folding
from streams.core.needs import end_need
from streams.state import ACCOUNT_GROUP, Account, Forgotten, Pair

FORGET_DAYS = 730
"""A product that was not ordered for so long is no longer forecast, and its pair is let go."""
LOOK_EVERY_PAIRS = 32
MOST_BYTES = 2_000_000
"""Of a state: also as base64 in a StateTransferred it is a message of less than 3 MiB."""
COMFORT_BYTES = 1_750_000
"""What is left when pairs had to go, so that the next new product is not yet the next occasion."""
MOST_OPEN_COMPLAINTS = 100
_PAIR_BYTES, _MARK_BYTES, _METER_BYTES, _ON_ORDER_BYTES, _REPORT_BYTES = 200, 28, 110, 30, 40
_RING = 12


def make_room(folding: Folding, pairs_before: int) -> None:
    """Let go of what is old where pairs were added, and of the oldest where the state would grow too large."""
    account = folding.account
    if len(account.pairs) // LOOK_EVERY_PAIRS <= pairs_before // LOOK_EVERY_PAIRS:
        return
    today = folding.today
    for group in [group for group, pair in account.pairs.items() if _is_over(account, group, pair, today)]:
        _forget(folding, group)
    room = COMFORT_BYTES - weight_bytes(account)
    if room >= COMFORT_BYTES - MOST_BYTES:
        return
    for group in sorted(account.pairs, key=lambda one: _worth_keeping(account.pairs[one], one)):
        if room >= 0:
            return
        room += _pair_bytes(group, account.pairs[group])
        _forget(folding, group)


def weight_bytes(account: Account) -> int:
    """An upper bound of the encoded size of the account's pairs, meters and lists, whatever more orders they take."""
    pairs = sum(_pair_bytes(group, pair) for group, pair in account.pairs.items())
    assets = sum(_text_bytes(name) + _text_bytes(sku) for name, sku in account.assets.items())
    back = sum(
        20 + 10 * len(one.units) + sum(_text_bytes(group) for group in one.units)
        for returned in account.returns.values()
        for one in returned
    )
    return 20_000 + pairs + assets + back + sum(_text_bytes(one) for one in account.complaints)


def check_complaints(account: Account) -> None:
    """Refuse one open complaint too many, before anything is changed. Raises BadEvent."""
    if len(account.complaints) >= MOST_OPEN_COMPLAINTS:
        detail = f"data.complaint_id: {len(account.complaints)} complaints of the account are open; resolve some first"
        raise BadEvent(DeadLetterReason.BAD_DATA, detail)


def _is_over(account: Account, group: str, pair: Pair, today: int) -> bool:
    """Whether nothing can come of the pair any more but a new beginning."""
    if pair.need is not None or pair.stock is not None or group == ACCOUNT_GROUP:
        return False
    if group.startswith(ACCOUNT_GROUP):  # what was mended; a need of the account that names nothing is had once
        lasts = group in account.relation.troubles or any(one[:150] in group for one in account.complaints)
        return ":" in group and not lasts and pair.done_cycle == pair.cycle
    return pair.hold_until is None and _last_day(pair) < today - FORGET_DAYS


def _worth_keeping(pair: Pair, group: str) -> tuple[bool, bool, bool, int, str]:
    """What goes first: pairs that nobody talks of, without a meter, silent for longest."""
    whole = group == ACCOUNT_GROUP
    return whole, pair.stock is not None, pair.need is not None, _last_day(pair), group


def _forget(folding: Folding, group: str) -> None:
    """Let a pair go; what the desk was told of it ends."""
    account, pair = folding.account, folding.account.pairs[group]
    end_need(folding, group, pair, "policy")
    del account.pairs[group]
    account.cycle_floor = max(account.cycle_floor, pair.cycle + 1)
    past = account.forgotten or Forgotten()
    days = {mark.day for mark in pair.orders.ring}
    orders = len(days) + (0 if pair.orders.folded is None else pair.orders.folded.orders)
    account.forgotten = Forgotten(past.pairs + 1, past.orders + orders, max(past.last_day, _last_day(pair)))


def _last_day(pair: Pair) -> int:
    """The newest order day; 0 where there is none."""
    if pair.orders.ring:
        return pair.orders.ring[-1].day
    return 0 if pair.orders.folded is None else pair.orders.folded.last_day


def _pair_bytes(group: str, pair: Pair) -> int:
    """Bytes of a pair with a full ring, as much as it may come to."""
    size = _PAIR_BYTES + _RING * _MARK_BYTES + _text_bytes(group)
    if pair.refusal is not None:
        size += sum(_text_bytes(reason) for reason in pair.refusal.reasons)
    if pair.stock is None:
        return size
    size += 64 * _ON_ORDER_BYTES
    if pair.metering is not None:
        kept = pair.metering
        size += sum(2 * (_METER_BYTES + _text_bytes(name)) for name in kept.now.meters)
        size += _RING * (_REPORT_BYTES + max((_text_bytes(one.meter) for one in kept.recent), default=0))
    return size


def _text_bytes(text: str) -> int:
    return 5 + len(text.encode())
