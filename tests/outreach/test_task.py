"""The table of transitions: what task-lifecycle promises is in it, and nothing leads out of an end."""

import pytest

from outreach.task import (
    CLOSED,
    HELD,
    OPEN,
    TALKING,
    TRANSITIONS,
    TaskEvent,
    TaskState,
    as_diagram,
    as_markdown,
    next_state,
)
from schemas.errors import Refused

S, E = TaskState, TaskEvent

PROMISED = [
    (None, E.OPENED, S.READY),
    (S.SCHEDULED, E.DUE, S.READY),
    (S.READY, E.CLAIMED, S.LEASED),
    (S.LEASED, E.HEARTBEAT, S.LEASED),
    (S.LEASED, E.SKIPPED, S.READY),
    (S.LEASED, E.LEASE_EXPIRED, S.READY),
    (S.LEASED, E.CALL_STARTED, S.IN_CALL),
    (S.IN_CALL, E.CALL_ENDED, S.WRAP_UP),
    (S.IN_CALL, E.AGENT_LOST, S.NEEDS_DISPOSITION),
    (S.WRAP_UP, E.AGENT_LOST, S.NEEDS_DISPOSITION),
    (S.WRAP_UP, E.RETRY, S.SCHEDULED),
    (S.WRAP_UP, E.EXHAUSTED, S.EXHAUSTED),
    (S.WRAP_UP, E.CALLBACK, S.SCHEDULED),
    (S.IN_CALL, E.ORDER_PLACED, S.IN_CALL),
    (S.WRAP_UP, E.ORDER_TAKEN, S.AWAITING_ORDER),
    (S.AWAITING_ORDER, E.COVERED, S.DONE),
    (S.WRAP_UP, E.HAS_STOCK, S.DONE),
    (S.WRAP_UP, E.NOT_INTERESTED, S.DONE),
    (S.WRAP_UP, E.WRONG_NUMBER, S.SCHEDULED),
    (S.WRAP_UP, E.DO_NOT_CALL, S.CANCELLED),
    (S.SCHEDULED, E.COVERED, S.SUPERSEDED),
    (S.READY, E.COVERED, S.SUPERSEDED),
    (S.LEASED, E.COVERED, S.SUPERSEDED),
    (S.IN_CALL, E.COVERED_IN_CALL, S.IN_CALL),
    (S.READY, E.EXPIRED, S.EXPIRED),
    (S.SCHEDULED, E.ACCOUNT_CLOSED, S.CANCELLED),
]


@pytest.mark.parametrize(("source", "event", "target"), PROMISED)
def test_promised_transition(source: TaskState | None, event: TaskEvent, target: TaskState) -> None:
    assert next_state(source, event) is target


def test_what_is_not_in_the_table_is_refused() -> None:
    known = {(row.source, row.event) for row in TRANSITIONS}
    for state in (*TaskState, None):
        for event in TaskEvent:
            if (state, event) not in known:
                with pytest.raises(Refused, match="illegal_transition"):
                    next_state(state, event)


def test_nothing_leads_out_of_an_end() -> None:
    assert not {row.source for row in TRANSITIONS} & CLOSED


def test_nobody_is_dialled_but_from_a_lease() -> None:
    assert {row.source for row in TRANSITIONS if row.target is S.IN_CALL and row.source is not S.IN_CALL} == {S.LEASED}


def test_every_open_state_can_end() -> None:
    reach = {state: {row.target for row in TRANSITIONS if row.source is state} for state in OPEN}
    assert all(targets & CLOSED for targets in reach.values())
    assert HELD <= OPEN
    assert TALKING <= OPEN


def test_the_documentation_tells_every_transition() -> None:
    told = {
        (source, event)
        for froms, event in (line.strip("| ").split(" | ")[:2] for line in as_markdown().splitlines()[2:])
        for source in froms.split(", ")
    }
    assert told == {(str(row.source or "-"), str(row.event)) for row in TRANSITIONS}


def test_the_diagram_has_an_arrow_for_every_move() -> None:
    arrows = [line.strip() for line in as_diagram().splitlines() if "-->" in line]
    for row in TRANSITIONS:
        if row.source is not row.target:
            begins = f"{'[*]' if row.source is None else row.source} --> {row.target}:"
            assert any(line.startswith(begins) and str(row.event) in line for line in arrows), row
    assert sum(line.endswith("[*]") for line in arrows) == len(CLOSED)
