"""Facts that Ringahead itself writes: outcomes of its work, the passing of business time, what was published."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from schemas.base import (
    Amount,
    Celsius,
    Code,
    CurrencyCode,
    Fact,
    Identifier,
    Many,
    Probability,
    Quantity,
    Sku,
    Text,
    UtcTime,
    a_float_above_zero,
)
from schemas.events.accounts import LossReason, Size


class Disposition(StrEnum):
    """How a call ended."""

    ORDER_TAKEN = "order_taken"
    HAS_STOCK = "has_stock"
    NOT_INTERESTED = "not_interested"
    CALLBACK = "callback"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    VOICEMAIL = "voicemail"
    WRONG_NUMBER = "wrong_number"
    DO_NOT_CALL = "do_not_call"
    RESOLVED = "resolved"
    """A service call that mended what it was opened for."""


class Phase(StrEnum):
    """Where the relationship stands."""

    IGNITION = "ignition"
    MAINTENANCE = "maintenance"
    REACTIVATION = "reactivation"


class CallEnded(Fact):
    """An agent's call attempt ended so."""

    task_id: Identifier
    attempt_id: Identifier
    task_class: Code
    disposition: Disposition
    need_ids: tuple[Identifier, ...] = ()
    groups: tuple[Identifier, ...] = ()
    """SKU groups of the needs that were talked about."""
    attempts: int = 1
    exhausted: bool = False
    """The attempt cap is reached: the cool-down begins."""
    stock_until: UtcTime | None = None
    callback_at: UtcTime | None = None
    override_reason: Text | None = None
    loss_reason: LossReason | None = None
    """Why the account buys no more, where the call found out."""


class OverrideReason(StrEnum):
    """Why an agent did other than was proposed."""

    CUSTOMER_ASKED = "customer_asked"
    STOCK_LEFT = "stock_left"
    USES_MORE = "uses_more"
    USES_LESS = "uses_less"
    SEASON = "season"
    OTHER_PRODUCT = "other_product"
    OTHER_SUPPLIER = "other_supplier"
    NOT_USED_ANY_MORE = "not_used_any_more"
    BUDGET = "budget"
    OTHER = "other"


class NeedOverridden(Fact):
    """On the phone another quantity than the proposed one was agreed, or none: what the forecast may learn from."""

    task_id: Identifier
    attempt_id: Identifier
    need_id: Identifier
    group: Identifier
    suggested_units: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """0: no quantity was known."""
    agreed_units: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """0: the product is not needed now."""
    reason: OverrideReason
    command_id: Identifier | None = None
    """The order that was asked of the ERP, if any."""


class SuggestionWhy(StrEnum):
    """Why a suggestion was refused on the phone."""

    HAS_OTHER_SUPPLIER = "has_other_supplier"
    NOT_USED = "not_used"
    TOO_EXPENSIVE = "too_expensive"
    USES_OTHER_PRODUCT = "uses_other_product"
    LATER = "later"
    OTHER = "other"


class SuggestionAnswer(StrEnum):
    """What became of a suggestion that was made on the phone."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class SuggestionAnswered(Fact):
    """A further product was suggested in a call and the customer said yes or no: what suggesting may learn from."""

    task_id: Identifier
    attempt_id: Identifier
    sku: Sku
    answer: SuggestionAnswer
    why: SuggestionWhy | None = None
    """Of a refusal."""
    objective: Code
    rank: int
    """Place among what was shown."""
    version: Text = ""
    """Of the artefact that suggested it."""


class ReorderApproved(Fact):
    """A reorder proposal may be sent, perhaps with another quantity."""

    reorder_id: Identifier
    edited: bool = False


class ReorderRejected(Fact):
    """A reorder proposal was turned down."""

    reorder_id: Identifier
    group: Identifier
    need_id: Identifier | None = None
    """Which need; a rejection that comes after the next order ends nothing."""
    cause: Code | None = None


class ReorderSent(Fact):
    """A reorder went to the ERP."""

    reorder_id: Identifier
    command_id: Identifier


class ReorderConfirmed(Fact):
    """The ERP accepted a reorder."""

    reorder_id: Identifier
    order_id: Identifier | None = None


class PhaseChanged(Fact):
    """The relationship entered another phase. A recorded effect of the fold: folding it changes nothing."""

    previous: Phase
    phase: Phase
    evidence: dict[str, Any] = Field(default_factory=dict)


class SizeChanged(Fact):
    """The account became small or large. A recorded effect of the fold: folding it changes nothing."""

    previous: Size
    size: Size
    evidence: dict[str, Any] = Field(default_factory=dict)


class RecoveryEnded(Fact):
    """What went wrong for the account is mended. A recorded effect of the fold: folding it changes nothing."""

    kind: Code
    """``recovery``, ``late_delivery`` or ``disputed_invoice``."""
    reference: Identifier
    """Id of the complaint, the order or the invoice."""
    opened_at: UtcTime
    hours: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    """From its opening to its end, in event time."""
    how: Code
    """What ended it: ``resolved``, ``delivered``, ``corrected``, ``paid``, ``call`` ..."""


class StateTransferred(Fact):
    """A merged account's state arrives at its survivor. Written by the fold of AccountMerged."""

    from_account_id: Identifier
    state: str
    """The loser's state, base64 of the versioned state codec."""


class TimePassed(Fact):
    """Business time is now at least this; it only moves forward."""

    as_of: UtcTime


class ModelPublished(Fact):
    """A forecasting model came into force."""

    version: Identifier
    digest: Identifier
    slice_accounts: Many | None = None
    """Every account is judged anew, so many at a time, while other events go on; None: all at once, here."""


class ProfilesChanged(Fact):
    """A set of policy profiles came into force."""

    version: Identifier
    digest: Identifier
    slice_accounts: Many | None = None
    """Every account is judged anew, so many at a time, while other events go on; None: all at once, here."""


class RolloutContinued(Fact):
    """Accounts of one partition, in the order of their ids, are judged anew: the next slice of a rollout.

    Written by the fold of a partition for itself. Told again, or of a rollout that another has replaced, it changes
    nothing.
    """

    partition: int
    rollout: int
    """Counts the rollouts of the partition."""
    after: Identifier | None = None
    """The last account of the slice before; None: this is the first."""
    until: Identifier | None = None
    """The last account of this slice; None: it is the last slice."""


class ProductChanged(Fact):
    """The product master's word on one SKU; the group is the unit of forecasting."""

    sku: Sku
    group: Sku | None = None
    """None: the SKU is its own group."""
    unit_factor: Annotated[Decimal, Field(gt=0, le=1_000_000), AfterValidator(a_float_above_zero)] = Decimal(1)
    """Units of the group in one unit of this SKU."""
    name: Text = ""
    category: Code | None = None
    lead_time_days: Annotated[float, Field(ge=0, le=365, allow_inf_nan=False)] | None = None
    margin_share: Probability | None = None
    minimum_quantity: Quantity | None = None
    """Least that one order may hold, in units of this SKU."""
    quantity_multiple: Quantity | None = None
    """An order holds a multiple of this: a pack, a layer, a pallet."""
    available: bool = True
    unit_price: Amount | None = None
    """List price of one unit, net; what an agent says where nothing better is known."""
    currency: CurrencyCode | None = None
    """None: the installation's reporting currency."""
    origin: Code | None = None
    follows: Literal["heating", "cooling"] | None = None
    """Its use follows degree days; None: days are days."""
    base_celsius: Celsius = 15.5
    """Mean temperature under which (for cooling: over which) a day's degrees count."""


class RatesChanged(Fact):
    """One unit of each currency, in the reporting currency, on a day."""

    rate_date: date
    rates: dict[CurrencyCode, Annotated[Decimal, Field(gt=0, allow_inf_nan=False)]]
