"""The event catalogue: facts, in the past tense, by their CloudEvents type."""

from schemas.base import Fact
from schemas.events import accounts, orders, ours, usage

ACCOUNT_FACTS: tuple[type[Fact], ...] = (
    orders.OrderPlaced,
    orders.OrderRefused,
    orders.OrderChanged,
    orders.OrderCancelled,
    orders.OrderShipped,
    orders.OrderDelivered,
    orders.OrderReturned,
    usage.UsageReported,
    usage.StockCorrected,
    accounts.AccountRegistered,
    accounts.AccountChanged,
    accounts.AccountClosed,
    accounts.AccountMerged,
    accounts.ContactChanged,
    accounts.CreditChanged,
    accounts.ConsentGiven,
    accounts.ConsentWithdrawn,
    accounts.ComplaintOpened,
    accounts.ComplaintResolved,
    accounts.InvoiceIssued,
    accounts.InvoiceDisputed,
    accounts.InvoiceCorrected,
    accounts.InvoicePaid,
    accounts.PartnerTouchpoint,
    accounts.LossExplained,
)
"""What an outside system may say of one account."""

REFERENCE_FACTS: tuple[type[Fact], ...] = (ours.ProductChanged, ours.RatesChanged)
"""What an outside system may say of everybody: written to every partition."""

OUTCOME_FACTS: tuple[type[Fact], ...] = (
    ours.CallEnded,
    ours.NeedOverridden,
    ours.SuggestionAnswered,
    ours.ReorderApproved,
    ours.ReorderRejected,
    ours.ReorderSent,
    ours.ReorderConfirmed,
    ours.PhaseChanged,
    ours.SizeChanged,
    ours.RecoveryEnded,
    ours.StateTransferred,
)
"""What our own desk and fold say of one account."""

CONTROL_FACTS: tuple[type[Fact], ...] = (ours.TimePassed, ours.ModelPublished, ours.ProfilesChanged)
"""What our own processes say to every partition."""

PARTITION_FACTS: tuple[type[Fact], ...] = (ours.RolloutContinued,)
"""What the fold of a partition says to itself alone."""

CATALOGUE: dict[str, type[Fact]] = {
    f"ringahead.{fact.__name__}.v1": fact
    for fact in ACCOUNT_FACTS + REFERENCE_FACTS + OUTCOME_FACTS + CONTROL_FACTS + PARTITION_FACTS
}
TYPE_OF: dict[type[Fact], str] = {fact: name for name, fact in CATALOGUE.items()}
BROADCAST: frozenset[type[Fact]] = frozenset(REFERENCE_FACTS + CONTROL_FACTS + PARTITION_FACTS)
"""What concerns no single account."""
PUBLIC: frozenset[type[Fact]] = frozenset(ACCOUNT_FACTS + REFERENCE_FACTS)

EVERYBODY = "*"
"""Subject of events that concern every account."""
