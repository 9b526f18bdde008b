"""Firebase Cloud Messaging, HTTP v1. Source: `docs/providers.md` §2.

    data["rpns"]     the SDK's part (`payload/envelope.py`), always
    notification     title, text and image, for when the SDK does not run; left out when there is nothing to show
    tag              the delivery id: a resend replaces the first on the device. collapse_key stays unset: a device
                     keeps four keys, and FCM throttles collapsible messages

Credentials: the JSON file of a service account. Its access token is fetched with a signed assertion and kept.
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric import rsa
from yarl import URL

from services.dispatch.payload import (
    SDK_KEY,
    Shown,
    TooLarge,
    fitted,
    image_url,
    is_silent,
    masked,
    sdk_part,
    seconds_left,
)
from services.dispatch.provider import Opening, Push, Rejected, Result, with_shortened
from services.dispatch.providers.fcm import table
from services.dispatch.providers.http import token_endpoint
from services.dispatch.providers.http.client import BearerHeaders, wait_s_of
from services.dispatch.providers.http.credentials import validated
from services.dispatch.providers.http.either import EitherClient
from services.dispatch.providers.http.malformed_tokens import EMPTY_TTL, MalformedTokens
from services.dispatch.providers.http.oauth import AccessTokens, Grant, RefreshAuth, Trouble, with_bearer
from services.runtime import clock
from services.runtime.credentials import FcmCredentials
from services.runtime.crypto import private_keys
from services.runtime.http.outbound_addresses import exact_url
from services.runtime.http_client import Answer

LIMIT_BYTES: Final = 4096
"""Of notification and data, keys and values (docs/providers.md §2.4)."""
MAX_TTL_S: Final = 2_419_200
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_ASSERTION_S = 3600
_JSON = "application/json"


async def open_sender(opening: Opening) -> "FcmSender":
    """A sender for the application. Raises BadCredentials; connects nowhere yet."""
    account = validated(FcmCredentials, opening.credentials)
    return FcmSender(opening, account, private_keys.rsa_of(account.private_key))


@dataclass(frozen=True, slots=True)
class _Body:
    """A message as JSON, and as what FCM counts of it."""

    content: bytes
    message: dict[str, Any]


class FcmSender:
    """Sends to one project."""

    def __init__(self, opening: Opening, account: FcmCredentials, key: rsa.RSAPrivateKey) -> None:
        settings = opening.settings
        self._account = account
        self._key = key
        base = settings.url("FCM_URL").rstrip("/")
        self.url = URL(f"{base}/v1/projects/{account.project_id}/messages:send", encoded=True)
        self._client = EitherClient(self.url, settings.provider_ca_file, settings.dispatch_in_flight)
        self._tokens = AccessTokens(self.fetch)
        self._malformed = MalformedTokens(self._asked)
        self._headers = BearerHeaders(_JSON)

    def absorbs_resend(self, push: Push) -> bool:
        """True: by the tag; a push without one is shown by the SDK, once for each delivery id."""
        return True

    async def send(self, push: Push) -> Result:
        try:
            body, shortened = render(push, clock.now_ms())
        except TooLarge:
            return Rejected("payload too large", 0)

        result = await self._malformed.answered(push, await self._post(body))
        return with_shortened(result, shortened=shortened)

    async def close(self) -> None:
        await self._tokens.close()
        await self._client.close()

    async def _post(self, body: bytes) -> Result:
        async def attempt(token: str) -> Result | RefreshAuth:
            return await self._attempt(token, body)

        return await with_bearer(self._tokens, attempt)

    async def _asked(self, token: str) -> Result:
        """What becomes of a message that holds nothing; FCM checks it and sends it nowhere."""
        message = {"token": token, "data": {SDK_KEY: "{}"}, "android": {"ttl": EMPTY_TTL}}
        return await self._post(orjson.dumps({"validate_only": True, "message": message}))

    async def _attempt(self, token: str, body: bytes) -> Result | RefreshAuth:
        answer = await self._client.post(self._headers.of(token), body)
        if not isinstance(answer, Answer):
            return answer
        return table.outcome(answer.status, answer.body, wait_s_of(answer))

    async def fetch(self) -> Grant | Trouble:
        """A new access token."""
        assertion = await asyncio.to_thread(self._assertion)
        form = {"grant_type": _GRANT_TYPE, "assertion": assertion}
        return await token_endpoint.ask(self._client.http1, exact_url(self._account.token_uri), form)

    def _assertion(self) -> str:
        """RS256 costs a millisecond, so it runs in a thread."""
        now_s = clock.now_ms() // 1000
        claims = {
            "iss": self._account.client_email,
            "scope": _SCOPE,
            "aud": self._account.token_uri,
            "iat": now_s,
            "exp": now_s + _ASSERTION_S,
        }
        return jwt.encode(claims, self._key, "RS256", {"kid": self._account.private_key_id})


def render(push: Push, now_ms: int) -> tuple[bytes, bool]:
    """The request's body, and whether something was left out. Raises TooLarge."""
    silent = is_silent(push)
    ttl = f"{seconds_left(push.expires_at, now_ms, MAX_TTL_S)}s"

    def rendered(shown: Shown, with_text: bool) -> _Body:
        data = {SDK_KEY: orjson.dumps(sdk_part(push, shown, with_text)).decode()}
        android: dict[str, Any] = {"priority": "HIGH", "ttl": ttl}
        message = {"token": push.token, "data": data, "android": android}
        if not silent:
            message["notification"] = _notification(push, shown)
            android["notification"] = {"tag": push.delivery_id, "channel_id": SDK_KEY, "default_sound": True}
        return _Body(orjson.dumps({"message": message}), message)

    body, shortened = fitted(push, LIMIT_BYTES, rendered, _counted)
    return body.content, shortened


def _notification(push: Push, shown: Shown) -> dict[str, str]:
    made = {"body": masked(push, shown.text)}
    if shown.title:
        made["title"] = masked(push, shown.title)
    image = image_url(shown)
    if image is not None:
        made["image"] = image
    return made


def _counted(body: _Body) -> int:
    """What FCM counts is never more than the whole, so most bodies need no counting."""
    if len(body.content) <= LIMIT_BYTES:
        return len(body.content)
    message = body.message
    shown = {**message.get("notification", {}), **message["android"].get("notification", {})}
    return sum(len(key) + len(str(value).encode()) for part in (shown, message["data"]) for key, value in part.items())
