"""A browser without a network: sends requests straight into the application, keeps cookies, knows the CSRF token."""

import asyncio
import re
from typing import Any

import httpx
from fastapi import FastAPI

from console.access import add_user, one_time_link
from outreach.ports import Store

BASE = "http://testserver"


class Caller:
    """One person or program. Redirects are not followed."""

    def __init__(self, app: FastAPI, runner: asyncio.Runner) -> None:
        self._runner = runner
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url=BASE)
        self.csrf = ""

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request; the CSRF token of the last page goes with it unless ``headers`` says otherwise."""
        headers = {"x-csrf-token": self.csrf, **options.pop("headers", {})}
        response = self._runner.run(self._client.request(method, path, headers=headers, **options))
        token = re.search(r'"X-CSRF-Token": "([^"]+)"', response.text)
        if token:
            self.csrf = token.group(1)
        return response

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.send("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.send("POST", path, **options)

    def cookies(self) -> dict[str, str]:
        return dict(self._client.cookies)

    def close(self) -> None:
        self._runner.run(self._client.aclose())


def sign_in(caller: Caller, store: Store, name: str, role: str, page: str = "") -> Caller:
    """Make the user, follow a one-time link, open a page of his for the token."""
    with store.begin() as tx:
        if tx.users.named(name) is None:
            add_user(tx, name, role, None)
        link = one_time_link(tx, name, BASE)
    answer = caller.get(link)
    assert answer.status_code == 303, answer.text
    if page:
        assert caller.get(page).status_code == 200
    return caller
