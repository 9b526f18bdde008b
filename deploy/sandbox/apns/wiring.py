"""Both servers of APNs, which share their keys."""

from deploy.sandbox.apns.broadcast import ApnsBroadcastServer
from deploy.sandbox.apns.faults import STRIKES
from deploy.sandbox.apns.keys import SECRET
from deploy.sandbox.apns.reasons import REASON_STATUS
from deploy.sandbox.apns.server import ApnsServer
from deploy.sandbox.control.apns import ApnsControl
from deploy.sandbox.faults.orders import Orderable
from deploy.sandbox.wiring import Bench, ProviderServers, Wiring

_ORDERABLE = Orderable(frozenset(STRIKES) | {"status"}, frozenset(REASON_STATUS), True, True)


def _open(bench: Bench) -> ProviderServers:
    server = ApnsServer(bench.inbox, bench.faults, bench.credentials["apns"], bench.tls("h2"))
    broadcast = ApnsBroadcastServer(bench.inbox, bench.faults, server.keys, bench.tls("h2"))
    return ProviderServers({"apns": server, "apns_broadcast": broadcast}, routes=ApnsControl(server).routes())


WIRING = Wiring({"apns": SECRET}, {"apns": _ORDERABLE, "apns_broadcast": _ORDERABLE}, _open)
