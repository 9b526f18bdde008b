"""The broadcast channels of one application: managed, and sent to. Source: `docs/providers.md` §1.11.

    create, list, read, delete ─▶ channels URL    POST, GET, DELETE /1/apps/<bundle>/channels, GET …/all-channels
    send                       ─▶ broadcast URL   POST /4/broadcasts/apps/<bundle>

The same provider token, bundle and client as for pushes (`client.py`), connections of their own: the hosts are
others. Apple's page names two for sending, so it is a setting (APNS_BROADCAST_URL).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import orjson

from schemas.broadcast_events import ApnsEnvironment
from services.dispatch.http2 import Header
from services.dispatch.provider import Rejected, Retry, Uncertain
from services.dispatch.providers.apns import live
from services.dispatch.providers.apns.channels_table import ChannelAction, action_of
from services.dispatch.providers.apns.client import ApnsAnswer, ApnsClient, Endpoint, Request
from services.dispatch.providers.apns.table import Action
from services.dispatch.providers.http.client import retry_after_s
from services.runtime.clock import now_ms
from services.runtime.settings import Settings

LIMIT_BYTES: Final = 5120
_NO_TOPIC: Final = "no topic: neither the credentials nor the application name a bundle"
Headers = tuple[Header, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """It was done."""

    status: int
    headers: dict[str, str]
    body: Any  # JSON, None without one


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such channel."""

    detail: str
    status: int


ChannelAnswer = Done | Gone | Retry | Rejected | Uncertain


class ApnsChannels:
    """The channels of one application. The client is closed by the sender that it belongs to."""

    def __init__(self, settings: Settings, client: ApnsClient, bundle: str) -> None:
        self._settings, self._client, self._bundle = settings, client, bundle.encode()

    async def create(self, environment: ApnsEnvironment, keep_latest: bool) -> ChannelAnswer:
        """Make a channel: Done has its id in `apns-channel-id`. Sent twice it makes two channels."""
        body = orjson.dumps({"message-storage-policy": int(keep_latest), "push-type": "LiveActivity"})
        return await self._ask(self._manage(environment), b"POST", b"/1/apps/%b/channels", (), body)

    async def listed(self, environment: ApnsEnvironment) -> ChannelAnswer:
        """The channels there are: Done has {"channels": [ids]}."""
        return await self._ask(self._manage(environment), b"GET", b"/1/apps/%b/all-channels", ())

    async def read(self, environment: ApnsEnvironment, apple_id: str) -> ChannelAnswer:
        """One channel: Done has what `create` was given."""
        return await self._ask(self._manage(environment), b"GET", b"/1/apps/%b/channels", _named(apple_id))

    async def delete(self, environment: ApnsEnvironment, apple_id: str) -> ChannelAnswer:
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
    ) -> ChannelAnswer:
        """Send to all who follow. APNs keeps it until `expires_at` (UTC ms); None where the channel keeps nothing."""
        body = live.as_json({"aps": aps})
        if len(body) > LIMIT_BYTES:
            return Rejected(f"a broadcast has {len(body)} bytes, at most {LIMIT_BYTES} may be sent", 0)
        headers: Headers = (
            *_named(apple_id),
            (b"apns-push-type", b"liveactivity"),
            (b"apns-priority", live.priority_of(aps)),
            (b"apns-expiration", b"0" if expires_at is None else b"%d" % (expires_at // 1000)),
            (b"apns-request-id", request_id.encode()),
        )
        url = self._settings.url("APNS_BROADCAST_SANDBOX_URL" if environment == "sandbox" else "APNS_BROADCAST_URL")
        return await self._ask(url, b"POST", b"/4/broadcasts/apps/%b", headers, body)

    def _manage(self, environment: ApnsEnvironment) -> str:
        settings = self._settings
        return (
            settings.url("APNS_CHANNELS_SANDBOX_URL") if environment == "sandbox" else settings.url("APNS_CHANNELS_URL")
        )

    async def _ask(
        self, url: str, method: bytes, path: bytes, headers: Headers, body: bytes = b"", *, deleting: bool = False
    ) -> ChannelAnswer:
        if not self._bundle:
            return Rejected(_NO_TOPIC, 0, alert=True, certain=True)
        request = Request(method, path % self._bundle, partial(_signed, headers), body)
        answer = await self._client.ask(Endpoint(url), request, partial(action_of, deleting=deleting))
        if isinstance(answer, ApnsAnswer):
            return _read(answer)
        return replace(answer, scope="provider") if answer.scope == "application" else answer


def _signed(headers: Headers, bearer: bytes, _: int) -> Sequence[Header]:
    return ((b"authorization", bearer), *headers)


def _named(apple_id: str) -> Headers:
    return ((b"apns-channel-id", apple_id.encode()),)


def _read(answer: ApnsAnswer[Action | ChannelAction]) -> ChannelAnswer:
    action, status, detail = answer.action, answer.status, answer.reason or f"status {answer.status}"
    if action is Action.OK:
        return Done(status, answer.headers, _json_of(answer.body))
    if action is ChannelAction.GONE:
        return Gone(detail, status)
    if action in (Action.FIX_PAYLOAD, ChannelAction.FULL):
        return Rejected(detail, status)
    if action in (Action.ALERT, Action.REFRESH_AUTH, Action.OWN_CONNECTION):
        return Rejected(detail, status, alert=True)
    return Retry(detail, status, retry_after_s(answer.headers.get("retry-after"), now_ms()), "application")


def _json_of(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
