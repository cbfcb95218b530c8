"""A few made accounts, as the fold would tell of them: due, asleep, complaining, held out, and one that means harm."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from outreach.desk import Desk
from outreach.ports import Transaction
from outreach.profiles import standard_profiles
from outreach.records import ContactPoint, Suggestion
from schemas.dead_letters import dead_letter
from schemas.decisions import NeedKind, Reason, TaskClass
from schemas.errors import DeadLetterReason
from schemas.events.accounts import Size
from schemas.events.ours import Phase
from schemas.ids import need_id
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
)
from streams.core.outlook import SURVIVAL_DAYS

NOW = datetime(2011, 12, 9, 9, 0, tzinfo=UTC)
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
PLACE = Place(partition=0, offset=1)
LEFT = (0.86, 0.64, 0.49, 0.33, 0.22, 0.15, 0.098, 0.04, 0.02, 0.007, 0.003, 0.001)
SURVIVAL = tuple(zip(SURVIVAL_DAYS, LEFT, strict=True))
"""The curve to the quantiles of `evidence`."""


def evidence(sentence: str, *, degraded: bool = False, p_due: float = 0.81) -> Evidence:
    """What a need of a monthly customer rests on."""
    today = NOW.date()
    return Evidence(
        as_of=NOW,
        model_version="2011-12-05",
        profiles_version="2011-01",
        profile="small-maintenance",
        method="prior" if degraded else "renewal",
        degraded=degraded,
        p_due=p_due,
        lead_time_days=7.0,
        review_days=1.0,
        service_level=0.5,
        order_days=9,
        usual_gap_days=28.0,
        last_order_on=today - timedelta(days=27),
        past_orders_on=tuple((today - timedelta(days=27)) - timedelta(days=28 * n) for n in range(5, -1, -1)),
        p10_on=today,
        p50_on=today + timedelta(days=2),
        p90_on=today + timedelta(days=13),
        survival=SURVIVAL,
        sentence=sentence,
    )


def standing(account_id: str, version: int = 1, **more: object) -> AccountStanding:
    """A small account in Leeds."""
    known = {
        "trade": "florist",
        "country": "United Kingdom",
        "region": "Leeds",
        "zone": "Europe/London",
        "size": Size.SMALL,
        "phase": Phase.MAINTENANCE,
        "yearly_spend": 4200.0,
        "last_order_at": NOW - timedelta(days=27),
    }
    return AccountStanding(account_id=account_id, account_version=version, at=NOW, place=PLACE, **{**known, **more})


def need(account_id: str, group: str, name: str, sentence: str, version: int = 2, **more: object) -> OpenNeed:
    """An open need; ``cycle`` 1."""
    fields: dict[str, object] = {
        "kind": NeedKind.EXPECTED_REORDER,
        "task_class": TaskClass.SELLING,
        "quantity_units": 24.0,
        "evidence": evidence(sentence),
        **more,
    }
    return OpenNeed(
        account_id=account_id,
        account_version=version,
        at=NOW,
        place=PLACE,
        need_id=need_id(account_id, group, 1),
        group=group,
        group_name=name,
        cycle=1,
        valid_until=NOW + timedelta(days=20),
        **fields,
    )


def covered(account_id: str, group: str, version: int, at: datetime) -> list[Effect]:
    """An order arrived: the need is over, and the account ordered at that time."""
    return [
        WithdrawNeed(
            account_id=account_id,
            account_version=version,
            at=at,
            place=PLACE,
            need_id=need_id(account_id, group, 1),
            group=group,
            cause="covered",
            order_id="536365",
        ),
        standing(account_id, version, last_order_at=at),
    ]


def refused(account_id: str, group: str, reasons: Sequence[Reason], version: int = 2) -> RefuseNeed:
    """A need that nobody acts on."""
    return RefuseNeed(
        account_id=account_id,
        account_version=version,
        at=NOW,
        place=PLACE,
        need_id=need_id(account_id, group, 1),
        group=group,
        group_name="Party bunting",
        cycle=1,
        kind=NeedKind.EXPECTED_REORDER,
        reasons=tuple(reasons),
        evidence=evidence("They usually order bunting every 28 days."),
    )


def contact(account_id: str, person: str, number: str, zone: str | None = "Europe/London") -> ContactPoint:
    """A generated contact; the numbers are Ofcom's for drama."""
    return ContactPoint(f"{account_id}-c1", account_id, person, number, zone=zone, origin="generated")


def effects() -> list[Effect]:
    """Everything that the desk is told before the test begins."""
    return [
        ClockMoved(
            partition=0,
            as_of=NOW,
            model_version="2011-12-05",
            model_published_at=NOW - timedelta(days=4),
            profiles_version="2011-01",
            profiles_digest=profiles().digest,
        ),
        standing("17850"),
        need(
            "17850",
            "85123A",
            "White hanging heart T-light holder",
            "They order the T-light holder every 28 days, last on 12 Nov; the next order is likely by 11 Dec.",
            quantity_units=64.0,
        ),
        need(
            "17850",
            "84879",
            "Assorted colour bird ornament",
            "Usually in the same order as the T-light holder.",
            version=3,
            quantity_units=32.0,
            evidence=evidence("Usually in the same order as the T-light holder.", degraded=True, p_due=0.62),
        ),
        *_others(),
        *_without_a_call(),
    ]


def _others() -> list[Effect]:
    """A complaint, one abroad, and one who sleeps."""
    return [
        standing("13047", open_complaints=("C-118",)),
        need(
            "13047",
            "complaint",
            "Complaint C-118",
            "They complained about a late delivery on 6 Dec.",
            kind=NeedKind.RECOVERY,
            task_class=TaskClass.SERVICE,
            quantity_units=0.0,
        ),
        standing("12583", country="France", region="Paris", zone="Europe/Paris"),
        need(
            "12583",
            "22728",
            "Alarm clock bakelike pink",
            "They order alarm clocks every 21 days.",
            evidence=evidence("They order alarm clocks every 21 days.", p_due=0.55),
        ),
        standing("99001", country="United States", region="California", zone="America/Los_Angeles"),
        need("99001", "22633", "Hand warmer union jack", "They order hand warmers every 14 days."),
    ]


def _without_a_call() -> list[Effect]:
    """Held out, and supplied by proposal."""
    return [
        standing("15100"),
        refused("15100", "47566", [Reason.HOLDOUT]),
        standing("16029", size=Size.LARGE, yearly_spend=88_000.0),
        ProposeReorder(
            account_id="16029",
            account_version=2,
            at=NOW,
            place=PLACE,
            need_id=need_id("16029", "22086", 1),
            group="22086",
            group_name="Paper chain kit 50's Christmas",
            cycle=1,
            quantity_units=480.0,
            valid_until=NOW + timedelta(days=9),
            evidence=evidence("They order the paper chain kit every 14 days."),
        ),
    ]


def profiles():
    """The standard matrix, without a hold-out, so that no draw decides what a test sees."""
    made = standard_profiles("2011-01", NOW - timedelta(days=300))
    cells = {name: cell.model_copy(update={"holdout_share": 0.0}) for name, cell in made.cells.items()}
    return made.model_copy(update={"cells": cells})


def contacts() -> list[ContactPoint]:
    """Whom to call."""
    return [
        contact("17850", "Ms. Harriet Cole", "+44 1632 960 118"),
        contact("13047", "Mr. Idris Bello", "+44 1632 960 442"),
        contact("12583", "Mme. Claire Renaud", "+33 1 99 00 12 34", "Europe/Paris"),
        contact("99001", "Mr. Sam Ortiz", "+1 415 555 0142", "America/Los_Angeles"),
    ]


def suggestions() -> list[Suggestion]:
    """Products from similar customers."""
    because = "Nine of twelve florists that order T-light holders also buy it."
    return [
        Suggestion("17850", 1, "22720", "Set of 3 cake tins pantry design", because, "n1"),
        Suggestion(
            "17850", 2, "21754", "Home building block word", "New in the range; similar customers reorder it.", "n1"
        ),
    ]


def letters():
    """Two messages that could not become facts."""
    common = {"source": "ringahead.orders", "partition": 1, "key": b"17850", "first_seen": NOW}
    return [
        dead_letter(
            **common,
            offset=4711,
            raw=b'{"quantity": -6}',
            reason=DeadLetterReason.NEGATIVE_QUANTITY,
            detail="data.lines.0.quantity: Input should be greater than 0",
        ),
        dead_letter(
            **common,
            offset=4712,
            raw=EVIL.encode() + b"\x00\xff\x1b[31m",
            reason=DeadLetterReason.NOT_JSON,
            detail="expected value at line 1 column 1",
        ),
    ]


def hostile(desk: Desk, tx: Transaction) -> None:
    """Every text field that somebody else fills in, filled in by somebody who means harm."""
    tx.contacts.put(
        [ContactPoint("evil-c", "evil", EVIL, "+44 1632 960 001", zone="Europe/London", origin="generated")]
    )
    tx.suggestions.replace(["evil"], [Suggestion("evil", 1, EVIL, EVIL, EVIL, "n1")])
    desk.apply_effects(
        tx,
        [
            standing("evil", trade=EVIL[:64], region=EVIL[:64], open_complaints=()),
            need("evil", EVIL, EVIL, EVIL, evidence=evidence(EVIL).model_copy(update={"p_due": 0.99})),
            refused("evil", EVIL + "2", [Reason.HOLDOUT], version=3),
        ],
    )


def seed(desk: Desk, tx: Transaction) -> None:
    """Fill an empty store."""
    digest = tx.artefacts.put(profiles().dumps())
    tx.artefacts.set_current("profiles", "2011-01", digest, NOW)
    desk.put_contacts(tx, contacts())
    desk.apply_effects(tx, effects())
    for account_id in {one.account_id for one in suggestions()}:
        tx.suggestions.replace([account_id], [one for one in suggestions() if one.account_id == account_id])
    tx.dead_letters.put(letters())
    desk.upkeep(tx, tx.db_now())


LAST_ORDER_DAY = date(2011, 12, 9)
