"""Logins that were seen to be right, kept over restarts. Collection `logins_seen`: {_id, hash, at}.

`_id` is a digest of login and password under a key that follows from the master key, `hash` names the password hash
that it was right for; neither reveals a password to who has only the database. Entries go 40 days after they were
made, and then the password is verified once again.
"""

import datetime

from services.runtime import mongo, telemetry
from services.runtime.clock import now_ms
from services.runtime.mongo import Database, durable

log = telemetry.logger("logins")
_KEPT_S = 40 * 86_400
_MOST = 20_000


class SeenLogins:
    """Only saves work: losing an entry, or not being able to write one, costs one argon2."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["logins_seen"])

    async def load(self) -> dict[str, str]:
        """The newest entries: the digest of a login, and what names the hash."""
        try:
            await self._collection.create_index("at", expireAfterSeconds=_KEPT_S)
            found = self._collection.find({}, {"hash": 1}).sort("at", -1).limit(_MOST)
            return {login["_id"]: login["hash"] async for login in found}
        except mongo.TRANSIENT_ERRORS as error:
            log.warning("no earlier logins are known", error=repr(error))
            return {}

    async def keep(self, digest: str, hash_name: str) -> None:
        """Remember that this login was right for the password hash of that name."""
        at = datetime.datetime.fromtimestamp(now_ms() / 1000, datetime.UTC)
        try:
            await self._collection.update_one({"_id": digest}, {"$set": {"hash": hash_name, "at": at}}, upsert=True)
        except mongo.TRANSIENT_ERRORS as error:
            log.warning("a login is not remembered over a restart", error=repr(error))
