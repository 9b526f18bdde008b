"""Huawei Push Kit, v1 by app id or v2 by project id. Source: `docs/providers.md` §3.

    data             {"rpns": the SDK's part}, always; a string
    notification     title, text and image for the system; without it the push is a data message
    bi_tag           what Huawei's receipts give back: which delivery it was (`ids.tag_of`)
    tag              the delivery id: a resend of a notification replaces the first. A data message has none, so a
                     resend of one is not absorbed

Credentials: app_id and client_secret; with project_id the v2 address is used. (The registry checks receipts with
callback_user and callback_secret.)
"""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from yarl import URL

from schemas import ids
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
from services.dispatch.providers.hms import table
from services.dispatch.providers.http import token_endpoint
from services.dispatch.providers.http.client import BearerHeaders, Client, provider_pool, wait_s_of, without_answer
from services.dispatch.providers.http.credentials import validated
from services.dispatch.providers.http.oauth import AccessTokens, Grant, RefreshAuth, Trouble, with_bearer
from services.runtime import clock, telemetry
from services.runtime.credentials import HmsCredentials
from services.runtime.http_client import Answer

LIMIT_BYTES: Final = 4096
"""Of the body without the token (docs/providers.md §3.2)."""
MAX_TTL_S: Final = 1_296_000
_OPEN_APP = 3
_JSON = "application/json; charset=UTF-8"
log = telemetry.logger("hms")


async def open_sender(opening: Opening) -> "HmsSender":
    """A sender for the application. Raises BadCredentials; connects nowhere yet."""
    return HmsSender(opening, validated(HmsCredentials, opening.credentials))


class HmsSender:
    """Sends for one app."""

    def __init__(self, opening: Opening, credentials: HmsCredentials) -> None:
        settings = opening.settings
        self._credentials = credentials
        self._app_name = opening.application.name
        self._client = Client(provider_pool(settings.provider_ca_file, settings.dispatch_in_flight))
        self._tokens = AccessTokens(self.fetch)
        self._token_url = URL(settings.url("HMS_TOKEN_URL"), encoded=True)
        self._headers = BearerHeaders(_JSON)
        owner = f"v1/{credentials.app_id}" if credentials.project_id is None else f"v2/{credentials.project_id}"
        self.url = URL(f"{settings.url('HMS_URL').rstrip('/')}/{owner}/messages:send", encoded=True)

    def absorbs_resend(self, push: Push) -> bool:
        return not is_silent(push)

    async def send(self, push: Push) -> Result:
        try:
            body, shortened = render(push, clock.now_ms(), self._app_name)
        except TooLarge:
            return Rejected("payload too large", 0)

        async def attempt(token: str) -> Result | RefreshAuth:
            return await self._attempt(token, body, push)

        result = await with_bearer(self._tokens, attempt)
        if isinstance(result, Rejected) and result.detail == table.SENSITIVE:
            log.warning("Huawei calls a text sensitive", application=push.application_id, message=push.message_id)
        return with_shortened(result, shortened=shortened)

    async def close(self) -> None:
        await self._tokens.close()
        await self._client.close()

    async def _attempt(self, access_token: str, body: bytes, push: Push) -> Result | RefreshAuth:
        answer = await self._client.post(self.url, self._headers.of(access_token), body, push.note)
        if not isinstance(answer, Answer):
            return without_answer(answer)
        wait_s = wait_s_of(answer)
        return table.outcome(answer.status, answer.body, wait_s, push.token)

    async def fetch(self) -> Grant | Trouble:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.app_id,
            "client_secret": self._credentials.client_secret,
        }
        return await token_endpoint.ask(self._client, self._token_url, form)


@dataclass(frozen=True, slots=True)
class _Body:
    """A request as JSON, and how many bytes of it count."""

    content: bytes
    counted: int


def render(push: Push, now_ms: int, app_name: str) -> tuple[bytes, bool]:
    """The request's body, and whether something was left out. Raises TooLarge."""
    silent = is_silent(push)
    ttl = f"{seconds_left(push.expires_at, now_ms, MAX_TTL_S)}s"
    tail = ids.tail_of(push.delivery_id)
    tag = ids.tag_of(ids.DeliveryTag(push.message_id, push.link, push.installation_id, push.lane, tail))
    token_bytes = len(orjson.dumps([push.token]))

    def rendered(shown: Shown, with_text: bool) -> _Body:
        data = orjson.dumps({SDK_KEY: sdk_part(push, shown, with_text)}).decode()
        android: dict[str, Any] = {"ttl": ttl}
        if tag is not None and not push.withdraw:  # a receipt of a withdrawal would confirm what it takes back
            android["bi_tag"] = tag
        if not silent:
            android["notification"] = _notification(push, shown, app_name)
        content = orjson.dumps({"message": {"token": [push.token], "data": data, "android": android}})
        return _Body(content, len(content) - token_bytes)

    body, shortened = fitted(push, LIMIT_BYTES, rendered, _counted)
    return body.content, shortened


def _counted(body: _Body) -> int:
    return body.counted


def _notification(push: Push, shown: Shown, app_name: str) -> dict[str, Any]:
    """Title and body are mandatory, and so is what a touch does. In the foreground the SDK gets it to draw itself."""
    made: dict[str, Any] = {
        "title": masked(push, shown.title or app_name or " "),
        "body": masked(push, shown.text or " "),
        "tag": push.delivery_id,
        "click_action": {"type": _OPEN_APP},
        "foreground_show": False,
    }
    image = image_url(shown)
    if image is not None and image.startswith("https://"):  # Huawei takes no other
        made["image"] = image
    return made
