"""Links to an account's own page: signed, with an end, and revocable. Whoever has one is the account, and nobody else.

    https://calls.example.com/my/<account>.<end>.<link>.<signature>

The signature is HMAC-SHA256 over account, end and link id; a forged link is refused before the database is asked.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from secrets import token_hex

from outreach.access import AccountLink
from outreach.ports import Transaction
from schemas.errors import Misconfigured, NotFound

PREFIX = "/my/"
LEAST_SECRET = 32
LINK_DAYS = 90
MOST_TOKEN = 600
FORM_HOURS = 2


class Shut(StrEnum):
    """Why a link leads nowhere. ``INVALID`` says nothing of whether there is such an account."""

    INVALID = "invalid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ERASED = "erased"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class OpenLink:
    """A link in force."""

    link_id: str
    account_id: str


@dataclass(frozen=True, slots=True)
class Form:
    """A page's form that was not sent yet; its id is used once for each action."""

    form_id: str


class Signer:
    """Signs links and forms with the installation's secret."""

    def __init__(self, secret: str) -> None:
        """Raises Misconfigured for a secret that is missing or could be guessed."""
        if len(secret) < LEAST_SECRET:
            raise Misconfigured(f"set RINGAHEAD_LINK_SECRET to at least {LEAST_SECRET} random characters")
        self._secret = secret.encode()

    def token(self, link: AccountLink) -> str:
        """The link's part of the address."""
        ends = str(int(link.expires_at.timestamp()))
        signature = self._sign("link", link.account_id, ends, link.link_id)
        return ".".join((_encoded(link.account_id.encode()), ends, link.link_id, signature))

    def read(self, token: str) -> tuple[str, str, datetime] | None:
        """(account, link id, end) of a token that was signed here; None for any other."""
        parts = token.split(".") if len(token) <= MOST_TOKEN and token.isascii() else []
        if len(parts) != 4 or not parts[1].isdecimal() or len(parts[1]) > 11:
            return None
        account_id = _decoded(parts[0])
        if account_id is None or not self._is_ours(parts[3], "link", account_id, parts[1], parts[2]):
            return None
        return account_id, parts[2], datetime.fromtimestamp(int(parts[1]), UTC)

    def form(self, link_id: str, now: datetime) -> str:
        """What a page's form carries: nobody else can make one for this link."""
        at, form_id = str(int(now.timestamp())), token_hex(8)
        return ".".join((at, form_id, self._sign("form", link_id, at, form_id)))

    def read_form(self, link_id: str, sent: str, now: datetime) -> Form | None:
        """The form, if this page made it within the last hours; None for any other."""
        parts = sent.split(".") if len(sent) <= MOST_TOKEN and sent.isascii() else []
        if len(parts) != 3 or not parts[0].isdecimal() or len(parts[0]) > 11:
            return None
        if not self._is_ours(parts[2], "form", link_id, parts[0], parts[1]):
            return None
        age = now - datetime.fromtimestamp(int(parts[0]), UTC)
        return Form(parts[1]) if age <= timedelta(hours=FORM_HOURS) else None

    def _sign(self, *parts: str) -> str:
        # Each part with its length: no two lists of parts give one message.
        message = "".join(f"{len(part)}:{part}" for part in parts).encode()
        return _encoded(hmac.digest(self._secret, message, hashlib.sha256))

    def _is_ours(self, signature: str, *parts: str) -> bool:
        return hmac.compare_digest(signature.encode(), self._sign(*parts).encode())


def new_link(tx: Transaction, account_id: str, days: int = LINK_DAYS) -> AccountLink:
    """A link in force from now on; raises NotFound for an account that nobody knows, or that is closed or erased."""
    standing = tx.standings.get(account_id)
    gone = standing is None or standing.closed or standing.merged_into is not None
    if gone or tx.erasures.get(account_id) is not None:
        raise NotFound("no_such_account", account_id)
    now = tx.db_now()
    link = AccountLink(token_hex(8), account_id, now, now + timedelta(days=days))
    tx.account_links.put([link])
    return link


def revoke(tx: Transaction, account_id: str, link_id: str | None = None) -> int:
    """End a link, or all of the account, with the next request; how many."""
    now = tx.db_now()
    ended = [
        replace(link, revoked_at=now)
        for link in tx.account_links.of_account(account_id)
        if link.revoked_at is None and link.expires_at > now and link_id in {None, link.link_id}
    ]
    tx.account_links.put(ended)
    return len(ended)


def open_link(tx: Transaction, signer: Signer, token: str) -> OpenLink | Shut:
    """Whose page it is, or why there is none."""
    read = signer.read(token)
    if read is None:
        return Shut.INVALID
    account_id, link_id, ends = read
    if tx.erasures.get(account_id) is not None:
        return Shut.ERASED
    link, now = tx.account_links.get(link_id), tx.db_now()
    if ends <= now:
        return Shut.EXPIRED
    if link is None or link.account_id != account_id or link.revoked_at is not None:
        return Shut.REVOKED
    standing = tx.standings.get(account_id)
    if standing is None or standing.closed or standing.merged_into is not None:
        return Shut.CLOSED
    return OpenLink(link_id, account_id)


def token_of(path: str) -> str:
    """The link's part of a path under ``/my/``."""
    return path.removeprefix(PREFIX).partition("/")[0]


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> str | None:
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        return raw.decode()
    except (ValueError, binascii.Error):
        return None
