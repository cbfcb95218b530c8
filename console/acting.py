"""One transaction that writes, with what is to be said afterwards; a refusal is said instead."""

from collections.abc import Callable

from console.context import Console
from console.notices import Notice, of_refusal
from outreach.ports import Transaction
from schemas.errors import BadInput, Refused

Work = Callable[[Transaction], tuple[Notice, ...]]
QUIET = frozenset({"holds_task"})
"""Refusals that the page answers by itself: it shows the task that is held."""


def act(console: Console, work: Work) -> tuple[Notice, ...]:
    """Do it, or say why nothing was changed. Anything but a refusal goes up."""
    try:
        with console.store.begin() as tx:
            return work(tx)
    except Refused as error:
        return () if error.reason in QUIET else (of_refusal(error),)
    except BadInput as error:
        return (of_refusal(Refused(str(error))),)
