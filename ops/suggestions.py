"""What is suggested to accounts, in the database: everybody after learning, those that changed in between."""

import os
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from forecasting.history import OrderDays
from forecasting.similar import loads, steps
from ops.progress import progress
from outreach.desk import Desk
from outreach.desk.turns import put_suggestions
from outreach.ports import Store
from streams import suggesting

MOST_WORKERS = 4
"""Threads that rank; one more writes."""
Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many accounts were ranked, and how many rows they have; by which version."""

    accounts: int
    rows: int
    version: str


def learn(
    store: Store, desk: Desk, history: OrderDays, known: suggesting.Known, at: datetime, told: Told = lambda step: None
) -> Refreshed:
    """Learn to suggest, put the artefact in force, and rank every account. What cannot be read back is not stored."""
    told("suggestions from similar customers")
    with store.read() as tx:
        said = suggesting.said_until(tx, at)
    with progress("learning what is bought for the first time", steps(history, at.toordinal())) as advance:
        learnt, raw = suggesting.learn(history, at, known, advance, said)
    loads(raw)
    with store.begin() as tx:
        suggesting.store(tx, learnt, raw, at)
    done = rank(store, desk, learnt, history, known, at, None)
    with store.begin() as tx:
        suggesting.forget_old(tx, at)
    return done


def refresh(store: Store, desk: Desk, history: OrderDays, known: suggesting.Known, at: datetime) -> Refreshed:
    """Rank the accounts that changed since they were last ranked, with the artefact in force.

    Raises Refused where nothing was learnt yet, and ArtefactRefused or Corrupt for an artefact that was altered: then
    nothing is changed.
    """
    with store.read() as tx:
        used = suggesting.in_force(tx)
        changed = suggesting.changed_since(tx, history)
    return rank(store, desk, used, history, known, at, changed)


def rank(
    store: Store,
    desk: Desk,
    used: suggesting.InForce,
    history: OrderDays,
    known: suggesting.Known,
    at: datetime,
    accounts: Collection[str] | None,
) -> Refreshed:
    """Put what is suggested to these accounts, or to all, in the place of what was."""
    with store.read() as tx:
        shown = max(cell.suggestions for cell in desk.profiles(tx).cells.values())
        said = suggesting.said_until(tx, at)
    ranked, total = 0, 0
    kept, workers = shown + suggesting.SPARE, min(os.cpu_count() or 1, MOST_WORKERS)
    chunks = suggesting.rows(used, history, at, known, kept=kept, accounts=accounts, said=said, workers=workers)
    with progress("ranking", len(history.account_ids) if accounts is None else len(accounts)) as advance:
        for names, rows in chunks:
            with store.begin() as tx:
                total += put_suggestions(tx, names, rows)
            ranked += len(names)
            advance(len(names))
    with store.begin() as tx:
        suggesting.refreshed(tx, at, used.version)
    return Refreshed(ranked, total, used.version)
