"""Folding what came of our own work: calls and reorder proposals."""

from collections.abc import Sequence

from forecasting import metering
from forecasting.metering import Report
from forecasting.winsor import believed
from outreach.profiles import Profile
from schemas.envelope import Event
from schemas.events.ours import (
    CallEnded,
    Disposition,
    NeedOverridden,
    PhaseChanged,
    RecoveryEnded,
    ReorderRejected,
    SizeChanged,
)
from schemas.events.usage import StockCorrected
from schemas.ids import need_id, reorder_id
from streams.core.context import Folding, earliest
from streams.core.needs import end_need, next_cycle
from streams.core.orders import product_of
from streams.core.stock import sky_of, take_report
from streams.state import EPOCH_DAY, Account, Pair, seconds

STANDARD = Profile()
LONGEST_HOLD_DAYS = 365.0
"""A counted stock is not believed to last longer than this."""

PROMISE_KEPT_SECONDS = 86_400
"""A callback may come so much later than promised."""

CLOSING = frozenset({Disposition.NOT_INTERESTED, Disposition.HAS_STOCK, Disposition.DO_NOT_CALL, Disposition.RESOLVED})
"""Dispositions after which the needs that were talked about are over."""


def call_ended(folding: Folding, event: Event, fact: CallEnded) -> None:
    """The desk has moved its task already; here the account learns from it."""
    account = folding.account
    selling = fact.task_class == "selling"
    if selling:
        account.attempts = fact.attempts
    groups = [group for group in fact.groups if _is_present(account, group, fact.need_ids)]
    if fact.disposition in CLOSING or fact.exhausted:
        for group in groups:
            _forget(account.pairs.get(group))
    if fact.disposition is Disposition.CALLBACK and fact.callback_at is not None:
        for group in groups:
            _outlives(account.pairs.get(group), seconds(fact.callback_at))
    if fact.disposition is Disposition.HAS_STOCK and fact.stock_until is not None:
        for group in groups:
            _lasts(folding, group, seconds(fact.stock_until))
    if selling:
        _cool_down(folding, fact, seconds(event.time))


def need_overridden(folding: Folding, event: Event, fact: NeedOverridden) -> None:
    """Not needed now: nobody is called about it again in this cycle. Another quantity shows in the order itself."""
    del event
    account = folding.account
    if fact.agreed_units == 0 and _is_present(account, fact.group, (fact.need_id,)):
        _forget(account.pairs.get(fact.group))


def stock_corrected(folding: Folding, event: Event, fact: StockCorrected) -> None:
    """Somebody counted: the next need is another one."""
    product = product_of(folding, fact.sku)
    pair = folding.account.pair(product.group)
    next_cycle(folding, product.group, pair, "corrected")
    if fact.quantity is not None:
        _counted(folding, product.group, pair, float(fact.quantity) * product.unit_factor, seconds(event.time))
    if fact.lasts_until is not None:
        _lasts(folding, product.group, seconds(fact.lasts_until))


def reorder_rejected(folding: Folding, event: Event, fact: ReorderRejected) -> None:
    """The same proposal is not made twice. One that comes after the next order is about a need that is over."""
    del event
    pair = folding.account.pairs.get(fact.group)
    if pair is None:
        return
    present = need_id(folding.account.account_id, fact.group, pair.cycle)
    if present == fact.need_id or (fact.need_id is None and reorder_id(present) == fact.reorder_id):
        end_need(folding, fact.group, pair, "policy")
        pair.done_cycle = pair.cycle


def nothing(folding: Folding, event: Event, fact: object) -> None:
    """Recorded for people and for learning; it changes no forecast and no decision."""
    del folding, event, fact


RECORDED_EFFECTS = (PhaseChanged, SizeChanged, RecoveryEnded)
"""Written by the fold itself: folding them changes nothing at all, not even the account's version."""


def _is_present(account: Account, group: str, need_ids: Sequence[str]) -> bool:
    """Whether the call was about the pair's present cycle; an order may have begun another during the call."""
    pair = account.pairs.get(group)
    return not need_ids or pair is None or need_id(account.account_id, group, pair.cycle) in need_ids


def _forget(pair: Pair | None) -> None:
    """The desk closed the need by itself: it is neither withdrawn nor opened again in this cycle."""
    if pair is not None:
        pair.need = None
        pair.refusal = None
        pair.done_cycle = pair.cycle
        pair.due_hour = None


def _outlives(pair: Pair | None, callback_at: int) -> None:
    """A promised call may come later than its need would end: the need waits for it, as the desk's task does."""
    if pair is not None and pair.need is not None:
        pair.need.valid_until = max(pair.need.valid_until, callback_at + PROMISE_KEPT_SECONDS)
        pair.due_hour = pair.need.valid_until // 3600 + 1


def _lasts(folding: Folding, group: str, until: int) -> None:
    pair = folding.account.pair(group)
    pair.hold_until = until
    if pair.done_cycle == pair.cycle:
        pair.cycle += 1
    pair.due_hour = max(folding.next_look_hour, until // 3600)


def _counted(folding: Folding, group: str, pair: Pair, units: float, at: int) -> None:
    """A counted stock: of a metered pair it is a reading; of another it lasts as long as the account's habit says."""
    if pair.stock is not None:
        take_report(pair, Report(EPOCH_DAY + at / 86_400, metering.LEVEL, units), sky_of(folding, group))
        return
    ring = pair.orders.ring
    days = ring[-1].day - ring[0].day if ring else 0
    units_a_day = sum(believed([mark.quantity for mark in ring])[:-1]) / days if days else 0.0
    if units_a_day > 0:
        _lasts(folding, group, at + round(min(units / units_a_day, LONGEST_HOLD_DAYS) * 86_400))


def _cool_down(folding: Folding, fact: CallEnded, since: int) -> None:
    """As long as the profile says after such a call; before there are profiles, the default's days."""
    profile = STANDARD if folding.profile is None else folding.profile
    days = profile.cool_down_after(fact.disposition, exhausted=fact.exhausted)
    if not days:
        return
    account, until = folding.account, since + round(days * 86_400)
    account.cool_down_until = max(account.cool_down_until or 0, until)
    account.check_hour = earliest(account.check_hour, account.cool_down_until // 3600 + 1)
