"""The OpenAPI document: every endpoint of the API with its models, its problems, and the headers that all know."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from console.problems import ProblemDocument, answers
from console.scopes import SCOPES
from schemas.envelope import Envelope

Document = dict[str, Any]

COMMON = {
    401: "No key, an unknown one, or one that ended",
    403: "The role may not do this, or the key lacks the scope",
    429: "Too often; Retry-After says how long to wait",
    503: "The database cannot be reached now",
}
POSTED = {
    409: "The rules do not allow it now, or the first request with this idempotency key is still at work",
    413: "The body is too large",
    422: "Nothing of it was accepted",
}
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same key with the same request gives the same answer for 24 hours, and changes nothing again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
NONE_MATCH = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "Entity tags that the caller has: 304 where nothing changed.",
    "schema": {"type": "string"},
}
TAG = {"ETag": {"description": "Of this answer", "schema": {"type": "string"}}}


def described(app: FastAPI) -> Document:
    """The document, made once for an application."""
    made = app.openapi()
    components: Document = made.setdefault("components", {})
    if "securitySchemes" in components:
        return made
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key"}}
    parts: Document = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        parts.pop(unused, None)
    parts.setdefault("Envelope", Envelope.model_json_schema())
    parts["ProblemDocument"] = ProblemDocument.model_json_schema()
    for path, method, operation in _operations(made):
        if path.startswith("/v1/"):
            _complete(path, method, operation)
    return made


def _operations(made: Document) -> Iterator[tuple[str, str, Document]]:
    for path, methods in made["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _complete(path: str, method: str, operation: Document) -> None:
    """What every endpoint of its method knows; its own words stay."""
    wanted = COMMON | (POSTED if method == "post" else {422: "A parameter cannot be"})
    told = operation["responses"]
    for code, words in wanted.items():
        own = told.get(str(code), {}).get("description", "")
        told[str(code)] = answers(**{f"_{code}": words if own in {"", "Validation Error"} else own})[code]
    parameters = operation.setdefault("parameters", [])
    parameters.append(KEY if method == "post" else NONE_MATCH)
    if method == "get":
        told["304"] = {"description": "Nothing changed", "headers": TAG}
        told["200"].setdefault("headers", {}).update(TAG)
    operation["security"] = [{"key": []}]
    scopes = {(verb.lower(), known.replace(":path}", "}")): one for (verb, known), one in SCOPES.items()}
    scope = scopes.get((method, path))
    if scope is not None:
        operation["x-scope"] = str(scope)
