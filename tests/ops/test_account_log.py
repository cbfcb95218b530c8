"""One reader for both runtimes: the log itself, and its copy by account, tell the same of an account."""

from datetime import date
from pathlib import Path

from ops.account_log import answered, records_of, told
from ops.commands.console import _admin
from ops.embedded.installation import opened
from outreach.ports import LoggedRecord
from schemas.settings import Settings
from streams.codec import decode_account
from streams.embedded import tables
from streams.kafka.archive import keep
from streams.workspace import key_of
from tests.streams.harness import START, said
from tests.streams.scene import DAY, placed


def test_the_copy_tells_what_the_log_tells(tmp_path: Path) -> None:
    embedded = Settings(data_dir=tmp_path)
    url = f"sqlite:///{tmp_path / 'ringahead.sqlite3'}"
    kafka = Settings(runtime="kafka", data_dir=tmp_path, database_url=url)  # type: ignore[arg-type]  # made secret
    with opened(embedded) as installation:
        installation.runtime.append(
            [said(placed(f"o{n}", argon=1 + n), START + n * DAY, f"o{n}", ("acme", "other")[n % 2]) for n in range(9)]
        )
        store = installation.store
        with store.read() as tx:
            log = tables.read(tx.connection, 0, 100)
            own = told(records_of(embedded, tx, "acme"))
        assert [one["type"] for one in own["events"]] == ["OrderPlaced"] * 5
        copies = [LoggedRecord(0, r.offset, (r.key or b"").decode(), r.timestamp_ms, r.value or b"") for r in log]
        keep(store, copies, {("ringahead.account-events", 0): log[-1].offset + 1})
        with store.read() as tx:
            assert told(records_of(kafka, tx, "acme")) == own
            assert (
                len(records_of(kafka, tx, "acme", at_most=2)) == len(records_of(embedded, tx, "acme", at_most=2)) == 2
            )
        assert _admin(kafka, store)["account"]({"account_id": "acme"}) == own, "what the account's page asks for"
        with store.begin() as tx:
            installation.desk.erase_account(tx, "acme", "eve")
        with store.read() as tx:
            assert records_of(embedded, tx, "acme") == records_of(kafka, tx, "acme") == []
            assert len(records_of(embedded, tx, "other")) == len(records_of(kafka, tx, "other")) == 4


def test_days_of_orders_are_those_that_the_fold_counts(tmp_path: Path) -> None:
    """Nine in the morning in Sydney is the evening before in UTC: every order stood a day early beside its forecast."""
    settings = Settings(data_dir=tmp_path, default_zone="Australia/Sydney")
    with opened(settings) as installation:
        ordered = START.replace(hour=22)
        installation.runtime.append([said(placed("o1", argon=1), ordered, "e1")])
        installation.runtime.fold_all()
        with installation.store.read() as tx:
            state = decode_account(tables.StateTable(tx.connection).get(key_of("acme")) or b"")
            (order,) = answered(settings, tx, {"account_id": "acme"})["orders"]
    assert order["day"] == "2026-03-03"
    assert date.fromisoformat(order["day"]).toordinal() == state.orders.newest_day
