"""Policy profiles of the Kafka runtime: sets in the database, the event on the log, states from the changelog."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import datetime

from aiokafka import TopicPartition

from ops.embedded.installation import installation_of
from ops.embedded.writer import wall_hour
from outreach.desk import Desk, policies, rules_from
from outreach.ports import Store, Transaction
from outreach.profiles import ProfileSet
from outreach.store.migrate import require_current
from outreach.store.sql import SqlStore, store_for
from schemas.envelope import Event
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import Topic
from streams.generations import record
from streams.kafka.client import consumer
from streams.kafka.log import announce, append
from streams.kafka.names import changelog_of
from streams.microbatch.store import OWN
from streams.trial import Trial, try_out

READ_RECORDS = 5000


class KafkaPlace:
    """See `ops.profile_desk.Place`. Raises Unavailable while the database or Kafka cannot be had."""

    def __init__(self, settings: Settings, store: SqlStore | None = None) -> None:
        self._settings = settings
        self._store: SqlStore = store or store_for(settings.sqlalchemy_url)
        self._desk = Desk(rules_from(settings))
        require_current(self._store.engine)

    @property
    def store(self) -> Store:
        """The database."""
        return self._store

    def close(self) -> None:
        """Let go of the database."""
        self._store.close()

    def now(self, tx: Transaction) -> datetime:
        """Business time."""
        return self._desk.business_time(tx) or wall_hour()

    def put_in_force(self, event: Callable[[Transaction], Event]) -> None:
        """The set first, then the event that names it; `ringahead learn` names the last set again, should Kafka be gone
        between the two."""
        with self._store.begin() as tx:
            told = event(tx)
        with self._store.read() as tx:
            current = tx.artefacts.current(policies.SUBJECT)
        asyncio.run(self._announce(told, current))

    def try_out(self, proposed: ProfileSet) -> Trial:
        """On the states as the workers last wrote them."""
        with self._store.read() as tx:
            changelog = changelog_of(record.in_force(tx))
        states = asyncio.run(_read_states(self._settings, changelog))
        with self._store.read() as tx:
            return try_out(sorted(states.items()), installation_of(self._settings), _Artefacts(tx), proposed)

    async def _announce(self, told: Event, current: tuple[str, str] | None) -> None:
        await append(self._settings, [told])
        if current is not None:
            await announce(self._settings, Topic.PROFILES, *current)


class _Rows:
    """A partition's state, read once."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, or None."""
        return self.rows.get(key)

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Keys that begin with a prefix and are greater than ``after``, in byte order."""
        return iter([(key, self.rows[key]) for key in sorted(self.rows) if key.startswith(prefix) and key > after])


class _Artefacts:
    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def read(self, digest: str) -> bytes:
        """The artefact's bytes."""
        raw = self._tx.artefacts.get(digest)
        if raw is None:
            raise Unavailable(f"artefact {digest[:12]} is not in the database; run `ringahead learn`")
        return raw


async def _read_states(settings: Settings, changelog: str) -> dict[int, _Rows]:
    """The changelog from its beginning to what is its end now."""
    states = {number: _Rows() for number in range(settings.kafka_partitions)}
    async with consumer(settings) as client:
        places = [TopicPartition(changelog, number) for number in states]
        client.assign(places)
        ends, begins = await client.end_offsets(places), await client.beginning_offsets(places)
        left = {place for place in places if ends[place] > begins[place]}
        while left:
            fetched = await client.getmany(*left, timeout_ms=1000, max_records=READ_RECORDS)
            for place, records in fetched.items():
                _take(states[place.partition], records)
            left = {place for place in left if await client.position(place) < ends[place]}
    return states


def _take(rows: _Rows, records: list[object]) -> None:
    for one in records:
        key, value = one.key, one.value  # type: ignore[attr-defined]  # aiokafka has no types
        if key.startswith(OWN):
            continue
        if value is None:
            rows.rows.pop(key, None)
        else:
            rows.rows[key] = value
