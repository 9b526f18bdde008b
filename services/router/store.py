"""Claims: which request of a link won, and what was planned for it. Collection `routed`.

    {_id: "<message_id>/<link>", origin, state: scheduled | planned, plan: [[topic, key, event]], due_origin, at}

The plan is stored before it is appended: the same origin again is our own replay and emits the stored plan; another
origin is a repeated request. Kept as long as the topics (docs/design.md §2).
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from pymongo import UpdateOne

from schemas import topics
from schemas.codec import Newer
from services.runtime.log.kafka import Append
from services.runtime.mongo import Database, Document, durable


class RoutingClaim(NamedTuple):
    """`origin` is the place in the log of the request that won; `due_origin` that of the schedule's hour."""

    claim_id: str
    origin: str
    state: Literal["scheduled", "planned"]
    plan: Sequence[Append]
    due_origin: str | None = None


class RoutingClaims:
    """Stores the claims of this deployment."""

    def __init__(self, database: Database) -> None:
        self._collection = durable(database["routed"])

    async def prepare(self) -> None:
        """Create the index that ends claims when the topics end."""
        await self._collection.create_index("at", expireAfterSeconds=topics.MESSAGE_RETENTION_MS // 1000)

    async def load(self, claim_ids: Iterable[str]) -> dict[str, RoutingClaim]:
        """The claims that exist, by id."""
        wanted = list(claim_ids)
        if not wanted:
            return {}
        documents = await self._collection.find({"_id": {"$in": wanted}}).to_list(None)
        return {document["_id"]: _claim(document) for document in documents}

    async def insert(self, claims: Sequence[RoutingClaim]) -> set[str]:
        """Store new claims; the ids of those that are there already are returned."""
        at = datetime.now(UTC)
        written = await self._collection.insert([_document(claim, at) for claim in claims])
        return {claims[index].claim_id for index in written.taken_indexes}

    async def make_due(self, claims: Sequence[RoutingClaim]) -> set[str]:
        """Move claims from scheduled to planned by compare-and-set; one that is planned already stays as it is, and the
        ids of those are returned: what was stored for them counts."""
        changes = [
            UpdateOne(
                {"_id": claim.claim_id, "state": "scheduled"},
                {"$set": {"state": "planned", "plan": _plan(claim), "due_origin": claim.due_origin}},
            )
            for claim in claims
        ]
        if (await self._collection.write(changes)).matched == len(changes):
            return set()
        stored = await self.load(claim.claim_id for claim in claims)
        return {claim.claim_id for claim in claims if not _is_stored(claim, stored.get(claim.claim_id))}


def _is_stored(claim: RoutingClaim, stored: RoutingClaim | None) -> bool:
    """Whether this very decision was stored; another one of the same cause, before a crash, is not it."""
    return stored is not None and stored.due_origin == claim.due_origin and _plan(stored) == _plan(claim)


def _document(claim: RoutingClaim, at: datetime) -> Document:
    return {
        "_id": claim.claim_id,
        "origin": claim.origin,
        "state": claim.state,
        "plan": _plan(claim),
        "due_origin": claim.due_origin,
        "at": at,
    }


def _plan(claim: RoutingClaim) -> list[list[object]]:
    return [[append.topic.name, append.key, append.value] for append in claim.plan]


def _claim(document: Document) -> RoutingClaim:
    try:
        plan = [Append(topics.topic_named(name), key, bytes(event)) for name, key, event in document["plan"]]
    except KeyError as error:
        raise Newer(f"a plan for the topic {error}") from None
    return RoutingClaim(document["_id"], document["origin"], document["state"], plan, document.get("due_origin"))
