"""Broadcast channels of one application: managed, and sent on. Source: `docs/providers.md` §1.11.

    create, list, read, delete ─▶ channels URL    POST, GET, DELETE /1/apps/<bundle>/channels, GET …/all-channels
    send                       ─▶ broadcast URL   POST /4/broadcasts/apps/<bundle>

The same provider token and bundle as for pushes, connections of their own: the hosts are others. Apple's page names two
for sending, so it is a setting (APNS_BROADCAST_URL).
"""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import orjson

from schemas.broadcast_events import ApnsEnvironment
from services.clock import now_ms
from services.dispatch import apns_live
from services.dispatch.apns_channels_table import ChannelAction, action_of
from services.dispatch.apns_table import Action
from services.dispatch.apns_tls import context_for
from services.dispatch.apns_token import ProviderToken
from services.dispatch.http1 import retry_after_s
from services.dispatch.provider import Rejected, Retry, Uncertain
from services.http2 import NotProcessed, Response
from services.http2_pool import Pool
from services.settings import Settings

LIMIT_BYTES: Final = 5120
ANSWER_TIMEOUT_S: Final = 10.0
DRAIN_S: Final = 10.0
_AGAIN: Final = frozenset({Action.RECONNECT, Action.REFRESH_AUTH, Action.KEEP_AUTH})
Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Done:
    """What was asked for is so."""

    status: int
    headers: dict[str, str]
    body: Any  # JSON, None without one


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such channel."""

    detail: str
    status: int


Answer = Done | Gone | Retry | Rejected | Uncertain


class ApnsChannels:
    """Closed with the sender that it belongs to."""

    def __init__(self, settings: Settings, token: ProviderToken, bundle: str) -> None:
        self._settings, self._token, self._bundle = settings, token, bundle.encode()
        self._pools: dict[str, Pool] = {}
        self._is_closed = False

    async def create(self, environment: ApnsEnvironment, keep_latest: bool) -> Answer:
        """Done has the new channel's id in `apns-channel-id`. Sent twice it makes two channels."""
        body = orjson.dumps({"message-storage-policy": int(keep_latest), "push-type": "LiveActivity"})
        return await self._ask(self._manage(environment), b"POST", b"/1/apps/%b/channels", (), body)

    async def listed(self, environment: ApnsEnvironment) -> Answer:
        """Done has {"channels": [ids]}."""
        return await self._ask(self._manage(environment), b"GET", b"/1/apps/%b/all-channels", ())

    async def read(self, environment: ApnsEnvironment, apple_id: str) -> Answer:
        """Done has what `create` was given."""
        return await self._ask(self._manage(environment), b"GET", b"/1/apps/%b/channels", _named(apple_id))

    async def delete(self, environment: ApnsEnvironment, apple_id: str) -> Answer:
        return await self._ask(
            self._manage(environment), b"DELETE", b"/1/apps/%b/channels", _named(apple_id), deleting=True
        )

    async def send(
        self,
        environment: ApnsEnvironment,
        apple_id: str,
        request_id: str,
        aps: dict[str, Any],
        expires_at: int | None,
    ) -> Answer:
        """To all who follow. `expires_at` (UTC ms): how long APNs keeps it; None where the channel keeps nothing."""
        body = apns_live.as_json({"aps": aps})
        if len(body) > LIMIT_BYTES:
            return Rejected(f"a broadcast of {len(body)} bytes, {LIMIT_BYTES} may be sent", 0)
        headers: Headers = (
            *_named(apple_id),
            (b"apns-push-type", b"liveactivity"),
            (b"apns-priority", apns_live.priority_of(aps)),
            (b"apns-expiration", b"0" if expires_at is None else b"%d" % (expires_at // 1000)),
            (b"apns-request-id", request_id.encode()),
        )
        sandbox = environment == "sandbox"
        url = self._settings.apns_broadcast_sandbox_url if sandbox else self._settings.apns_broadcast_url
        return await self._ask(url, b"POST", b"/4/broadcasts/apps/%b", headers, body)

    async def close(self) -> None:
        self._is_closed = True
        pools, self._pools = list(self._pools.values()), {}
        await asyncio.gather(*(pool.close_all("the sender is closed", DRAIN_S) for pool in pools))

    def _manage(self, environment: ApnsEnvironment) -> str:
        settings = self._settings
        return settings.apns_channels_sandbox_url if environment == "sandbox" else settings.apns_channels_url

    async def _ask(
        self, url: str, method: bytes, path: bytes, headers: Headers, body: bytes = b"", *, deleting: bool = False
    ) -> Answer:
        if not self._bundle:
            return Rejected("no topic: neither the credentials nor the application name a bundle", 0, alert=True)
        is_second = False
        while not self._is_closed:
            bearer = self._token.bearer(now_ms() / 1000)
            pool = self._pools.get(url)
            if pool is None:
                pool = self._pools[url] = Pool(url, context_for(self._settings.provider_ca_file))
            signed = ((b"authorization", bearer), *headers)
            answer = await pool.request(method, path % self._bundle, signed, body, ANSWER_TIMEOUT_S)
            if isinstance(answer, NotProcessed):
                return Retry(answer.reason, scope="provider")
            if not isinstance(answer, Response):
                return Uncertain(answer.reason)
            reason = _reason_of(answer.body)
            action = action_of(answer.status, reason, deleting=deleting)
            if action in _AGAIN and not is_second:
                is_second = True
                await self._prepare_again(action, bearer, url)
                continue
            return _read(action, answer, reason)
        return Retry("the sender is closed")

    async def _prepare_again(self, action: Action | ChannelAction, bearer: bytes, url: str) -> None:
        now_s = now_ms() / 1000
        if action is Action.KEEP_AUTH:
            self._token.too_many(bearer, now_s)
            return
        if action is Action.REFRESH_AUTH:
            self._token.expired(bearer, now_s)
        pool = self._pools.pop(url, None)
        if pool is not None:
            await pool.close_all("replaced", DRAIN_S)


def _named(apple_id: str) -> Headers:
    return ((b"apns-channel-id", apple_id.encode()),)


def _read(action: Action | ChannelAction, answer: Response, reason: str) -> Answer:
    status, detail = answer.status, reason or f"status {answer.status}"
    if action is Action.OK:
        return Done(status, answer.headers, _json_of(answer.body))
    if action is ChannelAction.GONE:
        return Gone(detail, status)
    if action in (Action.FIX_PAYLOAD, ChannelAction.FULL):
        return Rejected(detail, status)
    if action in (Action.ALERT, Action.REFRESH_AUTH):
        return Rejected(detail, status, alert=True)
    return Retry(detail, status, retry_after_s(answer.headers.get("retry-after"), now_ms()), "application")


def _json_of(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _reason_of(body: bytes) -> str:
    told = _json_of(body)
    reason = told.get("reason") if isinstance(told, dict) else None
    return reason[:100] if isinstance(reason, str) else ""
