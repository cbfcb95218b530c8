"""An application over the in-memory store, with made accounts, and callers of every role."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from console.app import build
from console.oidc import Issuer
from console.passwords import Passwords
from console.ports import AdminCalls, EventOutcome, FixedLag, PartitionLag
from outreach.desk import Desk, DeskRules
from outreach.memory import MemoryStore
from schemas.settings import Settings
from tests.console.asked import site_calls
from tests.console.caller import Caller, sign_in
from tests.console.seeds import NOW, seed

LAG = (
    PartitionLag("worker", "ringahead.account-events", 0, 1200, 1200, 0, 0.0, "ok"),
    PartitionLag("worker", "ringahead.account-events", 1, 1100, 1250, 150, 192.0, "warn"),
    PartitionLag("desk", "ringahead.needs", 0, None, 40, None, None, "ok"),
)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ADMIN_TOKEN = "the-token-beside-the-lock-file"


class WallClock:
    """The database's clock, which the test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Site:
    """The application under test and what stands behind it."""

    app: FastAPI
    store: MemoryStore
    desk: Desk
    runner: asyncio.Runner
    lag: FixedLag
    taken: list[bytes]
    clock: WallClock
    callers: list[Caller] = field(default_factory=list)

    def caller(self) -> Caller:
        made = Caller(self.app, self.runner)
        self.callers.append(made)
        return made

    def as_role(self, role: str, page: str = "") -> Caller:
        """Somebody of this role, signed in."""
        return sign_in(self.caller(), self.store, f"{role}-1", role, page)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as one:
        yield one


@pytest.fixture
def make_site(runner: asyncio.Runner) -> Iterator[Callable[..., Site]]:
    """Builds a site; settings by name."""
    made: list[Site] = []

    def making(issuer: Issuer | None = None, admin: AdminCalls | None = None, **settings: object) -> Site:
        clock = WallClock()
        store, desk, lag = MemoryStore(clock), Desk(DeskRules()), FixedLag(LAG)
        with store.begin() as tx:
            seed(desk, tx)
        taken: list[bytes] = []
        known = site_calls(store, desk) if admin is None else admin

        def accept(events: list[bytes]) -> list[EventOutcome]:
            taken.extend(events)
            return [EventOutcome("accepted") for _ in events]

        app = build(
            Settings(**settings),
            store,
            lag,
            desk=desk,
            clock=lambda: NOW,
            accept_events=accept,
            admin={"tick": lambda sent: {"as_of": sent.get("as_of")}, **known},
            admin_token=ADMIN_TOKEN,
            passwords=Passwords(CHEAP),
            issuer=issuer,
        )
        made.append(Site(app, store, desk, runner, lag, taken, clock))
        return made[-1]

    yield making
    for site in made:
        for caller in site.callers:
            caller.close()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """A seeded site with the defaults."""
    return make_site()
