"""From the outlook of a pair to what the desk is told."""

import math

from outreach.decide import LOOK_AGAIN_DAYS, PairView, decide, wait
from outreach.profiles import Profile
from outreach.quantities import days_until_wanted
from schemas.decisions import Contact, NeedKind, Reorder, Suppress, Wait
from schemas.needs import Evidence
from streams.core.context import Folding
from streams.core.facts import facts_of, forecast_evidence, lead_time
from streams.core.looks import look_hour_of
from streams.core.needs import open_need, propose_reorder, refuse_need
from streams.core.outlook import Outlook
from streams.core.reordering import quantity_of
from streams.state import EPOCH_DAY, Pair, moment, seconds

LONGEST_NEED_DAYS = 60
RECHECK_REFUSED_HOURS = 24


def settle(folding: Folding, profile: Profile, group: str, pair: Pair, outlook: Outlook) -> None:
    """Decide about one pair, tell the desk what is new, and set when the pair is looked at again."""
    kind = NeedKind.EXPECTED_REORDER if outlook.stock_units is None else NeedKind.RUN_OUT
    view = PairView(
        kind=kind,
        p_due=outlook.p_due,
        due_in_days=outlook.due_in_days,
        usual_quantity_units=outlook.usual_quantity_units,
        spent=pair.done_cycle == pair.cycle,
        hold_until=None if pair.hold_until is None else moment(pair.hold_until),
        ordered_today=outlook.last_day >= folding.today,
    )
    waiting = wait(view, profile, folding.at)
    if waiting is None:
        _act(folding, profile, group, pair, outlook, view)
        return
    pair.due_hour = None if waiting.until is None else _look_hour(folding, outlook, seconds(waiting.until))


def stay_quiet(pair: Pair, look_hour: int) -> None:
    """The level is not reached: the next look is set.

    A refused need stays as it was told: withdrawn, it could never be opened in this cycle.
    """
    hold_hour = 0 if pair.hold_until is None else pair.hold_until // 3600
    pair.due_hour = None if pair.done_cycle == pair.cycle else max(look_hour, hold_hour)


def _act(folding: Folding, profile: Profile, group: str, pair: Pair, outlook: Outlook, view: PairView) -> None:
    product = folding.context.partition.products.get(group)
    facts = facts_of(folding, profile, available=product is None or product.available)
    evidence = forecast_evidence(folding, profile, lead_time(folding, profile, group), outlook, pair.orders)
    until = _valid_until(folding, profile, outlook)
    match decide(view, profile, facts):
        case Suppress(reasons=reasons):
            refuse_need(folding, group, pair, view.kind, evidence, reasons)
            pair.due_hour = folding.now // 3600 + RECHECK_REFUSED_HOURS
        case Reorder(quantity_units=usual):
            _propose(folding, profile, group, pair, outlook, evidence, usual, until)
        case Contact(kind=kind):
            open_need(folding, group, pair, kind, evidence, _sayable(outlook.usual_quantity_units), until)
        case Wait():
            raise AssertionError("a pair that waits was asked to act")


def _propose(
    folding: Folding,
    profile: Profile,
    group: str,
    pair: Pair,
    outlook: Outlook,
    evidence: Evidence,
    usual_units: float,
    until: int,
) -> None:
    """A reorder of what is missing; nothing while stock and open orders are enough."""
    parts = quantity_of(folding, profile, group, pair, outlook)
    if parts is None:
        propose_reorder(folding, group, pair, profile, evidence, _sayable(usual_units), until)
        return
    if parts.quantity_units <= 0:
        days = min(max(days_until_wanted(parts), 1.0), LOOK_AGAIN_DAYS)
        pair.due_hour = _look_hour(folding, outlook, folding.now + round(days * 86_400))
        return
    told = evidence.model_copy(update={"quantity": parts})
    propose_reorder(folding, group, pair, profile, told, parts.quantity_units, until)


def _sayable(quantity_units: float) -> float:
    """Nobody offers two and a half: whole units from one unit on, halves upwards."""
    return quantity_units if quantity_units < 1 else float(math.floor(quantity_units + 0.5))


def _look_hour(folding: Folding, outlook: Outlook, until: int) -> int:
    """Forecasts of orders change by the day: such a pair is looked at in the first hours of its UTC day."""
    hour = until // 3600
    if outlook.stock_units is None:
        hour = look_hour_of(folding.account.account_id, EPOCH_DAY + until // 86_400)
    return max(hour, folding.next_look_hour)


def _valid_until(folding: Folding, profile: Profile, outlook: Outlook) -> int:
    """Some days after the order was to come with probability .9, at least 1 and at most 60 days from now."""
    longest = folding.now + LONGEST_NEED_DAYS * 86_400
    if not math.isfinite(outlook.p90_day):
        return longest
    end = (outlook.p90_day - EPOCH_DAY + profile.valid_after_p90_days) * 86_400
    return int(min(max(end, folding.now + 86_400), longest))
