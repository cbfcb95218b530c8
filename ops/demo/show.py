"""The demo's print: whom to call first and why, what to propose, what to suggest."""

from collections.abc import Iterator
from datetime import date

from console.places import place_text
from outreach.ports import Transaction
from outreach.records import Need, NeedStatus, ReorderState, ReorderTask, Suggestion, Task
from outreach.task import TaskState
from outreach.wording import sentence_on
from schemas.decisions import TaskClass
from schemas.needs import AccountStanding

CALLS, REORDERS, SUGGESTIONS = 5, 3, 3
"""Calls of each class."""
LOOKED_AT = 5000


def show(tx: Transaction, today: date) -> Iterator[str]:
    """Lines of the print, as of a business day."""
    ready = tx.tasks.listed([TaskState.READY], limit=LOOKED_AT)
    for of, what in ((TaskClass.SERVICE, "service calls"), (TaskClass.SELLING, "calls to sell")):
        yield from _calls(tx, what, [task for task in ready if task.task_class is of], today)
    proposals = tx.reorders.listed([ReorderState.PROPOSED], limit=REORDERS)
    yield f"{len(proposals)} reorder proposals for procurement:"
    yield from (_proposal(one, today) for one in proposals)
    yield ""
    suggestions = list(_suggestions(tx, ready))
    yield f"{len(suggestions)} suggestions from similar customers:"
    for one in suggestions:
        yield f"  account {one.account_id}: {_name(one.name, one.sku)}. {one.sentence}"


def _calls(tx: Transaction, what: str, ready: list[Task], today: date) -> Iterator[str]:
    """The first of one class, each with its reasons."""
    first = ready[:CALLS]
    yield f"The first {len(first)} of {len(ready):,} {what} that are ready:"
    lines = tx.needs.lines([task.task_id for task in first])
    for number, task in enumerate(first, 1):
        yield from _call(tx, number, task, [line for line in lines if line.task_id == task.task_id], today)
    yield ""


def _call(tx: Transaction, number: int, task: Task, lines: list[Need], today: date) -> Iterator[str]:
    open_lines = [line for line in lines if line.status is NeedStatus.OPEN]
    standings = tx.standings.many([task.account_id])
    yield f"{number:>3}. account {task.account_id}{_who(standings[0]) if standings else ''}"
    for line in open_lines[:3]:
        about = "" if line.group.startswith("*") else f"{_name(line.group_name, line.group)}: "
        yield f"       {about}{_said(line, today)}"
    if len(open_lines) > 3:
        yield f"       and {len(open_lines) - 3} more"


def _who(standing: AccountStanding) -> str:
    place = place_text(standing.region, standing.country)
    return f", {(standing.trade or 'customer').replace('_', ' ')}" + (f" in {place[0]}" if place else "")


def _proposal(one: ReorderTask, today: date) -> str:
    said = _said(one, today)
    return f"  account {one.account_id}: {one.quantity_units:g} x {_name(one.group_name, one.group)}. {said}"


def _said(one: Need | ReorderTask, today: date) -> str:
    evidence = one.evidence
    return "" if evidence is None else sentence_on(evidence, today)


def _suggestions(tx: Transaction, ready: list[Task]) -> Iterator[Suggestion]:
    """One for each of the first accounts that has one with figures."""
    found = 0
    for task in ready:
        told = [one for one in tx.suggestions.of_account(task.account_id) if one.sentence]
        if told:
            yield told[0]
            found += 1
        if found == SUGGESTIONS:
            return


def _name(name: str, sku: str) -> str:
    """What people call it, with its number."""
    return f"{' '.join(name.split()).title()} ({sku})" if name else sku
