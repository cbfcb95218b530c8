"""By whose leave and how often: registers, consent, limits of rules and profiles, shared numbers, erased and shifts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from outreach.calling.book import with_site
from outreach.desk import Blocked, Desk, DeskRules
from outreach.desk.rules import book_from
from outreach.ports import Store
from outreach.records import Attempt, Queue
from schemas.decisions import Reason, TaskClass
from schemas.errors import BadInput, Misconfigured, NotFound, Refused
from schemas.events.accounts import Channel, Purpose
from schemas.events.ours import Disposition
from schemas.settings import Settings
from tests.outreach.made import DAY, NOW, Room, clock, contact, number_of, opened, standing

HOUR = timedelta(hours=1)
SELLING, SERVICE = TaskClass.SELLING, TaskClass.SERVICE
PHONE = (Purpose.SELLING, Channel.PHONE)
STRICT = DeskRules(holdout_salt="tests", registers_required=True)


@pytest.fixture
def strict(store: Store) -> Room:
    """A call centre that must ask the registers."""
    made = Room(store, Desk(STRICT))
    made.tell(clock())
    made.staff("anna")
    return made


def load(room: Room, *numbers: str, register: str = "tps", age_days: float = 1) -> None:
    at = NOW - timedelta(days=age_days)
    room.do(lambda tx: room.desk.load_register(tx, register, numbers, at, "sue"))


def verdict(room: Room, account: str = "a") -> tuple[set[Reason], tuple[str, ...]]:
    card = room.do(lambda tx: room.desk.card(tx, room.desk.account(tx, account).tasks[0].task_id))
    return set(card.reasons), card.rules


class TestRegisters:
    def test_without_a_copy_nobody_is_sold_to_and_the_rules_are_named(self, strict: Room) -> None:
        strict.account("a", opened("a"))
        assert strict.nothing() == {Reason.DO_NOT_CALL}
        assert verdict(strict) == ({Reason.DO_NOT_CALL}, ("uk-tps", "uk-ctps"))

    @pytest.mark.parametrize(("age_days", "allowed"), [(27.9, True), (28.1, False), (31, False)])
    def test_a_copy_must_be_fresh(self, strict: Room, age_days: float, allowed: bool) -> None:
        load(strict, age_days=1)
        load(strict, register="ctps", age_days=age_days)
        strict.account("a", opened("a"))
        assert (verdict(strict) == (set(), ())) is allowed
        assert allowed or verdict(strict)[1] == ("uk-ctps",)

    def test_who_stands_on_it_is_not_called_and_another_number_is(self, strict: Room) -> None:
        load(strict, number_of("a"))
        load(strict, register="ctps")
        strict.account("a", opened("a"))
        assert verdict(strict) == ({Reason.DO_NOT_CALL}, ("uk-tps",))
        strict.do(lambda tx: strict.desk.put_contacts(tx, [contact("a", "2", number="+44 7700 900999")]))
        assert strict.claim().contact.contact_id == "a-c2"

    def test_a_new_copy_takes_the_place_of_the_old_one(self, strict: Room) -> None:
        load(strict, register="ctps")
        load(strict, number_of("a"))
        load(strict, number_of("b"))
        strict.account("a", opened("a"))
        assert strict.claim().task.account_id == "a"

    def test_service_and_who_consented_and_us_customers_are_spared(self, strict: Room) -> None:
        strict.account("a", opened("a", "*", task_class=SERVICE, p_due=None))
        assert strict.claim().task.task_class is SERVICE
        strict.account("b", opened("b"), given=(PHONE,))
        assert verdict(strict, "b") == (set(), ())
        us: dict[str, Any] = {"country": "US", "zone": "America/New_York", "region": "NY"}
        strict.tell(clock(NOW + 6 * HOUR))
        strict.account("c", opened("c"), **us, last_order_at=NOW - 500 * DAY)
        assert verdict(strict, "c") == (set(), ())
        strict.account("d", opened("d"), **us, last_order_at=NOW - 600 * DAY)
        assert verdict(strict, "d") == ({Reason.DO_NOT_CALL}, ("us-national-register",))

    def test_a_number_listed_between_claim_and_start_is_not_dialled(self, strict: Room) -> None:
        load(strict)
        load(strict, register="ctps")
        strict.account("a", opened("a"))
        card = strict.claim()
        load(strict, number_of("a"))
        assert strict.start(card) == Blocked((Reason.DO_NOT_CALL,))

    def test_an_unknown_register_or_a_copy_from_tomorrow_is_refused(self, strict: Room) -> None:
        with pytest.raises(NotFound, match="no_such_register"):
            load(strict, register="wishes")
        with pytest.raises(Refused, match="copied_in_future"):
            load(strict, age_days=-3)
        with pytest.raises(Refused, match="bad_number"):
            load(strict, "12")
        assert strict.do(lambda tx: tx.registers.copies()) == []


def test_withdrawn_consent_blocks_at_once_and_only_its_purpose(room: Room) -> None:
    room.account("a", opened("a"), withdrawn=(PHONE,))
    assert room.nothing() == {Reason.NO_CONSENT}
    assert verdict(room)[1] == ("internal-do-not-call",)
    room.tell(opened("a", "*", task_class=SERVICE, p_due=None, version=5))
    assert room.claim().task.task_class is SERVICE


def test_where_a_rule_asks_for_consent_silence_is_a_no(store: Store) -> None:
    own = b"""version = "1"
[[consent]]
id = "opt-in"
citation = "a test's own"
effective_from = 2020-01-01
country = "GB"
channels = ["phone"]
purposes = ["selling"]
needs = "given"
"""
    room = Room(store, Desk(DeskRules(holdout_salt="tests", book=with_site(own, "own"))))
    room.tell(clock())
    room.staff("anna")
    room.account("a", opened("a"))
    assert verdict(room) == ({Reason.NO_CONSENT}, ("opt-in",))
    room.tell(standing("a", version=9, given=(PHONE,)))
    assert verdict(room) == (set(), ())


def attempts(*hours_ago: float, account: str = "a", **more: Any) -> list[Attempt]:
    made = [
        Attempt(
            f"{account}{hours}", "t", account, SELLING, "ben", NOW - hours * HOUR, disposition=Disposition.HAS_STOCK
        )
        for hours in hours_ago
    ]
    return [replace(one, **more) for one in made]


def test_limits_count_every_class_and_channel(room: Room) -> None:
    """Florida: three in 24 hours, whatever they were about and however the account was reached."""
    room.tell(clock(NOW + 6 * HOUR))
    room.account("a", opened("a"), country="US", region="FL", zone="America/New_York")
    tried = attempts(1, 20) + attempts(3, task_class=SERVICE, channel=Channel.MAIL)
    room.do(lambda tx: tx.attempts.put(replace(one, started_at=one.started_at + 6 * HOUR) for one in tried))
    answer = room.next()
    assert set(answer.reasons) == {Reason.FREQUENCY_CAP}
    assert answer.next_at == NOW + 10 * HOUR, "24 hours after the oldest of the three"


def test_the_profiles_limit_holds_over_a_week(room: Room) -> None:
    room.account("a", opened("a", "*", task_class=SERVICE, p_due=None))
    room.do(lambda tx: tx.attempts.put(attempts(30, 60, 90, 120, 160)))
    assert verdict(room)[0] == {Reason.FREQUENCY_CAP}
    room.later(NOW + 8 * HOUR - timedelta(minutes=1))
    assert verdict(room)[0] == {Reason.FREQUENCY_CAP}
    room.later(NOW + 8 * HOUR)
    assert verdict(room)[0] == set()


def test_accounts_that_share_a_number_share_its_limit_before_dialling(room: Room) -> None:
    """The head office of two accounts: the second is claimed, judged again, and not dialled."""
    room.tell(standing("a"), opened("a"), standing("b"))
    shared = [contact("a"), contact("b", number=number_of("a"))]
    room.do(lambda tx: room.desk.put_contacts(tx, shared))
    card = room.claim()
    room.start(card)
    attempt = room.do(lambda tx: tx.attempts.of_accounts(["a"], NOW - DAY))[0]
    more = [replace(attempt, attempt_id=f"x{n}", account_id="c") for n in range(2)]
    room.do(lambda tx: tx.attempts.put(more))
    room.tell(opened("b"))
    room.staff("ben")
    assert room.start(room.claim("ben"), key="other") == Blocked((Reason.FREQUENCY_CAP,))


def test_a_cool_down_by_disposition_is_the_profiles(room: Room) -> None:
    """Set by the desk before the log says so; `docs/profiles.md` names the field."""
    profiles = room.do(room.desk.profiles)
    cell = profiles.cells["small-maintenance"].model_copy(update={"cool_downs": {Disposition.HAS_STOCK: 5.0}})
    own = profiles.model_copy(update={"version": "own", "cells": {**profiles.cells, "small-maintenance": cell}})
    digest = room.do(lambda tx: tx.artefacts.put(own.dumps()))
    room.tell(clock(NOW + timedelta(minutes=1), profiles_digest=digest, profiles_version="own"))
    room.account("a", opened("a", valid=30 * DAY))
    room.call(Disposition.HAS_STOCK)
    room.tell(opened("a", "wire", version=5, valid=30 * DAY))
    assert room.nothing() == {Reason.COOL_DOWN}
    room.later(NOW + 6 * DAY)
    assert room.claim().task.account_id == "a"


class TestTeam:
    def test_off_shift_nobody_is_given_work(self, room: Room) -> None:
        room.account("a", opened("a"))
        room.do(
            lambda tx: room.desk.set_agent(tx, "anna", "available", shifts=("tue 11:00-17:00",), zone="Europe/Paris")
        )
        assert room.claim().task.account_id == "a", "ten in London is eleven in Paris"
        room.do(lambda tx: room.desk.set_agent(tx, "ben", "available", shifts=("tue 11:00-17:00",)))
        with pytest.raises(Refused, match="off_shift"):
            room.next("ben")

    @pytest.mark.parametrize("state", ["break", "away", "off"])
    def test_only_who_is_available_is_given_work(self, room: Room, state: str) -> None:
        room.do(lambda tx: room.desk.set_agent(tx, "anna", state))
        with pytest.raises(Refused, match="away"):
            room.next()

    def test_queues_part_the_work(self, room: Room) -> None:
        uk = Queue("uk", "Britain", countries=("GB",))
        room.do(lambda tx: room.desk.put_queues(tx, [uk, Queue("care", classes=("service",), place=0)], "sue"))
        room.account("a", opened("a"))
        assert room.task("a").queue == "uk"
        assert room.nothing() == set()
        room.do(lambda tx: room.desk.set_agent(tx, "anna", "available", queues=("uk",)))
        assert room.claim().task.account_id == "a"
        room.tell(opened("a", "*", task_class=SERVICE, p_due=None))
        assert room.task("a", SERVICE).queue == "care"
        room.account("e", opened("e"), country="FR", zone="Europe/Paris")
        assert room.task("e").queue == "", "no queue takes it: it is everybody's"

    @pytest.mark.parametrize(
        ("more", "error"),
        [
            ({"state": "asleep"}, Refused),
            ({"zone": "Moon/Base"}, Refused),
            ({"shifts": ("someday 9-5",)}, BadInput),
            ({"queues": ("nowhere",)}, NotFound),
        ],
    )
    def test_what_is_no_agent_is_refused_and_nothing_changes(self, room: Room, more: Any, error: type) -> None:
        before = room.do(lambda tx: tx.agents.get("anna"))
        with pytest.raises(error):
            room.do(lambda tx: room.desk.set_agent(tx, "anna", **{"state": "break", **more}))
        assert room.do(lambda tx: tx.agents.get("anna")) == before

    def test_a_supervisor_gives_a_task_to_another_agent_and_takes_a_lease_back(self, room: Room) -> None:
        room.staff("ben")
        room.account("a", opened("a"))
        card = room.claim()
        task = room.do(lambda tx: room.desk.reassign(tx, card.task.task_id, "sue", "ben"))
        assert (task.state, task.owner_id, task.token) == ("ready", "ben", None)
        assert room.nothing() == set(), "for eight hours it is Ben's"
        assert room.claim("ben").task.account_id == "a"

    def test_an_assigned_task_goes_to_the_team_when_its_agent_does_not_come(self, room: Room) -> None:
        room.staff("ben")
        room.account("a", opened("a"))
        room.do(lambda tx: room.desk.reassign(tx, tx.tasks.open_of(["a"])[0].task_id, "sue", "ben"))
        room.later(NOW + 8 * HOUR)
        assert room.claim().task.account_id == "a"

    def test_promises_of_an_agent_who_left_pass_on(self, room: Room) -> None:
        room.staff("ben")
        room.account("a", opened("a"))
        room.call(Disposition.CALLBACK, callback_at=NOW + DAY)
        assert room.do(lambda tx: room.desk.hand_over(tx, "anna", "sue", "ben")) == 1
        task = room.task("a")
        assert (task.owner_id, task.callback_at) == ("ben", NOW + DAY)
        assert task.owner_until == NOW + DAY + timedelta(minutes=15)

    def test_a_supervisor_gives_a_task_to_a_queue_where_it_stays_while_there_is_that_queue(self, room: Room) -> None:
        room.staff("ben")
        uk, care = Queue("uk", countries=("GB",)), Queue("care", classes=("service",), place=1)
        room.do(lambda tx: room.desk.put_queues(tx, [uk, care], "sue"))
        for name, queue in (("anna", "uk"), ("ben", "care")):
            room.do(lambda tx, name=name, queue=queue: room.desk.set_agent(tx, name, "available", queues=(queue,)))
        room.account("a", opened("a"))
        card = room.claim()
        task = room.do(lambda tx: room.desk.give_to_queue(tx, card.task.task_id, "sue", "care"))
        assert (task.state, task.queue, task.queue_kept, task.owner_id) == ("ready", "care", True, None)
        assert room.nothing() == set(), "Anna does not work there"
        room.later(NOW + HOUR)
        assert room.task("a").queue == "care", "not moved back by its criteria"
        assert room.claim("ben").task.account_id == "a"
        room.do(lambda tx: room.desk.give_to_queue(tx, task.task_id, "sue", None))
        assert (room.task("a").queue, room.task("a").queue_kept) == ("uk", False)

    def test_a_queue_that_is_gone_keeps_no_task(self, room: Room) -> None:
        room.do(lambda tx: room.desk.put_queues(tx, [Queue("care", classes=("service",))], "sue"))
        room.account("a", opened("a"))
        task_id = room.task("a").task_id
        room.do(lambda tx: room.desk.give_to_queue(tx, task_id, "sue", "care"))
        room.do(lambda tx: room.desk.put_queues(tx, [], "sue"))
        room.later(NOW + HOUR)
        assert (room.task("a").queue, room.task("a").queue_kept) == ("", False)

    def test_a_task_goes_to_no_queue_that_is_none_and_not_during_a_call(self, room: Room) -> None:
        room.account("a", opened("a"))
        task_id = room.task("a").task_id
        with pytest.raises(NotFound, match="no_such_queue"):
            room.do(lambda tx: room.desk.give_to_queue(tx, task_id, "sue", "nowhere"))
        with pytest.raises(NotFound, match="no_such_task"):
            room.do(lambda tx: room.desk.give_to_queue(tx, "nothing", "sue", None))
        room.start(room.claim())
        with pytest.raises(Refused, match="not_waiting"):
            room.do(lambda tx: room.desk.give_to_queue(tx, task_id, "sue", None))

    def test_who_lacks_the_skill_or_the_queue_is_not_given_it(self, room: Room) -> None:
        room.staff("ben", skills=("forklift",))
        room.account("a", opened("a"))
        task_id = room.task("a").task_id
        with pytest.raises(Refused, match="skill_missing"):
            room.do(lambda tx: room.desk.reassign(tx, task_id, "sue", "ben"))
        with pytest.raises(NotFound, match="no_such_agent"):
            room.do(lambda tx: room.desk.reassign(tx, task_id, "sue", "nobody"))
        room.start(room.claim())
        with pytest.raises(Refused):
            room.do(lambda tx: room.desk.reassign(tx, task_id, "sue", None))


def test_a_sites_own_rules_are_read_from_its_file(tmp_path: Any) -> None:
    path = tmp_path / "own.toml"
    with pytest.raises(Misconfigured, match="RINGAHEAD_RULES_FILE"):
        book_from(Settings(rules_file=path))
    path.write_text('version = "mine"\n')
    assert book_from(Settings(rules_file=path)).version.endswith("+mine")
