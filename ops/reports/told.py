"""What the console's report page shows of the log: hold-out and fates of tasks, as plain values."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from ops.reports import shown
from ops.reports.source import read_ledger, shares
from outreach.conversion import by_cell
from outreach.holdout import estimates, quarter, quarters_of_calls, rows_of
from outreach.ledger import Ledger
from outreach.store.sql import SqlStore
from schemas.base import EARLIEST
from schemas.settings import Settings

SPAN = timedelta(days=90)


def told(settings: Settings, store: SqlStore) -> Mapping[str, Any]:
    """``holdout`` (None before the first call), ``tasks`` of 90 days, ``until``: business time. Reads the whole log."""
    ledger = read_ledger(settings, store)
    end = (ledger.as_of or EARLIEST) + timedelta(seconds=1)
    with store.read() as tx:
        fates = [
            (one.account_id, one.task_class, one.state, one.outcome, one.attempts, one.created_at)
            for one in tx.reports.fates(max(end - SPAN, EARLIEST) if ledger.as_of else EARLIEST, end)
        ]
    return {
        "holdout": _holdout(settings, store, ledger),
        "tasks": shown.fates_values(by_cell(fates, ledger)),
        "until": end.isoformat(),
    }


def _holdout(settings: Settings, store: SqlStore, ledger: Ledger) -> Mapping[str, Any] | None:
    periods = [quarter(name, ledger.as_of) for name in quarters_of_calls(ledger)]
    rows = rows_of(ledger, periods, shares(store, ledger), settings.holdout_salt)
    return shown.holdout_values(estimates(rows, 0.95), periods, rows) if rows else None
