"""APNs: HTTP/2, provider tokens, two environments. Source: `docs/providers.md` §1.

    push ─▶ render ─▶ connections of (environment, token seen to work?) ─▶ answer ─▶ table ─▶ Result

Tokens that were never seen to work have connections of their own: APNs lowers the limits of a connection and closes it
when too many of its answers are errors. An application has its own, so none can slow another down (`client.py`).

Credentials: team_id, key_id, private_key (the text of the .p8 file), topic (the bundle id; a token may name another).
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from schemas.live import START
from services.dispatch.http2 import Header
from services.dispatch.payload import TooLarge
from services.dispatch.provider import Accepted, Opening, Push, Rejected, Result, Retry, TokenGone
from services.dispatch.providers.apns import render
from services.dispatch.providers.apns.channels import ApnsChannels
from services.dispatch.providers.apns.client import ApnsAnswer, ApnsClient, Endpoint, Request
from services.dispatch.providers.apns.table import ABOUT_TOPIC, NOT_OURS, Action, action_of
from services.dispatch.providers.apns.token import provider_token
from services.dispatch.providers.http.client import retry_after_s
from services.dispatch.providers.http.credentials import validated
from services.runtime.clock import now_ms
from services.runtime.credentials import ApnsCredentials

PROVEN_CONNECTIONS: Final = 4


async def open_sender(opening: Opening) -> "ApnsSender":
    """A sender for the application. Raises BadCredentials; connects with the first push."""
    return ApnsSender(opening, validated(ApnsCredentials, opening.credentials))


class ApnsSender:
    """Sends for one application."""

    def __init__(self, opening: Opening, credentials: ApnsCredentials) -> None:
        settings = opening.settings
        token = provider_token(credentials.team_id, credentials.key_id, credentials.private_key)
        self._provisioned = frozenset((None, "", credentials.topic, opening.application.bundle))
        self._topic = (credentials.topic or opening.application.bundle or "").encode()
        self._client = ApnsClient(token, settings.provider_ca_file)
        urls = ((False, settings.url("APNS_URL")), (True, settings.url("APNS_SANDBOX_URL")))
        self._endpoints = {
            (is_sandbox, worked): Endpoint(
                url, PROVEN_CONNECTIONS if worked else 1, "proven" if worked else "new", not worked
            )
            for is_sandbox, url in urls
            for worked in (False, True)
        }
        self.channels = ApnsChannels(settings, self._client, self._topic.decode())

    def absorbs_resend(self, push: Push) -> bool:
        """The delivery's id is the collapse id, and activities ignore what they have; only a start acts twice."""
        return not push.slot.startswith(START)

    async def send(self, push: Push) -> Result:
        try:
            path = render.path_of(push)
            body, shortened = render.render(push)
        except render.BadToken:
            return TokenGone("not a device token", 0)
        except TooLarge as error:
            return Rejected(str(error), 0)
        topic = push.bundle.encode() if push.bundle else self._topic
        if not topic:
            return Rejected(
                "no topic: neither the token nor the credentials name a bundle", 0, alert=True, certain=True
            )
        endpoint = self._endpoints[push.token_environment == "sandbox", push.token_worked]
        request = Request(b"POST", path, partial(_signed, push, topic), body)
        answer = await self._client.ask(endpoint, request, action_of)
        if not isinstance(answer, ApnsAnswer):
            return answer
        result = _result(answer, shortened)
        if isinstance(result, Rejected) and answer.reason in ABOUT_TOPIC and push.bundle not in self._provisioned:
            return replace(result, alert=False)  # a device named it: no device may stop the application
        return result

    async def close(self) -> None:
        await self._client.close()


def _signed(push: Push, topic: bytes, bearer: bytes, now: int) -> Sequence[Header]:
    return render.headers_of(push, bearer, topic, now)


def _result(answer: ApnsAnswer[Action], shortened: bool) -> Result:
    action, status, reason = answer.action, answer.status, answer.reason
    if action is Action.OK:
        return Accepted(answer.headers.get("apns-id"), status, shortened)
    detail = reason or f"status {status}"
    if action is Action.DROP_TOKEN:
        return TokenGone(detail, status, answer.dead_at, needs_proof=reason in NOT_OURS)
    if action is Action.FIX_PAYLOAD:
        return Rejected(detail, status)
    if action in (Action.ALERT, Action.REFRESH_AUTH, Action.OWN_CONNECTION):
        return Rejected(detail, status, alert=True)
    after_s = retry_after_s(answer.headers.get("retry-after"), now_ms())
    if action is Action.RETRY:
        return Retry(detail, status, after_s, "provider", at_least_s=2)
    return Retry(detail, status, after_s, "token")
