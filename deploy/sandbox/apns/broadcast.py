"""APNs' hosts for broadcasts: channels are managed and messages sent here (`docs/providers.md` §1.11).

Two hosts at Apple's, one port here, with the keys of the push host. What is sent on a channel lies in the inbox of apns
under the token `channel/<id>`; phones that follow it read it there. Faults: those of apns, ordered for `apns_broadcast`
(the token is a channel's id), all but goaway-after and stream-limit included.
"""

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable

import orjson

from deploy.sandbox.apns.auth import ConnectionAuth, TokenVerifier
from deploy.sandbox.apns.channels import Channels, Operation
from deploy.sandbox.apns.connection import Answer, ApnsConnection, Request
from deploy.sandbox.apns.faults import STRIKES
from deploy.sandbox.apns.push import PROVIDER, Refusal, new_uuid
from deploy.sandbox.apns.reasons import REASON_STATUS, RefusedError
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.inbox import Inbox, Received

NAME = "apns_broadcast"
_REFUSALS_KEPT = 1000
_STREAMS = 100


class ApnsBroadcastServer:
    """Fulfils `connection.Service`; `channels` is what it knows, `refusals` what it did not take."""

    def __init__(
        self,
        inbox: Inbox,
        faults: Faults,
        keys: TokenVerifier,
        context: ssl.SSLContext,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.channels = Channels()
        self.connections: set[ApnsConnection] = set()
        self.refusals: deque[Refusal] = deque(maxlen=_REFUSALS_KEPT)
        self._inbox, self._faults, self._keys, self._context, self._clock = inbox, faults, keys, context, clock
        self._listener: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port that was asked for, or the one that was free when it was 0."""
        self._listener = await asyncio.get_running_loop().create_server(
            lambda: ApnsConnection(self), host, port, ssl=self._context
        )
        bound: int = self._listener.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        if self._listener is None:
            return
        self._listener.close()
        closing = [connection.closed.wait() for connection in self.connections]
        for connection in tuple(self.connections):
            connection.drop()
        await asyncio.gather(*closing)
        await self._listener.wait_closed()
        self._listener = None

    def new_auth(self) -> ConnectionAuth:
        return ConnectionAuth(self._keys)

    def stream_limits(self) -> tuple[int, int]:
        return _STREAMS, _STREAMS

    def handle(self, connection: ApnsConnection, request: Request) -> None:
        try:
            key = connection.auth.accept(request.headers.get(b"authorization"), self._clock())
            operation = self.channels.operation(request.headers, request.body, key.topics)
        except RefusedError as refused:
            connection.respond(request, self._refuse(request, refused))
            return
        fault = self._faults.take(NAME, operation.channel or None)
        if fault is None:
            connection.respond(request, self._perform(request, operation))
        else:
            connection.later(fault.delay_ms, request, lambda: self._strike(connection, request, operation, fault))

    def _strike(self, connection: ApnsConnection, request: Request, operation: Operation, fault: Fault) -> None:
        strike = STRIKES.get(fault.kind)
        if strike is not None:
            strike(connection, request, fault, lambda: connection.respond(request, self._perform(request, operation)))
        else:
            connection.respond(request, self._refuse(request, RefusedError(fault.reason, "ordered"), fault.status))

    def _perform(self, request: Request, operation: Operation) -> Answer:
        about = [(b"apns-request-id", request.headers.get(b"apns-request-id") or new_uuid())]
        known = self.channels.by_app.setdefault(operation.bundle_id, {})
        match operation.what:
            case "create":
                made = self.channels.create(operation.bundle_id, operation.body)
                return Answer([(b":status", b"201"), (b"apns-channel-id", made.encode()), *about])
            case "read":
                described = {"message-storage-policy": known[operation.channel], "push-type": "LiveActivity"}
                return _json(about, described)
            case "delete":
                del known[operation.channel]
                return Answer([(b":status", b"204"), *about])
            case "list":
                return _json(about, {"channels": list(known)})
        self._inbox.put(
            Received(
                provider=PROVIDER,
                token=f"channel/{operation.channel}",
                at_ms=int(self._clock() * 1000),
                message_id=about[0][1].decode(),
                headers={
                    name.decode(): value.decode(errors="replace")
                    for name, value in request.headers.items()
                    if name.startswith(b"apns-")
                },
                payload=operation.body,
            )
        )
        return Answer([(b":status", b"200"), *about])

    def _refuse(self, request: Request, refused: RefusedError, status: int = 0) -> Answer:
        status = status or REASON_STATUS[refused.reason]
        path = request.headers.get(b":path", b"").decode("ascii", "replace")
        self.refusals.append(Refusal(int(self._clock() * 1000), path, status, refused.reason, refused.detail))
        fields = [(b":status", b"%d" % status), (b"content-type", b"application/json")]
        if refused.detail:
            fields.append((b"sandbox-detail", refused.detail.encode()))
        return Answer(fields, orjson.dumps({"reason": refused.reason}))


def _json(about: list[tuple[bytes, bytes]], content: object) -> Answer:
    return Answer([(b":status", b"200"), (b"content-type", b"application/json"), *about], orjson.dumps(content))
