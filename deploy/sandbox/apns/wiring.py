"""Both servers of APNs, which share their keys, and what the control API has for them."""

import time

from aiohttp import web

from deploy.sandbox.apns.broadcast import ApnsBroadcastServer
from deploy.sandbox.apns.faults import STRIKES
from deploy.sandbox.apns.keys import SECRET
from deploy.sandbox.apns.reasons import REASON_STATUS
from deploy.sandbox.apns.server import ApnsServer
from deploy.sandbox.control.query import answer, read_body
from deploy.sandbox.faults.orders import Orderable
from deploy.sandbox.http.json_form import choice, integer, record, text
from deploy.sandbox.wiring import Bench, ProviderServers, Wiring

_STATES = ("live", "dead", "bad", "assigned", "offline", "online")
_DEVICE = record(
    {
        "state": choice(*_STATES),
        "since_ms": integer(0, 1 << 53),
        "reason": choice("Unregistered", "ExpiredToken"),
        "bundle_id": text(1),
    },
    ("state",),
)


class ApnsControl:
    """What is true of a device, and what is announced on its connections."""

    def __init__(self, apns: ApnsServer) -> None:
        self._apns = apns

    def routes(self) -> list[web.RouteDef]:
        return [
            web.put("/apns/devices/{token}", self._set_device),
            web.post("/apns/go-away", self._go_away),
            web.post("/apns/stream-limit", self._limit_streams),
            web.get("/apns/refusals", self._list_refusals),
        ]

    async def _set_device(self, request: web.Request) -> web.Response:
        """What is true of a device: `state` is live, dead (`since_ms`, `reason`), bad, assigned (`bundle_id`),
        offline or online."""
        body = await read_body(request)
        _DEVICE(body)
        token, delivered = request.match_info["token"], 0
        match body["state"]:
            case "live":
                self._apns.devices.forget(token)
            case "dead":
                since_ms = body.get("since_ms", time.time_ns() // 1_000_000)
                self._apns.devices.mark_dead(token, since_ms, body.get("reason", "Unregistered"))
            case "bad":
                self._apns.devices.mark_bad(token)
            case "assigned":
                record({"state": text(), "bundle_id": text(1)}, ("bundle_id",))(body)
                self._apns.devices.assign(token, body["bundle_id"])
            case "offline":
                self._apns.devices.go_offline(token)
            case "online":
                delivered = len(self._apns.bring_online(token))
        return answer({"token": token, "state": body["state"], "delivered": delivered})

    async def _go_away(self, request: web.Request) -> web.Response:
        """Ends every connection with GOAWAY and this `reason`."""
        body = await read_body(request)
        record({"reason": text(1, 100)}, ("reason",))(body)
        self._apns.go_away(body["reason"])
        return answer({"connections": len(self._apns.connections)})

    async def _limit_streams(self, request: web.Request) -> web.Response:
        """Announces another limit of streams: `{limit}`."""
        body = await read_body(request)
        record({"limit": integer(0, (1 << 31) - 1)}, ("limit",))(body)
        self._apns.set_stream_limit(body["limit"])
        return answer({"connections": len(self._apns.connections)})

    async def _list_refusals(self, request: web.Request) -> web.Response:
        """What was refused: `{refusals: [{at_ms, path, status, reason, detail}]}`."""
        return answer({"refusals": list(self._apns.pushes.refusals)})


_ORDERABLE = Orderable(frozenset(STRIKES) | {"status"}, frozenset(REASON_STATUS), True, True)


def _open(bench: Bench) -> ProviderServers:
    server = ApnsServer(bench.inbox, bench.faults, bench.credentials["apns"], bench.tls("h2"))
    broadcast = ApnsBroadcastServer(bench.inbox, bench.faults, server.keys, bench.tls("h2"))
    return ProviderServers({"apns": server, "apns_broadcast": broadcast}, routes=ApnsControl(server).routes())


WIRING = Wiring({"apns": SECRET}, {"apns": _ORDERABLE, "apns_broadcast": _ORDERABLE}, _open)
