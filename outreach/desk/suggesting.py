"""Which suggestions stand on a card: the objective's list of the account's profile, without what must not be said now.

Never suggested: a product that is due, on the task, bought or asked for since the list was made, not available, or
resting after it was refused. What was on the card when a call began is kept, with the answer once there is one.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from forecasting.similar.objectives import OBJECTIVES
from outreach.desk.context import Context
from outreach.profiles import Profile, cell_name
from outreach.records import Attempt, Need, ProductCard, Showing, Suggestion, Task
from schemas import ids
from schemas.decisions import TaskClass
from schemas.events.accounts import Size
from schemas.events.ours import Phase, SuggestionAnswer, SuggestionWhy

REST_DAYS, LATER_DAYS = 180, 30
"""So long a refused product is not suggested again; the shorter one where the customer said "later"."""


def objective_of(account_id: str, cell: Profile, rows: Sequence[Suggestion]) -> tuple[str, bool]:
    """By which objective the account is suggested to, and whether that was drawn at random.

    The draw hangs on the account and the version of its list: it is the same for everybody who asks, and a new one
    comes with the next learning. Who drew the objective that the profile names counts as drawn, too.
    """
    if not rows:
        return cell.suggestion_objective, False
    raw = ids.stable_hash("objective", account_id, rows[0].version, size_bytes=8)
    draw = int.from_bytes(raw, "big") / 2**64
    if draw >= cell.suggestion_draw_share:
        return cell.suggestion_objective, False
    return OBJECTIVES[int(draw / cell.suggestion_draw_share * len(OBJECTIVES))], True


def listed(rows: Iterable[Suggestion], objective: str) -> list[Suggestion]:
    """The objective's list, best first."""
    return sorted((row for row in rows if row.place(objective)), key=lambda row: row.place(objective))


def at_claim(context: Context, task: Task, cell: Profile, lines: Sequence[Need]) -> tuple[Suggestion, ...]:
    """What the answer to a claim shows: from what was read ahead, so that nobody waits for more."""
    if task.task_class is TaskClass.SERVICE or not cell.suggestions:
        return ()
    rows = context.tx.suggestions.of_account(task.account_id)
    barred = {need.group for need in lines}
    return _first(listed(rows, objective_of(task.account_id, cell, rows)[0]), barred, cell.suggestions)


def on_card(context: Context, task: Task, cell: Profile) -> tuple[Suggestion, ...]:
    """What the page shows, after everything that is known of the account now."""
    if task.task_class is TaskClass.SERVICE or not cell.suggestions:
        return ()
    rows = context.tx.suggestions.of_account(task.account_id)
    return of_account(context, task.account_id, rows, objective_of(task.account_id, cell, rows)[0], cell.suggestions)


def of_account(
    context: Context, account_id: str, known: Sequence[Suggestion], objective: str, most: int
) -> tuple[Suggestion, ...]:
    """The same for an account, task or not, of its list."""
    rows = listed(known, objective)
    return _first(rows, _barred(context, account_id, rows), most) if rows else ()


def note_shown(context: Context, task: Task, attempt: Attempt) -> None:
    """Keep what is on the card of a call that begins; twice is once."""
    standing = context.tx.standings.get(task.account_id)
    cell = context.cell(standing)
    size, phase = (standing.size, standing.phase) if standing else (Size.SMALL, Phase.IGNITION)
    objective, drawn = objective_of(task.account_id, cell, context.tx.suggestions.of_account(task.account_id))
    shown = on_card(context, task, cell)
    context.tx.showings.put(
        Showing(
            showing_id=showing_id(attempt.attempt_id, row.sku),
            attempt_id=attempt.attempt_id,
            task_id=task.task_id,
            account_id=task.account_id,
            agent_id=attempt.agent_id,
            sku=row.sku,
            name=row.name,
            objective=objective,
            profile=cell_name(size, phase),
            rank=rank,
            version=row.version,
            shown_at=attempt.started_at,
            drawn=drawn,
        )
        for rank, row in enumerate(shown, 1)
    )


def showing_id(attempt_id: str, sku: str) -> str:
    """The same for the same product in the same call."""
    return ids.stable_hash("showing", attempt_id, sku, size_bytes=16).hex()


def rests_until(showing: Showing) -> datetime | None:
    """Until when the product is not suggested to the account again; None: it was not refused."""
    if showing.answer != SuggestionAnswer.REFUSED or showing.answered_at is None:
        return None
    return showing.answered_at + timedelta(days=LATER_DAYS if showing.why == SuggestionWhy.LATER else REST_DAYS)


def resting(showings: Iterable[Showing], at: datetime) -> set[tuple[str, str]]:
    """(account, SKU) of what was refused and rests at this time."""
    ends = ((one, rests_until(one)) for one in showings)
    return {(one.account_id, one.sku) for one, end in ends if end is not None and at < end}


def _first(rows: Iterable[Suggestion], barred: Collection[str], most: int) -> tuple[Suggestion, ...]:
    return tuple([row for row in rows if row.sku not in barred][:most])


def _barred(context: Context, account_id: str, rows: Sequence[Suggestion]) -> set[str]:
    """Of the rows: what was bought (the fold has spoken of a need), asked for, cannot be had, or rests."""
    tx, skus = context.tx, {row.sku for row in rows}
    gone = {need.group for need in tx.needs.of_account(account_id)}
    for order in tx.asked_orders.of_account(account_id):
        gone |= {line["sku"] for line in json.loads(order.lines_json)}
    if context.now is not None:
        gone |= {sku for _, sku in resting(tx.showings.of_account(account_id), context.now)}
    known: defaultdict[str, dict[str, ProductCard]] = defaultdict(dict)
    for card in (*tx.products.many(skus), *tx.products.of_groups(skus)):
        known[card.sku if card.sku in skus else card.group][card.sku] = card
    return {sku for sku in skus if _is_gone(sku, known[sku].values(), gone)}


def _is_gone(sku: str, cards: Collection[ProductCard], gone: Collection[str]) -> bool:
    """Whether the product, its group or a variant was bought or refused, or none of its variants can be had."""
    names = {sku, *(card.sku for card in cards), *(card.group for card in cards)}
    return not names.isdisjoint(gone) or (bool(cards) and not any(card.available for card in cards))
