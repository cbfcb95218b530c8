"""OpenID Connect: who signs in elsewhere, with the authorization code flow and PKCE, and which role that means here.

Sources: OpenID Connect Core 1.0, sections 3.1.2 and 3.1.3.7; Discovery 1.0, section 4; RFC 7636 (PKCE); RFC 8725 (JWT).
Algorithms are fixed here, never taken from a token; keys are those that the issuer publishes, asked for again when it
signs with one that is not known yet.
"""

import base64
import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt

from console.passwords import new_token
from console.roles import PEOPLE, Role
from schemas.errors import Misconfigured
from schemas.settings import Settings

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
LEEWAY_SECONDS = 30
KEYS_KEPT_SECONDS = 3600.0
ASK_AGAIN_SECONDS = 10.0
"""A token of an unknown key makes us ask the issuer; at most so often, or anybody could make us ask for ever."""
ANSWER_SECONDS = 5.0
PRECEDENCE = (Role.ADMIN, Role.SUPERVISOR, Role.OPERATOR, Role.ERP, Role.AGENT)
"""Which role counts where somebody has several."""
SCOPES = "openid profile email"


class TokenRefused(Exception):
    """The token proves nothing; the message says why, without anything that the token says."""


class IssuerSilent(Exception):
    """The issuer does not answer, or not as its protocol says."""


@dataclass(frozen=True, slots=True)
class OidcConfig:
    """One issuer and what its claims mean."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_uri: str
    audience: str
    """Of tokens that programs bring."""
    roles_claim: str
    """Where the roles stand in the claims; dots go deeper."""
    roles: Mapping[str, Role]
    """Our role by theirs; the first of these that somebody has counts."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to sign in: kept in the browser's cookie between leaving and coming back."""

    state: str = field(default_factory=new_token)
    nonce: str = field(default_factory=new_token)
    verifier: str = field(default_factory=new_token)

    @property
    def challenge(self) -> str:
        """The verifier's S256 hash."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()

    def dumps(self) -> str:
        """For the cookie."""
        return ".".join((self.state, self.nonce, self.verifier))

    @classmethod
    def loads(cls, text: str) -> "Attempt | None":
        """From the cookie; None where it is no attempt of ours."""
        parts = text.split(".")
        return cls(*parts) if len(parts) == 3 and all(parts) else None


@dataclass(frozen=True, slots=True)
class Identity:
    """Whom the issuer vouches for."""

    user_id: str
    name: str
    role: Role


def config_of(settings: Settings) -> OidcConfig | None:
    """None where no issuer is set; raises Misconfigured where something is missing or no role of ours."""
    if not settings.oidc_issuer:
        return None
    if not settings.oidc_client_id or not settings.console_url:
        raise Misconfigured("RINGAHEAD_OIDC_ISSUER needs RINGAHEAD_OIDC_CLIENT_ID and RINGAHEAD_CONSOLE_URL")
    if unknown := sorted(set(settings.oidc_roles.values()) - PEOPLE):
        raise Misconfigured(f"RINGAHEAD_OIDC_ROLES: {unknown[0]!r} is not one of {', '.join(sorted(PEOPLE))}")
    return OidcConfig(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        redirect_uri=f"{settings.console_url.rstrip('/')}/login/oidc/callback",
        audience=settings.oidc_audience or settings.oidc_client_id,
        roles_claim=settings.oidc_roles_claim,
        roles={theirs: Role(ours) for theirs, ours in settings.oidc_roles.items()} or {one: one for one in PRECEDENCE},
    )


class Issuer:
    """The issuer as seen from here; what it publishes is kept for an hour. Threads may share it."""

    def __init__(self, config: OidcConfig, client: httpx.Client | None = None) -> None:
        self.config = config
        self._client = client or httpx.Client(timeout=ANSWER_SECONDS, follow_redirects=False)
        self._lock = threading.Lock()
        self._told: dict[str, Any] = {}
        self._keys: dict[str, jwt.PyJWK] = {}
        self._keys_at = float("-inf")

    def address(self, attempt: Attempt) -> str:
        """Where the browser goes to sign in; raises IssuerSilent."""
        query = {
            "response_type": "code",
            "client_id": self.config.client_id,
            "redirect_uri": self.config.redirect_uri,
            "scope": SCOPES,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._endpoint('authorization_endpoint')}?{urlencode(query)}"

    def redeem(self, code: str, attempt: Attempt) -> Identity:
        """Whom a code stands for; raises TokenRefused, IssuerSilent."""
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.config.redirect_uri,
            "client_id": self.config.client_id,
            "code_verifier": attempt.verifier,
        }
        secret = self.config.client_secret
        auth = httpx.BasicAuth(self.config.client_id, secret) if secret else httpx.Auth()
        answer = self._ask(lambda: self._client.post(self._endpoint("token_endpoint"), data=sent, auth=auth))
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise TokenRefused("the issuer gave no identity")
        claims = self._claims(token, self.config.client_id)
        if claims.get("nonce") != attempt.nonce:
            raise TokenRefused("the identity belongs to another attempt")
        return self._identity(claims)

    def bearer(self, token: str) -> Identity:
        """Whose access token a program brings; raises TokenRefused, IssuerSilent."""
        return self._identity(self._claims(token, self.config.audience))

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        theirs = _inside(claims, self.config.roles_claim)
        has = {theirs} if isinstance(theirs, str) else set(theirs) if isinstance(theirs, Sequence) else set()
        role = next((ours for name, ours in self.config.roles.items() if name in has), None)
        if role is None:
            raise TokenRefused("the issuer names no role that is known here")
        subject = str(claims["sub"])
        said = claims.get("preferred_username") or claims.get("email") or claims.get("client_id") or subject
        name = "".join(char for char in str(said) if char.isprintable()).strip()[:100] or subject[:100]
        return Identity(
            f"oidc:{hashlib.sha256(f'{self.config.issuer} {subject}'.encode()).hexdigest()[:32]}", name, role
        )

    def _claims(self, token: str, audience: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            key = self._key(str(header.get("kid", "")))
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name] if key.algorithm_name in ALGORITHMS else [],
                audience=audience,
                issuer=self.config.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError) as error:
            raise TokenRefused(f"the token is not valid: {type(error).__name__}") from error
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if len(audiences) > 1 and claims.get("azp", audience) != self.config.client_id:
            raise TokenRefused("the token was made for another program")
        return claims

    def _key(self, kid: str) -> jwt.PyJWK:
        with self._lock:
            age = monotonic() - self._keys_at
            if age > KEYS_KEPT_SECONDS or (kid not in self._keys and age > ASK_AGAIN_SECONDS):
                self._keys = self._published_keys()
                self._keys_at = monotonic()
            if kid not in self._keys:
                raise TokenRefused("the token is signed by nobody that the issuer knows")
            return self._keys[kid]

    def _published_keys(self) -> dict[str, jwt.PyJWK]:
        told = self._ask(lambda: self._client.get(self._endpoint("jwks_uri")))
        try:
            keys = jwt.PyJWKSet.from_dict(told).keys
        except jwt.PyJWTError as error:
            raise IssuerSilent("the issuer publishes no keys that can be read") from error
        return {str(key.key_id): key for key in keys if key.public_key_use in {None, "sig"}}

    def _endpoint(self, name: str) -> str:
        if not self._told:
            told = self._ask(
                lambda: self._client.get(f"{self.config.issuer.rstrip('/')}/.well-known/openid-configuration")
            )
            if told.get("issuer") != self.config.issuer:
                raise IssuerSilent("the issuer goes by another name than RINGAHEAD_OIDC_ISSUER says")
            self._told = told
        address = self._told.get(name)
        if not isinstance(address, str):
            raise IssuerSilent(f"the issuer names no {name}")
        return address

    @staticmethod
    def _ask(request: Callable[[], httpx.Response]) -> dict[str, Any]:
        try:
            answer = request()
            told = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise IssuerSilent(f"the issuer cannot be asked: {type(error).__name__}") from error
        if answer.status_code == 400 and isinstance(told, dict):
            raise TokenRefused("the issuer takes the code no more")
        if answer.status_code != 200 or not isinstance(told, dict):
            raise IssuerSilent(f"the issuer answered {answer.status_code}")
        return told


def _inside(claims: Mapping[str, Any], path: str) -> Any:
    found: Any = claims
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
