"""Whether what somebody wants to stop exists: packets by their messages, mailings by themselves. Reads only.

    messages   {partner_id, packet_id}     written by `status`, an instant after the packet was answered
    mailings   {_id, partner_id, state}    written by `ingest` before the mailing was answered

Raises mongo.TRANSIENT_ERRORS.
"""

from collections.abc import Sequence

from services.runtime.mongo import Database, read_only

_OVER = ["done", "cancelled"]


class StopTargets:
    """The packets and mailings of this deployment."""

    def __init__(self, database: Database) -> None:
        self._messages, self._mailings = read_only(database["messages"]), read_only(database["mailings"])

    async def has_packet(self, partner_id: str, packet_id: int) -> bool:
        """True once one of its messages is known."""
        query = {"partner_id": partner_id, "packet_id": packet_id}
        return await self._messages.find_one(query, {"_id": 1}) is not None

    async def has_mailing(self, partner_id: str, mailing_id: str) -> bool:
        return await self._mailings.find_one({"_id": mailing_id, "partner_id": partner_id}, {"_id": 1}) is not None

    async def going_on(self, mailing_ids: Sequence[str]) -> set[str]:
        """Those mailings that may still ask for messages, however long they have been stopped."""
        query = {"_id": {"$in": list(mailing_ids)}, "state": {"$nin": _OVER}}
        return {document["_id"] async for document in self._mailings.find(query, {"_id": 1})}
