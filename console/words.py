"""Words for every member of our closed lists: reasons, dispositions, kinds of need, reasons of loss, dead letters."""

from collections.abc import Mapping

from schemas.decisions import NeedKind, Reason
from schemas.errors import DeadLetterReason
from schemas.events.accounts import LossReason
from schemas.events.ours import Disposition, OverrideReason, SuggestionWhy

REASONS: Mapping[Reason, str] = {
    Reason.ZONE_UNKNOWN: "time zone not known",
    Reason.OUTSIDE_CALLING_HOURS: "outside calling hours",
    Reason.HOLIDAY: "holiday there",
    Reason.DO_NOT_CALL: "asked not to be called",
    Reason.NO_CONSENT: "consent withdrawn",
    Reason.CHANNEL_NOT_ALLOWED: "phone not allowed by the profile",
    Reason.ATTEMPT_CAP: "tried often enough",
    Reason.FREQUENCY_CAP: "contacted often enough lately",
    Reason.COOL_DOWN: "cooling down",
    Reason.OPEN_COMPLAINT: "open complaint: mend first",
    Reason.CREDIT_HOLD: "credit hold",
    Reason.ALREADY_ORDERED: "already ordered",
    Reason.FORECAST_STALE: "forecast too old to act on",
    Reason.DATA_ERASED: "data erased",
    Reason.HOLDOUT: "held out to measure the effect of calls",
    Reason.KILL_SWITCH: "kill switch is on",
    Reason.NOT_DUE: "not due yet",
    Reason.NO_VALID_CONTACT: "no valid contact",
    Reason.ACCOUNT_CLOSED: "account closed",
    Reason.OUT_OF_STOCK: "out of stock",
    Reason.CAPACITY: "more than the team can call",
}

DISPOSITIONS: Mapping[Disposition, str] = {
    Disposition.ORDER_TAKEN: "Order taken",
    Disposition.HAS_STOCK: "Has stock",
    Disposition.NOT_INTERESTED: "Not interested",
    Disposition.CALLBACK: "Call back",
    Disposition.NO_ANSWER: "No answer",
    Disposition.BUSY: "Busy",
    Disposition.VOICEMAIL: "Voicemail",
    Disposition.WRONG_NUMBER: "Wrong number",
    Disposition.DO_NOT_CALL: "Do not call again",
    Disposition.RESOLVED: "Settled",
}

KINDS: Mapping[NeedKind, str] = {
    NeedKind.RUN_OUT: "May run out",
    NeedKind.EXPECTED_REORDER: "Expected to reorder",
    NeedKind.WIN_BACK: "Win back",
    NeedKind.RECOVERY: "Mend a complaint",
    NeedKind.LATE_DELIVERY: "Late delivery",
    NeedKind.DISPUTED_INVOICE: "Disputed invoice",
    NeedKind.CREDIT_TERMS: "Set up credit terms",
    NeedKind.FIRST_ORDER_FOLLOW_UP: "Follow up the first order",
    NeedKind.CHANNEL_PREFERENCE: "Ask how to reach them",
    NeedKind.ACCOUNT_MANAGER: "Name an account manager",
    NeedKind.EDI_CONNECTION: "Connect their procurement",
    NeedKind.INNOVATION_DAY: "Joint innovation day",
    NeedKind.NEW_PARTNERSHIP: "New partnership",
}

LOSS_REASONS: Mapping[LossReason, str] = {
    LossReason.PRICE: "Price",
    LossReason.DELIVERY: "Late or wrong deliveries",
    LossReason.SERVICE: "Service",
    LossReason.QUALITY: "Quality of the goods",
    LossReason.ASSORTMENT: "We do not have what they need",
    LossReason.COMPETITOR: "Another supplier",
    LossReason.CREDIT: "Terms of payment",
    LossReason.LESS_NEED: "They need less",
    LossReason.OUT_OF_BUSINESS: "They closed",
    LossReason.OTHER: "Something else",
}

LETTER_REASONS: Mapping[DeadLetterReason, str] = {
    DeadLetterReason.NOT_JSON: "not JSON",
    DeadLetterReason.TOO_LARGE: "too large",
    DeadLetterReason.TOO_DEEP: "nested too deep",
    DeadLetterReason.BAD_ENVELOPE: "not a CloudEvent",
    DeadLetterReason.UNKNOWN_TYPE: "unknown type",
    DeadLetterReason.BAD_DATA: "data does not fit the schema",
    DeadLetterReason.TIME_OUT_OF_RANGE: "impossible time",
    DeadLetterReason.NEGATIVE_QUANTITY: "quantity not positive",
    DeadLetterReason.UNKNOWN_CURRENCY: "no rate for the currency",
    DeadLetterReason.UNKNOWN_SKU: "unknown product",
    DeadLetterReason.EMPTY_KEY: "no account",
    DeadLetterReason.KEY_MISMATCH: "key is not the account",
    DeadLetterReason.NOT_ALLOWED_HERE: "not allowed on this topic",
}


OVERRIDES: Mapping[OverrideReason, str] = {
    OverrideReason.CUSTOMER_ASKED: "they asked for it",
    OverrideReason.STOCK_LEFT: "they have stock left",
    OverrideReason.USES_MORE: "they use more now",
    OverrideReason.USES_LESS: "they use less now",
    OverrideReason.SEASON: "season",
    OverrideReason.OTHER_PRODUCT: "another product instead",
    OverrideReason.OTHER_SUPPLIER: "they buy it elsewhere",
    OverrideReason.NOT_USED_ANY_MORE: "they use it no more",
    OverrideReason.BUDGET: "budget",
    OverrideReason.OTHER: "another reason",
}

WHYS: Mapping[SuggestionWhy, str] = {
    SuggestionWhy.HAS_OTHER_SUPPLIER: "they buy it elsewhere",
    SuggestionWhy.NOT_USED: "they do not use it",
    SuggestionWhy.TOO_EXPENSIVE: "too expensive",
    SuggestionWhy.USES_OTHER_PRODUCT: "they use another product",
    SuggestionWhy.LATER: "not now, later",
    SuggestionWhy.OTHER: "another reason",
}
