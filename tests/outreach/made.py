"""Effects, contacts and agents as tests need them, and a database clock that tests move."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from outreach.desk import Blocked, Desk, NothingToDo, Outcome, TaskCard
from outreach.ports import Store, Transaction
from outreach.records import Attempt, ContactPoint, Task
from schemas import ids
from schemas.decisions import NeedKind, Reason, TaskClass
from schemas.events.ours import Disposition
from schemas.needs import (
    AccountStanding,
    ClockMoved,
    Effect,
    Evidence,
    OpenNeed,
    Place,
    ProposeReorder,
    RefuseNeed,
    WithdrawNeed,
    WithdrawReorder,
)

NOW = datetime(2024, 3, 5, 10, 0, tzinfo=UTC)
"""A Tuesday, ten in the morning in London."""
PLACE = Place(partition=0, offset=0)
DAY = timedelta(days=1)


def clock(at: datetime = NOW, partition: int = 0, **more: Any) -> ClockMoved:
    return ClockMoved(partition=partition, as_of=at, **more)


def evidence(p_due: float | None = 0.8, at: datetime = NOW) -> Evidence:
    return Evidence(
        as_of=at,
        model_version="m1",
        profiles_version="p1",
        profile="small-maintenance",
        method="renewal",
        p_due=p_due,
        sentence="It orders every 28 days; the last time was 27 days ago.",
    )


def need(account: str, group: str = "argon", cycle: int = 1) -> str:
    return ids.need_id(account, group, cycle)


def opened(
    account: str,
    group: str = "argon",
    *,
    version: int = 2,
    cycle: int = 1,
    at: datetime = NOW,
    p_due: float | None = 0.8,
    task_class: TaskClass = TaskClass.SELLING,
    valid: timedelta = timedelta(days=14),
) -> OpenNeed:
    selling = task_class is TaskClass.SELLING
    return OpenNeed(
        account_id=account,
        account_version=version,
        at=at,
        place=PLACE,
        need_id=need(account, group, cycle),
        group=group,
        group_name=group.title(),
        cycle=cycle,
        kind=NeedKind.EXPECTED_REORDER if selling else NeedKind.RECOVERY,
        task_class=task_class,
        quantity_units=2.0,
        valid_until=at + valid,
        evidence=evidence(p_due, at),
    )


def withdrawn(
    account: str,
    group: str = "argon",
    cause: Any = "covered",
    *,
    version: int = 3,
    cycle: int = 1,
    at: datetime = NOW,
    order_id: str | None = "o-1",
) -> WithdrawNeed:
    return WithdrawNeed(
        account_id=account,
        account_version=version,
        at=at,
        place=PLACE,
        need_id=need(account, group, cycle),
        group=group,
        cause=cause,
        order_id=order_id,
    )


def refused(account: str, *reasons: Reason, group: str = "argon", version: int = 2) -> RefuseNeed:
    return RefuseNeed(
        account_id=account,
        account_version=version,
        at=NOW,
        place=PLACE,
        need_id=need(account, group),
        group=group,
        cycle=1,
        kind=NeedKind.EXPECTED_REORDER,
        reasons=reasons or (Reason.HOLDOUT,),
        evidence=evidence(),
    )


def proposed(account: str, *, automation: Any = "propose", version: int = 2) -> ProposeReorder:
    return ProposeReorder(
        account_id=account,
        account_version=version,
        at=NOW,
        place=PLACE,
        need_id=need(account),
        group="argon",
        cycle=1,
        quantity_units=12.5,
        automation=automation,
        valid_until=NOW + 10 * DAY,
        evidence=evidence(),
    )


def reorder_withdrawn(account: str, cause: Any = "covered", version: int = 4) -> WithdrawReorder:
    return WithdrawReorder(
        account_id=account,
        account_version=version,
        at=NOW,
        place=PLACE,
        need_id=need(account),
        group="argon",
        cause=cause,
        order_id="o-9",
    )


def standing(account: str, *, version: int = 1, at: datetime = NOW, **more: Any) -> AccountStanding:
    known: dict[str, Any] = {"country": "GB", "zone": "Europe/London", "phase": "maintenance", **more}
    return AccountStanding(account_id=account, account_version=version, at=at, place=PLACE, **known)


def number_of(account: str) -> str:
    """From the range that Ofcom keeps for fiction."""
    return f"+44770090{ids.short_int(account) % 10_000:04d}"


def contact(account: str, suffix: str = "1", **more: Any) -> ContactPoint:
    known: dict[str, Any] = {"number": number_of(account), "rank": int(suffix), **more}
    return ContactPoint(contact_id=f"{account}-c{suffix}", account_id=account, person="Robin Example", **known)


class DatabaseClock:
    """Stands in for the database's clock."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **length: float) -> None:
        self.now += timedelta(**length)


@dataclass
class Room:
    """A call centre: a store, a desk, and shorthand for what people do in it."""

    store: Store
    desk: Desk
    clock: DatabaseClock = field(default_factory=DatabaseClock)

    def do(self, work: Callable[[Transaction], Any]) -> Any:
        with self.store.begin() as tx:
            return work(tx)

    def tell(self, *effects: Effect) -> Any:
        return self.do(lambda tx: self.desk.apply_effects(tx, effects))

    def account(self, name: str, *effects: Effect, **more: Any) -> str:
        """An account that may be called, with its effects."""
        self.tell(standing(name, **more), *effects)
        self.do(lambda tx: self.desk.put_contacts(tx, [contact(name)]))
        return name

    def staff(self, *names: str, skills: tuple[str, ...] = ("sales", "key_accounts")) -> None:
        for name in names:
            self.do(lambda tx, name=name: self.desk.set_agent(tx, name, "available", skills))

    def next(self, agent: str = "anna") -> TaskCard | NothingToDo:
        return self.do(lambda tx: self.desk.next_task(tx, agent, self.clock()))

    def claim(self, agent: str = "anna") -> TaskCard:
        card = self.next(agent)
        assert isinstance(card, TaskCard), card
        return card

    def nothing(self, agent: str = "anna") -> set[Reason]:
        """Nothing may be called; why."""
        answer = self.next(agent)
        assert isinstance(answer, NothingToDo), answer
        return set(answer.reasons)

    def start(self, card: TaskCard, key: str = "k1") -> Attempt | Blocked:
        token = card.task.token or ""
        return self.do(lambda tx: self.desk.start_call(tx, card.task.task_id, token, key, self.clock()))

    def say(self, card: TaskCard, disposition: Disposition, **more: Any) -> Task:
        outcome = Outcome(disposition, **more)
        token = card.task.token or ""
        return self.do(lambda tx: self.desk.dispose(tx, card.task.task_id, token, outcome, self.clock()))

    def call(self, disposition: Disposition, agent: str = "anna", **more: Any) -> Task:
        """Claim, dial, hang up, say what came of it."""
        card = self.claim(agent)
        begun = self.start(card, key=f"{card.task.version}")
        assert isinstance(begun, Attempt), begun
        token = card.task.token or ""
        self.do(lambda tx: self.desk.end_call(tx, card.task.task_id, token, self.clock()))
        return self.say(card, disposition, **more)

    def upkeep(self) -> Any:
        return self.do(lambda tx: self.desk.upkeep(tx, self.clock()))

    def later(self, at: datetime) -> None:
        """Business time moves, and what is due is done."""
        self.tell(clock(at))
        self.upkeep()

    def task(self, account: str, task_class: TaskClass = TaskClass.SELLING) -> Task:
        """The account's newest task of the class."""
        tasks = self.do(lambda tx: self.desk.account(tx, account)).tasks
        of_class = [task for task in tasks if task.task_class is task_class]
        return sorted(of_class, key=lambda task: (task.is_open, task.created_at))[-1]

    def outbox(self, destination: str) -> list[bytes]:
        with self.store.read() as tx:
            return [message.payload for message in tx.outbox.pending(destination, 10_000)]
