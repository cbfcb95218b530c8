"""How often an account is reached: limits of the rules and of its profile, and the time between two attempts.

Everything counts: both classes, all channels, all policies, and all accounts that share the number.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from outreach import hours
from outreach.desk.context import Context
from outreach.hours import CalledParty
from outreach.profiles import Profile
from outreach.records import Attempt
from schemas.decisions import TaskClass
from schemas.events.ours import Disposition

_LIMITS = 60
"""Days: no limit looks further back."""


def too_often(
    context: Context, party: CalledParty, profile: Profile, tried: Iterable[Attempt], now: datetime
) -> datetime | None:
    """When no limit on the number of contacts is reached any more; None: none is now."""
    starts = sorted(attempt.started_at for attempt in tried)
    limits = [
        (rule.contacts, timedelta(hours=rule.hours))
        for rule in hours.frequency_rules(party, now.date(), context.rules.book)
    ]
    limits.append((profile.frequency_cap, timedelta(days=min(_LIMITS, profile.frequency_days))))
    ends = []
    for contacts, spell in limits:
        within = [start for start in starts if start > now - spell]
        if len(within) >= contacts:
            ends.append(within[-contacts] + spell)
    return max(ends, default=None)


def spacing_after(context: Context, profile: Profile, said: Disposition | None) -> timedelta:
    """Time to the next attempt after one that ended so; none after one that reached somebody."""
    usual = {
        Disposition.NO_ANSWER: context.rules.no_answer_hours,
        Disposition.BUSY: context.rules.busy_minutes / 60,
        Disposition.VOICEMAIL: 24.0,
    }
    if said is None:
        return timedelta()
    return timedelta(hours=profile.spacing_hours.get(said, usual.get(said, 0.0)))


def next_attempt(
    context: Context, profile: Profile, tried: Sequence[Attempt], task_class: TaskClass
) -> datetime | None:
    """When the account may next be tried about this class, by how its last attempt ended; None: nothing holds it up."""
    own = [attempt for attempt in tried if attempt.task_class is task_class]
    if not own:
        return None
    last = max(own, key=lambda attempt: (attempt.started_at, attempt.attempt_id))
    spacing = spacing_after(context, profile, last.disposition)
    return (last.ended_at or last.started_at) + spacing if spacing else None
