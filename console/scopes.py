"""What an API key may be used for, within what its user's role may do. A key without scopes may do all of that."""

from collections.abc import Mapping
from enum import StrEnum

from console.roles import ENDPOINTS, Role, pattern_of


class Scope(StrEnum):
    """A part of the API."""

    EVENTS_WRITE = "events:write"
    CONTACTS_WRITE = "contacts:write"
    NUMBERS_WRITE = "numbers:write"
    REGISTERS_READ = "registers:read"
    REGISTERS_WRITE = "registers:write"
    OUTBOX_READ = "outbox:read"
    OUTBOX_WRITE = "outbox:write"
    SUGGESTIONS_READ = "suggestions:read"
    ERASURES_WRITE = "erasures:write"
    METRICS_READ = "metrics:read"
    CONTRACT_READ = "contract:read"


SCOPES: Mapping[tuple[str, str], Scope] = {
    ("POST", "/v1/events"): Scope.EVENTS_WRITE,
    ("POST", "/v1/contacts"): Scope.CONTACTS_WRITE,
    ("POST", "/v1/do-not-call"): Scope.NUMBERS_WRITE,
    ("GET", "/v1/registers"): Scope.REGISTERS_READ,
    ("GET", "/v1/registers/{name}"): Scope.REGISTERS_READ,
    ("POST", "/v1/registers/{name}"): Scope.REGISTERS_WRITE,
    ("GET", "/v1/outbox/{destination}"): Scope.OUTBOX_READ,
    ("POST", "/v1/outbox/{destination}/ack"): Scope.OUTBOX_WRITE,
    ("GET", "/v1/accounts/{account_id:path}/suggestions"): Scope.SUGGESTIONS_READ,
    ("POST", "/v1/erasures"): Scope.ERASURES_WRITE,
    ("GET", "/metrics"): Scope.METRICS_READ,
    ("GET", "/v1/openapi.json"): Scope.CONTRACT_READ,
    ("GET", "/v1/asyncapi.json"): Scope.CONTRACT_READ,
}
"""Every endpoint for programs; all others are for people, and no key with scopes opens them."""


def scope_of(method: str, path: str) -> Scope | None:
    """What a key needs for this concrete path; None: no scope is enough."""
    wanted = "GET" if method == "HEAD" else method
    return SCOPES.get((wanted, pattern_of(wanted, path)))


def scopes_of(role: Role) -> frozenset[Scope]:
    """Those that are of use to somebody of this role."""
    return frozenset(scope for endpoint, scope in SCOPES.items() if role in ENDPOINTS.get(endpoint, ()))
