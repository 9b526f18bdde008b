"""The push service for browsers, whose subscriptions are made by the control API."""

from deploy.sandbox.faults.apply_fault import KINDS
from deploy.sandbox.faults.orders import Orderable
from deploy.sandbox.web_push.control import WebControl
from deploy.sandbox.web_push.keys import ENDPOINT_SECRET, SECRET
from deploy.sandbox.web_push.server import REASONS, WebPushServer
from deploy.sandbox.wiring import Bench, ProviderServers, Wiring


def _open(bench: Bench) -> ProviderServers:
    server = WebPushServer(bench.inbox, bench.faults, bench.credentials["web_secret"], bench.tls())
    return ProviderServers({"web": server}, routes=WebControl(server).routes())


WIRING = Wiring({"web": SECRET, "web_secret": ENDPOINT_SECRET}, {"web": Orderable(KINDS, REASONS, True)}, _open)
