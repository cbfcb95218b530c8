"""What the site's own process answers to supervisors' pages: profiles over the store, reports as they were counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from console.ports import AdminCalls
from ops.profile_desk import answer
from outreach.desk import Desk
from outreach.ports import Store, Transaction
from outreach.profiles import ProfileSet
from schemas.envelope import Event
from streams.trial import Trial, Work
from tests.console.seeds import NOW

HOLDOUT = {
    "quarters": [{"name": "2011Q4", "complete": False}],
    "estimates": [
        {
            "cell": "all",
            "metric": "retention",
            "called_mean": 0.5,
            "held_out_mean": 0.4,
            "difference": 0.1,
            "low": 0.02,
            "high": 0.18,
            "relative": 0.25,
            "called": 95,
            "held_out": 5,
        },
        {"cell": "small-ignition", "metric": "orders"},
    ],
}
ORDER_DAYS = [date(2011, 4, 2) + timedelta(days=28 * number) for number in range(9)]
ACCOUNT_LOG = {
    "events": [
        {"at": f"{day}T10:00:00+00:00", "type": "OrderPlaced", "says": f"SO-{n}: 64 x 85123A"}
        for n, day in enumerate(ORDER_DAYS)
    ],
    "orders": [
        {"day": day.isoformat(), "sku": sku, "units": 40.0 + 8 * (n % 4)}
        for n, day in enumerate(ORDER_DAYS)
        for sku in ("85123A", "22423")
    ],
}
TASKS = [
    {
        "cell": "small-maintenance",
        "task_class": "selling",
        "opened": 20,
        "called": 8,
        "ordered": 1,
        "promised": 0,
        "conversion": 0.125,
        "overtaken": 3,
        "expired": 2,
    }
]


class HerePlace:
    """Profiles of the site; a trial judges three made accounts."""

    def __init__(self, store: Store, desk: Desk) -> None:
        self.store = store
        self._desk = desk

    def now(self, tx: Transaction) -> datetime:
        return self._desk.business_time(tx) or NOW

    def put_in_force(self, event: Callable[[Transaction], Event]) -> None:
        with self.store.begin() as tx:
            event(tx)

    def try_out(self, proposed: ProfileSet) -> Trial:
        trial = Trial(accounts=3, open_before=2, open_after=3)
        trial.added[Work("17850", "task")] = Counter({"expected_reorder": 1})
        return trial


def site_calls(store: Store, desk: Desk) -> AdminCalls:
    """By name, as `ringahead serve` has them."""
    place = HerePlace(store, desk)

    def reports(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"holdout": HOLDOUT, "tasks": TASKS, "until": NOW.isoformat()}

    def account(asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return ACCOUNT_LOG if asked["account_id"] == "17850" else {"events": [], "orders": []}

    return {"account": account, "profiles": lambda asked: answer(place, asked), "reports": reports}
