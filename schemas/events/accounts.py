"""Facts about an account.

Names, numbers and addresses never stand here: contacts live in the database under their ids.
"""

from enum import StrEnum

from schemas.base import Amount, Code, CurrencyCode, Fact, Identifier, WholeDays


class Channel(StrEnum):
    """How an account can be reached."""

    PHONE = "phone"
    TEXT = "text"
    MAIL = "mail"
    WEB = "web"
    EDI = "edi"


class Purpose(StrEnum):
    """What a contact may be used for."""

    SELLING = "selling"
    SERVICE = "service"


class Size(StrEnum):
    """Account size, by yearly spend with hysteresis or set by hand."""

    SMALL = "small"
    LARGE = "large"


class AccountRegistered(Fact):
    """An account exists."""

    trade: Code | None = None
    country: Code | None = None
    region: Code | None = None
    zone: Code | None = None
    """IANA time zone of the called party, e.g. Europe/London; unknown means: no call."""
    size: Size | None = None
    """Set by hand; None: by spend."""
    tier: int = 2
    """Priority tier, 1 is served first."""
    wallet_yearly: Amount | None = None
    """What the account spends a year on all that we sell, at all suppliers; reporting currency."""
    acquisition_cost: Amount | None = None
    """What winning the account has cost; reporting currency."""
    preferred_channel: Channel | None = None
    """How the account likes to be reached; None: not known."""
    account_manager: Identifier | None = None
    """User id of the person who is named for the account; None: nobody."""
    edi_connected: bool | None = None
    """Whether its procurement is connected to us."""
    origin: Code | None = None
    """``generated`` marks demo data."""


class AccountChanged(AccountRegistered):
    """What is known of the account now; a field left out is unchanged."""

    tier: int | None = None  # type: ignore[assignment]  # a change may leave it out


class AccountClosed(Fact):
    """The account ended."""

    cause: Code | None = None


class AccountMerged(Fact):
    """This account (the subject) continues as another one."""

    into_account_id: Identifier


class ContactChanged(Fact):
    """A contact of the account exists, changed or is no longer valid."""

    contact_id: Identifier
    channels: tuple[Channel, ...] = ()
    valid: bool = True
    zone: Code | None = None


class CreditChanged(Fact):
    """Accounts receivable set or lifted a hold."""

    hold: bool
    limit: Amount | None = None
    """With a limit or terms the account has credit."""
    currency: CurrencyCode | None = None
    terms_days: WholeDays | None = None
    """Days in which invoices are to be paid."""


class ConsentGiven(Fact):
    """The account allowed contact for a purpose over a channel."""

    purpose: Purpose
    channel: Channel
    contact_id: Identifier | None = None
    source: Code | None = None


class ConsentWithdrawn(ConsentGiven):
    """The account asked not to be contacted for a purpose over a channel."""


class ComplaintOpened(Fact):
    """Something went wrong for the account; selling stops until it is mended."""

    complaint_id: Identifier
    category: Code | None = None


class ComplaintResolved(Fact):
    """The complaint is mended."""

    complaint_id: Identifier
    outcome: Code | None = None


class InvoiceIssued(Fact):
    """An invoice went out."""

    invoice_id: Identifier
    order_id: Identifier | None = None
    amount: Amount
    currency: CurrencyCode | None = None


class InvoiceDisputed(Fact):
    """The account says that the invoice is wrong."""

    invoice_id: Identifier
    cause: Code | None = None


class InvoiceCorrected(Fact):
    """A disputed invoice was corrected, credited, or found to be right: the dispute is over."""

    invoice_id: Identifier
    cause: Code | None = None


class InvoicePaid(Fact):
    """The invoice was paid."""

    invoice_id: Identifier


class PartnerTouchpoint(Fact):
    """Somebody else of the distributor's network was in touch with the account."""

    partner_id: Identifier
    channel: Channel | None = None
    kind: Code | None = None
    """What it was about; the word of a kind of need, e.g. ``innovation_day``, ends that need."""


class LossReason(StrEnum):
    """Why an account buys no more."""

    PRICE = "price"
    DELIVERY = "delivery"
    SERVICE = "service"
    QUALITY = "quality"
    ASSORTMENT = "assortment"
    COMPETITOR = "competitor"
    CREDIT = "credit"
    LESS_NEED = "less_need"
    OUT_OF_BUSINESS = "out_of_business"
    OTHER = "other"


class LossExplained(Fact):
    """Somebody found out why the account buys less or no more; the newest word counts."""

    reason: LossReason
    source: Code | None = None
