"""What `ringahead doctor` looks at: each check says how things are and which command mends them."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How one thing is."""

    OK = "ok"
    NOTE = "note"
    """Works, and should be known."""
    MISSING = "missing"
    """What the group is about does not work without it."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report."""

    topic: str
    state: State
    says: str
    mend: str = ""
    """The command, or the step, that mends it."""


@dataclass(frozen=True, slots=True)
class Group:
    """Checks for one purpose."""

    title: str
    checks: tuple[Check, ...]
    needed: bool
    """Whether the configured runtime fails without them."""

    @property
    def fine(self) -> bool:
        """Nothing is missing."""
        return all(check.state is not State.MISSING for check in self.checks)


def ok(topic: str, says: str) -> Check:
    """A thing that is as it should be."""
    return Check(topic, State.OK, says)


def note(topic: str, says: str, mend: str = "") -> Check:
    """A thing that works and should be known."""
    return Check(topic, State.NOTE, says, mend)


def missing(topic: str, says: str, mend: str) -> Check:
    """A thing that is not there, and what to do."""
    return Check(topic, State.MISSING, says, mend)
