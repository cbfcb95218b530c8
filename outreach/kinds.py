"""The kinds of need beyond a due product: class, place in the state, urgency, how long each may wait for its call."""

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.decisions import NeedKind, TaskClass


@dataclass(frozen=True, slots=True)
class Kind:
    """What is the same for every need of a kind."""

    task_class: TaskClass
    urgency: float
    """0 to 1, where no forecast says how probable it is: its part in the priority."""
    valid_days: int
    """A call that was not made within this time is a miss."""
    referring: str = ""
    """Word before the id that it is about; empty: it is about the account as a whole."""
    again: bool = True
    """Whether it is found again some time after it ended while its cause stands."""


_SERVICE, _SELLING = TaskClass.SERVICE, TaskClass.SELLING

KINDS: Mapping[NeedKind, Kind] = {
    NeedKind.RECOVERY: Kind(_SERVICE, 1.0, 30, "complaint"),
    NeedKind.LATE_DELIVERY: Kind(_SERVICE, 0.9, 14, "delivery"),
    NeedKind.DISPUTED_INVOICE: Kind(_SERVICE, 0.9, 30, "invoice"),
    NeedKind.CREDIT_TERMS: Kind(_SERVICE, 0.4, 30),
    NeedKind.FIRST_ORDER_FOLLOW_UP: Kind(_SERVICE, 0.5, 14, again=False),
    NeedKind.CHANNEL_PREFERENCE: Kind(_SERVICE, 0.2, 30),
    NeedKind.ACCOUNT_MANAGER: Kind(_SERVICE, 0.6, 30),
    NeedKind.EDI_CONNECTION: Kind(_SERVICE, 0.3, 60),
    NeedKind.INNOVATION_DAY: Kind(_SELLING, 0.1, 60),
    NeedKind.NEW_PARTNERSHIP: Kind(_SELLING, 0.1, 60),
    NeedKind.WIN_BACK: Kind(_SELLING, 0.0, 60),
}
"""All kinds but those of a due product, whose class is selling and whose urgency is their probability."""

ACCOUNT_WIDE: tuple[NeedKind, ...] = tuple(kind for kind, fixed in KINDS.items() if not fixed.referring)
"""One need an account at a time."""
MENDING: tuple[NeedKind, ...] = tuple(kind for kind, fixed in KINDS.items() if fixed.referring)
"""One need a complaint, order or invoice; while it is open nothing is sold."""
SETTLED_BY_WORD = frozenset(KINDS) - {NeedKind.WIN_BACK}
"""Kinds whose call may end as resolved; a win-back ends by an order or a no."""


def class_of(kind: NeedKind) -> TaskClass:
    """Selling, or service."""
    return KINDS[kind].task_class if kind in KINDS else TaskClass.SELLING


def urgency_of(kind: NeedKind, p_due: float | None) -> float:
    """How urgent a need is, 0 to 1: its probability, or what its kind says."""
    if p_due is not None:
        return p_due
    return KINDS[kind].urgency if kind in KINDS else 0.0


def group_of(kind: NeedKind, reference: str = "") -> str:
    """Where a need that is not about a product stands among the account's pairs; see `kind_of`."""
    if kind is NeedKind.WIN_BACK:
        return "*"
    fixed = KINDS[kind]
    return f"*{fixed.referring}:{reference}"[:200] if fixed.referring else f"*{kind}"


def kind_of(group: str) -> NeedKind | None:
    """The kind of a group that begins with ``*``; None for a product, and for words of another release."""
    if not group.startswith("*"):
        return None
    word = group[1:].partition(":")[0]
    return _BY_WORD.get(word)


_BY_WORD: Mapping[str, NeedKind] = {"": NeedKind.WIN_BACK} | {
    fixed.referring or str(kind): kind for kind, fixed in KINDS.items() if kind is not NeedKind.WIN_BACK
}
