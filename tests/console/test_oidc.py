"""Signing in through an OpenID Connect issuer: the whole way round, and every way in which it must not end well."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import jwt
import pytest

from console import oidc
from console.access import add_user
from console.oidc import Attempt, Issuer, IssuerSilent, OidcConfig, TokenRefused, config_of
from schemas.errors import Misconfigured
from schemas.settings import Settings
from tests.console.caller import Caller
from tests.console.conftest import Site
from tests.console.issuer import CLIENT, ISSUER, MadeIssuer

OIDC = {"oidc_issuer": ISSUER, "oidc_client_id": CLIENT, "console_url": "http://testserver"}


@pytest.fixture
def made() -> MadeIssuer:
    return MadeIssuer()


@pytest.fixture
def oidc_site(make_site: Callable[..., Site], made: MadeIssuer) -> Site:
    return make_site(issuer=issuer_of(made), **OIDC)


def issuer_of(made: MadeIssuer, **more: Any) -> Issuer:
    config = config_of(Settings(**(OIDC | more)))
    assert config is not None
    return Issuer(config, httpx.Client(transport=made))


def round_trip(caller: Caller, made: MadeIssuer, **claims: Any) -> httpx.Response:
    left = caller.get("/login/oidc?next=/accounts/17850")
    assert left.status_code == 303
    return caller.get("/login/oidc/callback", params=made.sign_in(left.headers["location"], **claims))


def test_the_whole_way_round_ends_where_one_wanted_to_be(oidc_site: Site, made: MadeIssuer) -> None:
    caller = oidc_site.caller()
    answer = round_trip(caller, made)
    assert (answer.status_code, answer.headers["location"]) == (303, "/accounts/17850")
    page = caller.get("/agent")
    assert page.status_code == 200
    assert "anna@example.com" in page.text


def test_the_role_is_what_the_issuer_says_today(oidc_site: Site, made: MadeIssuer) -> None:
    round_trip(oidc_site.caller(), made, roles=["supervisor"])
    again = oidc_site.caller()
    assert round_trip(again, made, roles=["agent"]).status_code == 303
    assert again.get("/team").status_code == 403


def test_of_several_roles_ours_come_in_their_order(made: MadeIssuer) -> None:
    issuer = issuer_of(made, oidc_roles={"boss": "supervisor", "phone": "agent"}, oidc_roles_claim="realm.roles")
    assert issuer.bearer(made.token(realm={"roles": ["phone", "boss"]})).role == "supervisor"
    assert issuer.bearer(made.token(realm={"roles": "phone"})).role == "agent"
    with pytest.raises(TokenRefused, match="no role"):
        issuer.bearer(made.token(realm={"roles": ["king"]}))


def test_somebody_without_a_role_here_does_not_enter(oidc_site: Site, made: MadeIssuer) -> None:
    caller = oidc_site.caller()
    assert round_trip(caller, made, roles=["visitor"]).status_code == 401
    assert "ringahead" not in caller.cookies()


def test_a_name_of_a_local_user_is_not_taken_over(oidc_site: Site, made: MadeIssuer) -> None:
    with oidc_site.store.begin() as tx:
        add_user(tx, "anna@example.com", "admin", None)
    caller = oidc_site.caller()
    assert round_trip(caller, made).status_code == 403
    assert "ringahead" not in caller.cookies()


def test_who_is_switched_off_here_stays_outside(oidc_site: Site, made: MadeIssuer) -> None:
    round_trip(oidc_site.caller(), made)
    with oidc_site.store.begin() as tx:
        user = tx.users.named("anna@example.com")
        assert user is not None
        tx.users.put([replace(user, disabled=True)])
    assert round_trip(oidc_site.caller(), made).status_code == 403
    bearer = {"authorization": f"Bearer {made.token(roles=['erp'])}"}
    assert oidc_site.caller().get("/v1/openapi.json", headers=bearer).status_code == 401


def test_another_browser_cannot_finish_what_one_began(oidc_site: Site, made: MadeIssuer) -> None:
    left = oidc_site.caller().get("/login/oidc")
    back = made.sign_in(left.headers["location"])
    assert oidc_site.caller().get("/login/oidc/callback", params=back).status_code == 403
    other = oidc_site.caller()
    other.get("/login/oidc")
    assert other.get("/login/oidc/callback", params=back).status_code == 403


def test_a_code_works_once_and_not_for_another_verifier(oidc_site: Site, made: MadeIssuer) -> None:
    caller = oidc_site.caller()
    left = caller.get("/login/oidc")
    made.sign_in(left.headers["location"])
    made.codes["code-0"][0]["code_challenge"] = "another"
    state = made.codes["code-0"][0]["state"]
    back = {"code": "code-0", "state": state}
    assert caller.get("/login/oidc/callback", params=back).status_code == 401


def test_an_identity_of_another_attempt_is_refused(oidc_site: Site, made: MadeIssuer) -> None:
    assert round_trip(oidc_site.caller(), made, nonce="of another attempt").status_code == 401


def test_a_refusal_of_the_issuer_is_said(oidc_site: Site, made: MadeIssuer) -> None:
    caller = oidc_site.caller()
    left = caller.get("/login/oidc")
    state = made.sign_in(left.headers["location"])["state"]
    answer = caller.get("/login/oidc/callback", params={"error": "access_denied", "state": state})
    assert answer.status_code == 401
    assert "did not let you in" in answer.text


def test_a_silent_issuer_is_told_from_a_refusal(oidc_site: Site, made: MadeIssuer) -> None:
    made.is_down = True
    answer = oidc_site.caller().get("/login/oidc")
    assert answer.status_code == 503
    assert "does not answer" in answer.text


def test_a_new_key_of_the_issuer_is_fetched_and_an_old_one_counts_no_more(
    made: MadeIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(oidc, "monotonic", lambda: now[0])
    issuer = issuer_of(made)
    old = made.token()
    assert issuer.bearer(old).role == "agent"
    made.rotate()
    now[0] += 11
    assert issuer.bearer(made.token()).role == "agent"
    with pytest.raises(TokenRefused, match="nobody that the issuer knows"):
        issuer.bearer(old)


def test_unknown_keys_do_not_make_us_ask_for_ever(made: MadeIssuer) -> None:
    issuer = issuer_of(made)
    issuer.bearer(made.token())
    stranger = MadeIssuer().token()
    for _ in range(20):
        with pytest.raises(TokenRefused):
            issuer.bearer(stranger)
    assert made.asked.count("/keys") == 1


def unsigned(token: str, **header: Any) -> str:
    """The same claims under another header, with no signature."""
    _, claims, _ = token.split(".")
    told = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{told}.{claims}."


def forged(made: MadeIssuer) -> dict[str, str]:
    """Tokens that prove nothing, by what is wrong with them."""
    good, now = made.token(), int(time.time())
    head, claims, signature = good.split(".")
    public = jwt.PyJWKSet.from_dict(httpx.Client(transport=made).get(f"{ISSUER}/keys").json()).keys[0]
    del public
    by_secret = jwt.encode(jwt.decode(good, options={"verify_signature": False}), "x" * 32, algorithm="HS256",
                           headers={"kid": made.kid})  # fmt: skip
    return {
        "alg none": unsigned(good, alg="none", kid=made.kid),
        "no signature": f"{head}.{claims}.",
        "other signature": f"{head}.{claims}.{signature[::-1]}",
        "symmetric": by_secret,
        "expired": made.token(iat=now - 900, exp=now - 300),
        "not yet": made.token(nbf=now + 300),
        "no end": made.token(exp=None),
        "other issuer": made.token(iss="https://evil.example"),
        "other audience": made.token(aud="another-program"),
        "two audiences, for another": made.token(aud=[CLIENT, "another"], azp="another"),
        "no subject": made.token(sub=None),
        "no key id": jwt.encode({"sub": "x"}, made.keys[made.kid], algorithm="RS256"),
        "not a token": "a.b.c",
    }


@pytest.mark.parametrize("wrong", list(forged(MadeIssuer())))
def test_a_token_that_proves_nothing_opens_nothing(oidc_site: Site, made: MadeIssuer, wrong: str) -> None:
    headers = {"authorization": f"Bearer {forged(made)[wrong]}"}
    assert oidc_site.caller().get("/v1/openapi.json", headers=headers).status_code == 401


def test_a_good_token_of_a_program_opens_what_its_role_may(oidc_site: Site, made: MadeIssuer) -> None:
    def status(path: str, role: str) -> int:
        headers = {"authorization": f"Bearer {made.token(roles=[role])}"}
        return oidc_site.caller().get(path, headers=headers).status_code

    assert status("/v1/openapi.json", "erp") == 200
    assert status("/v1/openapi.json", "agent") == 403


def test_an_issuer_that_goes_by_another_name_is_not_believed(made: MadeIssuer) -> None:
    made.names_itself = "https://evil.example"
    with pytest.raises(IssuerSilent, match="another name"):
        issuer_of(made).address(Attempt())


def test_without_local_logins_passwords_and_links_open_nothing(
    make_site: Callable[..., Site], made: MadeIssuer
) -> None:
    site = make_site(issuer=issuer_of(made), local_logins=False, **OIDC)
    page = site.caller().get("/login").text
    assert "organisation" in page
    assert 'type="password"' not in page
    with site.store.begin() as tx:
        add_user(tx, "anna", "agent", None)
        from console.access import one_time_link

        link = one_time_link(tx, "anna", "http://testserver")
    assert site.caller().get(link).status_code == 410


def test_half_a_configuration_is_refused() -> None:
    with pytest.raises(Misconfigured, match="OIDC_CLIENT_ID"):
        config_of(Settings(oidc_issuer=ISSUER))
    with pytest.raises(Misconfigured, match="king"):
        config_of(Settings(**OIDC, oidc_roles={"a": "king"}))
    assert config_of(Settings()) is None
    assert isinstance(config_of(Settings(**OIDC)), OidcConfig)
