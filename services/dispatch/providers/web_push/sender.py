"""Web Push: one encrypted POST to the address that the browser's push service gave. Source: `docs/providers.md` §5.

    notification     title, text and image for the service worker; SECURE values masked
    rpns             the SDK's part
    Topic            the delivery id: a resend replaces the first where it still waits, and the service worker's tag
                     shows it once, so a resend is absorbed
    Urgency          high for single messages, normal for mailings

The address comes from a browser, so it can be anybody's: https only, no private network unless the operator allows it,
no redirect followed, and what a server answers counts for its own origin only (`origin.py`).

Credentials: subject (mailto: or https:) and private_key (P-256), the key that browsers subscribe with.
"""

import base64
import random
import time
from asyncio import get_running_loop
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
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
from services.dispatch.provider import Opening, Push, Rejected, Result, TokenGone, with_shortened
from services.dispatch.providers.http.client import Client, outside_pool, wait_s_of, without_answer
from services.dispatch.providers.http.credentials import validated
from services.dispatch.providers.http.oauth import RefreshAuth
from services.dispatch.providers.web_push import table
from services.dispatch.providers.web_push.crypto import PLAINTEXT_BYTES, encrypted
from services.dispatch.providers.web_push.origin import Origin, Origins
from services.dispatch.providers.web_push.vapid import Vapid
from services.runtime import clock
from services.runtime.credentials import WebCredentials
from services.runtime.crypto.private_keys import p256_of
from services.runtime.http import outbound_addresses
from services.runtime.http.outbound_addresses import ForbiddenAddress
from services.runtime.http_client import FORBIDDEN, Answer, header_lines

MAX_TTL_S: Final = 2_419_200
CONNECTIONS_PER_ORIGIN: Final = 64
FORBIDDEN_ENDPOINT: Final = Rejected("the endpoint is not an address that may be pushed to", 0)
REFUSED_KEY: Final = "the push service refuses our key"


@dataclass(frozen=True, slots=True)
class Subscription:
    """The subscription of one browser. `endpoint` is a secret."""

    endpoint: URL
    p256dh: bytes
    auth: bytes
    expires_at: int | None  # UTC ms, where the browser knew


async def open_sender(opening: Opening) -> "WebSender":
    """A sender for the application. Raises BadCredentials; connects nowhere yet."""
    credentials = validated(WebCredentials, opening.credentials)
    return WebSender(opening, Vapid(credentials.subject, p256_of(credentials.private_key)))


class WebSender:
    """Sends for one key, to any number of push services."""

    def __init__(self, opening: Opening, vapid: Vapid) -> None:
        settings = opening.settings
        pool = outside_pool(
            settings.provider_ca_file,
            settings.dispatch_in_flight,
            allow_private=settings.allow_private_addresses,
            limit_per_origin=CONNECTIONS_PER_ORIGIN,
        )
        self._client = Client(pool)
        self._app_name = opening.application.name
        self._vapid = vapid
        self._origins = Origins()

    def absorbs_resend(self, push: Push) -> bool:
        return True

    async def send(self, push: Push) -> Result:
        try:
            to = subscription_of(push.token)
            if to.expires_at is not None and to.expires_at <= clock.now_ms():
                return TokenGone("the subscription has expired", 0)
            plaintext, shortened = render(push, self._app_name)
            body = encrypted(plaintext, to.p256dh, to.auth)
        except ForbiddenAddress:
            return FORBIDDEN_ENDPOINT
        except TooLarge:
            return Rejected("payload too large", 0)
        except (ValueError, KeyError, TypeError):
            return TokenGone("not a subscription", 0)
        result = await self._send(push, to, body)
        return with_shortened(result, shortened=shortened)

    async def close(self) -> None:
        await self._client.close()

    async def _send(self, push: Push, to: Subscription, body: bytes) -> Result:
        origin = self._origins.of(str(to.endpoint.origin()))
        pause = origin.pause(_now())
        if pause is not None:
            return pause
        headers = headers_of(push, clock.now_ms())

        async def attempt(authorization: str) -> Result | RefreshAuth:
            return await self._attempt(to.endpoint, {**headers, "Authorization": authorization}, body)

        began = origin.begin(_now())
        result = await with_vapid(self._vapid, origin, attempt)
        origin.end(
            result,
            began,
            _now(),
            random.random(),
            installation_id=push.installation_id,
            has_worked=push.token_worked,
        )
        if isinstance(result, RefreshAuth):
            return Rejected(f"{result.detail}: {REFUSED_KEY}", result.status, alert=True)
        return result

    async def _attempt(self, url: URL, headers: dict[str, str], body: bytes) -> Result | RefreshAuth:
        answer = await self._client.post(url, header_lines(headers), body)
        if isinstance(answer, Answer):
            wait_s = wait_s_of(answer)
            return table.outcome(answer.status, wait_s, answer.headers, answer.body)
        if answer == FORBIDDEN:
            return FORBIDDEN_ENDPOINT
        return replace(without_answer(answer), scope="token")


async def with_vapid(
    vapid: Vapid, origin: Origin, attempt: Callable[[str], Awaitable[Result | RefreshAuth]]
) -> Result | RefreshAuth:
    """An attempt, and one more with a new JWT when the first may have been stale."""
    now_s = time.time()
    authorization = vapid.header(origin.name, now_s)
    result = await attempt(authorization)
    if isinstance(result, RefreshAuth) and vapid.refused(origin.name, authorization, now_s):
        result = await attempt(vapid.header(origin.name, now_s))
    return result


def subscription_of(token: str) -> Subscription:
    """The token as the registry sealed it. Raises ForbiddenAddress, and ValueError and the like for anything else."""
    given = orjson.loads(token)
    endpoint = outbound_addresses.checked_url(given["endpoint"])
    if endpoint.scheme != "https":
        raise ForbiddenAddress("not https")
    keys = given["keys"]
    return Subscription(endpoint, _bytes(keys["p256dh"]), _bytes(keys["auth"]), given.get("expirationTime"))


def headers_of(push: Push, now_ms: int) -> dict[str, str]:
    """The headers, without the authorization."""
    topic = base64.urlsafe_b64encode(bytes.fromhex(push.delivery_id.replace("-", ""))).rstrip(b"=")
    return {
        "TTL": str(seconds_left(push.expires_at, now_ms, MAX_TTL_S)),
        "Urgency": "normal" if push.lane == "bulk" else "high",
        "Topic": topic.decode(),
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
    }


def render(push: Push, app_name: str) -> tuple[bytes, bool]:
    """What is encrypted, and whether something was left out. Raises TooLarge."""

    def rendered(shown: Shown, with_text: bool) -> bytes:
        made: dict[str, Any] = {SDK_KEY: sdk_part(push, shown, with_text and push.content.secure is not None)}
        if not is_silent(push):
            made["notification"] = _notification(push, shown, app_name)
        return orjson.dumps(made)

    return fitted(push, PLAINTEXT_BYTES, rendered, len)


def _notification(push: Push, shown: Shown, app_name: str) -> dict[str, str]:
    """Named as the options of showNotification(); browsers show no push without a title."""
    made = {"title": masked(push, shown.title or app_name), "body": masked(push, shown.text)}
    image = image_url(shown)
    return made if image is None else {**made, "image": image}


def _now() -> float:
    return get_running_loop().time()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
