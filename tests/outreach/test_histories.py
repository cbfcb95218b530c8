"""Random histories of a small call centre: what must never happen does not, whatever the order of things.

The log never answers here (no standing comes back after a call), which is the worst a lagging stream can do.
"""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from outreach import hours
from outreach.desk import Desk, DeskRules, TaskCard
from outreach.memory import MemoryStore
from outreach.records import Attempt, chained
from outreach.task import HELD, OPEN, TALKING, TaskState
from schemas.decisions import TaskClass
from schemas.errors import Refused
from schemas.events.ours import Disposition
from schemas.needs import Effect
from tests.outreach.made import NOW, DatabaseClock, Room, clock, contact, need, number_of, opened, standing, withdrawn

ACCOUNTS = {"a": "Europe/London", "b": "America/New_York", "c": "Europe/London"}
COUNTRY = {"a": "GB", "b": "US", "c": "GB"}
AGENTS = ("anna", "ben")
OFTEN = (Disposition.NO_ANSWER, Disposition.BUSY, Disposition.VOICEMAIL, Disposition.CALLBACK, Disposition.ORDER_TAKEN)
CAUSES = ("covered", "covered", "not_due", "expired")
accounts = st.sampled_from(sorted(ACCOUNTS))
groups = st.sampled_from(["argon", "wire"])
classes = st.sampled_from(sorted(TaskClass))


class Histories(RuleBasedStateMachine):
    """The desk on one side, a few plain facts of what happened on the other."""

    @initialize()
    def begin(self) -> None:
        self.wall = DatabaseClock()
        self.room = Room(MemoryStore(self.wall), Desk(DeskRules(holdout_salt="x9")), self.wall)
        self.now = NOW + timedelta(hours=4)
        self.versions = dict.fromkeys(ACCOUNTS, 0)
        self.cycles: dict[tuple[str, str], int] = {}
        self.open_needs: dict[str, tuple[str, str]] = {}
        self.told: list[Effect] = []
        self.held: dict[str, TaskCard] = {}
        self.blocked: set[str] = set()
        self.ordered: dict[str, datetime] = {}
        self.complaining: set[str] = set()
        self.dialled: list[tuple[str, TaskClass, datetime]] = []
        self.attempts: set[str] = set()
        self.tell(clock(self.now))
        self.room.staff(*AGENTS)
        for name in ACCOUNTS:
            self.tell(self.standing_of(name))
            self.room.do(lambda tx, name=name: self.room.desk.put_contacts(tx, [contact(name)]))

    def tell(self, *effects: Effect) -> None:
        self.told += effects
        self.room.tell(*effects)

    def version(self, name: str) -> int:
        self.versions[name] += 1
        return self.versions[name]

    def standing_of(self, name: str) -> Effect:
        return standing(
            name,
            version=self.version(name),
            at=self.now,
            zone=ACCOUNTS[name],
            country=COUNTRY[name],
            region="NY" if COUNTRY[name] == "US" else None,
            last_order_at=self.ordered.get(name),
            open_complaints=("c-1",) if name in self.complaining else (),
        )

    @rule(name=accounts, group=groups, task_class=classes, p_due=st.sampled_from([0.6, 0.9]))
    def a_need_is_found(self, name: str, group: str, task_class: TaskClass, p_due: float) -> None:
        cycle = self.cycles.get((name, group), 0)
        if need(name, group, cycle) in self.open_needs:
            return
        cycle = self.cycles[name, group] = cycle + 1
        self.open_needs[need(name, group, cycle)] = (name, group)
        self.tell(
            opened(
                name,
                group,
                cycle=cycle,
                version=self.version(name),
                at=self.now,
                task_class=task_class,
                p_due=p_due,
                valid=timedelta(days=20),
            )
        )

    @rule(name=accounts, group=groups, cause=st.sampled_from(CAUSES))
    def a_need_ends(self, name: str, group: str, cause: str) -> None:
        cycle = self.cycles.get((name, group), 0)
        if self.open_needs.pop(need(name, group, cycle), None) is None:
            return
        version = self.version(name)
        self.tell(withdrawn(name, group, cause, cycle=cycle, version=version, at=self.now))
        if cause == "covered":
            self.ordered[name] = self.now
            self.tell(self.standing_of(name))

    @rule(name=accounts)
    def a_complaint_comes_or_goes(self, name: str) -> None:
        self.complaining ^= {name}
        self.tell(self.standing_of(name))

    @rule(share=st.floats(0, 1))
    def effects_are_delivered_again(self, share: float) -> None:
        start = int(share * len(self.told))
        before = self.photograph()
        self.room.tell(*self.told[start:])
        assert self.photograph() == before

    def photograph(self) -> Any:
        return self.room.do(
            lambda tx: (
                tx.tasks.page(TaskState),
                [tx.needs.of_account(name) for name in ACCOUNTS],
                tx.audit.newest(),
                tx.outbox.waiting(),
                tx.clocks.all(),
            )
        )

    @rule(hours_later=st.sampled_from([1, 5, 24, 24, 48, 200]), upkeep=st.booleans())
    def business_time_passes(self, hours_later: int, upkeep: bool) -> None:
        self.now += timedelta(hours=hours_later)
        self.tell(clock(self.now))
        if upkeep:
            self.room.upkeep()

    @rule(seconds=st.sampled_from([30, 130, 1000]))
    def the_wall_clock_moves(self, seconds: int) -> None:
        self.wall.forward(seconds=seconds)

    @rule(agent=st.sampled_from(AGENTS), dial=st.booleans(), said=st.sampled_from([*OFTEN, None]))
    def work(self, agent: str, dial: bool, said: Disposition | None) -> None:
        self.press_next(agent)
        if dial and agent in self.held:
            self.dial(agent)
            if said is not None:
                self.say_what_came_of_it(agent, said, days=1)

    def press_next(self, agent: str) -> None:
        self.room.do(lambda tx: self.room.desk.set_agent(tx, agent, "available"))
        try:
            answer = self.room.next(agent)
        except Refused:
            return
        if isinstance(answer, TaskCard):
            self.held[agent] = answer
            self.may_be_called(answer)
            assert answer.lines, "nobody is called about nothing"

    def may_be_called(self, card: TaskCard) -> None:
        name = card.task.account_id
        party = hours.CalledParty(ACCOUNTS[name], COUNTRY[name], "NY" if COUNTRY[name] == "US" else None)
        assert hours.blocked(party, self.now) is None
        assert name not in self.blocked
        assert all(line.need_id in self.open_needs for line in card.lines)
        if card.task.task_class is TaskClass.SELLING:
            assert name not in self.complaining
        since = max(self.ordered.get(name, NOW), self.now - timedelta(days=30))
        tried = [at for who, kind, at in self.dialled if (who, kind) == (name, card.task.task_class) and at > since]
        assert len(tried) < 3, "never past the cap"

    @rule(agent=st.sampled_from(AGENTS))
    def dial(self, agent: str) -> None:
        card = self.held.get(agent)
        if card is None:
            return
        try:
            begun = self.room.start(card)
        except Refused:
            return
        if isinstance(begun, Attempt) and begun.attempt_id not in self.attempts:
            self.may_be_called(self.room.do(lambda tx: self.room.desk.card(tx, card.task.task_id)))
            self.dialled.append((card.task.account_id, card.task.task_class, begun.started_at))
            self.attempts.add(begun.attempt_id)

    @rule(agent=st.sampled_from(AGENTS), said=st.sampled_from(sorted(Disposition)), days=st.integers(0, 3))
    def say_what_came_of_it(self, agent: str, said: Disposition, days: int) -> None:
        card = self.held.get(agent)
        if card is None:
            return
        try:
            self.room.say(card, said, callback_at=self.now + timedelta(days=days, hours=1))
        except Refused:
            return
        del self.held[agent]
        if said is Disposition.DO_NOT_CALL:
            self.blocked.add(card.task.account_id)

    @rule(agent=st.sampled_from(AGENTS))
    def skip(self, agent: str) -> None:
        card = self.held.get(agent)
        if card is None:
            return
        token = card.task.token or ""
        try:
            self.room.do(lambda tx: self.room.desk.skip(tx, card.task.task_id, token, "not now", self.wall()))
        except Refused:
            return
        del self.held[agent]

    @precondition(lambda self: len(self.told) > 40)
    @rule(name=accounts)
    def the_number_is_blocked(self, name: str) -> None:
        self.room.do(lambda tx: self.room.desk.block_number(tx, number_of(name), "sue"))
        self.blocked.add(name)

    @invariant()
    def the_books_are_in_order(self) -> None:
        tasks = self.room.do(lambda tx: tx.tasks.page(TaskState))
        live = [(task.account_id, task.task_class) for task in tasks if task.state in OPEN]
        assert len(live) == len(set(live)), "two live tasks of one class"
        holders = [task.agent_id for task in tasks if task.state in HELD]
        assert len(holders) == len(set(holders)), "an agent with two tasks"
        for task in tasks:
            lines = self.room.do(lambda tx, t=task: tx.needs.lines([t.task_id]))
            standing_lines = [line for line in lines if line.status == "open"]
            assert bool(standing_lines) <= (task.state in OPEN), "a line of a closed task"
            if task.state in OPEN - TALKING:
                assert standing_lines, "a task for nothing"

    def teardown(self) -> None:
        if not hasattr(self, "room"):
            return
        digest = ""
        for entry in self.room.do(lambda tx: tx.audit.since(0, 100_000)):
            assert chained(entry, entry.audit_id, digest).digest == entry.digest
            digest = entry.digest


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=60, deadline=None)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("luck", ["mixed", "nobody answers"])
def test_long_histories(seed: int, luck: str) -> None:
    """Hypothesis keeps its histories short; long ones reach caps, callbacks and repeated cycles."""
    walk = Random(seed)
    silent = luck == "nobody answers"
    causes = ("not_due", "expired") if silent else CAUSES
    answers = (Disposition.NO_ANSWER, Disposition.BUSY) if silent else tuple(Disposition)
    often = answers if silent else OFTEN
    machine = Histories()
    machine.begin()
    steps = (
        lambda: machine.a_need_is_found(
            walk.choice("abc"), walk.choice(["argon", "wire"]), walk.choice(list(TaskClass)), 0.8
        ),
        lambda: machine.a_need_ends(walk.choice("abc"), walk.choice(["argon", "wire"]), walk.choice(causes)),
        lambda: machine.work(walk.choice(AGENTS), walk.random() < 0.9, walk.choice([*often, *often, None])),
        lambda: machine.work(walk.choice(AGENTS), True, walk.choice(answers)),
        lambda: machine.business_time_passes(walk.choice([1, 4, 24, 24, 48]), walk.random() < 0.8),
        lambda: machine.say_what_came_of_it(walk.choice(AGENTS), walk.choice(often), walk.randrange(3)),
        lambda: machine.dial(walk.choice(AGENTS)),
        lambda: machine.skip(walk.choice(AGENTS)) if walk.random() < 0.2 else None,
        lambda: machine.the_wall_clock_moves(walk.choice([30, 1000])) if walk.random() < 0.3 else None,
        lambda: machine.a_complaint_comes_or_goes(walk.choice("abc")) if walk.random() < 0.2 else None,
        lambda: machine.effects_are_delivered_again(walk.random()) if walk.random() < 0.1 else None,
        lambda: machine.the_number_is_blocked(walk.choice("ab")) if walk.random() < 0.005 else None,
    )
    for _ in range(400):
        walk.choice(steps)()
        machine.the_books_are_in_order()
    machine.teardown()
    happened = {entry.event for entry in machine.room.do(lambda tx: tx.audit.since(0, 100_000))}
    wanted = {"exhausted"} if silent else {"covered"}
    assert {"claimed", "call_started", "retry", "merged"} | wanted <= happened, "the walk went nowhere"
