"""Who may log in to the console: values only; hashing and roles are the console's. Times are database time, UTC."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with a login."""

    user_id: str
    name: str
    """Login name, unique."""
    role: str
    """``agent``, ``supervisor``, ``operator``, ``erp`` or ``customer``."""
    password_hash: str | None
    """Argon2id; None: only by a one-time link."""
    created_at: datetime
    disabled: bool = False
    failed_count: int = 0
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A login in force."""

    token_hash: str
    user_id: str
    csrf: str
    created_at: datetime
    expires_at: datetime
    scopes: tuple[str, ...] | None = None
    """Of an API key: what it may be used for; None: all that the user's role may do."""
    used_at: datetime | None = None
    """Of an API key: when it was last used, to the minute; None: never."""


@dataclass(frozen=True, slots=True)
class LoginLink:
    """A link that logs in once."""

    token_hash: str
    user_id: str
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AccountLink:
    """A link to an account's own page: whoever has it is the account."""

    link_id: str
    account_id: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered to a request with an idempotency key."""

    key: str
    """Hash of who asked and of his key."""
    fingerprint: str
    """Hash of what was asked."""
    created_at: datetime
    status: int = 0
    """0: somebody is at work on it."""
    media_type: str = ""
    body: bytes = b""
