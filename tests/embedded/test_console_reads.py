"""What the console's pages read of a real log: an account's events and orders, and the reports."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from ops import account_log
from ops.embedded.installation import Opened, opened
from ops.reports.told import told
from schemas.events.orders import OrderCancelled, OrderChanged, OrderLine
from schemas.settings import Settings
from streams.embedded import tables
from tests.embedded.made import history, put_artefacts
from tests.streams.harness import START, said
from tests.streams.scene import DAY, placed

LINES = (OrderLine(sku="argon", quantity=Decimal(7)),)


def log_of(installation: Opened, account: str) -> list[dict[str, object]]:
    with installation.store.read() as tx:
        return account_log.told(tables.of_key(tx.connection, account.encode()))


def test_orders_are_told_as_last_changed_and_cancelled_ones_not(tmp_path: Path) -> None:
    with opened(Settings(data_dir=tmp_path)) as installation:
        installation.runtime.append(
            [
                said(placed("o1", wire=2), START, "o1"),
                said(placed("o2", wire=3), START + DAY, "o2"),
                said(OrderChanged(order_id="o1", lines=LINES), START + 2 * DAY, "changed"),
                said(OrderCancelled(order_id="o2"), START + 3 * DAY, "cancelled"),
                said(placed("x1", wire=4), START, "x1", "other"),
            ]
        )
        found = log_of(installation, "acme")
    assert [one["type"] for one in found["events"]] == ["OrderPlaced", "OrderPlaced", "OrderChanged", "OrderCancelled"]
    assert found["events"][0]["says"].startswith("o1")
    assert found["orders"] == [{"day": START.date().isoformat(), "sku": "argon", "units": 7.0}]


def test_the_reports_of_a_log_with_tasks_and_no_calls(tmp_path: Path) -> None:
    with opened(Settings(data_dir=tmp_path)) as installation:
        put_artefacts(installation)
        installation.runtime.append(history(12, 120, decide_days=60))
        installation.runtime.fold_all()
        found = told(installation.settings, installation.store)
        with installation.store.read() as tx:
            now = installation.desk.business_time(tx)
    assert found["holdout"] is None
    assert sum(one["opened"] for one in found["tasks"]) > 0
    assert found["until"] == (now + timedelta(seconds=1)).isoformat()
