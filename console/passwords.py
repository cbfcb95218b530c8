"""Passwords as Argon2id hashes, and random tokens of which the database sees only the hash."""

import hashlib
import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MINIMUM_LENGTH = 12
AT_ONCE = 4
"""Checks at the same time: each takes 64 MiB of memory on purpose."""


class Passwords:
    """Hashes and checks; the parameters are argon2-cffi's defaults (RFC 9106, low memory) unless a test says less."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._places = BoundedSemaphore(AT_ONCE)
        # Checked when the name is unknown, so that an answer takes as long as for a known one.
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    def hash(self, password: str) -> str:
        """An encoded Argon2id hash with its own salt."""
        return self._hasher.hash(password)

    def fits(self, password: str, encoded: str | None) -> bool:
        """Whether it is the password; without a stored hash the same work is done and the answer is no."""
        try:
            with self._places:
                return self._hasher.verify(encoded or self._nobody, password) and encoded is not None
        except (VerificationError, InvalidHashError):
            return False


def new_token() -> str:
    """256 random bits for a cookie, a link or a key."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token: sha256, as the token itself is random enough to need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()
