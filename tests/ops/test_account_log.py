"""One reader for both runtimes: the log itself, and its copy by account, tell the same of an account."""

from pathlib import Path

from ops.account_log import records_of, told
from ops.commands.console import _admin
from ops.embedded.installation import opened
from outreach.ports import LoggedRecord
from schemas.settings import Settings
from streams.embedded import tables
from streams.kafka.archive import keep
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
