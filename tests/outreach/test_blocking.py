"""Each reason that the desk can give: it blocks the claim, it is told, and it ends when its cause does."""

from datetime import timedelta
from typing import Any

import pytest

from outreach.desk import Desk, DeskRules
from outreach.profiles import standard_profiles
from outreach.records import Attempt
from schemas import ids
from schemas.decisions import Reason, TaskClass
from schemas.events.accounts import Channel
from schemas.events.ours import Disposition
from tests.outreach.made import DAY, NOW, Room, clock, opened, standing

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("reason", "known"),
    [
        (Reason.OPEN_COMPLAINT, {"open_complaints": ("c",)}),
        (Reason.CREDIT_HOLD, {"credit_hold": True}),
        (Reason.NO_CONSENT, {"withdrawn": (("selling", "phone"),)}),
        (Reason.COOL_DOWN, {"cool_down_until": NOW + DAY}),
        (Reason.ATTEMPT_CAP, {"selling_attempts": 3}),
        (Reason.ALREADY_ORDERED, {"last_order_at": NOW - HOUR}),
        (Reason.ZONE_UNKNOWN, {"zone": None}),
        (Reason.OUTSIDE_CALLING_HOURS, {"zone": "America/New_York", "country": "US"}),
    ],
)
def test_what_the_log_says_blocks_selling_and_ends_with_its_cause(room: Room, reason: Reason, known: Any) -> None:
    room.account("a", opened("a"), **known)
    assert room.nothing() == {reason}
    room.tell(standing("a", version=9))
    assert room.claim().task.account_id == "a"


@pytest.mark.parametrize("days_ago", [0, 1])
def test_who_ordered_today_is_not_called_west_of_greenwich_either(room: Room, days_ago: int) -> None:
    noon_there, day = NOW.replace(hour=17), NOW.replace(hour=0)
    room.tell(clock(noon_there))
    place = {"country": "US", "region": "NY", "zone": "America/New_York"}
    room.account("a", opened("a", at=noon_there), **place, last_order_at=day - days_ago * DAY)
    if days_ago:
        assert room.claim().task.account_id == "a"
    else:
        assert room.nothing() == {Reason.ALREADY_ORDERED}


@pytest.mark.parametrize(
    "known",
    [{"open_complaints": ("c",)}, {"credit_hold": True}, {"cool_down_until": NOW + DAY}, {"selling_attempts": 3}],
)
def test_service_is_not_held_up_by_what_stops_selling(room: Room, known: Any) -> None:
    room.account("a", opened("a", "*", task_class=TaskClass.SERVICE, p_due=None), **known)
    assert room.claim().task.task_class is TaskClass.SERVICE


def test_without_a_contact_there_is_no_call(room: Room) -> None:
    room.tell(standing("a"), opened("a"))
    assert room.nothing() == {Reason.NO_VALID_CONTACT}
    room.account("a")
    assert room.claim().contact is not None


def test_business_time_may_be_an_hour_old_and_the_call_is_still_legal(room: Room) -> None:
    room.account("a", opened("a"))
    room.later(NOW.replace(hour=19, minute=1))
    assert room.nothing() == {Reason.OUTSIDE_CALLING_HOURS}, "at 20:00, when this hour's tick may still be in force"
    room.later((NOW + DAY).replace(hour=8))
    assert room.claim().task.account_id == "a"


def test_a_partition_that_lags_stops_selling_and_not_service(room: Room) -> None:
    room.account("a", opened("a"))
    room.account("b", opened("b", "*", task_class=TaskClass.SERVICE, p_due=None))
    room.tell(clock(NOW + 2 * HOUR, partition=1))
    assert room.claim().task.account_id == "b"
    room.staff("ben")
    assert Reason.FORECAST_STALE in room.nothing("ben")
    room.tell(clock(NOW + 2 * HOUR))
    assert room.claim("ben").task.account_id == "a"


def test_an_old_model_stops_selling(room: Room) -> None:
    room.account("a", opened("a"))
    room.tell(clock(NOW, model_published_at=NOW - 8 * DAY))
    assert room.nothing() == {Reason.FORECAST_STALE}


def test_the_kill_switch_stops_everything_at_once(room: Room) -> None:
    room.account("a", opened("a", "*", task_class=TaskClass.SERVICE, p_due=None))
    card = room.claim()
    room.do(lambda tx: room.desk.set_kill_switch(tx, "sue", True))
    room.staff("ben")
    assert room.start(card).reasons == (Reason.KILL_SWITCH,)  # type: ignore[union-attr]
    assert room.nothing("ben") == {Reason.KILL_SWITCH}
    room.do(lambda tx: room.desk.set_kill_switch(tx, "sue", False))
    assert room.claim("ben").task.account_id == "a"


def test_three_calls_in_a_day_are_enough(room: Room) -> None:
    room.account(
        "a",
        opened("a", "*", task_class=TaskClass.SERVICE, p_due=None),
        country="US",
        region="FL",
        zone="America/New_York",
    )
    room.later(NOW + 6 * HOUR)
    early = [Attempt(f"t{n}", "other", "a", TaskClass.SELLING, "ben", NOW + 6 * HOUR - n * HOUR / 4) for n in (1, 2, 3)]
    room.do(lambda tx: tx.attempts.put(early))
    assert room.nothing() == {Reason.FREQUENCY_CAP}
    room.later(NOW + 30 * HOUR)
    assert room.claim().task.account_id == "a"


def test_not_interested_is_a_cool_down_before_the_log_says_so(room: Room) -> None:
    room.account("a", opened("a"))
    room.call(Disposition.NOT_INTERESTED)
    room.tell(opened("a", cycle=2, version=9))
    assert room.nothing() == {Reason.COOL_DOWN}


def test_the_hold_out_is_not_called_even_with_an_open_task(room: Room) -> None:
    share = standard_profiles("x", NOW).cells["small-maintenance"].holdout_share
    held = next(n for n in (f"h{i}" for i in range(1000)) if ids.is_held_out(n, NOW, "tests", share))
    room.account(held, opened(held))
    assert room.nothing() == {Reason.HOLDOUT}


def test_a_channel_that_the_profile_does_not_allow(room: Room) -> None:
    profiles = standard_profiles("p2", NOW)
    cells = {
        name: cell.model_copy(update={"channels": (Channel.MAIL,)}) if name == "small-maintenance" else cell
        for name, cell in profiles.cells.items()
    }
    raw = profiles.model_copy(update={"cells": cells}).dumps()
    digest = room.do(lambda tx: tx.artefacts.put(raw))
    room.account("a", opened("a"))
    room.tell(clock(NOW, profiles_version="p2", profiles_digest=digest))
    assert room.nothing() == {Reason.CHANNEL_NOT_ALLOWED}


def test_before_business_time_is_known_nobody_is_called(room: Room) -> None:
    from outreach.memory import MemoryStore

    early = Room(MemoryStore(room.clock), Desk(DeskRules()))
    early.staff("anna")
    early.account("a", opened("a"))
    assert early.nothing() == {Reason.FORECAST_STALE}


def test_what_blocked_is_counted_by_reason(room: Room) -> None:
    room.account("a", opened("a"), credit_hold=True)
    room.account("b", opened("b"), credit_hold=True)
    room.account("c", opened("c"), zone="Pacific/Auckland", country="NZ")
    answer = room.next()
    assert answer.reasons == {Reason.CREDIT_HOLD: 2, Reason.OUTSIDE_CALLING_HOURS: 1}
    assert answer.ready == 3
    assert room.next() == answer or room.next().reasons == answer.reasons, "hints do not hide the reasons"


def test_hints_follow_the_calling_window_and_never_hide_a_task_that_may_be_called(room: Room) -> None:
    room.account("a", opened("a"))
    room.upkeep()
    task = room.task("a")
    assert (task.eligible_from, task.eligible_until) == (None, NOW.replace(hour=20))
    room.tell(clock(NOW + 13 * HOUR))
    assert room.nothing() == {Reason.OUTSIDE_CALLING_HOURS}
    assert room.task("a").eligible_from == (NOW + DAY).replace(hour=8)
    room.tell(clock(NOW + DAY))
    assert room.claim().task.account_id == "a", "without any upkeep in between"
