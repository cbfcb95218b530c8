"""Who may do what: every endpoint of the console, and the roles that it is for.

The gate refuses whatever does not stand here, and a test walks the whole table with every role.
"""

from collections.abc import Mapping
from enum import StrEnum

from starlette.routing import compile_path


class Role(StrEnum):
    """What a user is here for; each has one."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    OPERATOR = "operator"
    ERP = "erp"
    ADMIN = "admin"
    CUSTOMER = "customer"
    """An account, by a link to its own page; never a user."""
    PROCESS = "process"
    """Another command of this installation, by the token beside the lock file; never a person's."""


PEOPLE: frozenset[Role] = frozenset(Role) - {Role.PROCESS, Role.CUSTOMER}
CALLERS: frozenset[Role] = frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMIN})
WATCHERS: frozenset[Role] = frozenset({Role.OPERATOR, Role.SUPERVISOR, Role.ADMIN})
OPERATORS: frozenset[Role] = frozenset({Role.OPERATOR, Role.ADMIN})
SUPERVISORS: frozenset[Role] = frozenset({Role.SUPERVISOR, Role.ADMIN})
SENDERS: frozenset[Role] = frozenset({Role.ERP, Role.ADMIN})
PROCESSES: frozenset[Role] = frozenset({Role.PROCESS})
CUSTOMERS: frozenset[Role] = frozenset({Role.CUSTOMER})
OPEN: frozenset[Role] = frozenset()
"""Needs no login: the login itself, static files, and whether the process lives."""

ENDPOINTS: Mapping[tuple[str, str], frozenset[Role]] = {
    ("GET", "/static/{path:path}"): OPEN,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/login"): OPEN,
    ("POST", "/login"): OPEN,
    ("GET", "/login/link/{token}"): OPEN,
    ("GET", "/login/oidc"): OPEN,
    ("GET", "/login/oidc/callback"): OPEN,
    ("POST", "/logout"): PEOPLE,
    ("GET", "/"): PEOPLE,
    ("GET", "/stream"): CALLERS | WATCHERS,
    ("GET", "/agent"): CALLERS,
    ("GET", "/agent/desk"): CALLERS,
    ("POST", "/agent/next"): CALLERS,
    ("POST", "/agent/tasks/{task_id}/heartbeat"): CALLERS,
    ("POST", "/agent/tasks/{task_id}/start"): CALLERS,
    ("POST", "/agent/tasks/{task_id}/end"): CALLERS,
    ("POST", "/agent/tasks/{task_id}/skip"): CALLERS,
    ("POST", "/agent/tasks/{task_id}/disposition"): CALLERS,
    ("POST", "/agent/tasks/{task_id}/order"): CALLERS,
    ("POST", "/agent/tasks/{task_id}/suggestion"): CALLERS,
    ("GET", "/team"): SUPERVISORS,
    ("GET", "/team/board"): SUPERVISORS,
    ("POST", "/team/tasks/{task_id}/settle"): SUPERVISORS,
    ("POST", "/team/tasks/{task_id}/release"): SUPERVISORS,
    ("POST", "/team/tasks/{task_id}/cancel"): SUPERVISORS,
    ("POST", "/team/reorders/{reorder_id}/approve"): SUPERVISORS,
    ("POST", "/team/reorders/{reorder_id}/reject"): SUPERVISORS,
    ("GET", "/team/waiting"): SUPERVISORS,
    ("POST", "/team/tasks/{task_id}/reassign"): SUPERVISORS,
    ("POST", "/team/agents/{agent_id}/hand-over"): SUPERVISORS,
    ("GET", "/team/profiles"): SUPERVISORS,
    ("POST", "/team/profiles/try"): SUPERVISORS,
    ("POST", "/team/profiles/apply"): SUPERVISORS,
    ("POST", "/team/profiles/rollback"): SUPERVISORS,
    ("GET", "/team/reports"): SUPERVISORS,
    ("GET", "/team/reports/counted"): SUPERVISORS,
    ("GET", "/accounts"): CALLERS | WATCHERS,
    ("GET", "/account-history"): CALLERS | WATCHERS,
    ("GET", "/accounts/{account_id:path}"): CALLERS | WATCHERS,
    ("GET", "/operator"): WATCHERS,
    ("GET", "/operator/board"): WATCHERS,
    ("POST", "/operator/kill-switch"): WATCHERS,
    ("GET", "/operator/letters"): OPERATORS,
    ("POST", "/operator/letters/replay"): OPERATORS,
    ("GET", "/operator/letter"): OPERATORS,
    ("POST", "/operator/letter/edit"): OPERATORS,
    ("POST", "/operator/letter/replay"): OPERATORS,
    ("POST", "/operator/letter/discard"): OPERATORS,
    ("GET", "/operator/resets"): OPERATORS,
    ("POST", "/operator/resets/plan"): OPERATORS,
    ("POST", "/operator/resets/do"): OPERATORS,
    ("GET", "/my/{token}"): CUSTOMERS,
    ("GET", "/my/{token}/data"): CUSTOMERS,
    ("GET", "/my/{token}/data.jsonl"): CUSTOMERS,
    ("POST", "/my/{token}/{wish}"): CUSTOMERS,
    ("GET", "/metrics"): WATCHERS,
    ("POST", "/v1/events"): SENDERS | PROCESSES,
    ("POST", "/v1/contacts"): SENDERS,
    ("POST", "/v1/do-not-call"): SENDERS | SUPERVISORS,
    ("POST", "/v1/registers/{name}"): SENDERS,
    ("GET", "/v1/registers"): SENDERS | WATCHERS,
    ("GET", "/v1/registers/{name}"): SENDERS | WATCHERS,
    ("GET", "/v1/accounts/{account_id:path}/suggestions"): SENDERS | CALLERS | WATCHERS,
    ("POST", "/v1/erasures"): SUPERVISORS,
    ("GET", "/v1/outbox/{destination}"): SENDERS,
    ("POST", "/v1/outbox/{destination}/ack"): SENDERS,
    ("GET", "/v1/openapi.json"): SENDERS | WATCHERS,
    ("GET", "/v1/asyncapi.json"): SENDERS | WATCHERS,
    ("POST", "/internal/{name}"): PROCESSES,
}

_COMPILED = tuple((method, compile_path(path)[0], allowed, path) for (method, path), allowed in ENDPOINTS.items())


def allowed_roles(method: str, path: str) -> frozenset[Role] | None:
    """Roles that may call this concrete path; OPEN for everybody; None: there is no such endpoint."""
    wanted = "GET" if method == "HEAD" else method
    for known, pattern, allowed, _ in _COMPILED:
        if known == wanted and pattern.match(path):
            return allowed
    return None


def pattern_of(method: str, path: str) -> str:
    """The endpoint that a concrete path belongs to, for metrics; ``unknown`` where there is none."""
    wanted = "GET" if method == "HEAD" else method
    return next((path_ for known, regex, _, path_ in _COMPILED if known == wanted and regex.match(path)), "unknown")


def methods_of(path: str) -> tuple[str, ...]:
    """The methods that this concrete path knows, for an honest 405."""
    return tuple(method for method, pattern, _, _ in _COMPILED if pattern.match(path))


def home_of(role: Role) -> str:
    """Where somebody of this role begins."""
    if role in {Role.AGENT, Role.ADMIN}:
        return "/agent"
    if role is Role.SUPERVISOR:
        return "/team"
    return "/operator" if role in WATCHERS else "/v1/openapi.json"
