"""What the fold tells agents besides needs: the ERP's answers to orders that were asked of it, and products."""

from dataclasses import replace

from outreach.desk.workspace import Workspace
from outreach.records import AnswerState, AskedOrder, AuditEntry, ProductCard
from outreach.task import TALKING, TaskEvent
from schemas.needs import OrderAnswered, ProductTold


def answered(space: Workspace, asked: AskedOrder | None, effect: OrderAnswered) -> AskedOrder | None:
    """The order with its answer, and the news for open pages; None: nobody here asked, or it was answered before."""
    if asked is None or asked.state is not AnswerState.ASKED:
        return None
    state = AnswerState.ACCEPTED if effect.accepted else AnswerState.REFUSED
    task = space.tasks.get(asked.task_id)
    if effect.accepted and task is not None and task.state in TALKING:
        detail = effect.order_id or ""
        space.move(
            task.task_id, TaskEvent.ORDER_BOOKED, at=effect.at, actor="fold", detail=detail, banner="order_booked"
        )
        return _with_answer(asked, state, effect)
    space.note(
        AuditEntry(
            audit_id=0,
            at=effect.at,
            subject=f"task:{asked.task_id}",
            account_id=asked.account_id,
            actor="fold",
            event=f"order_{state}",
            before=None,
            after=None,
            version=0,
            detail=effect.order_id or effect.cause or "",
        )
    )
    return _with_answer(asked, state, effect)


def _with_answer(asked: AskedOrder, state: AnswerState, effect: OrderAnswered) -> AskedOrder:
    return replace(
        asked,
        state=state,
        order_id=effect.order_id,
        promised_at=effect.promised_at,
        total=None if effect.total is None else f"{effect.total:.2f}",
        currency=effect.currency or asked.currency,
        reason=effect.cause,
        answered_at=effect.at,
    )


def product(effect: ProductTold) -> ProductCard:
    """As it is kept."""
    return ProductCard(
        sku=effect.sku,
        group=effect.group,
        as_of=effect.as_of,
        name=effect.name,
        available=effect.available,
        lead_time_days=effect.lead_time_days,
        unit_price=None if effect.unit_price is None else str(effect.unit_price),
        currency=effect.currency,
        unit_factor=effect.unit_factor,
    )
