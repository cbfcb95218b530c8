"""Asking the process that owns a data folder to do something."""

from collections.abc import Mapping
from typing import Any

import httpx

from schemas.errors import AlreadyRunning, Refused, Unavailable
from streams.embedded.lock import Owner

ANSWER_SECONDS = 300.0


def ask(owner: Owner, what: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call one of its local endpoints; raises Refused with its reason, Unavailable when it does not answer."""
    if owner.url is None:
        raise AlreadyRunning(f"`{owner.command}` (process {owner.pid}) uses the data folder and takes no requests yet")
    headers = {"authorization": f"Bearer {owner.token}"}
    try:
        answer = httpx.post(f"{owner.url}/internal/{what}", json=dict(told), headers=headers, timeout=ANSWER_SECONDS)
    except httpx.TransportError as error:
        raise Unavailable(f"`{owner.command}` at {owner.url} does not answer: {error}") from error
    if answer.is_error:
        problem = answer.json() if "json" in answer.headers.get("content-type", "") else {}
        raise Refused(problem.get("title", f"status {answer.status_code}"), problem.get("detail", answer.text[:200]))
    result: Mapping[str, Any] = answer.json()
    return result
