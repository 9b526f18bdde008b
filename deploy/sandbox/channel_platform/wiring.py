"""The channel platform, whose reports are planned by the control API."""

from deploy.sandbox.channel_platform.control import ChannelControl
from deploy.sandbox.channel_platform.keys import SECRET
from deploy.sandbox.channel_platform.server import REASONS, ChannelServer
from deploy.sandbox.faults.apply_fault import KINDS
from deploy.sandbox.faults.orders import Orderable
from deploy.sandbox.wiring import Bench, ProviderServers, Wiring


def _open(bench: Bench) -> ProviderServers:
    server = ChannelServer(bench.faults, bench.credentials["channels"], bench.tls())
    return ProviderServers({"channels": server}, routes=ChannelControl(server.reporter).routes())


WIRING = Wiring({"channels": SECRET}, {"channels": Orderable(KINDS, REASONS, True)}, _open)
