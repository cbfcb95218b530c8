"""Effects of the fold, on ``ringahead.needs``: what the desk is told about an account, in the order of its log.

Every account effect carries the account's version (how many events were folded into it), so that a repeat or an older
one is recognised. A need id opens once and ends once: a later need of the pair has another cycle, hence another id.
"""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from schemas.base import Amount, Code, CurrencyCode, Identifier, Message, Probability, Text, UtcTime
from schemas.decisions import NeedKind, Reason, TaskClass
from schemas.events.accounts import Channel, Purpose, Size
from schemas.events.ours import Phase


class Place(Message):
    """Where in the log of record the event lies whose fold said so. It differs between runtimes; nothing else does."""

    partition: int
    offset: int


class QuantityParts(Message):
    """How a reorder's quantity came about; units of the SKU group, days. The formula is in outreach/quantities.py."""

    units_a_day: float
    """Expected use."""
    lead_time_days: float
    cover_days: float
    """Days for which the order is to last after it arrived: the usual gap."""
    service_level: Probability
    """Chance that stock lasts until the next order arrives."""
    demand_units: float
    """Expected use over lead time and cover."""
    safety_units: float
    """On top of it, for the service level."""
    stock_units: float
    """On hand."""
    stock_known: bool = False
    """From a meter; False: the last order less the usual use since then."""
    open_order_units: float = 0.0
    """Ordered and not yet delivered."""
    net_units: float
    """Demand and safety less stock and open orders, not under nothing."""
    minimum_units: float = 0.0
    multiple_units: float = 0.0
    """0: any quantity may be ordered."""
    quantity_units: float
    """What is proposed."""


class Evidence(Message):
    """What the decision was made on, so that it can be explained and replayed."""

    as_of: UtcTime
    model_version: Code
    profiles_version: Code
    profile: Code
    """Name of the cell, e.g. ``small-maintenance``."""
    method: Code
    """How the forecast was made: ``renewal``, ``prior``, ``metered``, ``event``."""
    degraded: bool = False
    p_due: Probability | None = None
    """P(order or run-out before the earliest delivery)."""
    p_alive: Probability | None = None
    lead_time_days: float | None = None
    review_days: float | None = None
    """Added to the lead time: whoever waits for the next look delivers that much later."""
    service_level: Probability | None = None
    order_days: int = 0
    """Distinct days on which the account ordered this group."""
    usual_gap_days: float | None = None
    last_order_on: date | None = None
    past_orders_on: tuple[date, ...] = ()
    """The newest order days of this group that are remembered one by one, oldest first."""
    p10_on: date | None = None
    p50_on: date | None = None
    p90_on: date | None = None
    survival: tuple[tuple[int, Probability], ...] = ()
    """The forecast's curve as it stood then, days rising: (days ahead, P(no order until that day begins)); of a metered
    group P(nothing has run out until then). Empty: not told."""
    stock_units: float | None = None
    """Estimated stock on hand; only where a level or a usage is known."""
    quantity: QuantityParts | None = None
    """Of a reorder proposal: where its quantity comes from."""
    usual_groups: tuple[Identifier, ...] = ()
    """What the account used to buy, the most usual first; of a need of the account as a whole."""
    sentence: Text = ""
    """What an agent can say on the phone."""


class AccountEffect(Message):
    """Base of what concerns one account."""

    account_id: Identifier
    account_version: int
    at: UtcTime
    """Business time at which it was decided."""
    place: Place
    traceparent: str | None = None
    """W3C trace context of the event that caused it, where it was traced."""


ReleasedKind = Literal[NeedKind.RUN_OUT, NeedKind.EXPECTED_REORDER, NeedKind.WIN_BACK, NeedKind.RECOVERY]
"""Kinds that readers of ``open_need`` and ``refuse_need`` were promised; all others travel in types of their own."""


class OpenNeed(AccountEffect):
    """Somebody should be called about this group."""

    effect: Literal["open_need"] = "open_need"
    need_id: Identifier
    group: Identifier
    group_name: Text = ""
    cycle: int
    kind: ReleasedKind
    task_class: TaskClass
    quantity_units: float = 0.0
    """What the account usually orders of it."""
    valid_until: UtcTime
    evidence: Evidence


class OpenAccountNeed(OpenNeed):
    """Somebody should be called about something that concerns the account as a whole; ``group`` begins with ``*``."""

    effect: Literal["open_account_need"] = "open_account_need"  # type: ignore[assignment]  # a type beside its base
    kind: NeedKind  # type: ignore[assignment]


class WithdrawNeed(AccountEffect):
    """The need is over: an order covers it, or it no longer persists."""

    effect: Literal["withdraw_need"] = "withdraw_need"
    need_id: Identifier
    group: Identifier
    cause: Literal[
        "covered",
        "cancelled_order",
        "corrected",
        "expired",
        "closed",
        "merged",
        "resolved",
        "not_due",
        "policy",
    ]
    order_id: Identifier | None = None


class RefuseNeed(AccountEffect):
    """The need exists, and nobody is contacted, for these reasons. Said once for a need until the reasons change."""

    effect: Literal["refuse_need"] = "refuse_need"
    need_id: Identifier
    group: Identifier
    group_name: Text = ""
    cycle: int
    kind: ReleasedKind
    reasons: tuple[Reason, ...] = Field(min_length=1)
    evidence: Evidence


class RefuseAccountNeed(RefuseNeed):
    """The same for something that concerns the account as a whole."""

    effect: Literal["refuse_account_need"] = "refuse_account_need"  # type: ignore[assignment]
    kind: NeedKind  # type: ignore[assignment]


class ProposeReorder(AccountEffect):
    """An order to be proposed to the account's procurement."""

    effect: Literal["propose_reorder"] = "propose_reorder"
    need_id: Identifier
    group: Identifier
    group_name: Text = ""
    cycle: int
    quantity_units: float
    automation: Literal["propose", "send"] = "propose"
    valid_until: UtcTime
    evidence: Evidence


class WithdrawReorder(AccountEffect):
    """The proposal is over."""

    effect: Literal["withdraw_reorder"] = "withdraw_reorder"
    need_id: Identifier
    group: Identifier
    cause: Literal[
        "covered",
        "cancelled_order",
        "corrected",
        "expired",
        "closed",
        "merged",
        "resolved",
        "not_due",
        "policy",
    ]
    order_id: Identifier | None = None


class AccountValue(Message):
    """What an account is worth from now on, and every part of it; money in the reporting currency.

    The formula is in outreach/value.py.
    """

    yearly_spend: float
    """Of the last twelve months; of a younger account, at the same pace for a year."""
    margin_share: Probability
    margin_known: bool = False
    """Whether the margin is that of the account's own products; False: the profile set's."""
    p_alive: Probability
    retention_share: Probability
    """Chance that it is still a customer a year later."""
    capital_cost_share: float
    years: int
    wallet_yearly: float | None = None
    """What it spends a year on all that we sell, at all suppliers; None: not known."""
    wallet_share: float | None = None
    """Our part of that, 0 to 1."""
    headroom_share: Probability = 0.0
    """How much of the rest is counted on."""
    acquisition_cost: float | None = None
    """What winning it has cost: shown, and not part of the value from now on."""
    value: float = 0.0


class ExpectedOrder(Message):
    """An order that is on its way to the account."""

    order_id: Identifier
    promised_at: UtcTime
    """By when it is to arrive."""
    shipped: bool = False
    """Whether all of it was reported as shipped."""


class AccountStanding(AccountEffect):
    """What the desk must know of an account to judge eligibility and priority; sent whole whenever a part changes."""

    effect: Literal["account_standing"] = "account_standing"
    size: Size = Size.SMALL
    phase: Phase = Phase.IGNITION
    trade: Code | None = None
    country: Code | None = None
    region: Code | None = None
    zone: Code | None = None
    tier: int = 2
    closed: bool = False
    merged_into: Identifier | None = None
    open_complaints: tuple[Identifier, ...] = ()
    """What is to be mended before anything is sold: a complaint's id, ``delivery:<order>``, ``invoice:<id>``."""
    credit_hold: bool = False
    withdrawn: tuple[tuple[Purpose, Channel], ...] = ()
    """Consents that were withdrawn and not given again."""
    given: tuple[tuple[Purpose, Channel], ...] = ()
    """Consents that were given and not withdrawn since."""
    cool_down_until: UtcTime | None = None
    selling_attempts: int = 0
    """Since the last covering order or cool-down, over all channels."""
    yearly_spend: float = 0.0
    """In the reporting currency, of the last twelve months."""
    last_order_at: UtcTime | None = None
    preferred_channel: Channel | None = None
    """How the account likes to be reached; None: not known."""
    account_manager: Identifier | None = None
    """User id of the person named for the account."""
    edi_connected: bool = False
    value: AccountValue | None = None
    """None before the first model."""
    expected_orders: tuple[ExpectedOrder, ...] | None = None
    """What is to arrive, the earliest first, at most ten; None: no day is waited for."""
    anew: bool | None = None
    """True: said after a switch to another generation of state, which counts versions anew; it replaces any other."""


class OrderAnswered(AccountEffect):
    """The ERP's answer to an order that an agent asked it to book."""

    effect: Literal["order_answered"] = "order_answered"
    command_id: Identifier
    accepted: bool
    order_id: Identifier | None = None
    promised_at: UtcTime | None = None
    """By when it is to arrive, where the ERP says."""
    total: float | None = None
    """What the lines are worth, in ``currency``; None where a price is missing."""
    currency: CurrencyCode | None = None
    cause: Code | None = None
    """Why it was refused."""


class ProductTold(Message):
    """The product master's word on one SKU, as an agent may pass it on. Every partition says it: twice is once."""

    effect: Literal["product_told"] = "product_told"
    sku: Identifier
    group: Identifier
    name: Text = ""
    available: bool = True
    lead_time_days: float | None = None
    unit_price: Amount | None = None
    currency: CurrencyCode | None = None
    as_of: UtcTime
    unit_factor: float = Field(default=1.0, gt=0)
    """Units of the group in one unit of this SKU."""


class Rollout(Message):
    """How far a partition is with judging every account anew, by the model and profiles that came into force."""

    number: int
    started_at: UtcTime
    """Business time."""
    finished_at: UtcTime | None = None
    """Business time; None: it goes on."""
    accounts_done: int
    accounts_total: int
    """When it began; accounts that came since are judged when they are due."""


class ClockMoved(Message):
    """Business time of one partition, what is in force there, and how far its last rollout is."""

    effect: Literal["clock_moved"] = "clock_moved"
    partition: int
    as_of: UtcTime
    model_version: Code | None = None
    model_published_at: UtcTime | None = None
    profiles_version: Code | None = None
    profiles_digest: Code | None = None
    rollout: Rollout | None = None
    """None: what is in force was told to everybody at once."""


Effect = (
    OpenNeed
    | OpenAccountNeed
    | WithdrawNeed
    | RefuseNeed
    | RefuseAccountNeed
    | ProposeReorder
    | WithdrawReorder
    | AccountStanding
    | OrderAnswered
    | ProductTold
    | ClockMoved
)
EFFECT_TYPES: tuple[type[Effect], ...] = (
    OpenNeed,
    OpenAccountNeed,
    WithdrawNeed,
    RefuseNeed,
    RefuseAccountNeed,
    ProposeReorder,
    WithdrawReorder,
    AccountStanding,
    OrderAnswered,
    ProductTold,
    ClockMoved,
)
EFFECTS: TypeAdapter[Effect] = TypeAdapter(Annotated[Effect, Field(discriminator="effect")])


def encode_effect(effect: Effect) -> bytes:
    """JSON of an effect; equal effects give equal bytes."""
    return effect.model_dump_json(exclude_defaults=False, exclude_none=True).encode()


def decode_effect(raw: bytes) -> Effect:
    """An effect from its JSON; raises pydantic.ValidationError, since only our own fold writes them."""
    return EFFECTS.validate_json(raw)
