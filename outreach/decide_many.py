"""`outreach.decide.decide` for many pairs at once: columns in, decision codes out, row i from row i alone.

The rule for one pair is the definition; a property test holds this to it. For dry runs and recomputations, where a
million pairs are judged and most of them only wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray

from outreach.decide import LOOK_AGAIN_DAYS, MAX_WAIT_DAYS
from outreach.profiles import Profile
from outreach.rules import RULES
from schemas.decisions import NeedKind, Reason
from schemas.events.accounts import Channel

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NO_TIME = np.iinfo(np.int64).max
"""Stands for no instant, in columns of seconds."""
NEVER_LOOK = np.inf
_DAY_SECONDS = 86_400


class Code(IntEnum):
    """What is decided of a pair."""

    WAIT = 0
    SUPPRESS = 1
    CONTACT = 2
    REORDER = 3


REASONS: tuple[Reason, ...] = tuple(RULES)
"""Reason of each bit of `Decided.reasons`, the lowest first: the order in which they are told."""


@dataclass(frozen=True, slots=True)
class Cells:
    """What the decision needs of each profile, one row a profile; kinds are indices into `NeedKind`."""

    opens: Bools
    """Shape (profiles, kinds)."""
    service_level: Floats
    automatic: Bools
    attempt_cap: Ints
    phones: Bools

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> Self:
        """Columns of these profiles, in their order."""
        return cls(
            opens=np.array([[kind in profile.opens for kind in NeedKind] for profile in profiles], bool),
            service_level=np.array([profile.service_level for profile in profiles], float),
            automatic=np.array([profile.automation != "never" for profile in profiles], bool),
            attempt_cap=np.array([profile.attempt_cap for profile in profiles], np.int64),
            phones=np.array([Channel.PHONE in profile.channels for profile in profiles], bool),
        )


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row a pair, all of class selling: its outlook and what the log says of its account. Shape (rows,)."""

    cell: NDArray[np.intp]
    """Row of `Cells`."""
    kind: NDArray[np.intp]
    """Index into `NeedKind`."""
    p_due: Floats
    due_in_days: Floats
    """inf: not in sight."""
    usual_quantity_units: Floats
    spent: Bools
    hold_until: Ints
    """Seconds since 1970, or NO_TIME."""
    ordered_today: Bools
    """Of the pair's group."""
    closed: Bools
    held_out: Bools
    open_complaint: Bools
    credit_hold: Bools
    withdrawn_consent: Bools
    cool_down_until: Ints
    """Seconds since 1970, or NO_TIME for none."""
    account_ordered_today: Bools
    """What `Facts.ordered_today` says."""
    available: Bools
    attempts: Ints
    """Judged against the profile's cap."""

    def __len__(self) -> int:
        return len(self.cell)

    def take(self, rows: slice) -> "Pairs":
        """A run of rows."""
        return Pairs(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})


@dataclass(frozen=True, slots=True)
class Decided:
    """One row a pair. Shape (rows,)."""

    code: NDArray[np.uint8]
    reasons: NDArray[np.uint16]
    """Bits of `REASONS`; of a suppressed pair all that block, of a waiting one ``already_ordered`` or nothing."""
    wait_days: Floats
    """Of a waiting pair: when to look again, from now; inf: when something happens. 0 for the others."""


def decide_many(pairs: Pairs, cells: Cells, now: int) -> Decided:
    """The decision of each row at ``now`` (seconds since 1970)."""
    open_kind = cells.opens[pairs.cell, pairs.kind]
    done = ~open_kind | pairs.spent
    held = ~done & (pairs.hold_until != NO_TIME) & (now < pairs.hold_until)
    today = ~done & ~held & pairs.ordered_today
    quiet = ~done & ~held & ~today & (pairs.p_due < cells.service_level[pairs.cell])
    waits = done | held | today | quiet
    blocked = np.where(waits, 0, _blocking(pairs, cells, now)).astype(np.uint16)
    reorders = cells.automatic[pairs.cell] & (pairs.usual_quantity_units > 0)
    code = np.where(reorders, Code.REORDER, Code.CONTACT)
    code = np.where(blocked > 0, Code.SUPPRESS, code)
    code = np.where(waits, Code.WAIT, code).astype(np.uint8)
    days = np.where(pairs.due_in_days < MAX_WAIT_DAYS, pairs.due_in_days, LOOK_AGAIN_DAYS)
    choices = (done, held, today, quiet)
    hold_days = (np.where(held, pairs.hold_until, now) - now) / _DAY_SECONDS
    wait_days = np.select(choices, (NEVER_LOOK, hold_days, 1.0, np.maximum(days, 1 / 24)), 0.0)
    already = np.uint16(1 << REASONS.index(Reason.ALREADY_ORDERED))
    return Decided(code, np.where(today, already, blocked).astype(np.uint16), wait_days)


def _blocking(pairs: Pairs, cells: Cells, now: int) -> NDArray[np.uint16]:
    """Bits of every rule that blocks, in the order of `REASONS`."""
    facts = {
        Reason.ACCOUNT_CLOSED: pairs.closed,
        Reason.HOLDOUT: pairs.held_out,
        Reason.OPEN_COMPLAINT: pairs.open_complaint,
        Reason.CREDIT_HOLD: pairs.credit_hold,
        Reason.NO_CONSENT: pairs.withdrawn_consent,
        Reason.CHANNEL_NOT_ALLOWED: ~cells.phones[pairs.cell],
        Reason.COOL_DOWN: (pairs.cool_down_until != NO_TIME) & (now < pairs.cool_down_until),
        Reason.ALREADY_ORDERED: pairs.account_ordered_today,
        Reason.OUT_OF_STOCK: ~pairs.available,
        Reason.ATTEMPT_CAP: pairs.attempts >= cells.attempt_cap[pairs.cell],
    }
    bits = np.zeros(len(pairs), np.uint16)
    for place, reason in enumerate(REASONS):
        bits |= facts[reason].astype(np.uint16) << np.uint16(place)
    return bits


def reasons_of(bits: int) -> tuple[Reason, ...]:
    """The reasons of one row."""
    return tuple(reason for place, reason in enumerate(REASONS) if bits >> place & 1)
