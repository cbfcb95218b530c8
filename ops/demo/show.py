"""The demo's print: whom to call first and why, what to propose, what to suggest."""

from collections.abc import Iterator
from datetime import date

from outreach.ports import Transaction
from outreach.records import Need, NeedStatus, ReorderState, ReorderTask, Suggestion, Task
from outreach.task import TaskState
from outreach.wording import sentence_on

CALLS, REORDERS, SUGGESTIONS = 10, 3, 3


def show(tx: Transaction, today: date) -> Iterator[str]:
    """Lines of the print, as of a business day."""
    ready = tx.tasks.listed([TaskState.READY], limit=CALLS)
    yield f"The first {len(ready)} calls of {_count(tx):,} that are ready:"
    lines = tx.needs.lines([task.task_id for task in ready])
    for number, task in enumerate(ready, 1):
        yield from _call(tx, number, task, [line for line in lines if line.task_id == task.task_id], today)
    yield ""
    proposals = tx.reorders.listed([ReorderState.PROPOSED], limit=REORDERS)
    yield f"{len(proposals)} reorder proposals for procurement:"
    yield from (_proposal(one, today) for one in proposals)
    yield ""
    suggestions = list(_suggestions(tx, ready))
    yield f"{len(suggestions)} suggestions from similar customers:"
    for one in suggestions:
        yield f"  account {one.account_id}: {_name(one.name, one.sku)}. {one.sentence}"


def _call(tx: Transaction, number: int, task: Task, lines: list[Need], today: date) -> Iterator[str]:
    open_lines = [line for line in lines if line.status is NeedStatus.OPEN]
    standings = tx.standings.many([task.account_id])
    who = f", {standings[0].trade} in {standings[0].region or standings[0].country}" if standings else ""
    yield f"{number:>3}. account {task.account_id}{who} ({task.task_class})"
    for line in open_lines[:3]:
        yield f"       {_name(line.group_name, line.group)}: {_said(line, today)}"
    if len(open_lines) > 3:
        yield f"       and {len(open_lines) - 3} more"


def _proposal(one: ReorderTask, today: date) -> str:
    said = _said(one, today)
    return f"  account {one.account_id}: {one.quantity_units:g} x {_name(one.group_name, one.group)}. {said}"


def _said(one: Need | ReorderTask, today: date) -> str:
    evidence = one.evidence
    return "" if evidence is None else sentence_on(evidence, today)


def _suggestions(tx: Transaction, ready: list[Task]) -> Iterator[Suggestion]:
    """One for each of the first accounts that has one with figures."""
    found = 0
    for task in tx.tasks.listed([TaskState.READY], limit=200) if ready else []:
        told = [one for one in tx.suggestions.of_account(task.account_id) if one.sentence]
        if told:
            yield told[0]
            found += 1
        if found == SUGGESTIONS:
            return


def _count(tx: Transaction) -> int:
    return tx.tasks.counts().get(TaskState.READY, 0)


def _name(name: str, sku: str) -> str:
    """What people call it, with its number."""
    if sku.startswith("*"):
        return "the account"
    return f"{name.title()} ({sku})" if name else sku
