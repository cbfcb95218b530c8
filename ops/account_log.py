"""What the log of record holds of one account, as plain values for its page: events in words, orders by day."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, tzinfo
from typing import Any

from ops.explaining import says
from outreach.store.sql import SqlTransaction
from schemas.envelope import Event
from schemas.errors import BadEvent
from schemas.events.orders import OrderCancelled, OrderChanged, OrderPlaced
from schemas.settings import Settings
from schemas.topics import Topic
from streams.core.context import zone_of
from streams.embedded import tables
from streams.microbatch.ports import Record
from streams.processor import read_event

READ_AT_MOST = 20_000
EVENTS_AT_MOST = 5000
"""The newest of them; an account with more is a feed, not a customer that somebody reads about."""


def records_of(settings: Settings, tx: SqlTransaction, account_id: str, at_most: int = READ_AT_MOST) -> list[Record]:
    """The account's records in the order of the log, the newest so many: embedded from the log itself, with Kafka from
    its copy by account, which `ringahead archive` keeps. None of an erased account: its copy is gone, and the
    log, which is folded for ever, is not shown.
    """
    if tx.erasures.get(account_id) is not None:
        return []
    if settings.runtime == "embedded":
        return tables.of_key(tx.connection, account_id.encode())[-at_most:]
    return [
        Record(Topic.LOG.value, one.partition, one.position, one.recorded_ms, account_id.encode(), one.value)
        for one in tx.account_log.of_account(account_id, at_most)
    ]


def answered(settings: Settings, tx: SqlTransaction, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What `told` says of the account that is asked about, its days as the fold counts them."""
    account_id = str(asked["account_id"])
    standing = tx.standings.get(account_id)
    zone = zone_of(None if standing is None else standing.zone, settings.default_zone or "UTC")
    return told(records_of(settings, tx, account_id), zone, whole=bool(asked.get("whole")))


def told(records: Iterable[Record], zone: tzinfo = UTC, *, whole: bool = False) -> Mapping[str, Any]:
    """``events`` (at, type, says), oldest first; ``orders`` (day, sku, units) as last changed, none cancelled. Days are
    those of the zone.

    ``whole``: also ``raw``, every event as the log has it.
    """
    read = [(record, event) for record in records if (event := _read(record)) is not None]
    events = [event for _, event in read]
    return {
        "events": [_event(one) for one in events[-EVENTS_AT_MOST:]],
        "orders": _orders(events, zone),
        **({"raw": [(record.value or b"").decode() for record, _ in read]} if whole else {}),
    }


def _read(record: Record) -> Event | None:
    try:
        return read_event(record)
    except BadEvent:
        return None


def _event(event: Event) -> Mapping[str, str]:
    name = event.type.removeprefix("ringahead.").removesuffix(".v1")
    return {"at": event.time.isoformat(), "type": name, "says": says(event, frozenset())}


def _orders(events: Iterable[Event], zone: tzinfo) -> list[Mapping[str, Any]]:
    known: dict[str, tuple[date, Mapping[str, float]]] = {}
    for event in events:
        fact = event.fact
        if isinstance(fact, OrderCancelled):
            known.pop(fact.order_id, None)
        elif isinstance(fact, OrderPlaced | OrderChanged):
            day = known[fact.order_id][0] if fact.order_id in known else event.time.astimezone(zone).date()
            known[fact.order_id] = day, {line.sku: float(line.quantity) for line in fact.lines}
    rows = [(day, sku, units) for day, lines in known.values() for sku, units in lines.items()]
    return [{"day": day.isoformat(), "sku": sku, "units": units} for day, sku, units in sorted(rows)]
