"""Push Kit and Huawei's token endpoint, on one port; receipts are sent by the control API."""

from deploy.sandbox.faults.apply_fault import KINDS
from deploy.sandbox.faults.orders import Orderable
from deploy.sandbox.hms.control import HmsControl
from deploy.sandbox.hms.keys import SECRET
from deploy.sandbox.hms.server import REASONS, TOKEN_PATH, TOKEN_REASONS, HmsServer
from deploy.sandbox.wiring import Bench, ProviderServers, Wiring


def _open(bench: Bench) -> ProviderServers:
    credentials = bench.credentials["hms"]
    server = HmsServer(bench.inbox, bench.faults, credentials, bench.tls())
    return ProviderServers({"hms": server}, server.bearers, HmsControl(bench.inbox, credentials).routes())


WIRING = Wiring(
    {"hms": SECRET},
    {"hms": Orderable(KINDS, REASONS, True), "hms_token": Orderable(KINDS, frozenset(TOKEN_REASONS), True)},
    _open,
    {"hms_token": ("hms", TOKEN_PATH)},
)
