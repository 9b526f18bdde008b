"""Both APIs of RuStore."""

from deploy.sandbox.faults.apply_fault import KINDS
from deploy.sandbox.faults.orders import Orderable
from deploy.sandbox.rustore import server, universal
from deploy.sandbox.rustore.keys import SECRET, UNIVERSAL_SECRET
from deploy.sandbox.wiring import Bench, ProviderServers, Wiring


def _open(bench: Bench) -> ProviderServers:
    shared = (bench.inbox, bench.faults)
    native = server.RustoreServer(*shared, bench.credentials["rustore"], bench.tls())
    any_carrier = universal.RustoreUniversalServer(*shared, bench.credentials["rustore_universal"], bench.tls())
    return ProviderServers({"rustore": native, "rustore_universal": any_carrier})


WIRING = Wiring(
    {"rustore": SECRET, "rustore_universal": UNIVERSAL_SECRET},
    {
        "rustore": Orderable(KINDS, server.REASONS, True),
        "rustore_universal": Orderable(KINDS, universal.REASONS, True),
    },
    _open,
)
