"""One decision about one pair: contact, reorder, wait or suppress, from the forecast, the profile and the facts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from outreach.profiles import Profile
from outreach.rules import Facts, blocking_reasons
from schemas.decisions import Contact, Decision, NeedKind, Reason, Reorder, Suppress, TaskClass, Wait

LOOK_AGAIN_DAYS = 60.0
"""A pair with nothing in sight is looked at after this many days of silence."""
MAX_WAIT_DAYS = 400.0


@dataclass(frozen=True, slots=True)
class PairView:
    """What is known of a pair when it is decided."""

    kind: NeedKind
    p_due: float
    """P(order or run-out before the earliest delivery), 0 to 1."""
    due_in_days: float
    """Days until p_due reaches the service level if nothing happens; inf: not in sight."""
    usual_quantity_units: float
    spent: bool
    """The need of this cycle has ended already."""
    hold_until: datetime | None
    """The account said that its stock lasts until then."""
    ordered_today: bool


def wait(view: PairView, profile: Profile, now: datetime) -> Wait | None:
    """Whether there is nothing to do yet, and until when; None: there is a need."""
    if view.kind not in profile.opens or view.spent:
        return Wait(None)
    if view.hold_until is not None and now < view.hold_until:
        return Wait(view.hold_until)
    if view.ordered_today:
        return Wait(now + timedelta(days=1), Reason.ALREADY_ORDERED)
    if view.p_due < profile.service_level:
        return Wait(_when(now, view.due_in_days))
    return None


def decide(view: PairView, profile: Profile, facts: Facts) -> Decision:
    """The decision at ``facts.now``; every "no" carries its reason."""
    waiting = wait(view, profile, facts.now)
    if waiting is not None:
        return waiting
    reasons = blocking_reasons(facts)
    if reasons:
        return Suppress(reasons)
    if profile.automation != "never" and view.usual_quantity_units > 0:
        return Reorder(view.usual_quantity_units)
    return Contact(view.kind, TaskClass.SELLING)


def _when(now: datetime, due_in_days: float) -> datetime:
    """The next look: when it is due, or after a long silence; never in the past."""
    days = due_in_days if due_in_days < MAX_WAIT_DAYS else LOOK_AGAIN_DAYS
    return now + timedelta(days=max(days, 1 / 24))
