"""The derived fields of a waiting task: its place in the queue and the skill it needs."""

import json
from collections.abc import Sequence
from dataclasses import replace

from outreach import priority
from outreach.desk.context import Context
from outreach.desk.teams import queue_of
from outreach.ports import Transaction
from outreach.records import Task
from schemas.needs import AccountStanding

EDGES = "value_edges"


def value_edges(tx: Transaction) -> list[float]:
    """The nine inner edges of value, as the last upkeep found them; empty before it."""
    stored = tx.facts.get(EDGES)
    return [float(edge) for edge in json.loads(stored)] if stored else []


def find_edges(tx: Transaction) -> list[float]:
    """Measure the edges anew and keep them."""
    edges = tx.standings.value_at(priority.DECILE_SHARES)
    tx.facts.put(EDGES, json.dumps(edges))
    return edges


def ranked(
    task: Task,
    standing: AccountStanding | None,
    context: Context,
    edges: Sequence[float],
    *,
    callback_due: bool = False,
) -> Task:
    """The task with rank, skill and queue as they are now."""
    profile = context.cell(standing)
    place = priority.rank(
        callback_due=callback_due,
        p_due=task.p_due,
        value_decile=priority.decile(priority.worth(standing) if standing else 0.0, edges),
        account_tier=standing.tier if standing else 2,
        profile_tier=profile.tier,
        created_at=task.created_at,
    )
    kept = task.queue_kept and any(one.queue_id == task.queue for one in context.queues)
    queue = task.queue if kept else queue_of(context.queues, task, standing, profile.skill)
    if (place, profile.skill, queue, kept) == (task.rank, task.skill, task.queue, task.queue_kept):
        return task
    return replace(task, rank=place, skill=profile.skill, queue=queue, queue_kept=kept)
