"""Service needs of open complaints: mend before selling."""

from schemas.decisions import NeedKind
from streams.core.context import Folding
from streams.core.facts import event_evidence
from streams.core.needs import end_need, open_need
from streams.state import ACCOUNT_GROUP

VALID_DAYS = 30
"""A recovery call that was not made within this time is a miss; the complaint itself stays open."""


def open_recoveries(folding: Folding) -> None:
    """One service need for each open complaint, once decisions are taken at all."""
    profile = folding.profile
    if profile is None or folding.account.closed or NeedKind.RECOVERY not in profile.opens:
        return
    for complaint in folding.account.complaints:
        group = _group(complaint)
        pair = folding.account.pair(group)
        if pair.need is None and pair.done_cycle != pair.cycle:
            evidence = event_evidence(folding, "They complained and are waiting for an answer.")
            open_need(folding, group, pair, NeedKind.RECOVERY, evidence, 0.0, folding.now + VALID_DAYS * 86_400)


def reopen_recovery(folding: Folding, complaint_id: str) -> None:
    """A complaint that was mended before is told anew: its need is another one."""
    pair = folding.account.pairs.get(_group(complaint_id))
    if pair is not None and pair.done_cycle == pair.cycle:
        pair.cycle += 1


def close_recovery(folding: Folding, complaint_id: str) -> None:
    """The complaint is mended."""
    group = _group(complaint_id)
    pair = folding.account.pairs.get(group)
    if pair is not None:
        end_need(folding, group, pair, "resolved")
        pair.done_cycle = pair.cycle
        pair.due_hour = None


def _group(complaint_id: str) -> str:
    return f"{ACCOUNT_GROUP}complaint:{complaint_id}"[:200]
