"""The win-back need of an account in reactivation."""

from outreach.rules import blocking_reasons
from schemas.decisions import NeedKind
from schemas.events.ours import Phase
from streams.core.context import Folding
from streams.core.facts import event_evidence, facts_of
from streams.core.needs import end_need, next_cycle, open_need, refuse_need
from streams.state import ACCOUNT_GROUP

VALID_DAYS = 60


def win_back(folding: Folding, p_alive: float) -> None:
    """Open it once when the phase asks for it; end it when the phase is left."""
    account, profile = folding.account, folding.profile
    pair = account.pairs.get(ACCOUNT_GROUP)
    lost = account.phase == Phase.REACTIVATION and not account.closed
    if profile is None or not lost or NeedKind.WIN_BACK not in profile.opens:
        if pair is not None and (pair.need is not None or pair.refusal is not None):
            next_cycle(folding, ACCOUNT_GROUP, pair, "not_due")
        return
    pair = account.pair(ACCOUNT_GROUP)
    if pair.need is not None or pair.done_cycle == pair.cycle:
        return
    evidence = event_evidence(folding, "They used to order from us and have been silent for long.", p_alive)
    reasons = blocking_reasons(facts_of(folding, profile))
    if reasons:
        refuse_need(folding, ACCOUNT_GROUP, pair, NeedKind.WIN_BACK, evidence, reasons)
    else:
        until = folding.now + VALID_DAYS * 86_400
        open_need(folding, ACCOUNT_GROUP, pair, NeedKind.WIN_BACK, evidence, 0.0, until)


def covered(folding: Folding, order_id: str) -> None:
    """Any order of anything wins the account back."""
    pair = folding.account.pairs.get(ACCOUNT_GROUP)
    if pair is not None:
        end_need(folding, ACCOUNT_GROUP, pair, "covered", order_id)
        pair.cycle += 1
        pair.due_hour = None
