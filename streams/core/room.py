"""Bounds an account's state: what is old is folded into a summary, and nothing grows beyond what one message holds.

Looked at after events that bring pairs or many lines, and after every so many events, so that batches do not matter.
A pair that was let go may come again: it begins at the cycle floor, and its needs have ids that were never used.
"""

from forecasting.marks import DAY
from schemas.errors import BadEvent, DeadLetterReason
from streams.core.context import Folding
from streams.core.needs import end_need
from streams.state import ACCOUNT_GROUP, EPOCH_DAY, Account, Forgotten, Pair, seconds

FORGET_DAYS = 730
"""A product that was not ordered for so long before the account's newest order is let go: it is no longer forecast."""
LOOK_EVERY_PAIRS = 32
LOOK_EVERY_EVENTS = 64
MANY_LINES = 256
MOST_BYTES = 1_800_000
"""Of a state. LOOK_EVERY_EVENTS events of MANY_LINES lines later it is still, also as base64, a message under 3 MiB."""
COMFORT_BYTES = 1_600_000
"""What is left when pairs had to go, so that the next new product is not yet the next occasion."""
MOST_OPEN_COMPLAINTS = 100
_PAIR_BYTES, _MARK_BYTES, _FOLDED_BYTES, _NEED_BYTES = 60, 28, 130, 80
_METER_BYTES, _ON_ORDER_BYTES, _REPORT_BYTES = 110, 30, 40


def make_room(folding: Folding, pairs_before: int, lines: int = 0) -> None:
    """Let go of what is old, and of the oldest where the state would grow too large.

    pairs_before: of the account, before the event; lines: that the event had.
    """
    account = folding.account
    grown = len(account.pairs) // LOOK_EVERY_PAIRS > pairs_before // LOOK_EVERY_PAIRS
    if not (grown or lines >= MANY_LINES or account.version % LOOK_EVERY_EVENTS == 0):
        return
    newest_day = EPOCH_DAY + max(account.newest, seconds(folding.event_time)) // 86_400
    for group in [group for group, pair in account.pairs.items() if _is_over(account, group, pair, newest_day)]:
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
    """An upper bound of the account's encoded size, quick to compute."""
    pairs = sum(_pair_bytes(group, pair) for group, pair in account.pairs.items())
    assets = sum(_text_bytes(name) + _text_bytes(sku) for name, sku in account.assets.items())
    back = sum(
        20 + 10 * len(one.units) + sum(_text_bytes(group) for group in one.units)
        for returned in account.returns.values()
        for one in returned
    )
    named = sum(_text_bytes(one) for one in (*account.complaints, *account.absorbed))
    return 20_000 + pairs + assets + back + named


def check_complaints(account: Account) -> None:
    """Refuse one open complaint too many, before anything is changed. Raises BadEvent."""
    if len(account.complaints) >= MOST_OPEN_COMPLAINTS:
        detail = f"data.complaint_id: {len(account.complaints)} complaints of the account are open; resolve some first"
        raise BadEvent(DeadLetterReason.BAD_DATA, detail)


def _is_over(account: Account, group: str, pair: Pair, newest_day: int) -> bool:
    """Whether nothing can come of the pair any more but a new beginning."""
    if pair.need is not None or pair.stock is not None or group == ACCOUNT_GROUP:
        return False
    if group.startswith(ACCOUNT_GROUP):  # what was mended; a need of the account that names nothing is had once
        lasts = group in account.relation.troubles or any(one[:150] in group for one in account.complaints)
        return ":" in group and not lasts and pair.done_cycle == pair.cycle
    return pair.hold_until is None and _last_day(pair) < newest_day - FORGET_DAYS


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
    newest = pair.orders.newest_day
    if newest is not None:
        return newest
    return 0 if pair.orders.folded is None else pair.orders.folded.last_day


def _pair_bytes(group: str, pair: Pair) -> int:
    """An upper bound of a pair's encoded size."""
    size = _PAIR_BYTES + len(pair.orders.days) // DAY.size * _MARK_BYTES + _text_bytes(group)
    size += (_NEED_BYTES if pair.need else 0) + (_FOLDED_BYTES if pair.orders.sums else 0)
    if pair.refusal is not None:
        size += sum(_text_bytes(reason) for reason in pair.refusal.reasons)
    if pair.stock is None:
        return size
    size += _METER_BYTES + len(pair.on_order) * _ON_ORDER_BYTES
    if pair.metering is not None:
        kept = pair.metering
        size += sum(2 * (_METER_BYTES + _text_bytes(name)) for name in kept.now.meters)
        size += 4 * _METER_BYTES + sum(_REPORT_BYTES + _text_bytes(one.meter) for one in kept.recent)
    return size


def _text_bytes(text: str) -> int:
    return 5 + len(text.encode())
