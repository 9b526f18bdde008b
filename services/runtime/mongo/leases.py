"""Who does what only one instance need do at a time. Collection `leases`: {_id: what, owner, until}.

A lease saves work, it does not guard anything: what is done under it must bear being done twice. So it is prolonged
when half of it is over, not at each look: a loop that looks every second would write the document every second.
"""

import contextlib

from services.runtime.mongo import TRANSIENT_ERRORS, Database, Duplicate, durable


class Lease:
    """One thing to do, as one instance sees it."""

    def __init__(self, database: Database, what: str, owner: str) -> None:
        self._collection = durable(database["leases"])
        self._what = what
        self._owner = owner
        self._since: int | None = None  # when it was taken or prolonged

    async def hold(self, now: int, for_ms: int) -> bool:
        """Take or keep the lease; False while another instance has it."""
        if self._since is not None and self._since <= now < self._since + for_ms // 2:
            return True
        self._since = None
        mine = {"_id": self._what, "$or": [{"owner": self._owner}, {"until": {"$lte": now}}]}
        try:
            await self._collection.update_one(
                mine, {"$set": {"owner": self._owner, "until": now + for_ms}}, upsert=True
            )
        except Duplicate:
            return False
        self._since = now
        return True

    async def release(self) -> None:
        """Let another instance take over at once. While the database is away it ends by itself soon enough."""
        self._since = None
        with contextlib.suppress(*TRANSIENT_ERRORS):
            await self._collection.delete_one({"_id": self._what, "owner": self._owner})
