"""The endpoints of this login. Source: OpenID Connect Core 1.0, Discovery 1.0; RFC 6749, 7636 (PKCE), 9207 (`iss`).

It is strict where logins are: the address to return to is the registered one, S256 is asked for, a code is taken once,
with its verifier and by its client alone.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode

import orjson

from deploy.sandbox.http.access_tokens import read_form
from deploy.sandbox.http.messages import Answer, Request
from deploy.sandbox.http.server import HttpServer
from deploy.sandbox.oidc.faults import Fault
from deploy.sandbox.oidc.tokens import Algorithm, SigningKey, id_token, unpadded

_SILENCE = Answer(200, then="hang")
_FAILURE = Answer(500, b"<html>Internal Server Error</html>", content_type="text/html")
_ELSEWHERE = "https://elsewhere.example.org"


@dataclass(frozen=True)
class _Code:
    redirect_uri: str
    nonce: str
    challenge: str


@dataclass
class Person:
    """Who is signed in at the login, by claims; `refuses`: the error that the person's answer is."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "4711", "preferred_username": "ops", "groups": []})
    refuses: str = ""


class Login(HttpServer):
    """Of one client. `wrong` is what it does wrong from now on, `taken` counts codes that were exchanged."""

    def __init__(self, client_id: str, client_secret: str, redirect_uri: str, algorithm: Algorithm = "RS256") -> None:
        super().__init__(None)
        self._client, self._redirect_uri = (client_id, client_secret), redirect_uri
        self.issuer = ""
        self.person = Person()
        self.wrong: set[Fault] = set()
        self.takes_secret_by = "client_secret_basic"
        self.key = SigningKey.drawn(algorithm)
        self.published = [self.key]
        self.asked: list[str] = []  # paths, in their order
        self._codes: dict[str, _Code] = {}
        self._taken: set[str] = set()

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        bound = await super().start(host, port)
        self.issuer = f"http://{host}:{bound}/realms/rpns"
        return bound

    def rotate(self, algorithm: Algorithm | None = None) -> None:
        """Another key signs from now on; it is published beside the one before."""
        self.key = SigningKey.drawn(algorithm or self.key.algorithm)
        self.published.append(self.key)

    def answer(self, request: Request) -> Answer:
        start = self.issuer[self.issuer.index("/realms") :]
        path = request.path.removeprefix(start)
        self.asked.append(path)
        match request.method, path:
            case "GET", "/.well-known/openid-configuration":
                return self._discovery()
            case "GET", "/keys":
                jwks = {"keys": [key.jwk for key in self.published]}
                return _FAILURE if "keys: fail" in self.wrong else Answer(200, orjson.dumps(jwks))
            case "GET", "/authorize":
                return self._authorization(dict(parse_qsl(request.query)))
            case "POST", "/token":
                return self._token(request)
            case _:
                return Answer(404, b"{}")

    def _discovery(self) -> Answer:
        if "discovery: is silent" in self.wrong:
            return _SILENCE
        if "discovery: fails" in self.wrong:
            return _FAILURE
        if "discovery: is no JSON" in self.wrong:
            return Answer(200, b"<html>Welcome</html>", content_type="text/html")
        token = f"{self.issuer}/token"
        if "discovery: has a token endpoint without TLS" in self.wrong:
            token = "http://login.example.org/token"
        document = {
            "issuer": _ELSEWHERE if "discovery: names another issuer" in self.wrong else self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": token,
            "jwks_uri": f"{self.issuer}/keys",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": [self.key.algorithm],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": [self.takes_secret_by],
            "authorization_response_iss_parameter_supported": True,
        }
        return Answer(200, orjson.dumps(document))

    def _authorization(self, asked: dict[str, str]) -> Answer:
        if asked.get("client_id") != self._client[0] or asked.get("redirect_uri") != self._redirect_uri:
            return Answer(400, b"<html>Invalid parameter: redirect_uri</html>", content_type="text/html")
        back = {"state": asked.get("state", ""), "iss": self.issuer, "session_state": secrets.token_hex(8)}
        if "answer: names another issuer" in self.wrong:
            back["iss"] = _ELSEWHERE
        if "answer: names no issuer" in self.wrong:
            del back["iss"]
        is_whole = (
            asked.get("response_type") == "code"
            and "openid" in asked.get("scope", "").split()
            and asked.get("code_challenge_method") == "S256"
            and all(asked.get(name) for name in ("state", "nonce", "code_challenge"))
        )
        if not is_whole or self.person.refuses:
            back |= {"error": self.person.refuses or "invalid_request", "error_description": "<b>no</b>"}
        else:
            back["code"] = secrets.token_urlsafe(16)
            self._codes[back["code"]] = _Code(asked["redirect_uri"], asked["nonce"], asked["code_challenge"])
        return Answer(302, headers=(("Location", f"{self._redirect_uri}?{urlencode(back)}"),))

    def _token(self, request: Request) -> Answer:
        if "token: is silent" in self.wrong:
            return _SILENCE
        if "token: fails" in self.wrong:
            return _FAILURE
        if "token: redirects" in self.wrong:
            return Answer(302, headers=(("Location", f"{self.issuer}/elsewhere"),))
        form = read_form(request.body) or {}
        if "token: refuses the client" in self.wrong or self._shown(request, form) != self._client:
            return _error(401, "invalid_client")
        code, found = form.get("code", ""), self._codes.get(form.get("code", ""))
        if found is None or code in self._taken or "token: refuses the code" in self.wrong:
            return _error(400, "invalid_grant")
        self._taken.add(code)
        challenge = unpadded(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        fits = (form.get("redirect_uri"), challenge) == (found.redirect_uri, found.challenge)
        if form.get("grant_type") != "authorization_code" or not fits:
            return _error(400, "invalid_grant")
        answer = {"access_token": secrets.token_urlsafe(16), "token_type": "Bearer", "expires_in": 300}
        if "token: has no ID token" not in self.wrong:
            answer["id_token"] = self._id_token(found.nonce)
        return Answer(200, orjson.dumps(answer))

    def _id_token(self, nonce: str) -> str:
        claims = {"iss": self.issuer, "aud": self._client[0], "nonce": nonce, **self.person.claims}
        return id_token(self.key, claims, self.wrong)

    def _shown(self, request: Request, form: dict[str, str]) -> tuple[str, str]:
        """Client and secret, by the one way that is taken."""
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if self.takes_secret_by == "client_secret_post":
            return ("", "") if pair else (form.get("client_id", ""), form.get("client_secret", ""))
        if scheme != "Basic":
            return "", ""
        login, _, secret = base64.b64decode(pair).decode().partition(":")
        return unquote_plus(login), unquote_plus(secret)


def _error(status: int, error: str) -> Answer:
    return Answer(status, orjson.dumps({"error": error, "error_description": "not told to anybody"}))
