"""Hands the services over to a rebuilt database, so that nothing written in between is lost.

    no service runs ─▶ the rest of the log is folded, the rest is copied ─▶ compared ─▶ the rebuilt one is `ready`
                                                                                     ─▶ the former one is `replaced`

MongoDB cannot rename a database, so services are told the name: MONGO_DATABASE. One that is started with the former
name ends with code 2 and says which to use, so no two work on two databases. Committed offsets stay: the rebuilt
database is ahead of them, as after a crash. The former one stays as it is.
"""

from deploy.repair.opened import Opened, no_service_runs
from deploy.repair.rebuild import Rebuilt, rebuilt
from deploy.repair.replay import Show
from services.runtime.mongo.usable import set_state


async def switched(work: Opened, name: str, show: Show) -> Rebuilt:
    """Raises Refused, KafkaError, mongo.TRANSIENT_ERRORS."""
    await no_service_runs(work.settings)
    made = await rebuilt(work, name, show)
    await no_service_runs(work.settings, 0)  # one that was started meanwhile has written what was not copied
    await set_state(work.database, "replaced", name)
    await set_state(work.other(name), "ready", work.database.name)
    return made
