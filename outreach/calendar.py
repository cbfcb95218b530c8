"""Which of several published profile sets is in force when, and which dates would overlap."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from outreach.profiles import ProfileSet
from schemas.errors import Refused


@dataclass(frozen=True, slots=True)
class Term:
    """A published set, as it is kept."""

    version: str
    digest: str
    profiles: ProfileSet


def in_force_at(terms: Sequence[Term], at: datetime) -> Term | None:
    """Of the sets whose dates hold the instant, the one that was published last (terms are in that order).

    Where none holds it, the last that began; None before the first.
    """
    begun = [term for term in terms if term.profiles.effective_from <= at]
    covering = [term for term in begun if term.profiles.covers(at)]
    found = covering or begun
    return found[-1] if found else None


def still_to_come(terms: Sequence[Term], at: datetime) -> list[Term]:
    """Less those that can never be in force again: they are over, or a later set without an end takes their place."""
    now = in_force_at(terms, at)
    return [term for place, term in enumerate(terms) if term is now or not _is_over(term, terms[place + 1 :], at)]


def check_dates(new: ProfileSet, terms: Sequence[Term], at: datetime) -> None:
    """Refuse dates that overlap those of a set that has an end, or has not begun.

    Without an end a set overlaps all that is to come. It may end the one in force by beginning, and with an end it may
    lie on top of it. Raises Refused("overlapping_dates"), Refused("dates_over").
    """
    begins = max(new.effective_from, at)
    if new.effective_until is not None and new.effective_until <= at:
        raise Refused("dates_over", f"effective_until {_day(new.effective_until)} has passed")
    for term in still_to_come(terms, at):
        theirs = term.profiles
        ahead = theirs.effective_from > at
        if not ahead and theirs.effective_until is None:
            continue
        starts_before_they_end = theirs.effective_until is None or begins < theirs.effective_until
        ends_after_they_start = new.effective_until is None or theirs.effective_from < new.effective_until
        if starts_before_they_end and ends_after_they_start:
            until = "" if theirs.effective_until is None else f" until {_day(theirs.effective_until)}"
            raise Refused(
                "overlapping_dates",
                f"{term.version} is in force from {_day(theirs.effective_from)}{until}: choose dates beside it, "
                "or say that yours come instead",
            )


def _is_over(term: Term, later: Sequence[Term], at: datetime) -> bool:
    until = term.profiles.effective_until
    if until is not None and until <= at:
        return True
    begins = max(term.profiles.effective_from, at)
    return any(one.profiles.effective_until is None and one.profiles.effective_from <= begins for one in later)


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
