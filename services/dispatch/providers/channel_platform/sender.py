"""The channel platform: SMS, VIBER, VK, WHATSAPP, TELEGRAM, FLASHINGCALL and newer types, over the partner protocol.

    POST <url>/v6/send   {login, password, id, destAddr, message: {type, data}, registeredDelivery: 1, notifyUrl}

We are the partner here. `id` is the delivery's, so what is posted again is absorbed: the platform answers the same, or
error 10. The lifetime it gets is what is left. Its reports come back to `notifyUrl`
(`services/status/channels/routes.py`). Source: `docs/partner-api.md` §5.

Credentials: login, password, url, callback, subnets; the account of one application.
"""

from typing import Any

from schemas import lossless
from schemas.values import LIFETIME_S, ChannelMessage
from services.dispatch.payload import seconds_left
from services.dispatch.provider import BadCredentials, Opening, Push, Rejected, Result
from services.dispatch.providers.channel_platform import table
from services.dispatch.providers.http.client import Client, outside_pool, wait_s_of, without_answer
from services.dispatch.providers.http.credentials import validated
from services.runtime import clock
from services.runtime.credentials import ChannelCredentials
from services.runtime.http import outbound_addresses
from services.runtime.http_client import Answer, header_lines

_HEADERS = header_lines({"Content-Type": "application/json"})


async def open_sender(opening: Opening) -> "ChannelSender":
    """A sender for the application. Raises BadCredentials; connects nowhere yet."""
    return ChannelSender(opening, validated(ChannelCredentials, opening.credentials))


class ChannelSender:
    """Sends over one account."""

    def __init__(self, opening: Opening, credentials: ChannelCredentials) -> None:
        settings = opening.settings
        try:
            self._url = outbound_addresses.checked_url(credentials.url.rstrip("/") + "/v6/send")
        except outbound_addresses.ForbiddenAddress as error:
            raise BadCredentials(f"url: {error}") from None
        self._account = {"login": credentials.login, "password": credentials.password}
        base = settings.public_url.rstrip("/")
        self._notify_url = f"{base}/gateway/v6/reports/{credentials.callback}" if base else None
        pool = outside_pool(
            settings.provider_ca_file, settings.dispatch_in_flight, allow_private=settings.allow_private_addresses
        )
        self._client = Client(pool)

    def absorbs_resend(self, push: Push) -> bool:
        return True

    async def send(self, push: Push) -> Result:
        if push.channel is None:
            return Rejected("not a message for a channel", 0)
        body = render(push, push.channel, self._account, self._notify_url, clock.now_ms())
        answer = await self._client.post(self._url, _HEADERS, body)
        if not isinstance(answer, Answer):
            return without_answer(answer)
        wait_s = wait_s_of(answer)
        return table.outcome(answer.status, answer.body, wait_s)

    async def close(self) -> None:
        await self._client.close()


def render(push: Push, message: ChannelMessage, account: dict[str, str], notify_url: str | None, now_ms: int) -> bytes:
    """The request's body: the partner's data, with the sender's name and the lifetime that is left."""
    data: dict[str, Any] = lossless.loads(message.data)
    if message.sender is not None:
        data["serviceNumber"] = message.sender
    least, most = LIFETIME_S[message.channel]
    data["ttl"], data["ttlUnit"] = max(least, seconds_left(push.expires_at, now_ms, most)), "SECONDS"
    body: dict[str, Any] = {
        **account,
        "id": push.delivery_id,
        "destAddr": message.phone,
        "message": {"type": message.channel.value, "data": data},
        "registeredDelivery": 1,
    }
    if notify_url is not None:
        body["notifyUrl"] = notify_url
    return lossless.dumps(body)
