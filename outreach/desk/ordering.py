"""An order on the phone: what is offered, what the ERP is asked, and where the customer wanted something else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import TypeAdapter

from outreach.desk.claims import held
from outreach.desk.context import Context
from outreach.desk.messages import command, to_log
from outreach.desk.offers import is_product, product_cards, units_of
from outreach.desk.workspace import Workspace
from outreach.records import AskedOrder, Need, NeedStatus, Task
from outreach.task import TaskEvent, TaskState
from schemas import ids
from schemas.commands import CommandLine, PlaceOrder
from schemas.errors import NotFound, Refused
from schemas.events.ours import NeedOverridden, OverrideReason

LINES: TypeAdapter[tuple[CommandLine, ...]] = TypeAdapter(tuple[CommandLine, ...])
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Override:
    """The customer wants another quantity of a need than was proposed."""

    need: Need
    agreed_units: float
    reason: OverrideReason


def place_order(
    context: Context,
    task_id: str,
    token: str,
    key: str,
    lines: Sequence[CommandLine],
    currency: str,
    db_now: datetime,
    reasons: Mapping[str, OverrideReason],
) -> str:
    """Ask the ERP to book an order; see `Desk.place_order`."""
    space, task = held(context, task_id, token, db_now)
    command_id = ids.stable_hash("place_order", task_id, key, size_bytes=16).hex()
    body = LINES.dump_json(tuple(lines)).decode()
    before = context.tx.asked_orders.get(command_id)
    if before is not None:
        if before.lines_json != body:
            raise Refused("key_used", "another order was asked with this key")
        return command_id
    at, agent_id = context.now or task.changed_at, task.agent_id or ""
    overrides = _overrides(context, space.open_lines(task_id), lines, reasons)
    space.move(task_id, TaskEvent.ORDER_PLACED, at=at, actor=agent_id, detail=command_id)
    for override in overrides:
        _tell(context, space, task, override, command_id)
    order = PlaceOrder(
        command_id=command_id,
        account_id=task.account_id,
        task_id=task_id,
        lines=tuple(lines),
        currency=currency,
        requested_at=at,
    )
    space.send(command(order))
    space.save()
    context.tx.asked_orders.put([AskedOrder(command_id, task.account_id, task_id, agent_id, currency, body, at)])
    return command_id


def not_needed(
    context: Context, task_id: str, token: str, need_id: str, reason: OverrideReason, db_now: datetime
) -> Task:
    """The customer does not need one of the products now; see `Desk.not_needed`."""
    space, task = held(context, task_id, token, db_now)
    if task.state is TaskState.LEASED:
        raise Refused("not_called", "start the call first, or skip")
    need = next((one for one in space.open_lines(task_id) if one.need_id == need_id), None)
    if need is None or not is_product(need):  # a complaint does not go by being called not needed
        raise NotFound("no_such_line", need_id)
    at = context.now or task.changed_at
    _tell(context, space, task, Override(need, 0.0, reason), None)
    space.put_need(replace(need, status=NeedStatus.ENDED, ended_at=at, at=at, cause="not_needed"))
    space.save()
    return space.tasks[task_id]


def _overrides(
    context: Context,
    open_lines: Sequence[Need],
    lines: Sequence[CommandLine],
    reasons: Mapping[str, OverrideReason],
) -> list[Override]:
    """Lines that ask for another quantity than was proposed; raises Refused where one has no reason."""
    cards = product_cards(context.tx, open_lines)
    needs = {(cards[n.group].sku if n.group in cards else n.group): n for n in open_lines if n.quantity_units > 0}
    found = []
    for line in lines:
        need = needs.get(line.sku)
        if need is None:
            continue
        card = cards.get(need.group)
        offered = need.quantity_units if card is None else units_of(card, need.quantity_units)
        if abs(float(line.quantity) - offered) < _SAME:
            continue
        if line.sku not in reasons:
            raise Refused("reason_missing", f"why another quantity of {line.sku}?")
        factor = 1.0 if card is None else card.unit_factor
        found.append(Override(need, float(line.quantity) * factor, reasons[line.sku]))
    return found


def _tell(context: Context, space: Workspace, task: Task, override: Override, command_id: str | None) -> None:
    """One transition with its event on the log."""
    need = override.need
    at = context.now or task.changed_at
    detail = f"{need.group}: {override.agreed_units:g} instead of {need.quantity_units:g}, {override.reason}"
    after = space.move(task.task_id, TaskEvent.OVERRIDDEN, at=at, actor=task.agent_id or "", detail=detail)
    fact = NeedOverridden(
        task_id=task.task_id,
        attempt_id=task.attempt_id or "",
        need_id=need.need_id,
        group=need.group,
        suggested_units=need.quantity_units,
        agreed_units=override.agreed_units,
        reason=override.reason,
        command_id=command_id,
    )
    space.send(to_log(task.account_id, f"{task.task_id}/{after.version}", fact, at))
