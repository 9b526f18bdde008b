"""The notes about channels that dispatch makes at Apple, so that a crash makes none twice.

    {_id: "<channel>/<revision>", application_id, environment, before: [ids at Apple], apple_id or null}

Apple does not make creation repeatable. So the ids that exist are noted first; a later run that finds a note without
`apple_id` looks for the id that has appeared since, and takes it. Collection `dispatch_channels`; every method raises
mongo.TRANSIENT_ERRORS.
"""

from collections.abc import Sequence
from typing import NamedTuple

from services.runtime.mongo import Database, Duplicate, durable


class ChannelNote(NamedTuple):
    """A channel that was begun; `apple_id` once it is known."""

    before: Sequence[str]
    apple_id: str | None


class ChannelNotes:
    """The notes of this deployment."""

    def __init__(self, database: Database) -> None:
        self._notes = durable(database["dispatch_channels"])

    async def prepare(self) -> None:
        """Create the index."""
        await self._notes.create_index([("application_id", 1), ("environment", 1)])

    async def find(self, key: str) -> ChannelNote | None:
        found = await self._notes.find_one({"_id": key})
        return None if found is None else ChannelNote(found["before"], found["apple_id"])

    async def begin(self, key: str, application_id: str, environment: str, before: Sequence[str]) -> None:
        """Note the ids that exist, before Apple is asked to create another."""
        about = {"application_id": application_id, "environment": environment, "before": list(before)}
        try:
            await self._notes.insert_one({"_id": key, **about, "apple_id": None})
        except Duplicate:
            return  # by another, or before an answer was lost: its list is the older one, and stays

    async def made(self, key: str, apple_id: str) -> None:
        await self._notes.update_one({"_id": key}, {"$set": {"apple_id": apple_id, "before": []}})

    async def taken(self, application_id: str, environment: str) -> set[str]:
        """Ids at Apple that belong to our channels."""
        query = {"application_id": application_id, "environment": environment, "apple_id": {"$ne": None}}
        return {found["apple_id"] async for found in self._notes.find(query, {"apple_id": 1})}
