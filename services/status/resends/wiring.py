"""Opens resends: their routes, and what carries them out."""

from schemas import ids
from services.runtime.mongo.leases import Lease
from services.status.foundation import Feature, Foundation
from services.status.resends.routes import resend_routes
from services.status.resends.runner import ResendRunner
from services.status.resends.store import Resends


async def open_resends(foundation: Foundation) -> Feature:
    """Routes; the resends under way go on until the process ends."""
    process, resends = foundation.process, Resends(foundation.database)
    await resends.prepare()
    lease = Lease(foundation.database, "report-resends", ids.uuid7())
    runner = ResendRunner(resends, foundation.messages, foundation.log, lease)
    process.spawn(runner.run(process.stop), "resends", drains=True)
    return Feature(
        routers=(resend_routes(resends, foundation.messages, foundation.directory, foundation.partner_caller),)
    )
