"""RuStore push, native and universal. Source: `docs/providers.md` §4.

    native       bearer of the project's service token; notification and data, either may be missing
    universal    credentials in the body, title and text mandatory. An app that is built with the universal SDK drops
                 native messages in silence, so the variant is the token's, else the application's. Its SDK
                 may have the token of another carrier (fcm, hms, apns): then RuStore pushes over that one, with the
                 credentials that the application has for it

Neither absorbs a resend: there is no tag and no collapse key. One token a request, so that an answer is about it.

Credentials: project_id and service_token, as in RuStore's console; both variants use them. `universal` has those for
the other carriers, {fcm | hms | apns: {project_id, auth_token}}.
"""

from typing import Any, Final, NamedTuple

import orjson
from yarl import URL

from schemas.providers import OWN_CARRIER
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
from services.dispatch.provider import AttemptNote, Opening, Push, Rejected, Result, TokenGone, with_shortened
from services.dispatch.providers.http.client import Client, bearer_headers, provider_pool, wait_s_of, without_answer
from services.dispatch.providers.http.credentials import validated
from services.dispatch.providers.http.malformed_tokens import EMPTY_TTL, MalformedTokens
from services.dispatch.providers.rustore import table
from services.runtime import clock
from services.runtime.credentials import RustoreCredentials, UniversalCredentials
from services.runtime.http_client import Answer, header_lines

LIMIT_BYTES: Final = 4096
"""Of the whole body, which is the strictest reading of "maximum 4096 bytes"."""
MAX_TTL_S: Final = 2_419_200
_JSON = "application/json"


async def open_sender(opening: Opening) -> "RustoreSender":
    """A sender for the application. Raises BadCredentials; connects nowhere yet."""
    return RustoreSender(opening, validated(RustoreCredentials, opening.credentials))


class RustoreSender:
    """Sends for one project."""

    def __init__(self, opening: Opening, credentials: RustoreCredentials) -> None:
        settings = opening.settings
        self._application = opening.application
        self._credentials = credentials
        self._client = Client(provider_pool(settings.provider_ca_file, settings.dispatch_in_flight))
        path = f"/v1/projects/{credentials.project_id}/messages:send"
        self.native_url = URL(settings.url("RUSTORE_URL").rstrip("/") + path, encoded=True)
        self._universal_url = URL(settings.url("RUSTORE_UNIVERSAL_URL").rstrip("/") + "/v1/send", encoded=True)
        self._native_headers = bearer_headers(credentials.service_token, _JSON)
        self._universal_headers = header_lines({"Content-Type": _JSON})
        self._malformed = MalformedTokens(self._asked)

    def absorbs_resend(self, push: Push) -> bool:
        return False

    async def send(self, push: Push) -> Result:
        try:
            if (push.variant or self._application.rustore_variant) == "universal":
                result, shortened = await self._universal(push)
            else:
                body, shortened = render_native(push, clock.now_ms())
                result = await self._malformed.answered(push, await self._send_native(body, push.note))
        except BadToken:
            return TokenGone("not a token of a carrier", 0)
        except TooLarge:
            return Rejected("payload too large", 0)
        return with_shortened(result, shortened=shortened)

    async def _universal(self, push: Push) -> tuple[Result, bool]:
        carrier, token = carrier_of(push.token)
        credentials = self._credentials.of(carrier)
        if is_silent(push):
            return Rejected("the universal API takes nothing without a text", 0), False
        if credentials is None:
            return Rejected(f"no credentials for {carrier} over the universal API", 0), False
        to = CarrierToken(carrier, token, credentials)
        body, shortened = render_universal(push, clock.now_ms(), self._application.name, to)
        return await self._send_universal(to, body, push.note), shortened

    async def close(self) -> None:
        await self._client.close()

    async def _send_native(self, body: bytes, note: AttemptNote | None) -> Result:
        answer = await self._client.post(self.native_url, self._native_headers, body, note)
        if not isinstance(answer, Answer):
            return without_answer(answer)
        return table.native(answer.status, answer.body, wait_s_of(answer))

    async def _asked(self, token: str) -> Result:
        """What becomes of a message that holds nothing; RuStore checks it and sends it nowhere."""
        message = {"token": token, "data": {SDK_KEY: "{}"}, "android": {"ttl": EMPTY_TTL}}
        return await self._send_native(orjson.dumps({"validate_only": True, "message": message}), None)

    async def _send_universal(self, to: "CarrierToken", body: bytes, note: AttemptNote | None) -> Result:
        answer = await self._client.post(self._universal_url, self._universal_headers, body, note)
        if not isinstance(answer, Answer):
            return without_answer(answer)
        return table.universal(answer.status, answer.body, wait_s_of(answer), to.token)


class CarrierToken(NamedTuple):
    """A carrier's token, for a universal request. In clear: never log it."""

    carrier: str
    token: str
    credentials: UniversalCredentials


class BadToken(ValueError):
    """It is neither RuStore's token nor what the registry makes of another carrier's."""


def carrier_of(token: str) -> tuple[str, str]:
    """Whose token it is, and the token: another carrier's is registered as {carrier, token}. Raises BadToken."""
    if not token.startswith("{"):
        return OWN_CARRIER, token
    try:
        given = orjson.loads(token)
    except orjson.JSONDecodeError:
        raise BadToken from None
    carrier, text = given.get("carrier"), given.get("token")
    if not (isinstance(carrier, str) and isinstance(text, str) and text):
        raise BadToken
    return carrier, text


def render_native(push: Push, now_ms: int) -> tuple[bytes, bool]:
    """The request's body, and whether something was left out. Raises TooLarge."""

    def rendered(shown: Shown, with_text: bool) -> bytes:
        message = _message(push, shown, now_ms, with_text)
        if not is_silent(push):
            message["notification"] = _notification(push, shown, shown.title or "")
        return orjson.dumps({"message": {"token": push.token, **message}})

    return fitted(push, LIMIT_BYTES, rendered, len)


def render_universal(push: Push, now_ms: int, app_name: str, to: CarrierToken) -> tuple[bytes, bool]:
    """The request's body, and whether something was left out. Raises TooLarge."""
    provider = to.credentials.model_dump()

    def rendered(shown: Shown, with_text: bool) -> bytes:
        message = _message(push, shown, now_ms, with_text)
        message["notification"] = _notification(push, shown, shown.title or app_name or " ")
        addressed = {"providers": {to.carrier: provider}, "tokens": {to.carrier: [to.token]}}
        return orjson.dumps({**addressed, "message": message})

    return fitted(push, LIMIT_BYTES, rendered, len)


def _message(push: Push, shown: Shown, now_ms: int, with_text: bool) -> dict[str, Any]:
    """What both variants have: the SDK's part and the lifetime."""
    data = {SDK_KEY: orjson.dumps(sdk_part(push, shown, with_text)).decode()}
    return {"data": data, "android": {"ttl": f"{seconds_left(push.expires_at, now_ms, MAX_TTL_S)}s"}}


def _notification(push: Push, shown: Shown, title: str) -> dict[str, str]:
    made = {"body": masked(push, shown.text or " ")}
    if title:
        made["title"] = masked(push, title)
    image = image_url(shown)
    if image is not None:
        made["image"] = image
    return made
