"""`ringahead archive`: the log of record into the database, by account, with offsets in the same transaction.

The log lies in Kafka by partition; who asks about one account would have to read all of it. What is copied is what was
appended, byte by byte. Broadcasts are of no account and are passed over; so is what is said of an erased one, and what
has a key that no account has: the fold makes a dead letter of it, and no database could take every such key.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from functools import partial

from pydantic import TypeAdapter, ValidationError

from outreach.desk.turns import ACCOUNT_LOG
from outreach.ports import LoggedRecord, Store, Transaction
from schemas.base import Identifier
from schemas.errors import Unavailable
from schemas.events import EVERYBODY
from schemas.settings import Settings
from schemas.topics import Topic
from streams.kafka.client import consumer
from streams.kafka.desk_loop import Positions, copy_to
from streams.kafka.pieces import Ends, Fetched

GROUP = "ringahead-archive"
TOPICS = (Topic.LOG.value,)
BATCH_RECORDS = 2000
UPKEEP_SECONDS = 60.0
PIECE = 5000
"""Records of each partition that are forgotten at once."""
_ACCOUNT_ID: TypeAdapter[str] = TypeAdapter(Identifier)

log = logging.getLogger(__name__)


async def run_archive(settings: Settings, store: Store, stopped: asyncio.Event) -> None:
    """Run until stopped. What is unavailable is waited for; anything else ends the process."""
    async with consumer(settings, group=GROUP) as client:
        client.subscribe(TOPICS, listener=Positions(client, store, GROUP))
        copied = copy_to(client, partial(_copy, store), stopped, BATCH_RECORDS)
        await asyncio.gather(copied, forget(store, settings.account_log_days, stopped))


def _copy(store: Store, fetched: Fetched, ends: Ends) -> None:
    keep(store, list(of_accounts(fetched)), ends)


def of_accounts(fetched: Fetched) -> Iterable[LoggedRecord]:
    """What was fetched, as it is kept: that which is of an account."""
    for place, records in fetched.items():
        for one in records:
            account_id = _account_of(one.key)
            if account_id is not None and one.value is not None:
                yield LoggedRecord(place.partition, one.offset, account_id, one.timestamp, one.value)


def _account_of(key: bytes | None) -> str | None:
    """None for what is of no account."""
    try:
        account_id = _ACCOUNT_ID.validate_python((key or b"").decode())
    except (UnicodeDecodeError, ValidationError):
        return None
    return None if account_id == EVERYBODY else account_id


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


async def forget(store: Store, days: int, stopped: asyncio.Event) -> None:
    """Forget what is older than the setting says, a piece at a time."""
    while days and not stopped.is_set():
        try:
            ended = await asyncio.to_thread(cut, store, days)
        except Unavailable as error:
            log.warning("waiting: %s", error)
            ended = 0
        if ended < PIECE:  # what becomes too old meanwhile waits for the next minute
            await _sleep(stopped, UPKEEP_SECONDS)


def cut(store: Store, days: int) -> int:
    """Delete at most one piece of each partition that is older than so many days of record time; how many records."""
    with store.begin() as tx:
        before = tx.db_now() - timedelta(days=days)
        return tx.account_log.end_before(int(before.timestamp() * 1000), PIECE)


async def _sleep(stopped: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stopped.wait(), seconds)
    except TimeoutError:
        return
