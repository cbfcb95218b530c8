"""What is told of an account is what validation would have made of it, once, also after an upgrade."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from schemas.envelope import Event
from schemas.events.accounts import CreditChanged
from schemas.needs import EFFECTS, AccountStanding
from streams.codec import decode_account, encode_account
from streams.core.context import Context, Folding, Installation, zone_of
from streams.core.facts import yearly_spend
from streams.core.standing import _first_sign
from streams.state import Account, Partition, seconds
from tests.streams.harness import START, in_force, said, tick
from tests.streams.harness import Partition as Played
from tests.streams.scene import placed
from tests.streams.strategies import logs

ZONES = (
    None,
    "UTC",
    "Europe/London",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "no",
)


def told(effect: BaseModel) -> tuple[object, ...]:
    return effect, effect.model_dump(), effect.model_dump_json(), repr(effect)


@given(logs())
def test_effects_are_what_validation_makes_of_them(events: list[Event]) -> None:
    for effect in Played().feed(*events):
        assert told(EFFECTS.validate_python(effect.model_dump())) == told(effect)


def first_told(partition: Played) -> None:
    """Standings as the release before would have kept them."""
    context = partition.folder._context
    for key, raw in partition.store.items(b"a:"):
        account = decode_account(raw)
        folding = Folding(account, context, 0, START)
        account.standing = _first_sign(folding, yearly_spend(folding))
        assert account.standing > 0
        partition.store.rows[key] = encode_account(account)
    partition.restart()


def test_a_standing_told_before_the_upgrade_is_not_told_again() -> None:
    partition = Played()
    partition.feed(*in_force(), tick(START), said(placed("o1", argon=2), START, "e1"), tick(START + timedelta(hours=1)))
    first_told(partition)
    again = said(placed("o1", argon=2), START, "e2")  # under another event id: nothing changes
    assert not [one for one in partition.feed(again) if isinstance(one, AccountStanding)]
    assert decode_account(partition.store.rows[b"a:acme"]).standing < 0


def test_a_change_after_the_upgrade_is_told() -> None:
    partition = Played()
    partition.feed(*in_force(), tick(START), said(placed("o1", argon=2), START, "e1"))
    first_told(partition)
    effects = partition.feed(said(CreditChanged(hold=True), START, "e2"))
    assert [one.credit_hold for one in effects if isinstance(one, AccountStanding)] == [True]


@given(st.sampled_from(ZONES), st.integers(631_152_000, 4_102_444_799))
def test_days_are_those_of_the_zone(zone: str | None, at: int) -> None:
    context = Context(Installation(default_zone="America/New_York"), 0, Partition())
    there = datetime.fromtimestamp(at, UTC).astimezone(zone_of(zone, "America/New_York"))
    assert context.local_day(zone, at) == there.toordinal()


def test_a_day_that_comes_twice_is_counted_as_the_clock_says() -> None:
    """St John's set its clocks back at 00:01: for a minute it was tomorrow already."""
    folding = Folding(Account("a"), Context(Installation(), 0, Partition()), 0, START)
    folding.account.about.zone = "America/St_Johns"
    for minute in range(-5, 70):
        at = datetime(2010, 11, 7, 2, 31, tzinfo=UTC) + timedelta(minutes=minute)
        assert folding.local_day(at) == at.astimezone(ZoneInfo("America/St_Johns")).toordinal()
        assert seconds(at) == int(at.timestamp())
