"""One decision about one pair, as a table: contact, reorder, wait or suppress."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.decide import LOOK_AGAIN_DAYS, MAX_WAIT_DAYS, PairView, decide, wait
from outreach.profiles import Profile
from outreach.rules import RULES, Facts, blocking_reasons
from schemas.decisions import Contact, Decision, NeedKind, Reason, Reorder, Suppress, TaskClass, Wait

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FACTS = Facts(now=NOW)
PROFILE = Profile()
DUE = PairView(
    kind=NeedKind.EXPECTED_REORDER,
    p_due=0.5,
    due_in_days=0.0,
    usual_quantity_units=4.0,
    spent=False,
    hold_until=None,
    ordered_today=False,
)
CALL = Contact(NeedKind.EXPECTED_REORDER, TaskClass.SELLING)

TABLE: dict[str, tuple[dict[str, object], dict[str, object], dict[str, object], Decision]] = {
    "the level is reached": ({}, {}, {}, CALL),
    "a stock runs out": ({"kind": NeedKind.RUN_OUT}, {}, {}, Contact(NeedKind.RUN_OUT, TaskClass.SELLING)),
    "certain": ({"p_due": 1.0}, {}, {}, CALL),
    "just under the level": ({"p_due": 0.499, "due_in_days": 2.0}, {}, {}, Wait(NOW + 2 * DAY)),
    "a lower level": ({"p_due": 0.3}, {"service_level": 0.3}, {}, CALL),
    "due within the hour": ({"p_due": 0.4, "due_in_days": 0.0}, {}, {}, Wait(NOW + HOUR)),
    "nothing in sight": ({"p_due": 0.0, "due_in_days": math.inf}, {}, {}, Wait(NOW + LOOK_AGAIN_DAYS * DAY)),
    "too far to be believed": (
        {"p_due": 0.0, "due_in_days": MAX_WAIT_DAYS},
        {},
        {},
        Wait(NOW + LOOK_AGAIN_DAYS * DAY),
    ),
    "this cycle's need is over": ({"spent": True}, {}, {}, Wait(None)),
    "a kind that the profile leaves alone": ({}, {"opens": (NeedKind.RUN_OUT,)}, {}, Wait(None)),
    "they have stock until tomorrow": ({"hold_until": NOW + DAY}, {}, {}, Wait(NOW + DAY)),
    "their stock was to last until now": ({"hold_until": NOW}, {}, {}, CALL),
    "ordered today": ({"ordered_today": True}, {}, {}, Wait(NOW + DAY, Reason.ALREADY_ORDERED)),
    "held": ({}, {}, {"credit_hold": True}, Suppress((Reason.CREDIT_HOLD,))),
    "held, but nothing is due": ({"p_due": 0.1, "due_in_days": 5.0}, {}, {"credit_hold": True}, Wait(NOW + 5 * DAY)),
    "held twice": (
        {},
        {},
        {"credit_hold": True, "held_out": True},
        Suppress((Reason.HOLDOUT, Reason.CREDIT_HOLD)),
    ),
    "procurement is proposed an order": ({}, {"automation": "propose"}, {}, Reorder(4.0)),
    "or sent one": ({}, {"automation": "send"}, {}, Reorder(4.0)),
    "nobody knows how much": ({"usual_quantity_units": 0.0}, {"automation": "propose"}, {}, CALL),
    "what blocks a call blocks a proposal": (
        {},
        {"automation": "propose"},
        {"open_complaints": 1},
        Suppress((Reason.OPEN_COMPLAINT,)),
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_decision(case: str) -> None:
    view, profile, facts, decision = TABLE[case]
    told = replace(DUE, **view), PROFILE.model_copy(update=profile), replace(FACTS, **facts)  # type: ignore[arg-type]
    assert decide(*told) == decision


views = st.builds(
    PairView,
    kind=st.sampled_from(NeedKind),
    p_due=st.floats(0, 1),
    due_in_days=st.floats(0, 1000) | st.just(math.inf),
    usual_quantity_units=st.floats(0, 100),
    spent=st.booleans(),
    hold_until=st.none() | st.integers(-50, 50).map(lambda hours: NOW + hours * HOUR),
    ordered_today=st.booleans(),
)
facts = st.builds(
    Facts,
    now=st.just(NOW),
    closed=st.booleans(),
    open_complaints=st.integers(0, 2),
    credit_hold=st.booleans(),
    cool_down_until=st.none() | st.sampled_from([NOW - HOUR, NOW, NOW + HOUR]),
    held_out=st.booleans(),
    available=st.booleans(),
)
profiles = st.builds(
    Profile,
    service_level=st.floats(0.01, 1),
    automation=st.sampled_from(["never", "propose", "send"]),
    opens=st.lists(st.sampled_from(NeedKind), unique=True).map(tuple),
)


@given(views, profiles, facts)
def test_nobody_is_contacted_while_anything_speaks_against_it(view: PairView, profile: Profile, facts: Facts) -> None:
    match decide(view, profile, facts):
        case Contact() | Reorder():
            assert blocking_reasons(facts) == ()
            assert view.p_due >= profile.service_level
            assert view.kind in profile.opens
            assert not view.spent
            assert not view.ordered_today
        case Suppress(reasons=reasons):
            assert reasons == blocking_reasons(facts) != ()
        case Wait() as waiting:
            assert waiting == wait(view, profile, facts.now)


@given(views, profiles)
def test_a_wait_ends_in_the_future(view: PairView, profile: Profile) -> None:
    waiting = wait(view, profile, NOW)
    if waiting is not None and waiting.until is not None:
        assert NOW < waiting.until <= NOW + MAX_WAIT_DAYS * DAY


@given(views, profiles, facts)
def test_a_higher_probability_never_takes_a_call_back(view: PairView, profile: Profile, facts: Facts) -> None:
    if not isinstance(decide(view, profile, facts), Wait):
        assert decide(replace(view, p_due=1.0), profile, facts) == decide(view, profile, facts)


class TestRules:
    """One predicate a reason; a fact left at its default never blocks."""

    BLOCKS: tuple[tuple[Reason, Facts], ...] = (
        (Reason.ACCOUNT_CLOSED, Facts(NOW, closed=True)),
        (Reason.HOLDOUT, Facts(NOW, held_out=True)),
        (Reason.OPEN_COMPLAINT, Facts(NOW, open_complaints=1)),
        (Reason.CREDIT_HOLD, Facts(NOW, credit_hold=True)),
        (Reason.NO_CONSENT, Facts(NOW, withdrawn_consent=True)),
        (Reason.CHANNEL_NOT_ALLOWED, Facts(NOW, channels_allowed=False)),
        (Reason.COOL_DOWN, Facts(NOW, cool_down_until=NOW + HOUR)),
        (Reason.ALREADY_ORDERED, Facts(NOW, ordered_today=True)),
        (Reason.OUT_OF_STOCK, Facts(NOW, available=False)),
        (Reason.ATTEMPT_CAP, Facts(NOW, attempts=3, attempt_cap=3)),
    )
    SELLING_ONLY = frozenset(
        {
            Reason.HOLDOUT,
            Reason.OPEN_COMPLAINT,
            Reason.CREDIT_HOLD,
            Reason.COOL_DOWN,
            Reason.ALREADY_ORDERED,
            Reason.OUT_OF_STOCK,
        }
    )

    def test_nothing_known_blocks_nothing(self) -> None:
        assert blocking_reasons(FACTS) == ()

    @pytest.mark.parametrize(("reason", "told"), BLOCKS, ids=lambda one: one.value if isinstance(one, Reason) else "")
    def test_each_alone(self, reason: Reason, told: Facts) -> None:
        assert blocking_reasons(told) == (reason,)

    @pytest.mark.parametrize(("reason", "told"), BLOCKS, ids=lambda one: one.value if isinstance(one, Reason) else "")
    def test_what_stops_selling_does_not_stop_help(self, reason: Reason, told: Facts) -> None:
        service = replace(told, task_class=TaskClass.SERVICE)
        assert blocking_reasons(service) == (() if reason in self.SELLING_ONLY else (reason,))

    def test_every_rule_has_a_row_here(self) -> None:
        assert [reason for reason, _ in self.BLOCKS] == list(RULES)

    @pytest.mark.parametrize(
        "told",
        [
            Facts(NOW, cool_down_until=NOW),
            Facts(NOW, attempts=2, attempt_cap=3),
            Facts(NOW, attempts=99),
            Facts(NOW, desk={Reason.KILL_SWITCH: False}),
        ],
    )
    def test_the_edge_does_not_block(self, told: Facts) -> None:
        assert blocking_reasons(told) == ()

    def test_what_the_desk_found_out_comes_last_and_once(self) -> None:
        told = Facts(NOW, credit_hold=True, desk={Reason.KILL_SWITCH: True, Reason.CREDIT_HOLD: True})
        assert blocking_reasons(told) == (Reason.CREDIT_HOLD, Reason.KILL_SWITCH)
