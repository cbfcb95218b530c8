"""What a reader of the code found: each test is named after what went wrong before."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition

from forecasting.learn import prior_model
from ops.kafka_learner import _keep
from outreach.store.migrate import upgrade
from outreach.store.sql import SqlStore, create
from schemas.dead_letters import DeadLetter
from schemas.errors import DeadLetterReason, Unavailable
from schemas.events.accounts import AccountRegistered, ComplaintOpened, ComplaintResolved
from schemas.events.orders import OrderChanged, OrderLine, OrderPlaced
from schemas.events.ours import CallEnded, Disposition, ProductChanged, RatesChanged
from schemas.events.usage import UsageKind, UsageReported
from streams import learning
from streams.embedded.lock import hold
from streams.history import OrderHistory
from streams.kafka import desk_loop
from tests.streams.harness import START, profiles, said
from tests.streams.scene import DAY, Scene, ended, lines, opened, placed


@pytest.fixture
def scene() -> Scene:
    """Decisions are taken."""
    return Scene()


def worth(price: str, currency: str | None = None) -> OrderPlaced:
    line = OrderLine(sku="argon", quantity=Decimal(1_000_000_000), unit_price=Decimal(price))
    return OrderPlaced(order_id="dear", lines=(line,), currency=currency)


class TestPoison:
    """One event must not end the worker."""

    def letter(self, scene: Scene) -> DeadLetter:
        (letter,) = scene.partition.letters
        return letter

    def test_an_order_worth_more_than_64_bits_is_a_letter(self, scene: Scene) -> None:
        scene.tell(worth("1000000000"))
        assert self.letter(scene).reason is DeadLetterReason.BAD_DATA

    def test_a_rate_beyond_all_numbers_makes_letters_of_its_orders(self, scene: Scene) -> None:
        scene.tell(RatesChanged(rate_date=date(2026, 3, 1), rates={"USD": Decimal("1e400")}))
        scene.tell(worth("1", "USD"))
        assert self.letter(scene).reason is DeadLetterReason.BAD_DATA

    def test_what_was_refused_left_nothing(self, scene: Scene) -> None:
        scene.tell(placed("usual", argon=1))
        before = scene.account()
        scene.tell(worth("1000000000"))
        scene.tell(placed("usual", argon=1), name="event-2")
        assert scene.account().orders == before.orders


class TestNeeds:
    """Opened once, and never lost."""

    def test_a_complaint_that_is_told_anew_is_called_about_again(self, scene: Scene) -> None:
        first = opened(scene.tell(ComplaintOpened(complaint_id="c")))
        scene.tell(ComplaintResolved(complaint_id="c"))
        assert opened(scene.tell(ComplaintOpened(complaint_id="c"))) == first == ["*complaint:c"]

    def test_an_order_that_is_sent_again_covers_no_later_need(self, scene: Scene) -> None:
        scene.buys_weekly(until_days_ago=14)
        assert opened(scene.pass_time(days=1)) == ["argon"]
        again = scene.tell(placed("acme-argon-14", argon=2), at=START - 14 * DAY)
        assert ended(again) == []

    def test_an_order_that_is_sent_again_with_another_quantity_is_taken_in(self, scene: Scene) -> None:
        scene.tell(placed("one", argon=2))
        scene.tell(placed("one", argon=3))
        assert scene.units() == [3.0]

    def test_a_call_about_the_cycle_before_ends_no_need_of_this_one(self, scene: Scene) -> None:
        scene.buys_weekly(until_days_ago=14)
        (need,) = [one for one in scene.pass_time(days=1) if hasattr(one, "need_id")]
        scene.tell(placed("during-the-call", argon=2))
        scene.tell(self.has_stock(need.need_id))
        assert any(opened(scene.pass_time(days=1)) == ["argon"] for _ in range(40))

    def test_a_call_about_this_cycle_ends_its_need(self, scene: Scene) -> None:
        scene.buys_weekly(until_days_ago=14)
        (need,) = [one for one in scene.pass_time(days=1) if hasattr(one, "need_id")]
        scene.tell(self.has_stock(need.need_id))
        assert not any(opened(scene.pass_time(days=1)) == ["argon"] for _ in range(40))

    def has_stock(self, need_id: str) -> CallEnded:
        return CallEnded(
            task_id="t",
            attempt_id="a",
            task_class="selling",
            disposition=Disposition.HAS_STOCK,
            need_ids=(need_id,),
            groups=("argon",),
        )


class TestPublishing:
    def test_one_may_go_back_to_profiles_that_were_in_force_before(self, scene: Scene) -> None:
        chosen = profiles()
        scene.hear(learning.profiles_event(chosen, START))
        scene.profiles(tier=1)
        scene.hear(learning.profiles_event(chosen, START + timedelta(hours=1)))
        assert scene.partition.folder.partition.profiles_digest == chosen.digest

    def test_profiles_in_force_that_are_named_again_replace_those_that_wait(self, scene: Scene) -> None:
        chosen = profiles()
        scene.hear(learning.profiles_event(chosen, START))
        partition = scene.partition.folder.partition
        assert (partition.profiles_digest, partition.pending_digest) == (chosen.digest, None)
        assert partition.decided_once


def test_a_change_moves_no_order_to_another_day() -> None:
    history = OrderHistory()
    history.add([said(placed("one", argon=2), START, "placed")])
    history.add([said(OrderChanged(order_id="one", lines=lines(argon=3)), START + 5 * DAY, "changed")])
    assert history.order_days().day.tolist() == [START.toordinal()]


class Sought:
    """A consumer that only remembers where it was told to start."""

    def __init__(self) -> None:
        self.at: dict[Any, int] = {}

    def seek(self, place: Any, offset: int) -> None:
        self.at[place] = offset


class OffsetsAfter:
    """A database that is away for some reads, and then knows these positions."""

    def __init__(self, failures: int, known: dict[tuple[str, int], int]) -> None:
        self.failures = failures
        self.known = known
        self.offsets = self

    @contextmanager
    def read(self) -> Iterator["OffsetsAfter"]:
        if self.failures:
            self.failures -= 1
            raise Unavailable("away")
        yield self

    def get(self, consumer: str) -> dict[tuple[str, int], int]:
        assert consumer == desk_loop.GROUP
        return self.known


class TestDeskPositions:
    NEEDS = TopicPartition("ringahead.needs", 0)
    OTHER = TopicPartition("ringahead.needs", 1)

    def sought(self, store: Any) -> dict[Any, int]:
        client = Sought()
        asyncio.run(desk_loop.Positions(client, store).on_partitions_assigned({self.NEEDS, self.OTHER}))
        return client.at

    def test_what_the_database_never_saw_is_read_from_its_beginning(self) -> None:
        assert self.sought(OffsetsAfter(0, {("ringahead.needs", 0): 7})) == {self.NEEDS: 7, self.OTHER: 0}

    def test_a_database_that_is_away_is_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(desk_loop, "FIRST_PAUSE_SECONDS", 0.0)
        assert self.sought(OffsetsAfter(2, {("ringahead.needs", 0): 7}))[self.NEEDS] == 7


def test_learning_names_the_profiles_again_that_kafka_may_have_missed(tmp_path: Path) -> None:
    engine = create(f"sqlite:///{tmp_path / 'desk.sqlite3'}")
    upgrade(engine)
    learnt = learning.Learnt(prior_model(), learning.profiles_event(profiles(), START))
    first = _keep(SqlStore(engine), learnt, START)  # and then Kafka was gone
    again = _keep(SqlStore(engine), learnt, START + DAY)
    engine.dispose()
    assert [event.fact for event in again] == [event.fact for event in first]


def test_an_account_registered_today_may_bring_the_orders_of_last_year(scene: Scene) -> None:
    scene.tell(AccountRegistered(zone="Europe/London"))
    scene.tell(placed("old", argon=2), at=START - 300 * DAY)
    assert scene.units() == [2.0]


def test_readings_are_in_units_of_the_sku_and_the_stock_in_those_of_the_group(scene: Scene) -> None:
    scene.tell(ProductChanged(sku="argon-50", group="argon", unit_factor=Decimal(50)))
    level = UsageReported(asset_id="tank", sku="argon-50", kind=UsageKind.LEVEL, value=Decimal(7))
    scene.tell(level, level.model_copy(update={"sku": None}))
    stock = scene.pair("argon").stock
    assert stock is not None
    assert stock.level == pytest.approx(350)


def test_a_data_folder_is_nobody_elses_business(tmp_path: Path) -> None:
    with hold(tmp_path / "data", "test"):
        assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_orders_whose_delivery_nobody_reports_are_forgotten(scene: Scene) -> None:
    scene.tell(UsageReported(sku="argon", kind=UsageKind.LEVEL, value=Decimal(5)))
    scene.tell(*[placed(f"order-{number}", argon=1) for number in range(70)])
    assert len(scene.pair().on_order) == 64
