"""Folding what came of our own work: calls and reorder proposals."""

from schemas.envelope import Event
from schemas.events.ours import CallEnded, Disposition, PhaseChanged, ReorderRejected
from schemas.events.usage import StockCorrected
from streams.core.context import Folding, earliest
from streams.core.needs import end_need, next_cycle
from streams.state import Pair, seconds

DEFAULT_COOL_DOWN_DAYS = 30.0

CLOSING = frozenset({Disposition.NOT_INTERESTED, Disposition.HAS_STOCK, Disposition.DO_NOT_CALL, Disposition.RESOLVED})
"""Dispositions after which the needs that were talked about are over."""


def call_ended(folding: Folding, event: Event, fact: CallEnded) -> None:
    """The desk has moved its task already; here the account learns from it."""
    account = folding.account
    selling = fact.task_class == "selling"
    if selling:
        account.attempts = fact.attempts
    if fact.disposition in CLOSING or fact.exhausted:
        for group in fact.groups:
            _forget(account.pairs.get(group))
    if fact.disposition is Disposition.HAS_STOCK and fact.stock_until is not None:
        for group in fact.groups:
            _lasts(folding, group, seconds(fact.stock_until))
    if selling and (fact.exhausted or fact.disposition is Disposition.NOT_INTERESTED):
        _cool_down(folding, seconds(event.time))


def stock_corrected(folding: Folding, event: Event, fact: StockCorrected) -> None:
    """Somebody counted: the next need is another one."""
    del event
    product = folding.context.partition.products.get(fact.sku)
    group = fact.sku if product is None else product.group
    pair = folding.account.pairs.setdefault(group, Pair())
    next_cycle(folding, group, pair, "corrected")
    if fact.lasts_until is not None:
        _lasts(folding, group, seconds(fact.lasts_until))


def reorder_rejected(folding: Folding, event: Event, fact: ReorderRejected) -> None:
    """The same proposal is not made twice."""
    del event
    pair = folding.account.pairs.get(fact.group)
    if pair is not None:
        end_need(folding, fact.group, pair, "policy")
        pair.done_cycle = pair.cycle


def nothing(folding: Folding, event: Event, fact: object) -> None:
    """Recorded for people and for learning; it changes no forecast and no decision."""
    del folding, event, fact


RECORDED_EFFECTS = (PhaseChanged,)
"""Written by the fold itself: folding them changes nothing at all, not even the account's version."""


def _forget(pair: Pair | None) -> None:
    """The desk closed the need by itself: it is neither withdrawn nor opened again in this cycle."""
    if pair is not None:
        pair.need = None
        pair.refusal = None
        pair.done_cycle = pair.cycle
        pair.due_hour = None


def _lasts(folding: Folding, group: str, until: int) -> None:
    pair = folding.account.pairs.setdefault(group, Pair())
    pair.hold_until = until
    if pair.done_cycle == pair.cycle:
        pair.cycle += 1
    pair.due_hour = max(folding.next_look_hour, until // 3600)


def _cool_down(folding: Folding, since: int) -> None:
    profile = folding.profile
    days = DEFAULT_COOL_DOWN_DAYS if profile is None else profile.cool_down_days
    folding.account.cool_down_until = since + round(days * 86_400)
    folding.account.check_hour = earliest(folding.account.check_hour, folding.account.cool_down_until // 3600 + 1)
