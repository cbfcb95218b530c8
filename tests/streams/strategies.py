"""Histories of a few accounts, dense enough for everything to happen."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from outreach.kinds import ACCOUNT_WIDE, group_of
from schemas.decisions import NeedKind
from schemas.envelope import Event
from schemas.events import accounts, orders, ours, usage
from tests.streams.harness import START, in_force, said, tick

ACCOUNTS = ("acme", "bolt")
SKUS = ("argon", "wire", "gloves")
ORDER_IDS = tuple(f"o{number}" for number in range(12))

lines = st.lists(
    st.builds(
        orders.OrderLine,
        sku=st.sampled_from(SKUS),
        quantity=st.integers(1, 40).map(Decimal),
        unit_price=st.integers(1, 500).map(Decimal),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
order_id = st.sampled_from(ORDER_IDS)
complaint = st.sampled_from(("c1", "c2"))

days = st.integers(-20, 40).map(lambda days: START + timedelta(days=days))
invoice = st.sampled_from(("i1", "i2"))
whole = st.sampled_from([group_of(kind) for kind in ACCOUNT_WIDE] + ["*complaint:c1", "*invoice:i1", "*delivery:o1"])

facts = st.one_of(
    st.builds(orders.OrderPlaced, order_id=order_id, lines=lines),
    st.builds(orders.OrderPlaced, order_id=order_id, lines=lines, promised_at=st.none() | days),
    st.builds(orders.OrderChanged, order_id=order_id, lines=lines),
    st.builds(orders.OrderCancelled, order_id=order_id),
    st.builds(orders.OrderReturned, order_id=st.none() | order_id, lines=lines),
    st.builds(orders.OrderDelivered, order_id=order_id),
    st.builds(orders.OrderShipped, order_id=order_id, expected_at=st.none() | days),
    st.builds(
        usage.UsageReported, sku=st.sampled_from(SKUS), kind=st.sampled_from(usage.UsageKind), value=st.integers(0, 90)
    ),
    st.builds(
        usage.UsageReported,
        asset_id=st.sampled_from(("north", "south")),
        sku=st.sampled_from(SKUS),
        kind=st.sampled_from(usage.UsageKind),
        value=st.integers(0, 90),
        reset=st.booleans(),
    ),
    st.builds(orders.OrderDelivered, order_id=order_id, lines=lines),
    st.builds(accounts.AccountClosed),
    st.builds(accounts.AccountRegistered),
    st.builds(accounts.ComplaintOpened, complaint_id=complaint),
    st.builds(accounts.ComplaintResolved, complaint_id=complaint),
    st.builds(accounts.InvoiceDisputed, invoice_id=invoice),
    st.builds(accounts.InvoicePaid, invoice_id=invoice),
    st.builds(accounts.PartnerTouchpoint, partner_id=st.just("p"), kind=st.sampled_from(NeedKind)),
    st.builds(
        accounts.AccountChanged,
        size=st.sampled_from((*accounts.Size, None)),
        preferred_channel=st.sampled_from((*accounts.Channel, None)),
        edi_connected=st.booleans(),
    ),
    st.builds(accounts.CreditChanged, hold=st.booleans(), terms_days=st.sampled_from((None, 30))),
    st.builds(accounts.ConsentWithdrawn, purpose=st.just("selling"), channel=st.just("phone")),
    st.builds(
        ours.CallEnded,
        task_id=st.just("t"),
        attempt_id=st.just("a"),
        task_class=st.just("selling"),
        disposition=st.sampled_from(ours.Disposition),
        groups=st.lists(st.sampled_from(SKUS), max_size=2).map(tuple),
        exhausted=st.booleans(),
    ),
    st.builds(
        ours.CallEnded,
        task_id=st.just("t"),
        attempt_id=st.just("a"),
        task_class=st.sampled_from(("selling", "service")),
        disposition=st.sampled_from(ours.Disposition),
        groups=st.lists(whole, max_size=2).map(tuple),
        exhausted=st.booleans(),
    ),
)


@st.composite
def logs(draw: st.DrawFn, max_events: int = 40) -> list[Event]:
    """A log in which business time moves by hours and weeks between the facts."""
    events, at = [*in_force(), tick(START)], START
    for number in range(draw(st.integers(1, max_events))):
        if draw(st.integers(0, 2)) == 0:
            at += timedelta(hours=draw(st.sampled_from((1, 5, 24, 24 * 7, 24 * 20))))
            events.append(tick(at))
        else:
            when = at - timedelta(hours=draw(st.integers(0, 200)))
            events.append(said(draw(facts), when, f"e{number}", draw(st.sampled_from(ACCOUNTS))))
    return events
