"""APNs as a server: TLS with ALPN h2, provider tokens, devices, and an answer for every push.

    connection.py   one HTTP/2 connection: streams, limits, GOAWAY
    push.py         the decision about one push, by
        rules.py      headers and path     payload.py   the JSON body
        auth.py       provider tokens      devices.py   what is known about device tokens
        reasons.py    reason → status
    faults.py       misbehaviour that was ordered

One server is one environment: production and development are two servers on two ports.
"""

import asyncio
import ssl
import time
from collections.abc import Callable

from deploy.sandbox.apns.auth import ConnectionAuth, Environment
from deploy.sandbox.apns.connection import ApnsConnection, Request
from deploy.sandbox.apns.faults import STRIKES
from deploy.sandbox.apns.keys import ApnsCredentials
from deploy.sandbox.apns.push import PROVIDER, Push, Pushes
from deploy.sandbox.apns.reasons import RefusedError
from deploy.sandbox.faults.orders import Fault, Faults
from deploy.sandbox.inbox import Inbox, Received

_CLOSE_GRACE_S = 1.0
_BACKLOG = 512


class ApnsServer:
    """Start it, send pushes to it, look into the inbox; `devices`, `keys` and faults change its answers."""

    def __init__(
        self,
        inbox: Inbox,
        faults: Faults,
        credentials: ApnsCredentials,
        context: ssl.SSLContext,
        environment: Environment = "development",
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`context` must offer `h2` by ALPN and nothing else; `clock` gives epoch seconds."""
        self.pushes = Pushes(inbox, faults, environment, clock)
        self.devices = self.pushes.devices
        self.keys = self.pushes.keys
        self.keys.add(credentials)
        self.connections: set[ApnsConnection] = set()
        self._inbox = inbox
        self._faults = faults
        self._context = context
        self._clock = clock
        self._listener: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; the port that was asked for, or the one that was free when it was 0."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: ApnsConnection(self), host, port, ssl=self._context, backlog=_BACKLOG
        )
        bound: int = self._listener.sockets[0].getsockname()[1]
        return bound

    async def stop(self) -> None:
        """Say GOAWAY with reason Shutdown, wait a moment for answers under way, end every connection."""
        if self._listener is None:
            return
        self._listener.close()
        self.go_away("Shutdown")
        closing = [asyncio.ensure_future(connection.closed.wait()) for connection in self.connections]
        if closing:
            await asyncio.wait(closing, timeout=_CLOSE_GRACE_S)
        for connection in tuple(self.connections):
            connection.drop()
        await asyncio.gather(*closing)
        await self._listener.wait_closed()
        self._listener = None

    def go_away(self, reason: str) -> None:
        """GOAWAY on every connection; streams that are open are still answered."""
        for connection in tuple(self.connections):
            connection.go_away(reason)
            connection.flush()

    def set_stream_limit(self, limit: int) -> None:
        """Change the limit of every open connection; new ones follow the switches."""
        for connection in self.connections:
            connection.set_stream_limit(limit)
            connection.flush()

    def bring_online(self, token: str) -> list[Received]:
        """End a device's absence: what was kept for it goes to the inbox."""
        delivered = self.devices.go_online(token, self._clock())
        for push in delivered:
            self._inbox.put(push)
        return delivered

    # -- Service, for the connections

    def new_auth(self) -> ConnectionAuth:
        return ConnectionAuth(self.keys)

    def stream_limits(self) -> tuple[int, int]:
        return int(self._faults.switches["apns.first_stream_limit"]), int(self._faults.switches["apns.stream_limit"])

    def handle(self, connection: ApnsConnection, request: Request) -> None:
        try:
            push = self.pushes.check(request, connection.auth)
        except RefusedError as refused:
            connection.respond(request, self.pushes.refuse(request, refused))
            return
        fault = self._faults.take(PROVIDER, push.token)
        if fault is None:
            connection.respond(request, self.pushes.accept(push))
        else:
            connection.later(fault.delay_ms, request, lambda: self._strike(connection, push, fault))

    def _strike(self, connection: ApnsConnection, push: Push, fault: Fault) -> None:
        request = push.request
        strike = STRIKES.get(fault.kind)
        if strike is not None:
            strike(connection, request, fault, lambda: connection.respond(request, self.pushes.accept(push)))
        elif fault.kind == "status":
            connection.respond(request, self.pushes.refuse_by_fault(request, fault))
        else:
            refused = RefusedError("InternalServerError", f"APNs has no fault {fault.kind}")
            connection.respond(request, self.pushes.refuse(request, refused))
