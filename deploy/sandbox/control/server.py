"""The control API: look into the inboxes, follow what arrives, order faults, set switches, read reports.

Plain HTTP for the machine it runs on; the routes are listed in `docs/sandbox.md`. A request that
cannot be understood is answered 4xx with `{"error": …}`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson
from aiohttp import web

from deploy.sandbox.control.identity import IdentityControl
from deploy.sandbox.control.partner import PartnerControl
from deploy.sandbox.control.query import Query, answer, read_body
from deploy.sandbox.faults.ordering import ORDERABLE, read_fault
from deploy.sandbox.faults.orders import Faults
from deploy.sandbox.http.access_tokens import Bearers
from deploy.sandbox.http.json_form import MalformedError, mapping, record, text
from deploy.sandbox.inbox import FollowerTooSlowError, Inbox, Received
from deploy.sandbox.partner.receiver import Reports
from deploy.sandbox.providers import PHONES, SWITCHES

HEARTBEAT_S = 10.0
_SHUTDOWN_S = 1.0
_INBOXES = tuple(PHONES)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ControlServer:
    """The control API over one sandbox; `description` is what `GET /` answers (the content of sandbox.json)."""

    def __init__(
        self,
        inbox: Inbox,
        faults: Faults,
        reports: Reports,
        *,
        bearers: Mapping[str, Bearers],
        routes: Sequence[web.RouteDef],
        description: Mapping[str, Any],
    ) -> None:
        self._inbox = inbox
        self._faults = faults
        self._reports = reports
        self._bearers = bearers
        self._provider_routes = routes
        self._description = description
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> int:
        app = web.Application(middlewares=[_explain])
        app.add_routes([*self.routes(), *PartnerControl(self._reports).routes()])
        app.add_routes([*self._provider_routes, *IdentityControl(self._description).routes()])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_S)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        bound: int = self._runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self._describe),
            web.get("/healthz", _health),
            web.get("/counters", self._count),
            web.get("/inbox/{provider}/{token:.+}", self._by_token),
            web.get("/received", self._received),
            web.delete("/received", self._clear_received),
            web.get("/follow", self._follow, allow_head=False),
            web.get("/faults", self._list_faults),
            web.post("/faults/{provider}", self._order),
            web.delete("/faults", self._clear_faults),
            web.delete("/faults/{provider}", self._clear_faults),
            web.get("/switches", self._list_switches),
            web.put("/switches", self._set_switches),
            web.put("/switches/{name}", self._set_switch),
            web.delete("/switches", self._reset_switches),
            web.post("/bearers/{provider}/expire", self._expire_bearers),
        ]

    async def _describe(self, request: web.Request) -> web.Response:
        """The content of sandbox.json; `credentials` come last, when everything has started."""
        return answer(self._description)

    async def _count(self, request: web.Request) -> web.Response:
        """How many pushes each provider has accepted: `{accepted: {provider: count}}`."""
        return answer({"accepted": dict(self._inbox.counters)})

    async def _by_token(self, request: web.Request) -> web.Response:
        """The pushes to a token, `{received, complete}`; waits for `?count=` of them, at most `?timeout_s=` (10)."""
        provider = one_of(request, "provider", _INBOXES)
        token = request.match_info["token"]
        query = Query(request, "count", "timeout_s")
        count = query.integer("count", 0, 100_000)
        received = self._inbox.by_token(provider, token)
        if count > len(received):
            timeout_s = query.number("timeout_s", 10, 300)
            try:
                received = await self._inbox.wait(provider, token, count, timeout_s)
            except TimeoutError:
                received = self._inbox.by_token(provider, token)
        return answer({"received": received, "complete": len(received) >= count})

    async def _received(self, request: web.Request) -> web.Response:
        """The newest `?limit=` (1000) pushes, oldest first, also of one `?provider=`: `{received}`."""
        query = Query(request, "provider", "limit")
        provider = query.choice("provider", _INBOXES)
        limit = query.integer("limit", 1000, 100_000)
        received = [push for push in self._inbox.all() if provider in (None, push.provider)]
        return answer({"received": received[len(received) - limit :] if limit < len(received) else received})

    async def _clear_received(self, request: web.Request) -> web.Response:
        """Forgets pushes and counters."""
        self._inbox.clear()
        return web.Response(status=204)

    async def _follow(self, request: web.Request) -> web.StreamResponse:
        """Pushes from now on, also of one `?provider=`: NDJSON, and an empty line after 10 s of silence."""
        provider = Query(request, "provider").choice("provider", _INBOXES)
        follower = self._inbox.follow()
        stream = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
        try:
            await stream.prepare(request)  # a reader that has the headers misses nothing
            while True:
                await stream.write(await self._lines(follower.batch, provider))
        except FollowerTooSlowError as error:
            await stream.write(orjson.dumps({"error": str(error)}) + b"\n")
        except ConnectionError:
            pass  # the reader has gone
        finally:
            follower.close()
        return stream

    @staticmethod
    async def _lines(batch: Callable[[], Awaitable[list[Received]]], provider: str | None) -> bytes:
        """What has arrived, a line each; an empty line when nothing has for HEARTBEAT_S."""
        try:
            async with asyncio.timeout(HEARTBEAT_S):
                received = await batch()
        except TimeoutError:
            return b"\n"
        return b"".join([orjson.dumps(push) + b"\n" for push in received if provider in (None, push.provider)])

    async def _list_faults(self, request: web.Request) -> web.Response:
        """What is ordered: `{faults: [{provider, fault, left}]}`; `left` is null for one that stays until cleared."""
        ordered = self._faults.ordered()
        return answer({"faults": [{"provider": p, "fault": f, "left": left} for p, f, left in ordered]})

    async def _order(self, request: web.Request) -> web.Response:
        """Orders a fault; 400 for one that the provider does not know."""
        provider = one_of(request, "provider", tuple(ORDERABLE))
        fault = read_fault(provider, await read_body(request))
        self._faults.order(provider, fault)
        return answer({"provider": provider, "fault": fault}, 201)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        """Withdraws the faults of a provider, or all."""
        named = "provider" in request.match_info
        self._faults.clear(one_of(request, "provider", tuple(ORDERABLE)) if named else None)
        return web.Response(status=204)

    async def _list_switches(self, request: web.Request) -> web.Response:
        """The switches as they are, and the values that each takes, the default first."""
        return answer({"switches": self._faults.switches, "values": SWITCHES})

    async def _set_switch(self, request: web.Request) -> web.Response:
        """Sets a switch: `{value}`."""
        body = await read_body(request)
        record({"value": text()}, ("value",))(body)
        return self._switch({request.match_info["name"]: body["value"]})

    async def _set_switches(self, request: web.Request) -> web.Response:
        """Sets several, all or none: `{name: value}`."""
        body = await read_body(request)
        mapping(text())(body)
        return self._switch(body)

    def _switch(self, wanted: Mapping[str, str]) -> web.Response:
        """All or none."""
        before = dict(self._faults.switches)
        try:
            for name, value in wanted.items():
                self._faults.switch(name, value)
        except ValueError as error:
            self._faults.switches.update(before)
            raise MalformedError(str(error)) from None
        return answer({"switches": self._faults.switches})

    async def _reset_switches(self, request: web.Request) -> web.Response:
        """Sets all back to their defaults."""
        return self._switch({name: values[0] for name, values in SWITCHES.items()})

    async def _expire_bearers(self, request: web.Request) -> web.Response:
        """Refuses every access token that was given so far: `{expired: count}`."""
        provider = one_of(request, "provider", tuple(self._bearers))
        return answer({"expired": self._bearers[provider].expire()})


def one_of(request: web.Request, name: str, known: tuple[str, ...]) -> str:
    """A part of the path that must be one of the known; 404 otherwise."""
    value = request.match_info[name]
    if value not in known:
        raise web.HTTPNotFound(text=f"no {name} {value!r}; there are {', '.join(known)}")
    return value


async def _health(request: web.Request) -> web.Response:
    """Whether it listens: `{status: ok}`."""
    return answer({"status": "ok"})


@web.middleware
async def _explain(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal as JSON with a reason."""
    try:
        return await handler(request)
    except MalformedError as error:
        return answer({"error": str(error)}, 400)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return answer({"error": error.text or error.reason}, error.status)
