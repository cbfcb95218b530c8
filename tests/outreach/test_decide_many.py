"""The vectorised decision is the decision about one pair, row by row."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from outreach import decide_many as many
from outreach.decide import PairView, decide
from outreach.profiles import Profile
from outreach.rules import Facts
from schemas.decisions import Contact, NeedKind, Reason, Reorder, Suppress, Wait
from schemas.events.accounts import Channel

NOW = datetime(2024, 3, 5, 10, 0, tzinfo=UTC)
AT = int(NOW.timestamp())
instants = st.none() | st.integers(-3, 3).map(lambda hours: NOW + timedelta(hours=hours))
profiles = st.builds(
    Profile,
    service_level=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    automation=st.sampled_from(["never", "propose", "send"]),
    attempt_cap=st.integers(1, 4),
    channels=st.sampled_from([(Channel.PHONE,), (Channel.MAIL,), (Channel.EDI, Channel.PHONE)]),
    opens=st.lists(st.sampled_from(list(NeedKind)), unique=True).map(tuple),
)
views = st.builds(
    PairView,
    kind=st.sampled_from(list(NeedKind)),
    p_due=st.sampled_from([0.0, 0.29, 0.3, 0.5, 0.99, 1.0]),
    due_in_days=st.sampled_from([0.0, 0.5, 3.0, 60.0, 399.0, 400.0, float("inf")]),
    usual_quantity_units=st.sampled_from([0.0, 2.0]),
    spent=st.booleans(),
    hold_until=instants,
    ordered_today=st.booleans(),
)
rarely = st.integers(0, 4).map(lambda drawn: drawn == 0)
facts = st.builds(
    Facts,
    now=st.just(NOW),
    closed=rarely,
    open_complaints=st.sampled_from([0, 0, 0, 1, 2]),
    credit_hold=rarely,
    cool_down_until=st.none() | instants,
    held_out=rarely,
    ordered_today=rarely,
    available=rarely.map(lambda drawn: not drawn),
    attempts=st.integers(0, 4),
    withdrawn_consent=rarely,
)


def seconds(moment: datetime | None) -> int:
    return many.NO_TIME if moment is None else int(moment.timestamp())


def columns(rows: list[tuple[PairView, Profile, Facts]]) -> many.Pairs:
    kinds = list(NeedKind)

    def column(of: Any, kind: Any) -> Any:
        return np.array([of(view, fact) for view, _, fact in rows], kind)

    return many.Pairs(
        cell=np.arange(len(rows)),
        kind=column(lambda v, f: kinds.index(v.kind), np.intp),
        p_due=column(lambda v, f: v.p_due, float),
        due_in_days=column(lambda v, f: v.due_in_days, float),
        usual_quantity_units=column(lambda v, f: v.usual_quantity_units, float),
        spent=column(lambda v, f: v.spent, bool),
        hold_until=column(lambda v, f: seconds(v.hold_until), np.int64),
        ordered_today=column(lambda v, f: v.ordered_today, bool),
        closed=column(lambda v, f: f.closed, bool),
        held_out=column(lambda v, f: f.held_out, bool),
        open_complaint=column(lambda v, f: f.open_complaints > 0, bool),
        credit_hold=column(lambda v, f: f.credit_hold, bool),
        withdrawn_consent=column(lambda v, f: f.withdrawn_consent, bool),
        cool_down_until=column(lambda v, f: seconds(f.cool_down_until), np.int64),
        account_ordered_today=column(lambda v, f: f.ordered_today, bool),
        available=column(lambda v, f: f.available, bool),
        attempts=column(lambda v, f: f.attempts, np.int64),
    )


@given(rows=st.lists(st.tuples(views, profiles, facts), min_size=1, max_size=40))
@settings(max_examples=300, deadline=None)
def test_each_row_is_decided_as_alone(rows: list[tuple[PairView, Profile, Facts]]) -> None:
    found = many.decide_many(columns(rows), many.Cells.of([profile for _, profile, _ in rows]), AT)
    for number, (view, profile, fact) in enumerate(rows):
        judged = replace(fact, attempt_cap=profile.attempt_cap, channels_allowed=Channel.PHONE in profile.channels)
        code, reasons = many.Code(int(found.code[number])), many.reasons_of(int(found.reasons[number]))
        days = float(found.wait_days[number])
        match decide(view, profile, judged):
            case Wait(until=until, reason=reason):
                assert code is many.Code.WAIT
                assert reasons == (() if reason is Reason.NOT_DUE else (reason,))
                assert (until is None) == (days == many.NEVER_LOOK)
                if until is not None:
                    assert abs((until - NOW).total_seconds() - days * 86_400) < 1e-3
            case Suppress(reasons=told):
                assert (code, reasons, days) == (many.Code.SUPPRESS, told, 0.0)
            case Reorder():
                assert (code, reasons) == (many.Code.REORDER, ())
            case Contact():
                assert (code, reasons) == (many.Code.CONTACT, ())


def test_every_rule_of_one_pair_has_its_bit() -> None:
    """A rule that is added to `outreach.rules` and not here would be a KeyError at the first decision."""
    row = (PairView(NeedKind.EXPECTED_REORDER, 1.0, 0.0, 1.0, False, None, False), Profile(), Facts(NOW))
    assert many.decide_many(columns([row]), many.Cells.of([Profile()]), AT).code.tolist() == [many.Code.CONTACT]
