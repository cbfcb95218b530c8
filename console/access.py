"""Logins: passwords, lock-out, sessions, one-time links, API keys. Tokens are known to their bearer only."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock, Thread
from time import monotonic

from console.gate import Principal
from console.oidc import Identity
from console.passwords import Passwords, new_token, token_hash
from console.roles import PEOPLE, Role
from console.scopes import Scope, scopes_of
from outreach.access import LoginLink, Session, User
from outreach.ports import Store, Transaction
from outreach.records import AuditEntry
from schemas.errors import BadInput, NotFound, Unavailable

LOCK_AFTER_FAILURES = 5
LOCK_MINUTES = 15
LINK_MINUTES = 60
KEY_ID_LENGTH = 12
COMMAND_LINE = "command line"
NOTED_EVERY = timedelta(minutes=1)
KNOWN_SECONDS = 900.0
KNOWN_KEYS = 100
KEY_WITHOUT_COOKIE = ""
"""An API key is a session with this CSRF token: it is taken from the Authorization header and from no cookie."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A new session: the token goes into the cookie and is stored nowhere else."""

    token: str
    principal: Principal
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class LockedOut:
    """Too many failures; nobody may try before then (database time)."""

    until: datetime
    minutes: int


class Access:
    """Use cases of logging in, each in its own transaction."""

    def __init__(self, store: Store, passwords: Passwords, *, session_hours: int) -> None:
        self._store = store
        self._passwords = passwords
        self._session = timedelta(hours=session_hours)
        self._noting = Lock()
        self._known_keys: dict[str, tuple[float, Principal]] = {}

    def log_in(self, name: str, password: str) -> LoggedIn | LockedOut | None:
        """A session, or how long to wait, or None: refused without saying which of the two was wrong."""
        with self._store.read() as tx:
            user = tx.users.named(name)
            locked = _lock_of(user, tx.db_now())
        if locked is not None:
            return locked
        # Outside of a transaction: it takes tens of milliseconds on purpose.
        fits = self._passwords.fits(password, user.password_hash if user else None)
        with self._store.begin() as tx:
            user = tx.users.named(name)
            if user is None or not _may_enter(user):
                return None
            locked = _lock_of(user, tx.db_now())
            if locked is not None:
                return locked
            return self._open(tx, user) if fits else _count_failure(tx, user)

    def use_link(self, token: str) -> LoggedIn | None:
        """A session for a link that was not used yet; None for any other."""
        with self._store.begin() as tx:
            link = tx.login_links.lock(token_hash(token))
            now = tx.db_now()
            if link is None or link.used_at is not None or link.expires_at <= now:
                return None
            user = tx.users.get(link.user_id)
            if user is None or not _may_enter(user):
                return None
            tx.login_links.put([replace(link, used_at=now)])
            return self._open(tx, user)

    def enter(self, who: Identity) -> LoggedIn | None:
        """A session for somebody whom the issuer vouches for, with the role that it says today.

        None: switched off here, or the name belongs to another login.
        """
        with self._store.begin() as tx:
            named, known = tx.users.named(who.name), tx.users.get(who.user_id)
            if (named is not None and named.user_id != who.user_id) or (known is not None and known.disabled):
                return None
            fresh = known or User(who.user_id, who.name, who.role, None, tx.db_now())
            user = replace(fresh, name=who.name, role=who.role)
            tx.users.put([user])
            return self._open(tx, user)

    def by_identity(self, who: Identity) -> Principal | None:
        """Whose access token a program brings; None: switched off here."""
        with self._store.read() as tx:
            known = tx.users.get(who.user_id)
        return None if known is not None and known.disabled else Principal(who.user_id, who.name, who.role)

    def by_cookie(self, token: str) -> Principal | None:
        """Whose session it is."""
        return self._principal(token, with_cookie=True)

    def by_key(self, key: str, *, or_known: bool = False) -> Principal | None:
        """Whose API key it is; that it was used is noted once a minute.

        ``or_known``, for the metrics alone: while the database is away, a key that was known within the last quarter
        of an hour is known still, as the metrics are what tells that the database is away.
        """
        hashed = token_hash(key)
        try:
            found = self._principal(key, with_cookie=False)
        except Unavailable:
            at, known = self._known_keys.get(hashed, (0.0, None))
            if not or_known or known is None or monotonic() - at > KNOWN_SECONDS or not _may_scrape(known):
                raise
            return replace(known, scopes=frozenset({Scope.METRICS_READ.value}))
        self._known_keys.pop(hashed, None)
        if found is not None:
            self._known_keys[hashed] = monotonic(), found
            while len(self._known_keys) > KNOWN_KEYS:
                self._known_keys.pop(next(iter(self._known_keys)), None)
        return found

    def log_out(self, token: str) -> None:
        """The session ends now."""
        with self._store.begin() as tx:
            tx.sessions.end(token_hash(token))

    def _open(self, tx: Transaction, user: User) -> LoggedIn:
        now, token = tx.db_now(), new_token()
        session = Session(token_hash(token), user.user_id, new_token(), now, now + self._session)
        tx.sessions.end_expired(now)
        tx.sessions.put([session])
        tx.users.put([replace(user, failed_count=0, locked_until=None)])
        return LoggedIn(token, _principal_of(user, session), session.expires_at)

    def _principal(self, token: str, *, with_cookie: bool) -> Principal | None:
        with self._store.read() as tx:
            session, now = tx.sessions.get(token_hash(token)), tx.db_now()
            if session is None or session.expires_at <= now:
                return None
            if (session.csrf != KEY_WITHOUT_COOKIE) is not with_cookie:
                return None
            user = tx.users.get(session.user_id)
        if user is None or not _may_enter(user):
            return None
        if not with_cookie and (session.used_at is None or now - session.used_at >= NOTED_EVERY):
            self._note_use(session.token_hash, now)
        return _principal_of(user, session)

    def _note_use(self, hashed: str, at: datetime) -> None:
        """Behind the request's back, which must not wait for a writer; one at a time, as the writer may be gone."""
        if self._noting.acquire(blocking=False):
            Thread(target=self._noted, args=(hashed, at), name="key-use", daemon=True).start()

    def _noted(self, hashed: str, at: datetime) -> None:
        try:
            with self._store.begin() as tx:
                tx.sessions.used(hashed, at)
        except Unavailable:
            return  # the next use is noted
        finally:
            self._noting.release()


def _may_scrape(who: Principal) -> bool:
    return who.scopes is None or Scope.METRICS_READ.value in who.scopes


def _may_enter(user: User) -> bool:
    """Not switched off, and of a role that the console knows."""
    return not user.disabled and user.role in PEOPLE


def _principal_of(user: User, session: Session) -> Principal:
    scopes = None if session.scopes is None else frozenset(session.scopes)
    return Principal(user.user_id, user.name, Role(user.role), session.csrf or None, scopes)


def _lock_of(user: User | None, now: datetime) -> LockedOut | None:
    if user is None or user.locked_until is None or user.locked_until <= now:
        return None
    return LockedOut(user.locked_until, -(-int((user.locked_until - now).total_seconds()) // 60))


def _count_failure(tx: Transaction, user: User) -> LockedOut | None:
    """One more failure; after an old lock the count starts anew."""
    now = tx.db_now()
    failures = 1 if user.locked_until is not None else user.failed_count + 1
    until = now + timedelta(minutes=LOCK_MINUTES) if failures >= LOCK_AFTER_FAILURES else None
    tx.users.put([replace(user, failed_count=failures, locked_until=until)])
    return None if until is None else LockedOut(until, LOCK_MINUTES)


def add_user(tx: Transaction, name: str, role: str, password_hash: str | None) -> User:
    """A new user, who goes by his name in the audit; raises BadInput when the name is taken or the role unknown."""
    if role not in PEOPLE:
        raise BadInput(f"role {role!r} is not one of {', '.join(sorted(PEOPLE))}")
    if not name or len(name) > 100 or not name.isprintable() or name.strip() != name:
        raise BadInput("a name has 1 to 100 printable characters and no space at its ends")
    if tx.users.named(name) is not None:
        raise BadInput(f"there is a user {name!r} already")
    user = User(name, name, role, password_hash, tx.db_now())
    tx.users.put([user])
    return user


def disable_user(tx: Transaction, name: str) -> User:
    """He may not log in any more, and his sessions and keys end with their next request; raises NotFound."""
    user = tx.users.named(name)
    if user is None:
        raise NotFound("no_such_user", name)
    disabled = replace(user, disabled=True)
    tx.users.put([disabled])
    return disabled


def one_time_link(tx: Transaction, name: str, base_url: str, valid_minutes: int = LINK_MINUTES) -> str:
    """An address that logs this user in once; raises NotFound. Whoever has it is the user: print it, never log it."""
    user = tx.users.named(name)
    if user is None:
        raise NotFound("no_such_user", name)
    token = new_token()
    tx.login_links.put([LoginLink(token_hash(token), user.user_id, tx.db_now() + timedelta(minutes=valid_minutes))])
    return f"{base_url.rstrip('/')}/login/link/{token}"


def new_api_key(tx: Transaction, name: str, valid_days: int = 365, scopes: Collection[str] | None = None) -> str:
    """A key for programs of this user: ``Authorization: Bearer KEY``; raises NotFound. It is shown once.

    ``scopes`` None: all that the user's role may do. Raises BadInput for one that is of no use to the role.
    """
    user = tx.users.named(name)
    if user is None:
        raise NotFound("no_such_user", name)
    words = None if scopes is None else tuple(sorted(set(scopes)))
    useful = scopes_of(Role(user.role))
    if words is not None and not (words and set(words) <= useful):
        raise BadInput(f"scopes of the role {user.role} are {', '.join(sorted(useful)) or 'none'}")
    key, now = new_token(), tx.db_now()
    made = Session(token_hash(key), user.user_id, KEY_WITHOUT_COOKIE, now, now + timedelta(days=valid_days), words)
    tx.sessions.put([made])
    tx.audit.append([_key_entry(made, now, "key_made", f"{valid_days} days, {' '.join(words or ('all',))}")])
    return key


@dataclass(frozen=True, slots=True)
class KeyShown:
    """An API key as it may be shown: not the key."""

    key_id: str
    """The beginning of its hash."""
    user_id: str
    scopes: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    """To the minute; None: never."""
    ended: bool
    """Expired, or its user is switched off."""


def api_keys(tx: Transaction, name: str | None = None) -> list[KeyShown]:
    """All of them, or those of one user; oldest first."""
    now, users = tx.db_now(), {user.user_id: user for user in tx.users.all()}
    keys = [key for key in tx.sessions.keys() if name is None or key.user_id == name]  # noqa: SIM118
    return [
        KeyShown(
            key.token_hash[:KEY_ID_LENGTH],
            key.user_id,
            key.scopes,
            key.created_at,
            key.expires_at,
            key.used_at,
            key.expires_at <= now or key.user_id not in users or not _may_enter(users[key.user_id]),
        )
        for key in keys
    ]


def revoke_key(tx: Transaction, key_id: str) -> str:
    """It ends with its next request; whose it was. Raises NotFound, and BadInput where several begin so."""
    found = [key for key in tx.sessions.keys() if len(key_id) >= 6 and key.token_hash.startswith(key_id)]  # noqa: SIM118
    if not found:
        raise NotFound("no_such_key", key_id)
    if len(found) > 1:
        raise BadInput(f"{len(found)} keys begin with {key_id}: give more of it")
    tx.sessions.end(found[0].token_hash)
    tx.audit.append([_key_entry(found[0], tx.db_now(), "key_revoked", "")])
    return found[0].user_id


def _key_entry(key: Session, at: datetime, event: str, detail: str) -> AuditEntry:
    subject = f"key:{key.token_hash[:KEY_ID_LENGTH]}"
    return AuditEntry(0, at, subject, None, COMMAND_LINE, event, None, key.user_id, 0, detail)


def set_password(tx: Transaction, name: str, password_hash: str) -> User:
    """A new password, without a lock; raises NotFound."""
    user = tx.users.named(name)
    if user is None:
        raise NotFound("no_such_user", name)
    changed = replace(user, password_hash=password_hash, failed_count=0, locked_until=None)
    tx.users.put([changed])
    return changed
