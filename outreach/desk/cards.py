"""What pages read: a task's card, an account's record."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from outreach import hours
from outreach.desk import eligibility, suggesting
from outreach.desk.context import Context
from outreach.desk.eligibility import LOOK_BACK_DAYS, Verdict
from outreach.desk.offers import cards_of_groups, offers
from outreach.desk.results import AccountRecord, TaskCard
from outreach.profiles import cell_name
from outreach.records import Need, NeedStatus, ReorderState, Task
from outreach.task import TaskState
from schemas.base import EARLIEST
from schemas.errors import NotFound
from schemas.events.accounts import Size
from schemas.events.ours import Phase


def card(context: Context, task_id: str) -> TaskCard:
    """A task with all that belongs to it; raises NotFound."""
    task = context.tx.tasks.get(task_id)
    if task is None:
        raise NotFound("no_such_task", task_id)
    return _card_of(context, task)


def current(context: Context, agent_id: str) -> TaskCard | None:
    """What the agent holds."""
    task = context.tx.tasks.held_by(agent_id)
    return None if task is None else _card_of(context, task)


def build_card(context: Context, task: Task, lines: Sequence[Need], verdict: Verdict) -> TaskCard:
    """The card of a task that was judged already."""
    tx = context.tx
    standing = tx.standings.get(task.account_id)
    zone = hours.known_zone(verdict.party.zone)
    since = context.now - timedelta(days=LOOK_BACK_DAYS) if context.now else EARLIEST
    size, phase = (standing.size, standing.phase) if standing else (Size.SMALL, Phase.IGNITION)
    return TaskCard(
        task=task,
        lines=tuple(sorted(lines, key=lambda need: (-need.p_due, need.group, need.need_id))),
        standing=standing,
        contact=verdict.contact,
        local_time=context.now.astimezone(zone) if context.now and zone else None,
        suggestions=suggesting.at_claim(context, task, context.cell(standing), lines),
        attempts=tuple(tx.attempts.of_accounts([task.account_id], since)),
        reasons=verdict.reasons,
        profile=cell_name(size, phase),
        rules=verdict.rules,
    )


def account(context: Context, account_id: str) -> AccountRecord:
    """Everything held of one account."""
    tx = context.tx
    standing = tx.standings.get(account_id)
    rows = tx.suggestions.of_account(account_id)
    suggested = suggesting.listed(rows, suggesting.objective_of(account_id, context.cell(standing), rows)[0])
    return AccountRecord(
        account_id=account_id,
        standing=standing,
        contacts=tuple(tx.contacts.of_accounts([account_id])),
        tasks=tuple(tx.tasks.listed(TaskState, account_id=account_id)),
        needs=tuple(tx.needs.of_account(account_id)),
        reorders=tuple(tx.reorders.listed(ReorderState, account_id=account_id)),
        attempts=tuple(tx.attempts.of_accounts([account_id], EARLIEST)),
        suggestions=tuple(suggested),
        history=tuple(tx.audit.about(account_id=account_id)),
    )


def _card_of(context: Context, task: Task) -> TaskCard:
    lines = [need for need in context.tx.needs.lines([task.task_id]) if need.status is NeedStatus.OPEN]
    if context.now is None:
        standing = context.tx.standings.get(task.account_id)
        party = eligibility.party_of(standing, None, context.cell(standing))
        verdict = Verdict((), None, party, task.attempts, None)
    else:
        verdict = eligibility.judge(context, task, eligibility.learn(context, [task]))
    return _with_products(context, build_card(context, task, lines, verdict), verdict)


def _with_products(context: Context, card: TaskCard, verdict: Verdict) -> TaskCard:
    """What is offered and what was asked; nobody suggests what cannot be had."""
    had = suggesting.on_card(context, card.task, context.cell(card.standing))
    offered = offers(context, card.lines, verdict.party)
    asked = tuple(context.tx.asked_orders.of_task(card.task.task_id))
    named = cards_of_groups(context.tx, {one.sku for one in had})
    skus = {group: one.sku for group, one in named.items() if one.sku != group}
    shown = tuple(one for one in context.tx.showings.of_task(card.task.task_id) if one.answer is not None)
    return replace(card, suggestions=had, offers=offered, orders=asked, answered=shown, orderable=skus)
