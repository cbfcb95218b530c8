"""What any order ends: the needs of an account that had fallen silent."""

from schemas.decisions import NeedKind
from streams.core.context import Folding
from streams.core.needs import end_need
from streams.core.whole import GROUPS

LOST = (GROUPS[NeedKind.WIN_BACK], GROUPS[NeedKind.NEW_PARTNERSHIP])


def covered(folding: Folding, order_id: str) -> None:
    """Any order of anything wins the account back."""
    for group in LOST:
        pair = folding.account.pairs.get(group)
        if pair is not None:
            end_need(folding, group, pair, "covered", order_id)
            pair.cycle += 1
            pair.due_hour = pair.hold_until = None
