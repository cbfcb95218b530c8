"""Opening, refusing and ending the need of a pair, so that each is told to the desk exactly once."""

from typing import Any, Literal, get_args

from outreach.kinds import class_of
from outreach.profiles import Profile
from schemas.decisions import NeedKind, Reason
from schemas.ids import need_id
from schemas.needs import (
    Evidence,
    OpenAccountNeed,
    OpenNeed,
    ProposeReorder,
    RefuseAccountNeed,
    RefuseNeed,
    ReleasedKind,
    WithdrawNeed,
    WithdrawReorder,
)
from streams.core.context import Folding
from streams.state import NeedMark, Pair, Refusal, moment

Cause = Literal[
    "covered", "cancelled_order", "corrected", "expired", "closed", "merged", "resolved", "not_due", "policy"
]
RELEASED = frozenset(get_args(ReleasedKind))


def open_need(
    folding: Folding,
    group: str,
    pair: Pair,
    kind: NeedKind,
    evidence: Evidence,
    quantity_units: float,
    valid_until: int,
) -> None:
    """Tell the desk that somebody should be called."""
    effect = OpenNeed if kind in RELEASED else OpenAccountNeed
    mark = NeedMark(_id(folding, group, pair), valid_until, p_due=_chance(evidence))
    folding.effects.append(
        effect(
            **_said_of(folding),
            need_id=mark.need_id,
            group=group,
            group_name=name_of(folding, group),
            cycle=pair.cycle,
            kind=kind,
            task_class=class_of(kind),
            quantity_units=quantity_units,
            valid_until=moment(valid_until),
            evidence=evidence,
        )
    )
    _remember(pair, mark)


def propose_reorder(
    folding: Folding,
    group: str,
    pair: Pair,
    profile: Profile,
    evidence: Evidence,
    quantity_units: float,
    valid_until: int,
) -> None:
    """Tell the desk to propose an order to the account's procurement."""
    mark = NeedMark(_id(folding, group, pair), valid_until, reorder=True, p_due=_chance(evidence))
    folding.effects.append(
        ProposeReorder(
            **_said_of(folding),
            need_id=mark.need_id,
            group=group,
            group_name=name_of(folding, group),
            cycle=pair.cycle,
            quantity_units=quantity_units,
            automation="send" if profile.automation == "send" else "propose",
            valid_until=moment(valid_until),
            evidence=evidence,
        )
    )
    _remember(pair, mark)


def refuse_need(
    folding: Folding, group: str, pair: Pair, kind: NeedKind, evidence: Evidence, reasons: tuple[Reason, ...]
) -> None:
    """Tell the desk why nobody calls; said again only when the reasons change."""
    told = Refusal(pair.cycle, [reason.value for reason in reasons])
    if pair.refusal == told:
        return
    effect = RefuseNeed if kind in RELEASED else RefuseAccountNeed
    folding.effects.append(
        effect(
            **_said_of(folding),
            need_id=_id(folding, group, pair),
            group=group,
            group_name=name_of(folding, group),
            cycle=pair.cycle,
            kind=kind,
            reasons=reasons,
            evidence=evidence,
        )
    )
    pair.refusal = told


def end_need(folding: Folding, group: str, pair: Pair, cause: Cause, order_id: str | None = None) -> None:
    """Withdraw what the desk was told of the pair, if anything. To be called before the cycle moves on."""
    told = pair.need
    if told is None and pair.refusal is None:
        return
    effect = WithdrawReorder if told is not None and told.reorder else WithdrawNeed
    folding.effects.append(
        effect(
            **_said_of(folding),
            need_id=_id(folding, group, pair) if told is None else told.need_id,
            group=group,
            cause=cause,
            order_id=order_id,
        )
    )
    pair.need = None
    pair.refusal = None


def next_cycle(folding: Folding, group: str, pair: Pair, cause: Cause, order_id: str | None = None) -> None:
    """The pair's need, if any, is over and a later one is another; it is looked at again at the next tick."""
    end_need(folding, group, pair, cause, order_id)
    pair.cycle += 1
    pair.due_hour = folding.next_look_hour


def reconsider(folding: Folding) -> None:
    """What blocked may have gone: refused needs are looked at at the next tick."""
    for pair in folding.account.pairs.values():
        if pair.refusal is not None:
            pair.due_hour = folding.next_look_hour


def _chance(evidence: Evidence) -> float:
    return 1.0 if evidence.p_due is None else evidence.p_due


def _said_of(folding: Folding) -> dict[str, Any]:
    """What every effect of an account says first."""
    account = folding.account
    return {
        "account_id": account.account_id,
        "account_version": account.version,
        "at": folding.at,
        "place": folding.place,
    }


def name_of(folding: Folding, group: str) -> str:
    """What people call the group."""
    product = folding.context.partition.products.get(group)
    return "" if product is None else product.name


def _id(folding: Folding, group: str, pair: Pair) -> str:
    return need_id(folding.account.account_id, group, pair.cycle)


def _remember(pair: Pair, mark: NeedMark) -> None:
    pair.need = mark
    pair.refusal = None
    pair.due_hour = mark.valid_until // 3600 + 1
