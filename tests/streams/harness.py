"""A partition in memory: a log, a store, and the folder between them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache

from forecasting.learn import prior_model
from outreach.profiles import ProfileSet, standard_profiles
from schemas.base import Fact
from schemas.dead_letters import DeadLetter
from schemas.envelope import Event, encode
from schemas.events import BROADCAST, EVERYBODY
from schemas.events.ours import ModelPublished, ProfilesChanged, TimePassed
from schemas.needs import Effect
from streams.artefacts import ArtefactsInMemory
from streams.codec import decode_account
from streams.core.context import Installation
from streams.microbatch.ports import Record, Write
from streams.processor import LogFolder
from streams.state import Account
from streams.workspace import ACCOUNT_PREFIX

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
INSTALLATION = Installation(default_zone="Europe/London", holdout_salt="tests")


class MemoryStore:
    """A partition's store as a dict."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def items(self, prefix: bytes = b"", after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        yield from [(key, self.rows[key]) for key in sorted(self.rows) if key.startswith(prefix) and key > after]

    def write(self, writes: Sequence[Write]) -> None:
        for key, value in writes:
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


@cache
def profiles() -> ProfileSet:
    """The standard profiles, nobody held out, lead time long enough for needs to arise in small histories."""
    standard = standard_profiles("tests-1", START - timedelta(days=1))
    cells = {name: cell.model_copy(update={"holdout_share": 0.0}) for name, cell in standard.cells.items()}
    eager = {
        name: cell.model_copy(update={"lead_time_days": 20.0, "service_level": 0.4}) for name, cell in cells.items()
    }
    return standard.model_copy(update={"cells": eager})


class Partition:
    """A folder over a memory store; ``feed`` returns the effects of what it is given."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.artefacts = ArtefactsInMemory()
        for raw, digest in ((prior_model().artefact, prior_model().digest), (profiles().dumps(), profiles().digest)):
            self.artefacts.put(digest, raw)
        self.offset = 0
        self.letters: list[DeadLetter] = []
        self.recorded: list[Event] = []
        self.restart()

    def restart(self) -> None:
        """Lose everything but the store, as a process that ends does."""
        self.folder = LogFolder(0, self.store, INSTALLATION, self.artefacts)

    def feed(self, *events: Event) -> list[Effect]:
        return self.feed_records([self.record(event) for event in events])

    def feed_records(self, records: Sequence[Record]) -> list[Effect]:
        folded = self.folder.fold(records)
        self.store.write(folded.writes)
        self.letters += folded.letters
        self.recorded += folded.recorded
        return folded.effects

    def record(self, event: Event) -> Record:
        self.offset += 1
        return Record("ringahead.account-events", 0, self.offset, 0, event.subject.encode(), encode(event))

    def accounts(self) -> dict[str, Account]:
        """Every account's state, as it was written."""
        return {key.removeprefix(ACCOUNT_PREFIX).decode(): decode_account(raw) for key, raw in self.store.items(b"a:")}


def said(fact: Fact, at: datetime, name: str, account: str = "acme") -> Event:
    """An event with a readable id."""
    subject = EVERYBODY if type(fact) in BROADCAST else account
    return Event(id=name, source="tests", subject=subject, time=at, fact=fact)


def in_force(at: datetime = START) -> list[Event]:
    """A model and profiles, as published."""
    return [
        said(ModelPublished(version=prior_model().version, digest=prior_model().digest), at, "model"),
        said(ProfilesChanged(version=profiles().version, digest=profiles().digest), at, "profiles"),
    ]


def tick(at: datetime) -> Event:
    """Business time is now this."""
    return said(TimePassed(as_of=at), at, f"tick-{at.isoformat()}")


def without_places(effects: Sequence[Effect]) -> list[dict[str, object]]:
    """Effects as values, less where in the log they came from."""
    return [effect.model_dump(exclude={"place", "partition"}) for effect in effects]


def comparable(account: Account) -> Account:
    """The ring of ids remembers arrival; everything else must not."""
    account.seen = b"".join(sorted(account.seen[at : at + 8] for at in range(0, len(account.seen), 8)))
    return account
