"""APNs: HTTP/2, provider tokens, two environments. Source: `docs/providers.md` §1.

    push ─▶ render ─▶ pool of (environment, token seen to work?) ─▶ Response ─▶ table ─▶ Result
                                                                ├─▶ NotProcessed ─▶ Retry
                                                                └─▶ Unknown ─▶ Uncertain (absorbed by the collapse id)

Tokens that were never seen to work have connections of their own: APNs lowers the limits of a connection and closes it
when too many of its answers are errors. An application has its own pools, so none can slow another down.

Credentials: team_id, key_id, private_key (the text of the .p8 file), topic (the bundle id; a token may name another).
"""

import asyncio
from typing import Annotated, Final

import orjson
from pydantic import StringConstraints

from schemas.live import START
from services.clock import now_ms
from services.dispatch import apns_render
from services.dispatch.apns_channels import ApnsChannels
from services.dispatch.apns_table import Action, action_of
from services.dispatch.apns_tls import context_for
from services.dispatch.apns_token import provider_token
from services.dispatch.credentials import Credentials, validated
from services.dispatch.http1 import retry_after_s
from services.dispatch.payload import TooLarge
from services.dispatch.provider import Accepted, Opening, Push, Rejected, Result, Retry, TokenGone, Uncertain
from services.http2 import NotProcessed, Response
from services.http2_pool import Pool

ANSWER_TIMEOUT_S: Final = 10.0
DRAIN_S: Final = 10.0
PROVEN_CONNECTIONS: Final = 4
_AGAIN: Final = frozenset({Action.RECONNECT, Action.REFRESH_AUTH, Action.OWN_CONNECTION, Action.KEEP_AUTH})
_ABOUT_TOPIC: Final = frozenset({"BadTopic", "TopicDisallowed"})
_AppleId = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{10}$")]
_Topic = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,254}$")]


class ApnsCredentials(Credentials):
    """A signing key as Apple's console gives it out, and the app it is for."""

    team_id: _AppleId
    key_id: _AppleId
    private_key: str
    topic: _Topic | None = None


async def open_sender(opening: Opening) -> "ApnsSender":
    """Raises BadCredentials; connects with the first push."""
    return ApnsSender(opening, validated(ApnsCredentials, opening.credentials))


class ApnsSender:
    """Sends for one application."""

    def __init__(self, opening: Opening, credentials: ApnsCredentials) -> None:
        self._settings = opening.settings
        self._token = provider_token(credentials.team_id, credentials.key_id, credentials.private_key)
        self._topic = (credentials.topic or opening.application.bundle or "").encode()
        self._provisioned = frozenset((credentials.topic, opening.application.bundle))
        self._pools: dict[tuple[bool, bool], Pool] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self.channels = ApnsChannels(opening.settings, self._token, self._topic.decode())

    def absorbs_resend(self, push: Push) -> bool:
        """The delivery's id is the collapse id, and activities ignore what they have; only a start acts twice."""
        return not push.slot.startswith(START)

    async def send(self, push: Push) -> Result:
        try:
            path = apns_render.path_of(push)
            body, shortened = apns_render.render(push)
        except apns_render.BadToken:
            return TokenGone("not a device token", 0)
        except TooLarge as error:
            return Rejected(str(error), 0)
        topic = push.bundle.encode() if push.bundle else self._topic
        if not topic:
            return Rejected("no topic: neither the token nor the credentials name a bundle", 0, alert=True)
        key = (push.token_environment == "sandbox", push.token_worked)
        is_second = False
        while not self._is_closed:
            now = now_ms()
            bearer = self._token.bearer(now / 1000)
            pool = self._pools.get(key) or self._open(key)
            headers = apns_render.headers_of(push, bearer, topic, now)
            answer = await pool.request(b"POST", path, headers, body, ANSWER_TIMEOUT_S)
            if type(answer) is Response and answer.status == 200:
                return Accepted(answer.headers.get("apns-id"), 200, shortened)
            if not isinstance(answer, Response):
                return (
                    _without_answer(answer.reason, pool) if type(answer) is NotProcessed else Uncertain(answer.reason)
                )
            reason, dead_at = _read(answer.body)
            action = action_of(answer.status, reason)
            if action in _AGAIN and not is_second and self._prepared_again(action, bearer, key, pool):
                is_second = True
                continue
            if reason in _ABOUT_TOPIC and push.bundle and push.bundle not in self._provisioned:
                return Rejected(reason, answer.status)  # a device named it: no device may stop the application
            return _result(action, answer, reason, dead_at)
        return Retry("the sender is closed")

    async def close(self) -> None:
        self._is_closed = True
        pools = list(self._pools.values())
        closing = (pool.close_all("the sender is closed", DRAIN_S) for pool in pools)
        await asyncio.gather(*closing, *self._closing, self.channels.close())

    def _open(self, key: tuple[bool, bool]) -> Pool:
        is_sandbox, worked = key
        url = self._settings.apns_sandbox_url if is_sandbox else self._settings.apns_url
        pool = Pool(url, context_for(self._settings.provider_ca_file), size=PROVEN_CONNECTIONS if worked else 1)
        self._pools[key] = pool
        return pool

    def _prepared_again(self, action: Action, bearer: bytes, key: tuple[bool, bool], pool: Pool) -> bool:
        """Change what the answer complains about. False when that cannot be changed."""
        now_s = now_ms() / 1000
        if action is Action.KEEP_AUTH:
            self._token.too_many(bearer, now_s)
            return self._token.bearer(now_s) != bearer
        if action is Action.REFRESH_AUTH:
            # a young one is not renewed but tried again: the connection may be what is stuck
            self._token.expired(bearer, now_s)
        if self._pools.get(key) is pool:  # the first to be told so; those after it find the new one
            del self._pools[key]
            task = asyncio.get_running_loop().create_task(pool.close_all("replaced", DRAIN_S))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return True


def _result(action: Action, answer: Response, reason: str, dead_at: int | None) -> Result:
    status, detail = answer.status, reason or f"status {answer.status}"
    if action is Action.DROP_TOKEN:
        return TokenGone(detail, status, dead_at)
    if action is Action.FIX_PAYLOAD:
        return Rejected(detail, status)
    if action in (Action.ALERT, Action.REFRESH_AUTH, Action.OWN_CONNECTION):
        return Rejected(detail, status, alert=True)
    after_s = retry_after_s(answer.headers.get("retry-after"), now_ms())
    if action is Action.RETRY:
        return Retry(detail, status, after_s, "provider", at_least_s=2)
    return Retry(detail, status, after_s, "token")


def _without_answer(reason: str, pool: Pool) -> Retry:
    """No connection at all is the provider's trouble, none with room is too much of this application."""
    return Retry(reason, scope="provider" if not pool.connections else "application")


def _read(body: bytes) -> tuple[str, int | None]:
    """Reason and, of a 410, when the token was last known to be dead (epoch milliseconds)."""
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        return "", None
    if not isinstance(told, dict):
        return "", None
    reason, timestamp = told.get("reason"), told.get("timestamp")
    return (
        reason[:100] if isinstance(reason, str) else "",
        timestamp if type(timestamp) is int and 0 < timestamp < 2**53 else None,
    )
