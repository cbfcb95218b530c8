"""The life of a call task: every state, every event, and the one table of what may follow what.

The table is data: the desk refuses what is not in it, tests walk it, and the documentation prints it.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.errors import Refused


class TaskState(StrEnum):
    """Where a task stands."""

    SCHEDULED = "scheduled"
    READY = "ready"
    LEASED = "leased"
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"
    NEEDS_DISPOSITION = "needs_disposition"
    AWAITING_ORDER = "awaiting_order"
    DONE = "done"
    EXHAUSTED = "exhausted"
    SUPERSEDED = "superseded"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class TaskEvent(StrEnum):
    """What can happen to a task."""

    OPENED = "opened"
    OPENED_LATER = "opened_later"
    MERGED = "merged"
    LINE_REMOVED = "line_removed"
    DUE = "due"
    CLAIMED = "claimed"
    HEARTBEAT = "heartbeat"
    SKIPPED = "skipped"
    LEASE_EXPIRED = "lease_expired"
    START_REFUSED = "start_refused"
    CALL_STARTED = "call_started"
    CALL_ENDED = "call_ended"
    AGENT_LOST = "agent_lost"
    ORDER_PLACED = "order_placed"
    ORDER_BOOKED = "order_booked"
    OVERRIDDEN = "overridden"
    RETRY = "retry"
    EXHAUSTED = "exhausted"
    CALLBACK = "callback"
    ORDER_TAKEN = "order_taken"
    ORDER_SEEN = "order_seen"
    HAS_STOCK = "has_stock"
    NOT_INTERESTED = "not_interested"
    RESOLVED = "resolved"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"
    COVERED = "covered"
    COVERED_IN_CALL = "covered_in_call"
    NEED_GONE = "need_gone"
    EXPIRED = "expired"
    ACCOUNT_CLOSED = "account_closed"
    ERASED = "erased"
    ACCOUNT_MERGED = "account_merged"
    REKEYED = "rekeyed"
    DUPLICATE = "duplicate"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    RELEASED = "released"
    REASSIGNED = "reassigned"
    TAKEN_BACK = "taken_back"
    FLAGGED = "flagged"


S, E = TaskState, TaskEvent

WAITING = frozenset({S.SCHEDULED, S.READY})
HELD = frozenset({S.LEASED, S.IN_CALL, S.WRAP_UP})
"""An agent has it; he may have one such task at a time."""
TALKING = frozenset({S.IN_CALL, S.WRAP_UP, S.NEEDS_DISPOSITION})
"""Somebody was dialled: what happens to the account meanwhile shows as a banner and changes nothing else."""
OPEN = WAITING | HELD | {S.NEEDS_DISPOSITION, S.AWAITING_ORDER}
"""At most one open task of an account and class exists; the database keeps it so."""
CLOSED = frozenset(S) - OPEN


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table."""

    source: TaskState | None
    event: TaskEvent
    target: TaskState
    guard: str = ""
    effect: str = ""


def _rows(
    sources: frozenset[TaskState] | set[TaskState],
    event: TaskEvent,
    target: TaskState | None,
    guard: str = "",
    effect: str = "",
) -> tuple[Transition, ...]:
    """A row for each source; without a target the state stays."""
    ordered = [state for state in TaskState if state in sources]
    return tuple(Transition(source, event, target or source, guard, effect) for source in ordered)


_AFTER_CALL = TALKING
_BEFORE_CALL = WAITING | {S.LEASED}

TRANSITIONS: tuple[Transition, ...] = (
    Transition(None, E.OPENED, S.READY, "no open task of the account in that class", "insert"),
    Transition(None, E.OPENED_LATER, S.SCHEDULED, "the same; the time between two attempts is not over", "insert"),
    *_rows(OPEN, E.MERGED, None, "the need is unknown", "a line is added"),
    *_rows(OPEN, E.LINE_REMOVED, None, "other lines remain", "the line is removed"),
    *_rows({S.SCHEDULED}, E.DUE, S.READY, "not_before reached"),
    *_rows({S.READY}, E.CLAIMED, S.LEASED, "no blocking reason; skills match; agent holds no task", "lease, 120 s"),
    *_rows({S.LEASED, S.IN_CALL, S.WRAP_UP}, E.HEARTBEAT, None, "token", "+60 s; a lease lasts 10 min at most"),
    *_rows({S.LEASED}, E.SKIPPED, S.READY, "token", "no attempt; 15 min exclusion; third skip: supervisor"),
    *_rows({S.LEASED}, E.LEASE_EXPIRED, S.READY, "lease is over", "no attempt; second in a row: agent is set away"),
    *_rows({S.LEASED}, E.START_REFUSED, S.READY, "token; a blocking reason", "lease rescinded, never dialled"),
    *_rows({S.LEASED}, E.CALL_STARTED, S.IN_CALL, "token; no blocking reason", "attempt written before dialling"),
    *_rows({S.IN_CALL}, E.CALL_ENDED, S.WRAP_UP, "token", "10 min timer"),
    *_rows({S.IN_CALL, S.WRAP_UP}, E.AGENT_LOST, S.NEEDS_DISPOSITION, "timer passed", "supervisor; never redialled"),
    *_rows({S.IN_CALL, S.WRAP_UP}, E.ORDER_PLACED, None, "token", "PlaceOrder with an idempotency key"),
    *_rows(TALKING, E.ORDER_BOOKED, None, "the ERP's answer to our order", "banner; order taken preselected"),
    *_rows({S.IN_CALL, S.WRAP_UP}, E.OVERRIDDEN, None, "token; a reason", "what the forecast learns from"),
    *_rows(_AFTER_CALL, E.RETRY, S.SCHEDULED, "attempts < cap; needs remain", "+4 h, +30 min or next day, in hours"),
    *_rows(_AFTER_CALL, E.EXHAUSTED, S.EXHAUSTED, "attempts = cap", "selling: cool-down; service: a supervisor"),
    *_rows(_AFTER_CALL, E.CALLBACK, S.SCHEDULED, "in hours, at most 30 days ahead", "owner first, 15 min late: team"),
    *_rows(_AFTER_CALL, E.ORDER_TAKEN, S.AWAITING_ORDER, "needs remain", "the order event closes it; 24 h: flagged"),
    *_rows(_AFTER_CALL, E.ORDER_SEEN, S.DONE, "order taken, and its event was faster than the agent"),
    *_rows(_AFTER_CALL, E.HAS_STOCK, S.DONE, "", "a correction to the forecast"),
    *_rows(_AFTER_CALL, E.NOT_INTERESTED, S.DONE, "", "cool-down"),
    *_rows(_AFTER_CALL, E.RESOLVED, S.DONE, "a service task, or a joint day"),
    *_rows(_AFTER_CALL, E.WRONG_NUMBER, S.SCHEDULED, "needs remain", "number invalid; next contact or data fix"),
    *_rows(_AFTER_CALL, E.DO_NOT_CALL, S.CANCELLED, "", "all open tasks of that number, at once"),
    *_rows(_BEFORE_CALL, E.DO_NOT_CALL, S.CANCELLED, "the number was blocked in another call"),
    *_rows(_BEFORE_CALL, E.COVERED, S.SUPERSEDED, "an order covers the last line", "lease rescinded, banner"),
    *_rows({S.AWAITING_ORDER}, E.COVERED, S.DONE, "an order covers a line", "later lines open a new task"),
    *_rows(TALKING, E.COVERED_IN_CALL, None, "an order covers the last line", "banner; already ordered preselected"),
    *_rows(TALKING, E.COVERED, S.SUPERSEDED, "disposition after all lines were covered"),
    *_rows(OPEN, E.NEED_GONE, S.CANCELLED, "the last line was withdrawn without an order"),
    *_rows(_BEFORE_CALL, E.EXPIRED, S.EXPIRED, "valid_until passed", "counted as a miss"),
    *_rows(OPEN, E.ACCOUNT_CLOSED, S.CANCELLED),
    *_rows(OPEN, E.ERASED, S.CANCELLED, "", "people are deleted; never contacted again"),
    *_rows(_BEFORE_CALL, E.ACCOUNT_MERGED, S.SCHEDULED, "the last line went to the survivor", "waits for its needs"),
    *_rows({S.AWAITING_ORDER}, E.ACCOUNT_MERGED, S.DONE, "the last line went to the survivor"),
    *_rows(OPEN, E.REKEYED, None, "merged; the survivor has no task of the class", "goes on under the survivor"),
    *_rows(OPEN - TALKING, E.DUPLICATE, S.SUPERSEDED, "merged; the survivor has one", "its promise goes on there"),
    *_rows(WAITING, E.RESCHEDULED, S.SCHEDULED, "a promise of the merged account", "one callback: the earlier"),
    *_rows(WAITING | {S.LEASED, S.NEEDS_DISPOSITION, S.AWAITING_ORDER}, E.CANCELLED, S.CANCELLED, "a supervisor"),
    *_rows(WAITING, E.RELEASED, None, "a supervisor", "offered to the team again"),
    *_rows(WAITING, E.REASSIGNED, None, "a supervisor", "waits for another agent, then for the team"),
    *_rows({S.LEASED}, E.TAKEN_BACK, S.READY, "a supervisor", "lease rescinded; no attempt"),
    *_rows(OPEN, E.FLAGGED, None, "", "shown to supervisors"),
)

_TARGETS = {(row.source, row.event): row.target for row in TRANSITIONS}
if len(_TARGETS) != len(TRANSITIONS):
    raise AssertionError("a state and an event lead to two targets")


def next_state(state: TaskState | None, event: TaskEvent) -> TaskState:
    """Where the event leads; raises Refused("illegal_transition") when the table does not know it."""
    target = _TARGETS.get((state, event))
    if target is None:
        raise Refused("illegal_transition", f"{event} does not apply to a task that is {state or 'not there'}")
    return target


def as_diagram() -> str:
    """The moves between states as a Mermaid state diagram: one arrow for each pair of states, with its events."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in TRANSITIONS:
        if row.source is row.target:
            continue
        source = "[*]" if row.source is None else str(row.source)
        arrows.setdefault((source, str(row.target)), []).append(str(row.event))
    lines = [f"    {source} --> {target}: {', '.join(events)}" for (source, target), events in arrows.items()]
    ends = [f"    {state} --> [*]" for state in TaskState if state in CLOSED]
    return "\n".join(["```mermaid", "stateDiagram-v2", *lines, *ends, "```"]) + "\n"


def as_markdown() -> str:
    """The table for the documentation: rows that differ in nothing but their source are one."""
    head = "| From | Event | Guard | To | Effect |\n|---|---|---|---|---|\n"
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for row in TRANSITIONS:
        target = "unchanged" if row.source is row.target else str(row.target)
        rows.setdefault((str(row.event), row.guard, target, row.effect), []).append(str(row.source or "-"))
    told = (f"| {', '.join(froms)} | {' | '.join(row)} |" for row, froms in rows.items())
    return head + "\n".join(told) + "\n"
