"""An agent's browser over HTTP: signs in by a one-time link, keeps its cookie and its CSRF token."""

import re
from typing import Any

import httpx

from console.access import add_user, one_time_link
from outreach.ports import Store


class Browser:
    """One person at one console; `move_to` another one keeps the login."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._client = httpx.Client(timeout=30)
        self._csrf = ""

    def sign_in(self, store: Store, name: str, role: str = "agent") -> None:
        """Make the user and follow a one-time link."""
        with store.begin() as tx:
            if tx.users.named(name) is None:
                add_user(tx, name, role, None)
            link = one_time_link(tx, name, self._base)
        assert self._client.get(link).status_code == 303
        self.get("/agent")

    def move_to(self, base: str) -> None:
        """Another console of the same installation."""
        self._base = base
        self.get("/agent")

    def get(self, path: str) -> httpx.Response:
        """A page."""
        return self._keep(self._client.get(self._base + path))

    def post(self, path: str, **data: str) -> httpx.Response:
        """A button."""
        headers = {"x-csrf-token": self._csrf, "origin": self._base}
        return self._keep(self._client.post(self._base + path, data=data, headers=headers))

    def _keep(self, answer: httpx.Response) -> httpx.Response:
        token = re.search(r'"X-CSRF-Token": "([^"]+)"', answer.text)
        if token:
            self._csrf = token.group(1)
        return answer

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def __enter__(self) -> "Browser":
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
