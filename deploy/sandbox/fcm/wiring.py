"""FCM and Google's token endpoint, on one port."""

from deploy.sandbox.faults.apply_fault import KINDS
from deploy.sandbox.faults.orders import Orderable
from deploy.sandbox.fcm import errors, token_endpoint
from deploy.sandbox.fcm.keys import SECRET
from deploy.sandbox.fcm.server import TOKEN_PATH, FcmServer
from deploy.sandbox.wiring import Bench, ProviderServers, Wiring


def _open(bench: Bench) -> ProviderServers:
    server = FcmServer(bench.inbox, bench.faults, bench.credentials["fcm"], bench.tls("h2", "http/1.1"))
    return ProviderServers({"fcm": server}, server.bearers)


WIRING = Wiring(
    {"fcm": SECRET},
    {
        "fcm": Orderable(KINDS, errors.REASONS, True),
        "fcm_token": Orderable(KINDS, frozenset(token_endpoint.REASONS), True),
    },
    _open,
    {"fcm_token": ("fcm", TOKEN_PATH)},
)
