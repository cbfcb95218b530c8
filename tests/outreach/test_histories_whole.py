"""Random histories of the whole: events through the real fold, its effects into the real desk, people at work, what
they say back through the outbox into the fold. Beside it a few plain facts, from which each call is judged.

On memory and on SQLite. `test_histories.py` has the desk alone, with effects that no fold would send.
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event as engine_events

from forecasting.learn import prior_model
from outreach.desk import Desk, DeskRules, TaskCard
from outreach.memory import MemoryStore
from outreach.ports import Store
from outreach.records import Attempt, NeedStatus
from outreach.store.sql import SqlStore, create
from outreach.task import HELD, OPEN, TALKING, TaskState
from schemas.base import Fact
from schemas.decisions import TaskClass
from schemas.envelope import decode
from schemas.errors import Refused
from schemas.events import accounts as facts
from schemas.events.orders import OrderCancelled, OrderPlaced
from schemas.events.ours import CallEnded, Disposition, ModelPublished
from tests.outreach.made import DatabaseClock, Room, contact, number_of
from tests.streams.harness import START as BEGIN
from tests.streams.harness import Partition, in_force, profiles, said, tick, without_places
from tests.streams.scene import lines

PLACES = {
    "ash": ("Europe/London", "GB", None, 8, 20),
    "birch": ("America/New_York", "US", "NY", 8, 21),
    "cedar": ("Europe/London", "GB", None, 8, 20),
    "doug": ("Pacific/Honolulu", "US", "HI", 8, 21),
}
"""Zone, country, state, and the hours between which a phone may ring there at all."""
SKUS = ("argon", "wire", "tips")
AGENTS = ("anna", "ben")
SAID = (
    *(one for one in Disposition if one is not Disposition.DO_NOT_CALL),
    *[Disposition.NO_ANSWER] * 4,
    Disposition.ORDER_TAKEN,
    Disposition.CALLBACK,
)
DAY = timedelta(days=1)
ACTS = (
    *["order"] * 4,
    *["time"] * 6,
    *["work"] * 8,
    *["upkeep"] * 2,
    *["learn"] * 3,
    *["mend"] * 3,
    "cancel",
    "complaint",
    "consent",
    "credit",
    "block",
    "repeat",
    "redeliver",
    "skip",
    "wall",
    "close",
)


class Whole:
    """One partition, one desk, two agents, four accounts that have ordered weekly for some months."""

    def __init__(self, store: Store, wall: DatabaseClock, walk: Random) -> None:
        self.walk, self.wall = walk, wall
        self.partition = self.new_partition()
        self.room = Room(store, Desk(DeskRules(holdout_salt="x9")), wall)
        self.now = BEGIN
        self.log: list[Any] = []
        self.effects: list[Any] = []
        self.placed: dict[str, list[tuple[str, datetime, set[str]]]] = {name: [] for name in PLACES}
        self.cancelled: set[str] = set()
        self.complaining: dict[str, str] = {}
        self.withdrawn: set[str] = set()
        self.held_credit: set[str] = set()
        self.blocked: set[str] = set()
        self.closed: set[str] = set()
        self.dialled: list[tuple[str, TaskClass, datetime]] = []
        self.cards: dict[str, TaskCard] = {}
        self.count = 0
        self.happened: set[str] = set()
        self.room.staff(*AGENTS)
        self.room.do(lambda tx: tx.artefacts.put(profiles().dumps()))
        for name, (zone, country, region, _, _) in PLACES.items():
            known = facts.AccountRegistered(country=country, zone=zone, region=region)
            self.hear(said(known, BEGIN - 200 * DAY, f"r-{name}", name))
            point = contact(name)
            self.room.do(lambda tx, point=point: self.room.desk.put_contacts(tx, [point]))  # type: ignore[misc]  # bound now
            for week in range(20, 1, -1):
                self.order(name, {SKUS[week % 3], SKUS[0]}, BEGIN - timedelta(weeks=week))
        self.hear(*in_force(), tick(BEGIN))

    def new_partition(self) -> Partition:
        return Partition()

    def hear(self, *events: Any) -> list[Any]:
        """Fold events and give their effects to the desk, then what the desk says back, until all is quiet."""
        self.log += events
        told = self.partition.feed(*events)
        self.effects += told
        self.room.tell(*told)
        with self.room.store.begin() as tx:
            back = tx.outbox.pending("log")
            tx.outbox.mark_sent([message.outbox_id for message in back], self.wall())
        answers = [decode(message.payload) for message in back]
        for answer in answers:
            self.mended(answer)
        return told + (self.hear(*answers) if answers else [])

    def mended(self, answer: Any) -> None:
        """A call that settled a complaint mends it, whatever is said of it later."""
        known = self.complaining.get(answer.subject)
        settled = isinstance(answer.fact, CallEnded) and answer.fact.disposition is Disposition.RESOLVED
        if known is not None and settled and f"*complaint:{known}" in answer.fact.groups:
            del self.complaining[answer.subject]

    def tell(self, name: str, fact: Fact, at: datetime | None = None) -> None:
        self.count += 1
        self.hear(said(fact, at or self.now, f"e-{self.count}", name))

    def order(self, name: str, skus: set[str], at: datetime | None = None) -> None:
        order_id = f"{name}-{len(self.placed[name])}"
        self.placed[name].append((order_id, at or self.now, skus))
        self.tell(name, OrderPlaced(order_id=order_id, lines=lines(**dict.fromkeys(sorted(skus), 2))), at)

    def act(self, what: str) -> None:
        """One thing happens, to whom and how is drawn."""
        getattr(self, f"do_{what}")(self.walk.choice(sorted(PLACES)))
        self.books_are_in_order()

    def do_order(self, name: str) -> None:
        self.order(name, set(self.walk.sample(SKUS, self.walk.randint(1, 2))))

    def do_time(self, _: str) -> None:
        self.now += timedelta(hours=self.walk.choice([1, 3, 6, 12, 24, 24, 72, 168]))
        self.hear(tick(self.now))

    def do_learn(self, _: str) -> None:
        """The same model, fitted again: without it everything would be stale after a week."""
        self.count += 1
        model = ModelPublished(version=prior_model().version, digest=prior_model().digest)
        self.hear(said(model, self.now, f"e-{self.count}"))

    def do_mend(self, _: str) -> None:
        """What stands between us and the accounts is settled."""
        for name in sorted(PLACES):
            if name in self.complaining:
                self.do_complaint(name)
            if name in self.withdrawn:
                self.do_consent(name)
            if name in self.held_credit:
                self.do_credit(name)

    def do_upkeep(self, _: str) -> None:
        self.room.upkeep()
        self.hear()

    def do_wall(self, _: str) -> None:
        self.wall.forward(seconds=self.walk.choice([30, 130, 1000]))

    def do_cancel(self, name: str) -> None:
        order_id, _, _ = self.walk.choice(self.placed[name][-4:])
        if order_id not in self.cancelled:
            self.cancelled.add(order_id)
            self.tell(name, OrderCancelled(order_id=order_id))

    def do_complaint(self, name: str) -> None:
        known = self.complaining.pop(name, None)
        if known is not None:
            self.tell(name, facts.ComplaintResolved(complaint_id=known))
            return
        self.count += 1
        self.complaining[name] = f"c-{self.count}"
        self.tell(name, facts.ComplaintOpened(complaint_id=f"c-{self.count}", category="late"))

    def do_consent(self, name: str) -> None:
        what = {"purpose": facts.Purpose.SELLING, "channel": facts.Channel.PHONE}
        if name in self.withdrawn:
            self.withdrawn.remove(name)
            self.tell(name, facts.ConsentGiven(**what))
        else:
            self.withdrawn.add(name)
            self.tell(name, facts.ConsentWithdrawn(**what))

    def do_credit(self, name: str) -> None:
        self.held_credit ^= {name}
        self.tell(name, facts.CreditChanged(hold=name in self.held_credit))

    def do_block(self, name: str) -> None:
        if self.walk.random() < 0.03:
            self.room.do(lambda tx: self.room.desk.block_number(tx, number_of(name), "sue"))
            self.blocked.add(name)

    def do_close(self, name: str) -> None:
        if self.walk.random() < 0.03:
            self.closed.add(name)
            self.tell(name, facts.AccountClosed())

    def do_repeat(self, _: str) -> None:
        """An event that is delivered again changes nothing and causes nothing."""
        if self.log:
            again = self.walk.choice(self.log[-200:])
            assert self.partition.feed(again) == [], "a duplicate has an effect"

    def do_redeliver(self, _: str) -> None:
        """Effects that the desk has seen change nothing."""
        before = self.photograph()
        self.room.tell(*self.effects[-self.walk.randint(1, 40) :])
        assert self.photograph() == before

    def photograph(self) -> Any:
        return self.room.do(lambda tx: (tx.tasks.page(TaskState), tx.audit.newest(), tx.outbox.waiting()))

    def do_skip(self, _: str) -> None:
        agent = self.walk.choice(AGENTS)
        card = self.cards.pop(agent, None)
        if card is not None:
            token, wall = card.task.token or "", self.wall()
            skip = self.room.desk.skip
            self.trying(lambda: self.room.do(lambda tx: skip(tx, card.task.task_id, token, "no", wall)))

    def do_work(self, _: str) -> None:
        """Next, dial, hang up, say what came of it; sometimes only part of it."""
        agent = self.walk.choice(AGENTS)
        self.trying(lambda: self.room.do(lambda tx: self.room.desk.set_agent(tx, agent, "available")))
        answer = self.trying(lambda: self.room.next(agent))
        if isinstance(answer, TaskCard):
            self.happened.add(f"claimed {answer.task.task_class}")
            self.cards[agent] = answer
        card = self.cards.get(agent)
        if card is None or self.walk.random() < 0.2:
            return
        self.dial(card)
        if self.walk.random() < 0.9:
            self.dispose(agent, card)

    def dial(self, card: TaskCard) -> None:
        before = len(self.dialled)
        known = {one.attempt_id for name in PLACES for one in self.attempts(name)}  # merged ones move
        begun = self.trying(lambda: self.room.start(card, str(card.task.version)))
        if isinstance(begun, Attempt) and begun.attempt_id not in known:
            self.may_ring(self.room.do(lambda tx: self.room.desk.card(tx, card.task.task_id)))
            self.dialled.append((card.task.account_id, card.task.task_class, self.now))
        assert len(self.dialled) - before <= 1

    def needs_of(self, name: str) -> Any:
        return self.room.do(lambda tx: tx.needs.of_account(name, 10_000))

    def attempts(self, name: str) -> Any:
        return self.room.do(lambda tx: tx.attempts.of_accounts([name], BEGIN - 400 * DAY))

    def dispose(self, agent: str, card: TaskCard) -> None:
        what = self.walk.choice(SAID)
        later = self.now + timedelta(days=self.walk.randint(0, 3), hours=1)
        done = self.trying(lambda: self.room.say(card, what, callback_at=later, stock_until=later + 9 * DAY))
        if done is not None:
            self.happened.add(str(what))
            self.cards.pop(agent, None)
            if what is Disposition.DO_NOT_CALL:
                self.blocked.add(card.task.account_id)
            self.hear()

    def trying(self, work: Callable[[], Any]) -> Any:
        """What it gives, or None where the desk refuses it."""
        try:
            return work()
        except Refused:
            return None

    def may_ring(self, card: TaskCard) -> None:
        """Judged from the plain facts alone: nothing here asks the code under test."""
        name, kind = card.task.account_id, card.task.task_class
        zone, _, _, opens, closes = PLACES[name]
        assert opens <= self.now.astimezone(ZoneInfo(zone)).hour < closes, "a call outside of hours"
        assert name not in self.blocked, "a call after do-not-call"
        assert name not in self.closed, "a call to a closed account"
        orders = [at for order_id, at, _ in self.placed[name] if order_id not in self.cancelled]
        since = max([*orders, self.now - timedelta(days=30)])
        tried = [at for who, what, at in self.dialled if (who, what) == (name, kind) and at > since]
        assert len(tried) < 3, "a call past the cap"
        assert card.lines, "a call about nothing"
        if kind is TaskClass.SELLING:
            assert name not in self.complaining, "a selling call while a complaint is open"
            assert name not in self.withdrawn, "a selling call without consent"
            assert name not in self.held_credit, "a selling call on credit hold"
            self.not_covered(card)

    def not_covered(self, card: TaskCard) -> None:
        for line in card.lines:
            if line.group in SKUS and line.opened_at is not None:
                later = [
                    order_id
                    for order_id, at, skus in self.placed[line.account_id]
                    if line.group in skus and at > line.opened_at and order_id not in self.cancelled
                ]
                assert not later, f"a call about {line.group} after the order {later[-1]}"

    def books_are_in_order(self) -> None:
        tasks = self.room.do(lambda tx: tx.tasks.page(TaskState))
        live = [(task.account_id, task.task_class) for task in tasks if task.state in OPEN]
        assert len(live) == len(set(live)), "two live tasks of one class"
        holders = [task.agent_id for task in tasks if task.state in HELD]
        assert len(holders) == len(set(holders)), "an agent with two tasks"
        needs = [need for name in PLACES for need in self.needs_of(name)]
        by_task = {need.task_id for need in needs if need.status is NeedStatus.OPEN}
        for need in needs:
            assert need.status is not NeedStatus.REFUSED or need.reasons, "a no without a reason"
        for task in tasks:
            parked = task.state is TaskState.SCHEDULED and task.banner == "account_merged"
            if task.state in OPEN - TALKING and not parked:
                assert task.task_id in by_task, "a task for nothing"
            elif task.state not in OPEN:
                assert task.task_id not in by_task, "an open need of a task that is over"

    def teardown(self) -> None:
        """The log, folded anew from its beginning, gives the same effects and states."""
        again = self.new_partition()
        effects = again.feed(*self.log)
        assert without_places(effects) == without_places(self.effects), "a replay says something else"
        assert again.store.rows == self.partition.store.rows, "a replay leaves other states"


def walk_over(store: Store, wall: DatabaseClock, seed: int, steps: int) -> Whole:
    whole = Whole(store, wall, Random(seed))
    for _ in range(steps):
        whole.act(whole.walk.choice(ACTS))
    whole.teardown()
    return whole


@given(seed=st.integers(0, 2**32), acts=st.lists(st.sampled_from(ACTS), max_size=40))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_history_in_memory(seed: int, acts: list[str]) -> None:
    wall = DatabaseClock()
    whole = Whole(MemoryStore(wall), wall, Random(seed))
    for act in acts:
        whole.act(act)
    whole.teardown()


@pytest.mark.parametrize("seed", range(4))
def test_long_histories_in_memory(seed: int) -> None:
    """Hypothesis keeps its histories short; long ones reach caps, cool-downs, callbacks and repeated cycles."""
    wall = DatabaseClock()
    whole = walk_over(MemoryStore(wall), wall, seed, 300)
    assert "claimed selling" in whole.happened, "the walk went nowhere"
    assert len(whole.dialled) > 5, "nobody was called"


@pytest.fixture
def quick_sqlite(migrated_sqlite: Path, tmp_path: Path) -> Iterator[SqlStore]:
    path = tmp_path / "desk.sqlite3"
    shutil.copy(migrated_sqlite, path)
    engine = create(f"sqlite:///{path}")
    engine_events.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    store = SqlStore(engine)
    yield store
    store.close()


@pytest.mark.parametrize("seed", range(10, 12))
def test_long_histories_in_sqlite(seed: int, quick_sqlite: SqlStore) -> None:
    walk_over(quick_sqlite, DatabaseClock(), seed, 120)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 140))
def test_many_long_histories(seed: int) -> None:
    wall = DatabaseClock()
    walk_over(MemoryStore(wall), wall, seed, 500)
