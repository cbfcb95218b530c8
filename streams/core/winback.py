"""What any order ends: the needs of an account that had fallen silent."""

from schemas.decisions import NeedKind
from streams.core.context import Folding
from streams.core.needs import end_need
from streams.core.whole import GROUPS

LOST = (NeedKind.WIN_BACK, NeedKind.NEW_PARTNERSHIP)


def covered(folding: Folding, order_id: str) -> None:
    """Any order of anything wins the account back."""
    for kind in LOST:
        pair = folding.account.pairs.get(GROUPS[kind])
        if pair is not None:
            end_need(folding, GROUPS[kind], pair, "covered", order_id)
            pair.cycle += 1
            pair.due_hour = pair.hold_until = None
