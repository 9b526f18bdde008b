"""Dispatch: talks to the providers.

target-resolved.<provider>[.bulk] ─▶ look up token and owner ─▶ provider ─▶ provider-dispatched[.bulk]
                                                                       └─▶ timers ─▶ target-resolved again (a retry)
"""

from schemas.providers import Provider
from services.dispatch.broadcast import open_broadcasts
from services.dispatch.delivery import open_delivery
from services.dispatch.http2 import use_engine
from services.dispatch.resources import open_resources
from services.runtime.process import Process, run


async def start(process: Process) -> None:
    """Opens what all share, then senders and their consumers. They stop in reverse order, consumers first."""
    use_engine(process.settings.http2_engine)
    resources = await open_resources(process)
    deliveries = await open_delivery(resources)
    await open_broadcasts(resources, deliveries[Provider.APNS])
    resources.spawn()


if __name__ == "__main__":
    run("dispatch", start)
