"""A sign-in from its beginning to the person: what leaves with the browser, and what it comes back with.

begin    endpoints ─▶ state, nonce, verifier ─▶ the login's address, and the cookie
finish   cookie ─▶ state, age, used before? ─▶ code ─▶ ID token ─▶ keys ─▶ claims ─▶ Person
"""

import secrets as random_secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from services.registry.sign_in.oidc.flow import LASTS_S, Flow, authorization_address, code_of, is_over, place_of
from services.registry.sign_in.oidc.id_token import Expected, IdTokenRefused, verified
from services.registry.sign_in.oidc.person import Claims, Person, person_of
from services.registry.sign_in.oidc.provider import Provider
from services.registry.sign_in.oidc.refusals import SignInRefused
from services.runtime.access.oidc.roles import roles_of
from services.runtime.access.operator_routes import LOGIN_CALLBACK
from services.runtime.clock import now_ms
from services.runtime.crypto.master_key import CannotOpen, Secrets
from services.runtime.settings import Settings

_PURPOSE = b"oidc-flow"
_MOST_USED = 10_000


class Begun(NamedTuple):
    """Where the browser goes, and what it keeps meanwhile."""

    address: str
    cookie: str


class Exchange:
    """Of one process. `used`: a cookie ends one sign-in here; elsewhere the code, which the login takes once."""

    def __init__(
        self, provider: Provider, secrets: Secrets, settings: Settings, clock_ms: Callable[[], int] = now_ms
    ) -> None:
        self._provider, self._secrets, self._settings, self._clock_ms = provider, secrets, settings, clock_ms
        self._redirect_uri = settings.operators_url.rstrip("/") + LOGIN_CALLBACK
        self._claims = Claims(settings.oidc_groups_claim, settings.oidc_name_claims, roles_of(settings.oidc_roles))
        self._used: dict[str, int] = {}  # states, and when they were used; the oldest first

    async def begin(self, place: str) -> Begun:
        """Raises SignInRefused when the login is away."""
        endpoints = await self._provider.endpoints()
        state, nonce, verifier = (random_secrets.token_urlsafe(32) for _ in range(3))
        flow = Flow(state=state, nonce=nonce, verifier=verifier, place=place_of(place), began_at=self._clock_ms())
        address = authorization_address(
            endpoints.authorization,
            flow,
            self._settings.oidc_client_id,
            self._redirect_uri,
            " ".join(self._settings.oidc_scopes.split()),
        )
        return Begun(address, self._secrets.seal(msgspec.json.encode(flow), _PURPOSE))

    def opened(self, cookie: str | None) -> Flow:
        """The sign-in that a browser is in. Raises SignInRefused."""
        try:
            flow = msgspec.json.decode(self._secrets.open(cookie or "", _PURPOSE), type=Flow)
        except (CannotOpen, msgspec.MsgspecError):
            raise SignInRefused("expired", "the browser has begun no sign-in") from None
        if is_over(flow, self._clock_ms()):
            raise SignInRefused("expired", f"the sign-in was begun more than {LASTS_S} s ago")
        return flow

    async def finish(self, flow: Flow, query: Mapping[str, str]) -> Person:
        """Who has signed in. Raises SignInRefused."""
        endpoints = await self._provider.endpoints()
        code = code_of(query, flow, self._settings.oidc_issuer, names_itself=endpoints.names_itself)
        self._use(flow)
        token = await self._provider.id_token(code, flow.verifier, self._redirect_uri)
        expected = Expected(self._settings.oidc_issuer, self._settings.oidc_client_id, flow.nonce)
        try:
            claims = await self._claims_of(token, expected)
        except IdTokenRefused as error:
            raise SignInRefused("unproved", f"the ID token: {error}") from None
        return person_of(claims, self._claims)

    async def _claims_of(self, token: str, expected: Expected) -> Mapping[str, object]:
        """By the keys that are known, and where its key is not among them, by those of now."""
        keys = await self._provider.keys()
        try:
            return verified(token, keys, expected, self._clock_ms() / 1000)
        except IdTokenRefused as error:
            newer = await self._provider.newer_keys() if error.rule == "key" else None
            if newer is None:
                raise
        return verified(token, newer, expected, self._clock_ms() / 1000)

    def _use(self, flow: Flow) -> None:
        now = self._clock_ms()
        while self._used and (len(self._used) >= _MOST_USED or next(iter(self._used.values())) < now - 2_000 * LASTS_S):
            del self._used[next(iter(self._used))]
        if flow.state in self._used:
            raise SignInRefused("expired", "this sign-in was ended before")
        self._used[flow.state] = now
