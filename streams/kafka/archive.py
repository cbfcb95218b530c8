"""`ringahead archive`: the log of record into the database, by account, with offsets in the same transaction.

The log lies in Kafka by partition; who asks about one account would have to read all of it. What is copied is what was
appended, byte by byte. Broadcasts are of no account and are passed over; so is what is said of an erased one.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from aiokafka import AIOKafkaConsumer

from outreach.desk.erasing import ACCOUNT_LOG
from outreach.ports import LoggedRecord, Store, Transaction
from schemas.errors import Unavailable
from schemas.events import EVERYBODY
from schemas.settings import Settings
from schemas.topics import Topic
from streams.kafka.client import consumer
from streams.kafka.desk_loop import POLL_MS, Fetched, Positions, tell_kafka, until_stored

GROUP = "ringahead-archive"
TOPICS = (Topic.LOG.value,)
BATCH_RECORDS = 2000
UPKEEP_SECONDS = 60.0
_EVERYBODY = EVERYBODY.encode()

log = logging.getLogger(__name__)


async def run_archive(settings: Settings, store: Store, stopped: asyncio.Event) -> None:
    """Run until stopped. What is unavailable is waited for; anything else ends the process."""
    async with consumer(settings, group=GROUP) as client:
        client.subscribe(TOPICS, listener=Positions(client, store, GROUP))
        await asyncio.gather(_copy(client, store, stopped), _cut(store, settings.account_log_days, stopped))


async def _copy(client: AIOKafkaConsumer, store: Store, stopped: asyncio.Event) -> None:
    while not stopped.is_set():
        fetched = await client.getmany(timeout_ms=POLL_MS, max_records=BATCH_RECORDS)
        if not fetched:
            continue
        positions = {(place.topic, place.partition): records[-1].offset + 1 for place, records in fetched.items()}
        records = list(_of_accounts(fetched))
        if await until_stored(partial(keep, store, records, positions), stopped):
            await tell_kafka(client, positions)


def _of_accounts(fetched: Fetched) -> Iterable[LoggedRecord]:
    for place, records in fetched.items():
        for one in records:
            if one.key not in (None, _EVERYBODY) and one.value is not None:
                account_id = one.key.decode(errors="replace")
                yield LoggedRecord(place.partition, one.offset, account_id, one.timestamp, one.value)


def keep(store: Store, records: Sequence[LoggedRecord], positions: Mapping[tuple[str, int], int]) -> int:
    """One transaction: records that are not of erased accounts, and where to go on; how many were new."""
    with store.begin() as tx:
        kept = tx.account_log.put(_allowed(tx, records)) if records else 0
        tx.offsets.put(GROUP, positions)
    return kept


def _allowed(tx: Transaction, records: Sequence[LoggedRecord]) -> Sequence[LoggedRecord]:
    tx.take_turns([ACCOUNT_LOG])
    erased = {one.account_id for one in tx.erasures.many({one.account_id for one in records})}
    return [one for one in records if one.account_id not in erased]


async def _cut(store: Store, days: int, stopped: asyncio.Event) -> None:
    """Forget what is older than the setting says, a piece at a time."""
    while days and not stopped.is_set():
        try:
            ended = await asyncio.to_thread(cut, store, days)
        except Unavailable as error:
            log.warning("waiting: %s", error)
            ended = 0
        if not ended:
            await _sleep(stopped, UPKEEP_SECONDS)


def cut(store: Store, days: int) -> int:
    """Delete at most one piece of each partition that is older than so many days of record time; how many records."""
    with store.begin() as tx:
        before = tx.db_now() - timedelta(days=days)
        return tx.account_log.end_before(int(before.timestamp() * 1000))


async def _sleep(stopped: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return
