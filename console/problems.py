"""Errors of the API as RFC 9457 problem details, and the closed list of their types."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:ringahead:problem:"

TYPES: Mapping[str, tuple[int, str]] = {
    "login": (401, "No key, an unknown one, or one that ended: send `Authorization: Bearer KEY`"),
    "not_allowed": (403, "The role of the key's user may not do this"),
    "scope": (403, "The key lacks the scope that is named"),
    "csrf": (403, "A session's request without its token, or from another site"),
    "not_found": (404, "There is no such address"),
    "no_such_account": (404, "Nothing is known of the account"),
    "no_such_register": (404, "No copy of such a register is in force, or there is no such register"),
    "method": (405, "The address knows other methods; see `Allow`"),
    "in_progress": (409, "The first request with this idempotency key is still at work; see `Retry-After`"),
    "sent_to_topics": (409, "This runtime sends it to topics: read them there"),
    "data_erased": (409, "An account of these is erased"),
    "changed": (412, "It is not what `If-Match` says any more: read it again"),
    "too_large": (413, "The body is too large"),
    "bad_request": (422, "A field of the request cannot be; `detail` names it"),
    "bad_key": (422, "An idempotency key has 1 to 200 visible ASCII characters"),
    "key_reused": (422, "The idempotency key was used for another request"),
    "bad_input": (422, "The content cannot be; `detail` says why"),
    "bad_number": (422, "A phone number has 5 to 15 digits"),
    "no_number": (422, "A contact by phone or text without a number"),
    "unknown_zone": (422, "No IANA time zone of a place"),
    "not_waiting": (422, "No message with this id waits"),
    "batch_size": (422, "A batch has 1 to 1,000 events"),
    "copied_in_future": (422, "A copy of a register that is dated in the future"),
    "no_time_zone": (422, "A moment without its offset from UTC"),
    "too_often": (429, "Slow down; see `Retry-After`"),
    "internal": (500, "A fault of ours; nothing was changed unless the answer to a repeat says so"),
    "unavailable": (503, "It cannot be stored now: send the same again later"),
}
"""By the end of the type's URI: the usual status, and what it means. Reasons of refused events are types as well."""


class ProblemDocument(BaseModel):
    """What went wrong, for programs: RFC 9457."""

    model_config = ConfigDict(extra="allow", use_attribute_docstrings=True)
    type: str = Field(pattern=f"^{PREFIX}[a-z_]+$")
    """What kind of problem; docs/api.md lists them."""
    title: str
    """The status in words."""
    status: int = Field(ge=400, le=599)
    detail: str
    """What is wrong with this request, for people."""


class Problem(Exception):
    """An answer that is an error: status, what is wrong, and what to do."""

    def __init__(self, status: int, kind: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.more = more


def problem(status: int, kind: str, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """A problem document; ``kind`` names the type as ``urn:ringahead:problem:<kind>``."""
    body = {
        "type": f"{PREFIX}{kind}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE, headers=headers)


def answers(**meanings: str) -> dict[int | str, dict[str, Any]]:
    """Errors of an endpoint for its description, as ``_404="..."``."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
    return {int(code[1:]): {"description": words, "content": content} for code, words in meanings.items()}
