"""Signing in with a password or a one-time link, and signing out."""

import hmac
import logging
from typing import Annotated, Literal
from urllib.parse import quote, unquote, urlsplit

from fastapi import FastAPI, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from console.access import LockedOut, LoggedIn
from console.context import Console, Me, Services
from console.gate import same_origin
from console.oidc import Attempt, IssuerSilent, TokenRefused
from console.passwords import new_token
from console.roles import home_of
from console.texts import text

LOG = logging.getLogger("ringahead.console")
FORM_COOKIE = "ringahead_form"
ATTEMPT_COOKIE = "ringahead_attempt"
FORM_SECONDS = 3600


class Credentials(BaseModel):
    """The login form."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(max_length=200)
    password: str = Field(max_length=1000)
    form: str = Field(default="", max_length=200)
    """The same random text as in the form's cookie: a foreign page can set neither."""
    next: str = Field(default="", max_length=2000)


def mount(app: FastAPI) -> None:
    """Add the routes."""
    app.add_api_route("/", home, methods=["GET"], include_in_schema=False)
    app.add_api_route("/login", show, methods=["GET"], include_in_schema=False)
    app.add_api_route("/login", log_in, methods=["POST"], include_in_schema=False)
    app.add_api_route("/login/link/{token}", by_link, methods=["GET"], include_in_schema=False)
    app.add_api_route("/login/oidc", leave, methods=["GET"], include_in_schema=False)
    app.add_api_route("/login/oidc/callback", come_back, methods=["GET"], include_in_schema=False)
    app.add_api_route("/logout", log_out, methods=["POST"], include_in_schema=False)


def cookie_name(console: Console) -> str:
    """The prefix makes browsers refuse the cookie from anywhere but this very host over TLS."""
    return "__Host-ringahead" if console.settings.console_secure_cookies else "ringahead"


def home(me: Me) -> RedirectResponse:
    """To where this role begins."""
    return RedirectResponse(home_of(me.role), status_code=303)


def show(console: Services, request: Request, next: str = "", ended: str = "") -> Response:  # noqa: A002 - the query's name
    """The form; somebody who is signed in goes home."""
    if request.state.principal is not None:
        return RedirectResponse("/", status_code=303)
    return _form(console, text("login.expired") if ended else "", next_path=next)


def log_in(console: Services, request: Request, sent: Annotated[Credentials, Form()]) -> Response:
    """A session, or the form again with the reason."""
    cookie = request.cookies.get(FORM_COOKIE, "")
    genuine = bool(cookie) and hmac.compare_digest(cookie.encode(), sent.form.encode())
    if not genuine or not same_origin(request):
        return _form(console, text("login.form_old"), status=403, next_path=sent.next)
    if not console.settings.local_logins:
        return _form(console, text("login.refused"), status=403, next_path=sent.next)
    match console.access.log_in(sent.name.strip(), sent.password):
        case LoggedIn() as done:
            return _welcome(console, done, sent.next)
        case LockedOut() as locked:
            return _form(console, text("login.locked", minutes=locked.minutes), status=429, next_path=sent.next)
        case None:
            return _form(console, text("login.refused"), status=401, next_path=sent.next)


def leave(console: Services, next: str = "") -> Response:  # noqa: A002 - the query's name
    """To the issuer; the way back is known to this browser only."""
    if console.issuer is None:
        return _form(console, text("login.refused"), status=404)
    attempt = Attempt()
    try:
        response = RedirectResponse(console.issuer.address(attempt), status_code=303)
    except IssuerSilent as error:
        LOG.warning("nobody can sign in: %s", error)
        return _form(console, text("login.issuer_silent"), status=503, next_path=next)
    kept = f"{attempt.dumps()}.{quote(_local(next), safe='').replace('.', '%2E')}"
    _keep(console, response, ATTEMPT_COOKIE, kept, samesite="lax")  # the issuer sends the browser back: not "strict"
    return response


def come_back(console: Services, request: Request, code: str = "", state: str = "", error: str = "") -> Response:
    """A session for whom the issuer vouches; else the form with the reason."""
    kept, _, next_path = request.cookies.get(ATTEMPT_COOKIE, "").rpartition(".")
    attempt = Attempt.loads(kept)
    if console.issuer is None:
        return _form(console, text("login.refused"), status=404)
    if attempt is None or not hmac.compare_digest(attempt.state.encode(), state.encode()):
        return _form(console, text("login.form_old"), status=403)
    if error or not code:
        return _form(console, text("login.issuer_refused"), status=401)
    try:
        done = console.access.enter(console.issuer.redeem(code, attempt))
    except TokenRefused as refused:
        LOG.warning("a sign-in was refused: %s", refused)
        return _form(console, text("login.issuer_refused"), status=401)
    except IssuerSilent as silent:
        LOG.warning("nobody can sign in: %s", silent)
        return _form(console, text("login.issuer_silent"), status=503)
    response = _form(console, text("login.no_entry"), status=403)
    if done is not None:
        response = _welcome(console, done, unquote(next_path))
    response.delete_cookie(ATTEMPT_COOKIE, path="/login")
    return response


def by_link(console: Services, token: str) -> Response:
    """A link works once; HEAD, which previews send, does not come here."""
    done = console.access.use_link(token) if console.settings.local_logins else None
    if done is None:
        return _form(console, text("login.link_refused"), status=410)
    return _welcome(console, done, "")


def log_out(console: Services, request: Request) -> Response:
    """The session ends here and in the database."""
    console.access.log_out(request.cookies.get(cookie_name(console), ""))
    response = Response(status_code=204, headers={"HX-Redirect": "/login"})
    response.delete_cookie(cookie_name(console), path="/")
    return response


def _form(console: Console, message: str, *, status: int = 200, next_path: str = "") -> Response:
    token = new_token()
    page = console.render(
        "login.html",
        message=message,
        form=token,
        next=_local(next_path),
        local=console.settings.local_logins,
        elsewhere=console.issuer is not None,
    )
    response = HTMLResponse(page, status_code=status)
    _keep(console, response, FORM_COOKIE, token, samesite="strict")
    return response


def _keep(console: Console, response: Response, name: str, value: str, *, samesite: Literal["lax", "strict"]) -> None:
    response.set_cookie(
        name,
        value,
        max_age=FORM_SECONDS,
        path="/login",
        secure=console.settings.console_secure_cookies,
        httponly=True,
        samesite=samesite,
    )


def _welcome(console: Console, done: LoggedIn, next_path: str) -> RedirectResponse:
    response = RedirectResponse(_local(next_path) or home_of(done.principal.role), status_code=303)
    response.set_cookie(
        cookie_name(console),
        done.token,
        max_age=console.settings.session_hours * 3600,
        path="/",
        secure=console.settings.console_secure_cookies,
        httponly=True,
        samesite="lax",
    )
    return response


def _local(path: str) -> str:
    """The path when it stays on this site, else nothing."""
    parts = urlsplit(path)
    plain = path.startswith("/") and not path.startswith("//") and "\\" not in path
    return path if plain and not parts.scheme and not parts.netloc else ""
