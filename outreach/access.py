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


@dataclass(frozen=True, slots=True)
class LoginLink:
    """A link that logs in once."""

    token_hash: str
    user_id: str
    expires_at: datetime
    used_at: datetime | None = None
