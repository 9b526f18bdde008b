"""The company's login, asked over the network: what it says of itself, its keys, and a code for an ID token.

    discovery   kept for an hour                 keys   kept for an hour; an unknown one is looked for at once, though
    code        asked once, never again                 no more than once a minute

Every request has its time limit and its bound of bytes, goes out as all of ours do (RPNS_OUTBOUND_PROXY), and follows
no redirect. The address is the operator's own, so it may lie in a private network.
"""

import base64
import ssl
from collections.abc import Sequence
from urllib.parse import quote_plus, urlencode

from services.registry.sign_in.oidc.discovery import Endpoints, discovery_address, endpoints_of
from services.registry.sign_in.oidc.documents import object_of, word_of
from services.registry.sign_in.oidc.id_token import Jwk, keys_of
from services.registry.sign_in.oidc.kept import FetchFailed, Kept
from services.registry.sign_in.oidc.refusals import SignInRefused
from services.runtime.http.outbound_addresses import exact_url
from services.runtime.http_client import Answer, Direct, Pool, header_lines, target_of
from services.runtime.settings import BadSettings, Settings

TIMEOUT_S = 5.0
FRESH_S = 3600.0
KEYS_LEAST_S = 60.0
_MOST_AT_ONCE = 16
_JSON = {"Accept": "application/json"}
_FORM = _JSON | {"Content-Type": "application/x-www-form-urlencoded"}
_OF_THE_CLIENT = ("invalid_client", "unauthorized_client", "unsupported_grant_type", "invalid_request", "invalid_scope")


class Provider:
    """Of one issuer. Its methods raise SignInRefused."""

    def __init__(self, settings: Settings) -> None:
        """Asks nothing yet. Raises BadSettings."""
        self._settings = settings
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if settings.oidc_ca_file:
            try:
                context.load_verify_locations(cafile=settings.oidc_ca_file)
            except OSError as error:  # of which ssl.SSLError is one
                raise BadSettings(f"RPNS_OIDC_CA_FILE: cannot be read ({type(error).__name__})") from None
        self._pool = Pool(Direct(context), limit=_MOST_AT_ONCE)
        self._endpoints = Kept(self._discover, FRESH_S)
        self._keys = Kept(self._fetch_keys, FRESH_S)

    async def endpoints(self) -> Endpoints:
        try:
            return await self._endpoints.get()
        except FetchFailed as error:
            raise SignInRefused("away", str(error)) from None

    async def keys(self) -> Sequence[Jwk]:
        try:
            return await self._keys.get()
        except FetchFailed as error:
            raise SignInRefused("away", str(error)) from None

    async def newer_keys(self) -> Sequence[Jwk] | None:
        """Looked up anew; None where that was done within the minute."""
        try:
            return await self._keys.newer(KEYS_LEAST_S)
        except FetchFailed as error:
            raise SignInRefused("away", str(error)) from None

    async def id_token(self, code: str, verifier: str, redirect_uri: str) -> str:
        """The ID token for a code."""
        endpoints = await self.endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        headers = dict(_FORM)
        login, secret = self._settings.oidc_client_id, self._settings.oidc_client_secret
        if endpoints.by_basic:  # both encoded as a form first: RFC 6749 §2.3.1
            pair = f"{quote_plus(login)}:{quote_plus(secret)}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form |= {"client_id": login, "client_secret": secret}
        target, body = target_of(exact_url(endpoints.token)), urlencode(form).encode()
        answer = await self._pool.post(target, header_lines(headers), body, timeout_s=TIMEOUT_S)
        if not isinstance(answer, Answer):
            raise SignInRefused("away", f"its token endpoint: {answer.detail}")
        return _token_in(answer)

    async def close(self) -> None:
        await self._pool.close()
        await self._endpoints.close()
        await self._keys.close()

    async def _discover(self) -> Endpoints:
        issuer = self._settings.oidc_issuer
        answer = await self._got(discovery_address(issuer), "its discovery document")
        try:
            found = endpoints_of(object_of(answer), issuer)
            exact_url(found.token)
        except ValueError as error:
            raise FetchFailed(str(error)) from None
        return found

    async def _fetch_keys(self) -> Sequence[Jwk]:
        endpoints = await self._endpoints.get()
        try:
            return keys_of(object_of(await self._got(endpoints.keys, "its keys")))
        except ValueError as error:
            raise FetchFailed(str(error)) from None

    async def _got(self, address: str, what: str) -> bytes:
        try:
            target = target_of(exact_url(address), "GET")
        except ValueError as error:
            raise FetchFailed(f"the address of {what}: {error}") from None
        answer = await self._pool.get(target, header_lines(_JSON), timeout_s=TIMEOUT_S)
        if not isinstance(answer, Answer):
            raise FetchFailed(f"{what}: {answer.detail}")
        if answer.status != 200:
            raise FetchFailed(f"{what}: HTTP {answer.status}")
        return answer.body


def _token_in(answer: Answer) -> str:
    """Of what the token endpoint answers to a code (RFC 6749 §5)."""
    document = object_of(answer.body) or {}
    if answer.status == 200:
        token = document.get("id_token")
        if not isinstance(token, str):
            raise SignInRefused("away", "its token endpoint: no id_token in the answer")
        return token
    error = document.get("error")
    if error in _OF_THE_CLIENT or answer.status in (401, 403):
        raise SignInRefused("misconfigured", f"its token endpoint: HTTP {answer.status}, {word_of(error)}")
    if answer.status == 400:
        raise SignInRefused("unproved", f"its token endpoint: {word_of(error)}")
    raise SignInRefused("away", f"its token endpoint: HTTP {answer.status}")
