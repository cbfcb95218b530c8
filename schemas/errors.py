"""Every error of Ringahead, and who must act.

RingaheadError
├── BadInput           the sender: it is recorded or refused, and the work goes on        exit code 2
│   ├── BadEvent       one message -> dead letter, with a word of DeadLetterReason
│   └── BadFile        a file that cannot be used at all
├── Unavailable        the operator of a dependency: wait and retry, nothing is lost      exit code 1
├── Misconfigured      the operator of this installation, before anything starts          exit code 1
│   └── AlreadyRunning another process holds the data folder
├── Refused            the caller: the rules do not allow it now, nothing was changed     HTTP 409 / exit code 1
│   ├── StaleToken     the lease has ended or passed to somebody else
│   ├── NotFound       no such task, account, letter
│   └── NotAllowed     the role does not permit it
└── Corrupt            a stored thing is not what was written: crash, rebuild from the log
    └── ArtefactRefused  a model or profile that is truncated, foreign or tampered with; the one in force stays

Anything else is a programming error: it crashes the process, and the supervisor restarts it.
"""

from enum import StrEnum


class DeadLetterReason(StrEnum):
    """Why a message could not become a fact; a closed list, shown to operators."""

    NOT_JSON = "not_json"
    TOO_LARGE = "too_large"
    TOO_DEEP = "too_deep"
    BAD_ENVELOPE = "bad_envelope"
    UNKNOWN_TYPE = "unknown_type"
    BAD_DATA = "bad_data"
    TIME_OUT_OF_RANGE = "time_out_of_range"
    NEGATIVE_QUANTITY = "negative_quantity"
    UNKNOWN_CURRENCY = "unknown_currency"
    UNKNOWN_SKU = "unknown_sku"
    EMPTY_KEY = "empty_key"
    KEY_MISMATCH = "key_mismatch"
    NOT_ALLOWED_HERE = "not_allowed_here"


class RingaheadError(Exception):
    """Base of all errors that we raise on purpose; the message says what to do."""

    exit_code = 1


class BadInput(RingaheadError):
    """What came in cannot be used."""

    exit_code = 2


class BadEvent(BadInput):
    """One message cannot become a fact."""

    def __init__(self, reason: DeadLetterReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail[:500]


class BadFile(BadInput):
    """A file cannot be read at all."""


class Unavailable(RingaheadError):
    """A dependency is down or not yet there; whoever holds the work waits and tries again."""


class Misconfigured(RingaheadError):
    """The installation's settings contradict each other or the machine."""


class AlreadyRunning(Misconfigured):
    """Another process owns this data folder."""


class Refused(RingaheadError):
    """The rules do not allow it now; nothing was changed."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class StaleToken(Refused):
    """The caller's lease is no longer his."""


class NotFound(Refused):
    """There is no such thing."""


class NotAllowed(Refused):
    """The caller's role does not permit it."""


class Corrupt(RingaheadError):
    """Stored bytes are not what was written."""


class ArtefactRefused(Corrupt):
    """A published artefact cannot be trusted; the one in force stays."""
