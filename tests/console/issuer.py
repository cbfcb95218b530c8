"""An OpenID Connect issuer in this process: it signs, publishes its keys, changes them, and can be made to lie."""

import json
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

ISSUER = "https://login.example"
CLIENT = "ringahead"


class MadeIssuer(httpx.BaseTransport):
    """Answers discovery, keys and the token endpoint; ``sign_in`` is what the person does in the browser."""

    def __init__(self) -> None:
        self.names_itself = ISSUER
        self.is_down = False
        self.asked: list[str] = []
        self.codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}
        self.keys: dict[str, rsa.RSAPrivateKey] = {}
        self.rotate()

    def rotate(self) -> None:
        """A new key; the ones before are published no more."""
        self.kid = f"key-{time.monotonic_ns()}"
        self.keys = {self.kid: rsa.generate_private_key(public_exponent=65537, key_size=2048)}

    def token(self, **claims: Any) -> str:
        """Signed by the newest key."""
        now = int(time.time())
        usual = {"iss": ISSUER, "aud": CLIENT, "sub": "u-1", "iat": now, "exp": now + 300, "roles": ["agent"]}
        usual["preferred_username"] = "anna@example.com"
        said = {name: value for name, value in (usual | claims).items() if value is not None}
        return jwt.encode(said, self.keys[self.kid], algorithm="RS256", headers={"kid": self.kid})

    def sign_in(self, address: str, **claims: Any) -> dict[str, str]:
        """What comes back with the browser: code and state."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked, {"nonce": asked["nonce"], **claims}
        return {"code": code, "state": asked["state"]}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The three endpoints that a client asks."""
        if self.is_down:
            raise httpx.ConnectError("refused")
        path = request.url.path
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            places = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys"}
            told = {name: ISSUER + place for name, place in places.items()}
            return httpx.Response(200, json={"issuer": self.names_itself, **told})
        if path == "/keys":
            keys = [
                json.loads(RSAAlgorithm.to_jwk(key.public_key())) | {"kid": kid, "alg": "RS256", "use": "sig"}
                for kid, key in self.keys.items()
            ]
            return httpx.Response(200, json={"keys": keys})
        return self._redeem({name: values[0] for name, values in parse_qs(request.read().decode()).items()})

    def _redeem(self, sent: dict[str, str]) -> httpx.Response:
        import base64
        import hashlib

        asked, claims = self.codes.pop(sent.get("code", ""), (None, {}))
        hashed = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()
        if asked is None or asked["code_challenge"] != proof or asked["redirect_uri"] != sent["redirect_uri"]:
            return httpx.Response(400, json={"error": "invalid_grant"})
        return httpx.Response(200, json={"id_token": self.token(**claims), "access_token": "x", "token_type": "Bearer"})
